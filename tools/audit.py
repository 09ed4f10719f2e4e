"""./ctl audit: checks the audit trail, proves records, goes on after a restore."""

import argparse
import os
import sys

from tools import demo_database
from tools.backup.commands import environment


def parser():
    """Return the parser of the command's arguments."""
    where = argparse.ArgumentParser(
        add_help=False, argument_default=argparse.SUPPRESS, allow_abbrev=False
    )
    where.add_argument("-d", "--database", help="the demo's if not given")
    where.add_argument(
        "--server", choices=("demo", "test"), help="one of those that ./ctl runs"
    )
    where.add_argument(
        "--config", metavar="ODOO_CONF", help="of an Odoo that ./ctl did not set up"
    )
    main = argparse.ArgumentParser(
        "./ctl audit", description=__doc__.split("\n")[0], parents=[where]
    )
    what = main.add_subparsers(dest="what", metavar="COMMAND", required=True)

    def add(name, text):
        return what.add_parser(
            name,
            help=text,
            description=f"{text[0].upper()}{text[1:]}.",
            parents=[where],
        )

    verify = add("verify", "check the trail, all or a period")
    verify.add_argument(
        "--from", dest="start", metavar="DAY", help="such as 2026-01-31, UTC"
    )
    verify.add_argument("--to", dest="end", metavar="DAY", help="this day included")
    verify.add_argument(
        "--workers",
        type=int,
        metavar="N",
        default=os.cpu_count() or 1,
        help="processors to use, all if not given",
    )
    verify.add_argument("--anchors", metavar="FILE", help="seals as they were sent out")
    verify.add_argument("--key", help="public key that you trust, or a file with some")
    verify.add_argument(
        "--copy", action="store_true", help="a backup: it may lack the newest seals"
    )
    proof = add("proof", "a file that proves one record")
    proof.add_argument(
        "record", type=int, metavar="ID", help="number of the record in the trail"
    )
    proof.add_argument("--out", metavar="FILE", help="printed if not given")
    add("seal", "seal now what waits for it")
    add("key", "print the public key")
    epoch = add("epoch", "go on sealing after a restore")
    epoch.add_argument("--reason", required=True, help="what happened")
    return main


def parse(arguments):
    """Return the options that the arguments of the command are."""
    options = parser().parse_args(arguments)
    options.database = getattr(options, "database", demo_database.NAME)
    options.server = getattr(options, "server", "demo")
    options.config = getattr(options, "config", None)
    return options


def audit(arguments):
    """Run a command on the audit trail; its exit code is 1 if something is wrong."""
    options = parse(arguments)
    python, values = environment(options)
    command = [str(python), "-m", "tools.audit_task", *arguments]
    sys.stdout.flush()
    os.execve(command[0], command, values)
