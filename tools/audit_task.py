"""The part of ./ctl audit that runs in Odoo's Python, see tools/audit.py."""

import getpass
import json
import os
import sys
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

import psycopg2

from tools.audit import parse


class Wrong(Exception):
    """A failure that is told in one line."""


def _day(text):
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        raise Wrong(f"{text} is no day: write it like 2026-01-31.") from None


def _lines(path):
    try:
        return Path(path).read_text().splitlines() if path else []
    except OSError as error:
        raise Wrong(f"{path} cannot be read: {error.strerror}.") from error


def verify(env, options):
    """Check the trail; print what is wrong, name each record; return the exit code."""
    from odoo.addons.erp_audit import keys
    from odoo.addons.erp_audit import verify as module

    anchors = _lines(options.anchors or keys.setting("seal_file"))
    trusted = None
    if options.key:
        path = Path(options.key)
        text = path.read_text() if path.is_file() else options.key
        trusted = set(text.split())
    end = _day(options.end)
    check = module.Verifier(
        env.registry.cursor,
        trusted=trusted,
        anchors=anchors,
        start=_day(options.start),
        end=end and end + timedelta(days=1),
        workers=max(options.workers, 1),
        copy=options.copy,
        progress=_progress if sys.stderr.isatty() else None,
    )
    report = check.run()
    findings, notes = report.findings, report.notes
    # a copy may be older than the addons of this machine: its triggers are theirs
    capture = env["erp.audit.verification"]._capture_findings()
    (notes if options.copy else findings).extend(capture)
    model = env["erp.audit.finding"]
    for title, items in (("note", notes), ("WRONG", findings)):
        for item in items:
            line = model.new(model._values(item))._line()
            print(f"{title}: {line}")
    speed = report.rows / report.seconds if report.seconds else 0
    print(
        f"{report.rows:,} records under {report.seals:,} seals checked in"
        f" {report.seconds:.1f} s ({speed:,.0f} a second)."
    )
    print(f"{report.unsealed:,} records wait for their seal.")
    if report.lag > 300:
        print(f"note: the oldest has been waiting for {report.lag / 60:.0f} minutes.")
    for text in filter(None, [env["erp.audit.seal"]._status()["problem"]]):
        print(f"note: {text}")
    if any(item.kind == "seal_key" for item in findings):
        print(
            "note: --key names the public keys that you trust; where the trail was"
            " sealed, ./ctl audit key prints them."
        )
    print(f"{_many(len(findings), 'finding')}." if findings else "The trail is intact.")
    return 1 if findings else 0


def _many(number, word):
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def _progress(share):
    print(f"\r{share:4.0%}", end="" if share < 1 else "\r", file=sys.stderr, flush=True)


def proof(env, options):
    """Write the proof of a record."""
    record = env["erp.audit.record"].browse(options.record)
    if not record.exists():
        raise Wrong(f"The trail has no record {options.record}: look its number up.")
    text = json.dumps(record._proof(), indent=1, ensure_ascii=False)
    if options.out:
        Path(options.out).write_text(text + "\n")
    else:
        print(text)
    return 0


def seal(env, options):
    """Seal what waits for it."""
    from odoo.addons.erp_audit import keys, sealer

    try:
        number = env["erp.audit.seal"]._seal()
    except (sealer.Discontinuity, keys.KeyProblem) as problem:
        raise Wrong(str(problem)) from problem
    if number is None:
        raise Wrong("Another process is sealing: try again in a minute.")
    print(f"{_many(number, 'block')} sealed.")
    return 0


def key(env, options):
    """Print the public key, which auditors keep."""
    from odoo.addons.erp_audit import keys

    try:
        print(keys.load().public)
    except keys.KeyProblem as problem:
        raise Wrong(str(problem)) from problem
    return 0


def epoch(env, options):
    """Begin a new epoch."""
    who = f"{getpass.getuser()} on this machine"
    made = env["erp.audit.seal"]._begin_epoch(options.reason, who)
    print(f"Seal {made.seq} begins epoch {made.epoch}: sealing goes on.")
    return 0


JOBS = {job.__name__: job for job in (verify, proof, seal, key, epoch)}


def main(arguments):
    """Run what the arguments say; return the exit code."""
    from odoo import SUPERUSER_ID, api
    from odoo.exceptions import UserError
    from odoo.modules.registry import Registry
    from odoo.service.server import load_server_wide_modules
    from odoo.tools import config

    options = parse(arguments)
    config.parse_config(
        [
            f"--config={os.environ['ODOO_RC']}",
            f"--database={options.database}",
            "--log-level=error",
            f"--db_maxconn={getattr(options, 'workers', 1) + 8}",
        ],
        setup_logging=True,
    )
    load_server_wide_modules()
    # Odoo's servers work in UTC, and stored times are in UTC.
    os.environ["TZ"] = "UTC"
    with ExitStack() as stack:
        try:
            cr = stack.enter_context(Registry(options.database).cursor())
            env = api.Environment(cr, SUPERUSER_ID, {})
            if "erp.audit.seal" not in env:
                raise Wrong(f"{options.database} has no audit trail.")
            return JOBS[options.what](env, options)
        except (Wrong, UserError) as problem:
            print(f"ctl: {problem}", file=sys.stderr)
            return 2
        except psycopg2.OperationalError:
            name = options.database
            print(
                f"ctl: There is no database {name}: name it with -d.", file=sys.stderr
            )
            return 2


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
