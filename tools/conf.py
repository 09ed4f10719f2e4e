"""Reads odoo.conf and writes the configuration that ./ctl starts Odoo with."""

import configparser
import os
import secrets

from tools.output import Fail
from tools.paths import ADDONS, CACHE, ROOT, STATE

# libpq's variables and Odoo's options for the same.
CONNECTION = {
    "PGHOST": "db_host",
    "PGPORT": "db_port",
    "PGUSER": "db_user",
    "PGPASSWORD": "db_password",
}
UNSET = ("", "False", "None")


def read_options(path):
    """Return the options of a configuration of Odoo."""
    parser = configparser.RawConfigParser()
    try:
        with open(path) as file:
            parser.read_file(file)
        return dict(parser["options"])
    except (configparser.Error, KeyError, OSError, UnicodeError) as error:
        raise Fail(f"{path} cannot be read ({error}): correct it.") from error


def _read():
    """Return the options of the repository's odoo.conf."""
    return read_options(ROOT / "odoo.conf")


def database_settings():
    """Return libpq's variables of the configured server, None for a private one.

    What odoo.conf says wins over the environment, as in Odoo itself.
    """
    options = _read()
    # What ./ctl env exported is our own server, not the user's.
    own = "ORDER_CONTROL_PG" in os.environ
    settings = {k: v for k, v in os.environ.items() if k in CONNECTION and not own}
    for variable, option in CONNECTION.items():
        if options.get(option, "") not in UNSET:
            settings[variable] = options[option]
    return settings if "PGHOST" in settings else None


def data_folder(name):
    """Return Odoo's data folder for the server `name`.

    Test databases are copied from templates in the cache, so their files are there.
    """
    return CACHE / "data-test" if name == "test" else STATE / "data"


def _admin_password():
    """Return this checkout's random master password, made the first time."""
    path = STATE / "admin_passwd"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(32))
    return path.read_text()


def write_conf(name, odoo, server, **options):
    """Write the configuration file of the server `name` and return its path."""
    STATE.mkdir(exist_ok=True)
    # Odoo warns about a folder without addons.
    ours = [ADDONS] if any(ADDONS.glob("*/__manifest__.py")) else []
    folders = [*odoo.addons_paths, *ours]
    connection = server.connection
    values = {
        **_read(),
        "addons_path": ",".join(map(str, folders)),
        "data_dir": str(data_folder(name)),
        "admin_passwd": _admin_password(),
    }
    for variable, option in CONNECTION.items():
        if variable in connection:
            values[option] = connection[variable]
    if name == "test":
        # No scheduled job may change what a test looks at.
        values.update(max_cron_threads="0", log_level="info", http_port="8169")
    values.update(options)
    path = STATE / f"odoo-{name}.conf"
    lines = [f"{key} = {value}\n" for key, value in sorted(values.items())]
    temporary = path.with_suffix(".part")
    temporary.touch(mode=0o600)
    temporary.write_text("[options]\n" + "".join(lines))
    temporary.replace(path)
    return path
