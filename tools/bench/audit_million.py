"""The audit trail with 20 million records: reading, sealing, verification, reports.

    eval "$(./ctl env)"; $ODOO_PYTHON -m tools.bench.audit_million [--rows N] [--keep]

Part of ``./ctl bench --million``. Makes a database of its own on the test server (12 GB
for 20 million records; it is skipped with less than 30 GB free), and drops it unless
--keep is given.

Times are of the clock, and of the processors ("busy": Odoo's process and PostgreSQL's
together), which others who use the machine do not lengthen. The screens are read by
real users with the least rights, through the ORM, with all record rules.
"""

import argparse
import os
import re
import shutil
import sys
import time
from contextlib import nullcontext

from tools import databases
from tools.bench import audit_rules, table
from tools.bench.audit_data import Trail
from tools.bench.audit_reads import Reads
from tools.bench.audit_rest import Rest
from tools.bench.meter import Meter
from tools.output import Fail, note, say, step
from tools.paths import CACHE
from tools.session import prepare

NAME = "oc_audit_million"
SPACE = 30  # GB
REPEATS = 3
PARTS = ("seal", "verify", "read", "rules", "rest", "write")
# records a second
LIMITS = {"seal": 20_000, "verify": 50_000}


class Bench:
    """Measures one database; notes what is too slow.

    :param cr: cursor
    :param rows: number of records that were made
    """

    def __init__(self, cr, rows):
        from odoo import SUPERUSER_ID, api

        self.cr = cr
        self.rows = rows
        self.root = api.Environment(cr, SUPERUSER_ID, {})
        self.meter = Meter(cr)
        self.missed = []
        # parallel workers would be processes of their own, whose time is not seen
        cr.execute("SET max_parallel_workers_per_gather = 0")
        cr.commit()

    def _note(self, label, busy, limit):
        """Return the verdict."""
        if busy < limit:
            return "met"
        self.missed.append(label)
        return "NOT MET"

    # -- seals -------------------------------------------------------------------------

    def seal(self):
        """Seal everything, and count it for the statistics."""
        from odoo.addons.erp_audit import keys
        from odoo.addons.erp_audit.sealer import Sealer

        self.cr.execute("SELECT count(*) FROM erp_audit_chain")
        if self.cr.fetchone()[0]:
            note("sealed already")
            return
        step("Sealing")
        chain = Sealer(self.cr, keys.Key.generate())
        with self.meter.measured() as cost:
            while chain.close(watermark=2**62):
                self.cr.commit()
        self._rate("sealed", cost, "seal")
        rollups = self.root["erp.audit.rollup"]
        with self.meter.measured() as cost:
            while rollups._count(self.cr):
                self.cr.commit()
        self._rate("counted for the statistics", cost, "seal")
        self.cr.commit()

    def _rate(self, what, cost, limit):
        clock, busy = self.rows / cost["wall"], self.rows / cost["busy"]
        say(f"{what}: {clock:,.0f} records a second, {busy:,.0f} of busy time")
        if busy < LIMITS[limit]:
            self.missed.append(what)

    def verify(self):
        """Verify everything."""
        from odoo.addons.erp_audit.verify import Verifier

        step("Verifying")
        self.cr.execute(
            "SELECT DISTINCT header::json->>'key' FROM erp_audit_chain"
            " WHERE header::json->>'key' IS NOT NULL"
        )
        trusted = [key for (key,) in self.cr.fetchall()]
        with self.meter.measured() as cost:
            report = Verifier(lambda: nullcontext(self.cr), trusted=trusted).run()
        wrong = [item for item in report.findings if item.kind != "cut"]
        if wrong or report.rows != self.rows:
            raise Fail(f"the trail is not intact: {wrong[:3]}, {report.rows} records")
        self._rate("verified", cost, "verify")

    # -- reading -----------------------------------------------------------------------

    def read(self, only=""):
        """Measure what people look at.

        :param str only: pattern of what to read
        """
        step("Reading")
        reads = Reads(self.root, Trail(self.root).bases())
        lines, last = [], None
        for part, label, login, limit, make in reads.all():
            if not re.search(only, f"{part} {label} {login}"):
                continue
            if part != last and lines:
                self._show(lines)
                lines = []
            last = part
            lines.append(self._line(reads, label, login, limit, make))
        self._show(lines)

    def _show(self, lines):
        head = ["", "who", "rows", "first", "best", "busy", "queries", "limit", ""]
        say(table.grid(lines, head))
        say()

    def _line(self, reads, label, login, limit, make):
        from odoo.exceptions import AccessError, MissingError, UserError

        costs, rows = [], 0
        for _repeat in range(REPEATS):
            self._forget()
            env = reads.env(login)
            call = make(env)
            self._forget()
            with self.meter.measured() as cost:
                try:
                    rows = call()
                except (AccessError, MissingError):
                    # nothing would be measured
                    raise
                except UserError:
                    rows = "refused"
            costs.append(cost)
            if cost["wall"] > REPEATS:
                break
        busy = min(cost["busy"] for cost in costs)
        if rows == "refused":
            # says what to do instead: in a few seconds, and nothing is left out
            limit = max(limit, 4)
        return [
            label,
            login,
            str(rows),
            f"{1000 * costs[0]['wall']:.0f} ms",
            f"{1000 * min(cost['wall'] for cost in costs):.0f} ms",
            f"{1000 * busy:.0f} ms",
            str(costs[-1]["queries"]),
            f"{1000 * limit:.0f} ms",
            self._note(f"{label} ({login})", busy, limit),
        ]

    def _forget(self):
        """Begin as a new request does."""
        self.cr.rollback()
        self.root.invalidate_all()

    # -- the rest ----------------------------------------------------------------------

    def rules(self):
        """Measure the alert rules."""
        step("Alert rules")
        self._table(audit_rules.measure(self.root, self.rows))

    def rest(self):
        """Measure reports, reviews, exports, proofs and retention."""
        step("Reports, reviews, exports, proofs, retention")
        self._table(self._rest().all())

    def _rest(self):
        return Rest(self.root, Reads(self.root, Trail(self.root).bases()), self.rows)

    def _table(self, measured):
        lines = []
        for label, limit, number, cost in measured:
            lines.append(
                [
                    label,
                    str(number),
                    f"{1000 * cost['wall']:.0f} ms",
                    f"{1000 * cost['busy']:.0f} ms",
                    str(cost["queries"]),
                    f"{1000 * limit:.0f} ms",
                    self._note(label, cost["busy"], limit),
                ]
            )
        say(table.grid(lines, ["", "found", "clock", "busy", "queries", "limit", ""]))
        say()

    def write(self):
        """Measure bare inserts, and what each index costs them."""
        step("Writing")
        lines = [[what, f"{rate:,.0f}"] for what, rate in self._rest().writing()]
        say(table.grid(lines, ["bare inserts", "records a second"]))
        self.cr.execute(
            "SELECT (SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits"
            " WHERE inhparent = 'erp_audit_log'::regclass),"
            " pg_total_relation_size('erp_audit_chain'),"
            " pg_total_relation_size('erp_audit_rollup')"
        )
        log, chain, rollup = (size / self.rows for size in self.cr.fetchone())
        say(
            f"size: {log:.0f} bytes a record with its indexes, {chain:.0f} of its seal,"
            f" {rollup:.0f} of the statistics"
        )


def _make(database, rows):
    """Make the documents and the records."""
    from odoo import SUPERUSER_ID, api
    from odoo.modules.registry import Registry

    start = time.monotonic()
    with Registry(database).cursor() as cr:
        trail = Trail(api.Environment(cr, SUPERUSER_ID, {}))
        trail.make_documents()
        trail.make_records(rows)
        cr._cnx.autocommit = True
        cr.execute("VACUUM (ANALYZE) erp_audit_log")
        cr.execute("ANALYZE")
        cr._cnx.autocommit = False
        # as the daily job does, in as many runs as it takes
        while trail.close_months():
            pass
        note("months that are over indexed")
    note(f"made in {time.monotonic() - start:.0f} s")


def measure(database, parts, only=""):
    """Measure a database; return the exit code."""
    from odoo.modules.registry import Registry

    with Registry(database).cursor() as cr:
        cr.execute("SELECT count(*) FROM erp_audit_log")
        bench = Bench(cr, cr.fetchone()[0])
        for part in parts:
            arguments = (only,) if part == "read" else ()
            getattr(bench, part)(*arguments)
            bench.cr.rollback()
    missed = bench.missed
    say("NOT MET: " + ", ".join(missed) if missed else "All met.")
    return 1 if missed else 0


def main(arguments):
    """Make the database if it is not there, measure, and drop it."""
    from odoo.tools import config

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--database", default=NAME, help="one that is there already")
    parser.add_argument("--parts", default=",".join(PARTS), help="what to measure")
    parser.add_argument("--only", default="", help="pattern of what to read")
    options = parser.parse_args(arguments)
    free = shutil.disk_usage(CACHE).free / 2**30
    session = prepare("test")
    made = databases.exists(session, options.database)
    if free < SPACE and not made:
        say(f"Skipped: {free:.0f} GB are free, and {SPACE} are needed.")
        return 0
    config.parse_config([f"--config={os.environ['ODOO_RC']}"], setup_logging=False)
    if not made:
        step(f"Making {options.rows:,} records")
        template = databases.suite_template(session, ["erp_audit_trade"])
        databases.copy(session, template, options.database)
        _make(options.database, options.rows)
    try:
        return measure(options.database, options.parts.split(","), options.only)
    finally:
        if not options.keep:
            databases.drop(session, options.database)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
