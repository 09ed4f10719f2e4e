# Names of tables and columns are constants of ours, values are parameters.
# pylint: disable=sql-injection

import contextlib
import json
import tempfile
from pathlib import Path
from unittest.mock import patch

from odoo.tests import TransactionCase

from .. import keys, sealer, store, verify

TAMPER = (
    "erp_audit_log",
    "erp_audit_chain",
)


class SealCase(TransactionCase):
    """A trail of its own, with records of three months, and a key of its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.startClassPatcher(patch.object(keys, "folder", lambda: cls.folder))
        cls.startClassPatcher(
            patch.dict("os.environ", {"ERP_AUDIT_KEY_FILE": str(cls.folder / "k.pem")})
        )
        cls.key = keys.load()
        cls.cr = cls.env.cr
        cls.database = cls.env["ir.config_parameter"].get_param("database.uuid")
        cls.source = cls.env["erp.audit.source"]._number("res.partner")
        # only what the tests record
        with cls._tampering(cls) as cr:
            cr.execute("DELETE FROM erp_audit_log; DELETE FROM erp_audit_chain")
        for month in ("2020-01-01", "2020-02-01", "2020-03-01"):
            cls._make_month(month)

    def setUp(self):
        super().setUp()
        for file in self.folder.glob("heads/*"):
            file.unlink()

    @classmethod
    def _make_month(cls, month):
        store._make_partition(cls.cr, store.date.fromisoformat(month))

    # -- the trail ---------------------------------------------------------------------

    @classmethod
    def _record_rows(cls, **values):
        """Record a dozen changes in three months, two in a transaction."""
        return [
            cls._record(
                100 + number // 2,
                res_id=number + 1,
                ts=f"2020-0{1 + number // 4}-10 10:00:{number:02}.5",
                other_id=number if "other" in values else None,
                **values,
            )
            for number in range(12)
        ]

    @classmethod
    def _record(cls, tx, res_id=1, ts="2020-02-10 10:00:00.123456", **values):
        """Record something as if it had been then; return its number."""
        values = {
            "tx": tx,
            "ts": ts,
            "op": "w",
            "source": cls.source,
            "res_id": res_id,
            "real_uid": 2,
            "login": "anna",
            "diff": json.dumps({"name": ["A", f"B{res_id}"]}),
            **values,
        }
        cls.cr.execute(
            f"INSERT INTO erp_audit_log ({', '.join(values)})"
            f" VALUES ({', '.join(['%s'] * len(values))}) RETURNING id",
            list(values.values()),
        )
        return cls.cr.fetchone()[0]

    @classmethod
    def _records(cls, number, tx=100, **values):
        """Record several rows, two in each transaction; return their numbers."""
        return [
            cls._record(tx + item // 2, res_id=item + 1, **values)
            for item in range(number)
        ]

    def _sealer(self, key=None):
        return sealer.Sealer(self.cr, key or self.key, keys.read_state(self.database))

    def _seal(self, limit=4, watermark=None, key=None):
        """Seal all there is, or what is below a transaction; return the seals."""
        seals = []
        if not watermark:
            # not what this transaction itself recorded: it is not over
            self.cr.execute(
                "SELECT coalesce(max(tx), 0) + 1 FROM erp_audit_log"
                " WHERE tx <> pg_current_xact_id()::text::bigint"
            )
            (watermark,) = self.cr.fetchone()
        chain = self._sealer(key)
        chain.check()
        while seal := chain.close(limit, watermark):
            sealer.publish(seal)
            seals.append(seal)
        return seals

    # -- checking ----------------------------------------------------------------------

    def _verify(self, **options):
        """Check the trail; return the report."""
        options.setdefault("workers", 1)
        check = verify.Verifier(lambda: contextlib.nullcontext(self.cr), **options)
        return check.run()

    def _found(self, **options):
        """Return ``[(kind, record or seal)]`` of what a check finds, sorted."""
        report = self._verify(**options)
        return sorted(
            (f.kind, f.row if f.row is not None else f.seal) for f in report.findings
        )

    def assertIntact(self, **options):
        report = self._verify(**options)
        self.assertEqual(report.findings, [])
        return report

    # -- an attacker with all rights in the database -----------------------------------

    @contextlib.contextmanager
    def _tampering(self):
        """Switch the guards off, and on again so that nobody sees it."""
        tables = [*TAMPER, *store.partitions(self.cr)]
        for table in tables:
            self.cr.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield self.cr
        for table in tables:
            self.cr.execute("SELECT to_regclass(%s)", [table])
            if self.cr.fetchone()[0]:
                self.cr.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
                for name in store.TYPES:
                    self.cr.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")

    def _tamper(self, query, *params):
        with self._tampering() as cr:
            cr.execute(query, params)
