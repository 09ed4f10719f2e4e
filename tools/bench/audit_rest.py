"""Reports, reviews, exports, proofs, retention and writing at a trail of size."""

import gzip
import resource
import tempfile
from pathlib import Path

from odoo.tools import SQL

from tools.bench.meter import Meter

# seconds of the processors
REPORT, REVIEW, EXPORT, PROOF, MONTH = 5, 5, 30, 0.1, 120
SAMPLE = 200_000


class Rest:
    """What is not read on a screen every day.

    :param reads: see :class:`.audit_reads.Reads`
    :param rows: number of records
    """

    def __init__(self, root, reads, rows=20_000_000):
        self._rows = rows
        self._root = root
        self._cr = root.cr
        self._reads = reads
        self._meter = Meter(root.cr)

    def all(self):
        """Yield ``(what, limit, number, cost)``; leaves nothing behind."""
        for part in (
            self._reports,
            self._chains,
            self._review,
            self._exports,
            self._proof,
            self._month,
        ):
            yield from part()
            self._cr.rollback()
            self._root.invalidate_all()

    def _measured(self, what, limit, call):
        self._root.invalidate_all()
        with self._meter.measured() as cost:
            number = call()
        return what, limit, number, cost

    def _reports(self):
        env = self._reads.env("governor")
        use = self._root["erp.access.report.use"]

        def refresh():
            use._refresh()
            return use.search_count([])

        yield self._measured("last use, the first time", MONTH, refresh)
        yield self._measured("last use, kept up", REPORT, refresh)
        reports = env["erp.access.report"]
        for kind, label in reports._fields["kind"].selection:
            domain = [("kind", "=", kind)]
            yield self._measured(
                f"report: {label}",
                REPORT,
                lambda domain=domain: len(
                    reports.web_search_read(
                        domain,
                        {"user_id": {}, "detail": {}, "last_on": {}},
                        limit=80,
                        count_limit=10_001,
                    )["records"]
                ),
            )

    def _chains(self):
        # each by itself; the page reads all of them
        chains = self._reads.env("governor")["erp.access.report.chain"]
        for name, (_model, query) in chains._chains().items():

            def call(query=query):
                self._cr.execute(SQL("SELECT count(*) FROM (%s) AS found", query))
                return self._cr.fetchone()[0]

            yield self._measured(f"duties really done: {name}", REPORT, call)

    def _review(self):
        env = self._reads.env("governor")
        # as the daily job has done
        self._root["erp.access.report.use"]._refresh()
        review = env["erp.access.review"].create({"name": "Bench", "scope": "all"})

        def start():
            review.action_start()
            return len(review.line_ids)

        yield self._measured("a review of everybody begins", REVIEW, start)

    def _exports(self):
        env = self._reads.env("auditor")
        records = env["erp.audit.record"]
        for number in (1000, 10_000, 20_000):
            ids = records.search([("op", "=", "w")], limit=number).ids
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            wizard = env["erp.audit.export"].create({"record_ids": ids})

            def make(wizard=wizard):
                wizard.action_export()
                return len(wizard.content)

            what, limit, size, cost = self._measured("", EXPORT, make)
            more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
            what = f"export of {number:,} with proof, {more // 1024} MB more"
            yield what, limit, size, cost
        month = [["date", ">=", "today -31d"]]
        yield self._measured(
            "export of too many is refused", 1, lambda: self._refused(env, month)
        )

    def _refused(self, env, domain):
        import json

        from odoo.exceptions import UserError

        wizard = env["erp.audit.export"].create({"domain": json.dumps(domain)})
        try:
            wizard.action_export()
        except UserError:
            return int(wizard.is_too_many)
        raise AssertionError("an export without end")

    def _proof(self):
        env = self._reads.env("auditor")
        for place in (0.01, 0.5, 0.99):
            number = int(place * self._rows)
            self._cr.execute(
                "SELECT id FROM erp_audit_log WHERE id >= %s ORDER BY id LIMIT 1",
                [number],
            )
            record = env["erp.audit.record"].browse(self._cr.fetchone()[0])
            yield self._measured(
                f"proof of one record, of the {place:.0%}",
                PROOF,
                lambda record=record: len(str(record._proof())),
            )

    def _month(self):
        from odoo.addons.erp_audit import proof, store

        name = next(n for n in store.partitions(self._cr) if store.month_of(n))
        self._cr.execute("SELECT header FROM erp_audit_chain ORDER BY seq LIMIT 1")
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "month.jsonl.gz"

            def export():
                found = proof.Export(self._cr, name, self._trusted())
                found.dump(file)
                return found.number

            result = self._measured("an old month is exported", MONTH, export)
            with gzip.open(file) as text:
                assert text.readline()
        yield result

    def _trusted(self):
        import json

        self._cr.execute("SELECT header FROM erp_audit_chain ORDER BY seq LIMIT 1")
        return [json.loads(self._cr.fetchone()[0])["key"]]

    # -- writing -----------------------------------------------------------------------

    def writing(self):
        """Yield ``(what, records a second)`` of bare inserts, by their indexes."""
        for what, where in (("of all kinds", "TRUE"), ("deletions", "op = 'd'")):
            self._cr.execute(
                f"CREATE TEMP TABLE sample AS SELECT * FROM erp_audit_log WHERE {where}"
                f" LIMIT {SAMPLE}"
            )
            number = self._cr.rowcount
            for label, gone in (
                ("all indexes", ()),
                ("without that of deletions", ("diff_idx",)),
                ("without that of time", ("ts_idx",)),
                ("without both", ("diff_idx", "ts_idx")),
                ("only the key", ("idx",)),
            ):
                yield f"{what}, {label}", number / self._insert(gone)
            self._cr.execute("DROP TABLE sample")
        self._cr.rollback()

    def _insert(self, gone):
        """Return how long it takes to insert the sample, in seconds of processors."""
        self._cr.execute("CREATE TEMP TABLE target (LIKE erp_audit_log INCLUDING ALL)")
        self._cr.execute(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid)"
            " FROM pg_index WHERE indrelid = 'target'::regclass AND NOT indisprimary"
        )
        for name, _text in self._cr.fetchall():
            if name.endswith(tuple(gone)):
                self._cr.execute(f"DROP INDEX {name}")
        with self._meter.measured() as cost:
            self._cr.execute("INSERT INTO target SELECT * FROM sample")
        self._cr.execute("DROP TABLE target")
        return cost["busy"]
