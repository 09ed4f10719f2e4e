"""./ctl backup, restore, rehearsal and wake: the parts that need no Odoo."""

import argparse
import os
import sys
from pathlib import Path

from tools import demo_database
from tools.conf import CONNECTION, UNSET, read_options
from tools.output import Fail
from tools.paths import ROOT
from tools.session import prepare
from tools.setup_odoo import get_odoo
from tools.setup_python import get_python

# where Debian's PostgreSQL listens; the programs of the wheel look elsewhere
SOCKETS = Path("/var/run/postgresql")


def _parser(name, text):
    parser = argparse.ArgumentParser(
        f"./ctl {name}", description=text, allow_abbrev=False
    )
    parser.add_argument(
        "--server",
        choices=("demo", "test"),
        default="demo",
        help="one of those that ./ctl runs",
    )
    parser.add_argument(
        "--config", metavar="ODOO_CONF", help="of an Odoo that ./ctl did not set up"
    )
    return parser


def _opening(parser):
    parser.add_argument("file", metavar="FILE", help="an archive of ./ctl backup")
    parser.add_argument(
        "--identity", metavar="KEYFILE", help="private key that opens it"
    )
    parser.add_argument(
        "--key", help="public key of the audit trail that you trust, or a file"
    )


def backup_parser():
    """Return the parser of ./ctl backup."""
    parser = _parser(
        "backup",
        "Database, attachments and seals in one encrypted archive. "
        "The private key of the audit trail is never in it.",
    )
    add = parser.add_argument
    add("-d", "--database", help="the demo's if not given")
    add("--to", metavar="PLACE", help="a folder, or the name of a new file")
    add(
        "--recipient",
        nargs="+",
        default=[],
        metavar="KEY",
        help="public keys that may open it (age1…, ssh-ed25519 …), or files with some",
    )
    add("--plain", action="store_true", help="write it unencrypted")
    add("--keep", type=int, metavar="N", help="delete all but the last N there")
    add("--new-key", metavar="KEYFILE", help="make a pair of keys, and nothing else")
    return parser


def restore_parser():
    """Return the parser of ./ctl restore."""
    parser = _parser("restore", "An archive of ./ctl backup into a new database.")
    _opening(parser)
    add = parser.add_argument
    add("--into", required=True, metavar="NEWDB", help="name of the new database")
    add(
        "--neutralize",
        action="store_true",
        help="for trying things: mail, payments and jobs off for good, as Odoo does it",
    )
    add(
        "--awake",
        action="store_true",
        help="jobs and mail run at once; else they wait for ./ctl wake",
    )
    return parser


def rehearsal_parser():
    """Return the parser of ./ctl rehearsal."""
    parser = _parser(
        "rehearsal",
        "Restores an archive into a database that is dropped again, counts its "
        "records, verifies its audit trail, and reports.",
    )
    _opening(parser)
    parser.add_argument("--report", metavar="FILE", help="the report as JSON")
    return parser


def wake_parser():
    """Return the parser of ./ctl wake."""
    parser = _parser("wake", "Lets a restored database run its jobs and send mail.")
    parser.add_argument("-d", "--database", required=True, help="the restored one")
    return parser


PARSERS = {
    "backup": backup_parser,
    "restore": restore_parser,
    "rehearsal": rehearsal_parser,
    "wake": wake_parser,
}


def parse(name, arguments):
    """Return the checked options of a command.

    :raise Fail: if they contradict each other
    """
    options = PARSERS[name]().parse_args(arguments)
    if name == "backup":
        _check_backup(options)
    return options


def _check_backup(options):
    if options.new_key:
        return
    options.database = options.database or _default_database(options)
    if not options.to:
        raise Fail("Say where the backup goes: --to FOLDER.")
    if bool(options.recipient) == options.plain:
        raise Fail(
            "Name the public key that may open the backup with --recipient (make a "
            "pair with ./ctl backup --new-key FILE), or say --plain."
        )
    if options.keep is not None and options.keep < 1:
        raise Fail("--keep must leave one backup at least.")


def _default_database(options):
    if not options.config:
        return demo_database.NAME
    name = read_options(Path(options.config)).get("db_name", "")
    if name in UNSET or "," in name:
        raise Fail("Name the database with -d.")
    return name


def environment(options):
    """Return (Python, process environment) of the Odoo that options mean."""
    if getattr(options, "new_key", None):
        # a pair of keys needs neither a server nor Odoo
        return get_python(), {**os.environ, "PYTHONPATH": str(ROOT)}
    if not options.config:
        session = prepare(options.server)
        values = session.environment()
        values["PYTHONPATH"] += f"{os.pathsep}{ROOT}"
        return session.python, values
    conf = Path(options.config).absolute()
    stated = read_options(conf)
    values = {k: v for k, v in os.environ.items() if k != "ORDER_CONTROL_PG"}
    for variable, option in CONNECTION.items():
        if stated.get(option, "") not in UNSET:
            values[variable] = stated[option]
    if "PGHOST" not in values and SOCKETS.is_dir():
        values["PGHOST"] = str(SOCKETS)
    python, odoo = get_python(), get_odoo()
    values["PYTHONPATH"] = f"{odoo.path}{os.pathsep}{ROOT}"
    values["ODOO_RC"] = str(conf)
    return python, values


def _run(name, arguments):
    python, values = environment(parse(name, arguments))
    command = [str(python), "-m", "tools.backup.task", name, *arguments]
    sys.stdout.flush()
    os.execve(command[0], command, values)


def backup(arguments):
    """Write a backup."""
    _run("backup", arguments)


def restore(arguments):
    """Restore a backup into a new database."""
    _run("restore", arguments)


def rehearsal(arguments):
    """Try whether a backup can be restored, and is what was backed up."""
    _run("rehearsal", arguments)


def wake(arguments):
    """Let a restored database run its jobs and send its mail."""
    _run("wake", arguments)
