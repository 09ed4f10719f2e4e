"""The audit trail with 20 million records: history, search, sealing, verification.

    eval "$(./ctl env)"; $ODOO_PYTHON -m tools.bench.audit_million [--rows N] [--keep]

Makes a database of its own on the test server (12 GB for 20 million records; it is
skipped with less than 30 GB free), and drops it unless --keep is given.

Times are of the clock, and of the processors ("busy": Odoo's process and PostgreSQL's
together), which others who use the machine do not lengthen.
"""

import argparse
import os
import shutil
import sys
import time
from contextlib import nullcontext
from datetime import date

from tools import databases
from tools.bench import table
from tools.bench.meter import Meter
from tools.output import Fail, note, say, step
from tools.paths import CACHE
from tools.session import prepare

NAME = "oc_audit_million"
MONTHS = 20
FIRST = date(2024, 1, 1)
CHUNK = 1_000_000
SPACE = 30  # GB
REPEATS = 5
MODELS = ("sale.order", "sale.order.line", "stock.move", "account.move", "res.partner")
# a document's history and a person's period, in seconds; records a second
LIMITS = {"history": 0.1, "search": 0.5, "seal": 20_000, "verify": 50_000}

# One person in 200 does 30 % of all, one document is changed all the time; four
# records in a transaction.
INSERT = """
INSERT INTO erp_audit_log (id, ts, tx, op, source, res_id, uid, real_uid, login,
                           company, ip, session, route, action, diff)
SELECT i,
       timestamp '2024-01-01' + (i::float8 / %(rows)s) * interval '%(days)s days',
       1 + i / 4,
       CASE WHEN i %% 10 < 7 THEN 'w' WHEN i %% 10 < 9 THEN 'c' ELSE 'l' END,
       900 + i %% 5,
       CASE WHEN i %% 4000 = 0 THEN 5 ELSE 10 + i * 7919 %% (%(rows)s / 60) END,
       2 + p, 2 + p, 'user' || p, 1 + p %% 3,
       '10.0.' || p %% 200 || '.7', md5(p::text)::varchar(16),
       '/web/dataset/call_kw/sale.order/write', 'sale.order.write',
       jsonb_build_object('state', jsonb_build_array('draft', 'sale'),
                          'amount_total', jsonb_build_array(i %% 1000, i %% 977),
                          'note', jsonb_build_array(NULL, 'as agreed by phone'))
  FROM generate_series(%(first)s::bigint, %(last)s) AS i,
       LATERAL (SELECT CASE WHEN i / 4 %% 10 < 3 THEN 0
                            ELSE (i / 4 * 31 %% 200)::integer END AS p) AS who
"""

COLUMNS = "id, date, source_id, res_id, user_id, action, diff"
HISTORY = (
    f"SELECT {COLUMNS} FROM erp_audit_record"
    " WHERE source_id = %(source)s AND res_id = %(res_id)s ORDER BY id DESC LIMIT 80"
)
PERSON = (
    f"SELECT {COLUMNS} FROM erp_audit_record WHERE user_id = %(user)s"
    " AND date >= '2024-11-03' AND date < '2024-12-10'"
    " ORDER BY %(order)s LIMIT 80"
)
COUNT = (
    "SELECT count(*) FROM (SELECT 1 FROM erp_audit_record WHERE user_id = %(user)s"
    " AND date >= '2024-11-03' AND date < '2024-12-10' LIMIT 10001) AS rows"
)
NEWEST = f"SELECT {COLUMNS} FROM erp_audit_record ORDER BY id DESC LIMIT 80"


def queries(cr):
    """Return ``(label, limit, query)`` of what people look at."""
    cr.execute("SELECT source, res_id FROM erp_audit_log WHERE id = 100001")
    documents = (("5,000 changes", 900, 5), ("a few", *cr.fetchone()))
    found = [
        (
            f"history of a document ({what})",
            "history",
            HISTORY % {"source": source, "res_id": res_id},
        )
        for what, source, res_id in documents
    ]
    for what, user in (("a busy one", 2), ("another", 57)):
        for order in ("id DESC", "date DESC, id DESC"):
            query = PERSON % {"user": user, "order": order}
            found.append((f"person and period ({what}, {order})", "search", query))
        found.append((f"how many ({what})", "search", COUNT % {"user": user}))
    return [*found, ("the newest of all", "search", NEWEST)]


def make(cr, rows):
    """Fill the trail."""
    from odoo.addons.erp_audit import store

    month = FIRST
    for _number in range(MONTHS):
        if store.partition_name(month) not in store.partitions(cr):
            store._make_partition(cr, month)
        month = store.month_after(month)
    cr.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
        " WHERE indrelid = 'erp_audit_log'::regclass AND NOT indisprimary"
    )
    indexes = cr.fetchall()
    for name, _definition in indexes:
        cr.execute(f"DROP INDEX {name}")
    for table_name in ("erp_audit_log", "erp_audit_chain"):
        cr.execute(f"ALTER TABLE {table_name} DISABLE TRIGGER USER")
        cr.execute(f"DELETE FROM {table_name}")
        cr.execute(f"ALTER TABLE {table_name} ENABLE TRIGGER USER")
    for number, model in enumerate(MODELS):
        cr.execute(
            "INSERT INTO erp_audit_source (id, name) VALUES (%s, %s)",
            [900 + number, f"bench.{model}"],
        )
    days = (month - FIRST).days - 1
    for first in range(1, rows + 1, CHUNK):
        last = min(first + CHUNK - 1, rows)
        cr.execute(INSERT % {"rows": rows, "first": first, "last": last, "days": days})
        cr.commit()
        note(f"{last:,} records")
    for _name, definition in indexes:
        cr.execute(definition.replace(" ON ONLY ", " ON "))
    cr.commit()
    note("indexes made")


def read(cr):
    """Measure what people look at; return rows of a table, and what is too slow."""
    rows, missed = [], []
    for label, limit, query in queries(cr):
        clock, busy = [], []
        for _repeat in range(REPEATS):
            with Meter(cr).measured() as cost:
                cr.execute(query)
                found = len(cr.fetchall())
            clock.append(cost["wall"])
            busy.append(cost["busy"])
        scans = _scans(cr, query)
        verdict = "met" if min(clock) < LIMITS[limit] and not scans else "NOT MET"
        if verdict != "met":
            missed.append(label)
        rows.append(
            [
                label,
                str(found),
                f"{1000 * clock[0]:.1f} ms",
                f"{1000 * min(clock):.1f} ms",
                f"{1000 * min(busy):.1f} ms",
                ", ".join(scans) or "-",
                verdict,
            ]
        )
    head = ["", "rows", "first", "best", "busy", "read as a whole", ""]
    say(table.grid(rows, head))
    return missed


def _scans(cr, query):
    """Return the tables that a query reads as a whole, if they are not small."""
    cr.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}")
    found = []

    def walk(plan):
        name = plan.get("Relation Name", "")
        if plan["Node Type"] == "Seq Scan" and plan["Actual Rows"] > 1000:
            found.append(name)
        for child in plan.get("Plans", ()):
            walk(child)

    walk(cr.fetchone()[0][0]["Plan"])
    return found


def seal(cr, rows):
    """Seal everything; return records a second of the clock and of the processors."""
    from odoo.addons.erp_audit import keys
    from odoo.addons.erp_audit.sealer import Sealer

    chain = Sealer(cr, keys.Key.generate())
    with Meter(cr).measured() as cost:
        while chain.close(watermark=2**62):
            cr.commit()
    return chain.key.public, rows / cost["wall"], rows / cost["busy"]


def verify(cr, rows, public):
    """Verify everything; return records a second, as above."""
    from odoo.addons.erp_audit.verify import Verifier

    with Meter(cr).measured() as cost:
        report = Verifier(lambda: nullcontext(cr), trusted=[public]).run()
    wrong = [item for item in report.findings if item.kind != "cut"]
    if wrong or report.rows != rows:
        raise Fail(f"the trail is not intact: {wrong[:3]}, {report.rows} records")
    return rows / cost["wall"], rows / cost["busy"]


def _size(cr):
    cr.execute(
        "SELECT (SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits"
        " WHERE inhparent = 'erp_audit_log'::regclass),"
        " pg_total_relation_size('erp_audit_chain')"
    )
    return cr.fetchone()


def measure(database, rows, made):
    """Measure everything in a database; return the exit code."""
    from odoo.sql_db import db_connect

    with db_connect(database).cursor() as cr:
        if not made:
            start = time.monotonic()
            make(cr, rows)
            note(f"made in {time.monotonic() - start:.0f} s")
    with db_connect(database).cursor() as cr:
        cr._cnx.autocommit = True
        cr.execute("VACUUM (ANALYZE) erp_audit_log")
        cr._cnx.autocommit = False
        step("Reading")
        missed = read(cr)
        cr.execute("SELECT count(*) FROM erp_audit_chain")
        if cr.fetchone()[0]:
            cr.execute("ALTER TABLE erp_audit_chain DISABLE TRIGGER USER")
            cr.execute("TRUNCATE erp_audit_chain")
            cr.execute("ALTER TABLE erp_audit_chain ENABLE TRIGGER USER")
        cr.commit()
        step("Sealing")
        public, clock, busy = seal(cr, rows)
        say(f"sealed: {clock:,.0f} records a second, {busy:,.0f} of busy time")
        missed += ["seal"] if busy < LIMITS["seal"] else []
        step("Verifying")
        clock, busy = verify(cr, rows, public)
        say(f"verified: {clock:,.0f} records a second, {busy:,.0f} of busy time")
        missed += ["verify"] if busy < LIMITS["verify"] else []
        log, chain = _size(cr)
        say(
            f"size: {log / rows:.0f} bytes a record with its indexes,"
            f" {chain / rows:.0f} of its seal"
        )
    say("NOT MET: " + ", ".join(missed) if missed else "All met.")
    return 1 if missed else 0


def main(arguments):
    """Make the database if it is not there, measure, and drop it."""
    from odoo.tools import config

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args(arguments)
    free = shutil.disk_usage(CACHE).free / 2**30
    session = prepare("test")
    made = databases.exists(session, NAME)
    if free < SPACE and not made:
        say(f"Skipped: {free:.0f} GB are free, and {SPACE} are needed.")
        return 0
    config.parse_config([f"--config={os.environ['ODOO_RC']}"], setup_logging=False)
    if not made:
        step(f"Making {options.rows:,} records")
        template = databases.suite_template(session, ["erp_audit"])
        databases.copy(session, template, NAME)
    try:
        return measure(NAME, options.rows, made)
    finally:
        if not options.keep:
            databases.drop(session, NAME)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
