"""The commands of ./ctl."""

import os
import shlex
import sys

from tools import addons, databases, demo_database, demo_server, output, testrun
from tools.audit import audit
from tools.backup.commands import backup, rehearsal, restore, wake
from tools.output import Fail, say
from tools.paths import ROOT
from tools.session import prepare

HELP = """\
Usage: ./ctl COMMAND

  up [--port N]        start the demo: set-up, demo company, Odoo; prints the logins
  down [--delete]      stop it, and the private PostgreSQL; --delete drops the demo
  test [WHAT] [-k X]   run everything, or one addon, test file or test name
  shell                Odoo shell on the demo database
  logs                 follow the log of the running Odoo
  bench [...]          performance measurements
  audit verify         check the audit trail, name what does not fit; audit --help
  audit proof ID       a file that proves one record of it
  backup --to PLACE    database, files and seals, encrypted; backup --help
  restore FILE         such a backup into a new database; restore --help
  rehearsal FILE       try a backup: restore, count, verify, report, drop
  wake -d DB           let a restored database run its jobs and send mail
  i18n [ADDON ...]     export the terms, update zh_CN.po, tell what is untranslated

For developers
  env                  shell variables of the test environment: eval "$(./ctl env)"
  odoo [...]           the odoo command line on the test server
  db new NAME [ADDON]  a private database: the core apps, and these addons of ours
  db drop NAME         drop it
  db list              the databases of the test server

Downloads are kept in ${XDG_CACHE_HOME:-~/.cache}/order-control, what belongs to this
checkout in .state/. Variables: ODOO_SRC (an Odoo 19.0 source tree to use),
ORDER_CONTROL_PORT, ORDER_CONTROL_PYTHON, ORDER_CONTROL_DEBIAN_MIRROR, PGHOST (a
PostgreSQL server to use).
"""


def show_help(arguments):
    """Print what there is."""
    say(HELP)


def odoo(arguments):
    """Run the odoo command line with the test server's configuration."""
    session = prepare("test")
    command = [str(session.python), "-m", "odoo", *arguments]
    os.execve(command[0], command, session.environment())


def env(arguments):
    """Print shell exports for working with the test environment by hand."""
    output.stream = sys.stderr
    session = prepare("test")
    environment = session.environment()
    binaries = session.server.binaries
    values = {
        "ODOO_SRC": session.odoo.path,
        "ODOO_PYTHON": session.python,
        "ODOO_RC": session.conf,
        "PYTHONPATH": environment["PYTHONPATH"],
        "PATH": f"{session.python.parent}:{binaries}:{os.environ['PATH']}",
        **session.server.connection,
    }
    for name, value in values.items():
        print(f"export {name}={shlex.quote(str(value))}")


def db(arguments):
    """Make, drop or list private databases on the test server."""
    match arguments:
        case ["new", name, *names]:
            _new_database(prepare("test"), name, names)
        case ["drop", name]:
            databases.drop(prepare("test"), name)
        case ["list"]:
            session = prepare("test")
            sql = "SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1"
            for (name,) in session.server.psql(sql):
                say(name)
        case _:
            raise Fail("Say ./ctl db new NAME [ADDON ...], db drop NAME or db list.")


def _new_database(session, name, names):
    """Make the database `name` with the core apps and the addons `names` of ours."""
    _require_ours(names, addons.our_addons())
    databases.copy(session, databases.core_template(session), name)
    if names:
        log = databases.install(session, name, names, f"{name}.log", "installing")
        output.note(f"log: {log}")
    say(f"{name} is ready: ./ctl odoo shell -d {name}")


def shell(arguments):
    """Open Odoo's shell on the demo database."""
    session = prepare("demo")
    if not databases.exists(session, demo_database.NAME):
        raise Fail("There is no demo database yet: make it with ./ctl up.")
    command = [str(session.python), "-m", "odoo", "shell", "--no-http"]
    command += ["-d", demo_database.NAME, *arguments]
    os.execve(command[0], command, session.environment())


def bench(arguments):
    """Run the performance measurements on the test server."""
    script = ROOT / "tools" / "bench" / "run.py"
    if not script.exists():
        raise Fail(f"{script} is missing: use a complete checkout.")
    session = prepare("test")
    environment = session.environment()
    environment["PYTHONPATH"] += f":{ROOT}"
    environment["ORDER_CONTROL_CONF"] = str(session.conf)
    environment["ORDER_CONTROL_CORE_TEMPLATE"] = databases.core_template(session)
    command = [str(session.python), str(script), *arguments]
    os.chdir(ROOT)
    os.execve(command[0], command, environment)


def i18n(arguments):
    """Update the terms and Chinese translations of addons, of all without arguments."""
    ours = addons.our_addons()
    names = arguments or list(ours)
    _require_ours(names, ours)
    session = prepare("test")
    template = databases.suite_template(session, names)
    database = databases.test_copy(session, template)
    try:
        session.run_task(
            "update_translations",
            database,
            "exporting terms",
            ORDER_CONTROL_ADDONS=",".join(names),
        )
    finally:
        databases.drop(session, database)


def _require_ours(names, ours):
    """Fail when a name is none of our addons'."""
    for name in names:
        if name not in ours:
            raise Fail(f"There is no addon {name} in addons/: check the spelling.")


COMMANDS = {
    "help": show_help,
    "up": demo_server.up,
    "down": demo_server.down,
    "logs": demo_server.logs,
    "shell": shell,
    "audit": audit,
    "backup": backup,
    "restore": restore,
    "rehearsal": rehearsal,
    "wake": wake,
    "bench": bench,
    "i18n": i18n,
    "test": testrun.test,
    "env": env,
    "odoo": odoo,
    "db": db,
}
