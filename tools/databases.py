"""Test databases: layered templates that are built once, and quick copies of them.

Layer 1 ("core") has the core addons that ours build on, layer 2 ("suite") has ours on
top, layer 3 ("assets") the built web client. A template is named after what it was made
of, so it is never out of date.
"""

import os
import shutil
import time

from tools import addons
from tools.output import note, step
from tools.paths import CACHE, checkout_key, locked
from tools.setup_python import OURS, lock_digest

CORE = "oc_core"
SUITE = "oc_suite"
ASSETS = "oc_assets"
KEEP_SECONDS = 900
KEEP_TEMPLATES = 6  # of each kind, the newest


def _filestore(session, database):
    return session.data / "filestore" / database


def exists(session, database):
    """Tell whether `database` exists."""
    sql = f"SELECT 1 FROM pg_database WHERE datname = '{database}'"
    return bool(session.server.psql(sql))


def drop(session, database):
    """Drop `database` and its files, ending its connections."""
    # Not WITH (FORCE): that is refused while autovacuum, which is a superuser, looks
    # at the database; without it PostgreSQL sends autovacuum away itself.
    if exists(session, database):
        session.server.psql(f'ALTER DATABASE "{database}" ALLOW_CONNECTIONS false')
        session.server.psql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            f"WHERE datname = '{database}' AND backend_type = 'client backend'"
        )
        session.server.psql(f'DROP DATABASE IF EXISTS "{database}"')
    shutil.rmtree(_filestore(session, database), ignore_errors=True)


def copy(session, source, target):
    """Make `target` a copy of `source`, files included.

    Unlike `odoo db duplicate` this loads no registry, so it takes about a second. The
    files are hard links: Odoo never writes into a stored file.
    """
    drop(session, target)
    # Copying files beats writing every page to the log; PostgreSQL 15 and newer.
    strategy = "STRATEGY file_copy" if session.server.private else ""
    session.server.psql(f'CREATE DATABASE "{target}" TEMPLATE "{source}" {strategy}')
    session.server.psql(
        "UPDATE ir_config_parameter SET value = gen_random_uuid() "
        "WHERE key = 'database.uuid'",
        database=target,
    )
    if _filestore(session, source).is_dir():
        shutil.copytree(
            _filestore(session, source),
            _filestore(session, target),
            copy_function=os.link,
        )


def rename(session, source, target):
    """Rename a database and its files."""
    if _filestore(session, source).is_dir():
        shutil.rmtree(_filestore(session, target), ignore_errors=True)
        _filestore(session, source).rename(_filestore(session, target))
    session.server.psql(f'ALTER DATABASE "{source}" RENAME TO "{target}"')


def install(session, database, names, log, label, *options):
    """Install the addons `names` in `database`, made if missing; return the log."""
    arguments = ["-d", database, "-i", ",".join(names), "--stop-after-init"]
    arguments += ["--no-http", "--max-cron-threads=0", *options]
    return session.run_odoo(["server", *arguments], log, label)


def _templates(session, prefix, before="9"):
    """Return the templates whose names start with `prefix`, the newest first.

    :param str before: only those made before this time (seconds, as in the comment)
    """
    rows = session.server.psql(
        f"SELECT datname FROM pg_database WHERE datname LIKE '{prefix}\\_%' "
        "AND datname NOT LIKE '%\\_part' "
        f"AND coalesce(shobj_description(oid, 'pg_database'), '') < '{before}' "
        "ORDER BY shobj_description(oid, 'pg_database') DESC NULLS LAST"
    )
    return [name for (name,) in rows]


def _prune(session, prefix):
    """Drop all but the newest templates whose names start with `prefix`.

    Another ./ctl may be about to copy one that was made just now.
    """
    recent = f"{time.time() - KEEP_SECONDS:.0f}"
    for name in _templates(session, prefix, before=recent)[KEEP_TEMPLATES:]:
        drop(session, name)
        installation_log(name).unlink(missing_ok=True)


def _build(session, name, prefix, make):
    """Make the template `name` with the function `make`, unless it exists."""
    if exists(session, name):
        return
    with locked("templates"):
        if exists(session, name):
            return
        building = f"{name}_part"
        drop(session, building)
        try:
            make(building)
        except BaseException:
            drop(session, building)
            raise
        rename(session, building, name)
        session.server.psql(f"COMMENT ON DATABASE \"{name}\" IS '{time.time():.0f}'")
        _prune(session, prefix)


def core_modules(session):
    """Return the core addons of layer 1."""
    modules = {*addons.core_depends(addons.our_addons()), *addons.COMPANIONS}
    return sorted(name for name in modules if session.odoo.has_addon(name))


def core_template(session):
    """Return the name of the layer 1 template, building it the first time."""
    modules = core_modules(session)
    tree = session.odoo
    stamp = str((tree.path / "odoo" / "release.py").stat().st_mtime_ns)
    # The first language is the default of new users, as on a server in English.
    languages = f"en_US,{addons.LANGUAGE}"
    key = addons.digest_of(tree.version, stamp, lock_digest(OURS), languages, *modules)
    name = f"{CORE}_{key}"

    def make(building):
        step(f"Preparing a database with the {len(modules)} core apps we build on")
        language = f"--load-language={languages}"
        log = installation_log(name)
        install(session, building, modules, log, "installing core apps", language)

    _build(session, name, CORE, make)
    return name


def installation_log(template):
    """Return the log of building `template`, kept as long as the template."""
    return CACHE / "log" / f"{template}.log"


def forget_templates(session):
    """Drop this checkout's templates, so that they are built anew."""
    key = checkout_key()
    for prefix in (CORE, f"{SUITE}_{key}", f"{ASSETS}_{key}"):
        for name in _templates(session, prefix):
            drop(session, name)


def suite_template(session, names):
    """Return the template with the addons `names` of ours, and what they need."""
    core = core_template(session)
    names = addons.with_our_depends(names)
    key = addons.digest_of(core, *(n + addons.content_digest(n) for n in names))
    prefix = f"{SUITE}_{checkout_key()}"
    name = f"{prefix}_{key}"

    def make(building):
        step(f"Installing {len(names)} addons of the suite in a copy of it")
        copy(session, core, building)
        log = installation_log(name)
        # Another addon that would install itself may not be wanted in this selection.
        option = "--skip-auto-install"
        install(session, building, names, log, "installing the suite", option)

    if not names:
        return core
    _build(session, name, prefix, make)
    return name


def assets_template(session, template, names):
    """Return a template like `template` with the web client's bundles built.

    Browser tests run in transactions that are rolled back: without this, each class of
    them would build the bundles again.
    """
    static = (addons.static_digest(name) for name in addons.with_our_depends(names))
    prefix = f"{ASSETS}_{checkout_key()}"
    name = f"{prefix}_{addons.digest_of(template, *static)}"

    def make(building):
        step("Building the web client for the browser tests")
        copy(session, template, building)
        session.run_task("build_assets", building, "building the web client")

    _build(session, name, prefix, make)
    return name


def test_prefix():
    """Return what the names of this process' test databases start with."""
    return f"oc_test_{checkout_key()}_{os.getpid()}"


def test_copy(session, template):
    """Return the name of a new copy of `template` for one test run."""
    _drop_leftovers(session)
    copy(session, template, test_prefix())
    return test_prefix()


def _drop_leftovers(session):
    """Drop the copies of test runs that were killed."""
    prefix = f"oc_test_{checkout_key()}"
    rows = session.server.psql(
        f"SELECT datname FROM pg_database WHERE datname LIKE '{prefix}\\_%'"
    )
    for (name,) in rows:
        pid = name[len(prefix) + 1 :].split("_")[0]
        if not os.path.exists(f"/proc/{pid}"):
            note(f"dropping {name}, left over from an interrupted run")
            drop(session, name)
