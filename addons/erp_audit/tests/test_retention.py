import contextlib
import json
import subprocess
import sys
from datetime import date
from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from .. import proof, store
from .common import rule_of
from .common_seal import SealCase
from .test_seal_proof import SCRIPT

LOGGER = "odoo.addons.erp_audit.models.erp_audit_retention"
MONTH = "erp_audit_log_y2020m02"


@tagged("post_install", "-at_install")
class TestRetention(SealCase):
    """Old months are taken away; what remains, and what was taken, stays provable."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.retention = cls.env["erp.audit.retention"]
        cls.rule = rule_of(cls.env, "res.partner", retention_months=12)
        cls.months = [f"erp_audit_log_y2020m0{number}" for number in (1, 2, 3)]
        cls.rows = [
            cls._record(100 + number, ts=f"2020-0{1 + number // 5}-15 08:00:00")
            for number in range(15)
        ]

    def setUp(self):
        super().setUp()
        # one transaction in tests, several otherwise
        registry = self.env.registry
        self.startPatcher(
            patch.object(
                type(registry),
                "cursor",
                lambda *args, **kw: contextlib.nullcontext(self.cr),
            )
        )

    def _script(self, month):
        path = self.folder / "exports" / self.database / f"{month}.proof.json"
        done = subprocess.run(
            [sys.executable, "-I", SCRIPT, path, "--key", self.key.public],
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stdout + done.stderr

    def _due(self, today):
        return [name for name in self.retention._due(today) if name in self.months]

    # -- when --------------------------------------------------------------------------

    def test_due_after_its_last_day(self):
        self.assertEqual(self._due(date(2021, 1, 31)), [])
        self.assertEqual(self._due(date(2021, 2, 1)), self.months[:1])
        self.assertEqual(self._due(date(2021, 4, 1)), self.months)

    def test_longest_of_the_rules(self):
        rule_of(self.env, "res.users").unlink()
        source = self.env["erp.audit.source"]._number("res.users")
        self._record(200, source=source, ts="2020-02-03 00:00:00")
        # no rule: ten years
        self.assertEqual(self._due(date(2021, 4, 1)), self.months[::2])
        rule = rule_of(self.env, "res.users", retention_months=24)
        self.assertEqual(self._due(date(2022, 3, 1)), self.months)
        rule.retention_months = 0
        self.assertEqual(self._due(date(2099, 1, 1)), self.months[::2])

    def test_events_without_a_model(self):
        self._record(200, source=0, op="e", ts="2020-01-03 00:00:00")
        self.assertEqual(self._due(date(2021, 4, 1)), self.months[1:])

    # -- how ---------------------------------------------------------------------------

    def test_taken_away(self):
        # a block has records of two months
        self._seal(limit=4)
        self.assertTrue(self.retention._take_away(MONTH))
        self.assertNotIn(MONTH, store.partitions(self.cr))
        report = self._verify()
        self.assertEqual(report.findings, [])
        self.assertEqual([(n.kind, n.number) for n in report.notes], [("gone", 5)])
        code, text = self._script(MONTH)
        self.assertEqual(code, 0, text)
        self.assertIn("5 records", text)

    def test_recorded(self):
        self._seal()
        self.retention._take_away(MONTH)
        record = self.env["erp.audit.record"].search(
            [("event", "=", "audit_month_taken_away")]
        )
        self.assertEqual(record.diff["partition"], MONTH)
        self.assertEqual(record.diff["records"], 5)

    def test_what_remains_is_still_guarded(self):
        self._seal(limit=4)
        for month in self.months[:2]:
            self.assertTrue(self.retention._take_away(month))
        self._seal()
        self.assertIntact()
        row = self.rows[12]
        self._tamper("UPDATE erp_audit_log SET login = 'x' WHERE id = %s", row)
        self.assertEqual(self._found(), [("changed", row)])

    def test_nothing_comes_back(self):
        """A record that is put where a month was is not part of it."""
        self._seal(limit=4)
        self.retention._take_away(MONTH)
        forged = self._record(107, id=self.rows[7], ts="2020-02-15 08:00:00")
        self.assertEqual(self._found(), [("added", forged)])

    def test_proofs_of_what_remains(self):
        self._seal(limit=4)
        self.retention._take_away(MONTH)
        for row in self.rows[:5] + self.rows[10:]:
            self.assertEqual(proof.of_record(self.cr, row)["record"]["id"], row)

    def test_forged_export(self):
        self._seal(limit=4)
        self.retention._take_away(MONTH)
        path = self.folder / "exports" / self.database / f"{MONTH}.jsonl.gz"
        content = path.read_bytes()
        path.write_bytes(content[:-9] + bytes([content[-9] ^ 1]) + content[-8:])
        self.assertEqual(self._script(MONTH)[0], 1)
        path.write_bytes(content)
        self.assertEqual(self._script(MONTH)[0], 0)
        file = path.with_name(f"{MONTH}.proof.json")
        values = json.loads(file.read_text())
        values["blocks"][0]["rows"][0] = "00" * 32
        file.write_text(json.dumps(values))
        self.assertEqual(self._script(MONTH)[0], 1)

    # -- when not ----------------------------------------------------------------------

    def _assert_stays(self):
        with (
            self.assertLogs(
                "odoo.addons.erp_audit.models.erp_audit_retention", "ERROR"
            ),
            mute_logger("odoo.sql_db"),
        ):
            self.assertFalse(self.retention._take_away(MONTH))
        self.assertIn(MONTH, store.partitions(self.cr))

    def test_changed_month_stays(self):
        self._seal(limit=4)
        self._tamper("UPDATE erp_audit_log SET login = 'x' WHERE id = %s", self.rows[7])
        self._assert_stays()

    def test_month_with_removed_records_stays(self):
        self._seal(limit=4)
        self._tamper("DELETE FROM erp_audit_log WHERE id = %s", self.rows[7])
        self._assert_stays()

    def test_month_with_unsealed_records_stays(self):
        self._seal(limit=4)
        self._record(900, ts="2020-02-16 00:00:00")
        self._assert_stays()

    def test_month_under_an_altered_seal_stays(self):
        self._seal(limit=4)
        self._tamper("UPDATE erp_audit_chain SET signature = '' WHERE seq = 2")
        self._assert_stays()

    def test_only_months(self):
        for name in ("erp_audit_log_default", "res_partner", "erp_audit_log"):
            with self.assertRaises(ValueError):
                store.drop_partition(self.cr, name)

    # -- months to come ----------------------------------------------------------------

    def test_made_ahead(self):
        self.cr.execute("SELECT (now() AT TIME ZONE 'UTC')::date")
        (today,) = self.cr.fetchone()
        month = today.replace(day=1)
        for _number in range(store.MONTHS_AHEAD + 1):
            self.assertIn(store.partition_name(month), store.partitions(self.cr))
            month = store.month_after(month)
        self.assertEqual(store.make_partitions(self.cr), [])
        made = store.make_partitions(self.cr, ahead=5)
        self.assertEqual(len(made), 2)

    def test_month_that_was_not_made_in_time(self):
        """Business goes on, the records are kept, and somebody is told."""
        self.cr.execute("SELECT (now() AT TIME ZONE 'UTC')::date")
        (today,) = self.cr.fetchone()
        month = today.replace(day=1)
        for _number in range(store.MONTHS_AHEAD + 1):
            month = store.month_after(month)
        row = self._record(100, ts=f"{month} 10:00:00")
        self.assertEqual(store.strays(self.cr), 1)
        self.assertEqual(store.make_partitions(self.cr, store.MONTHS_AHEAD + 1), [])
        self._seal()
        report = self.assertIntact()
        self.assertIn("strays", [note.kind for note in report.notes])
        with self.assertLogs(LOGGER, "WARNING"):
            self.retention._check_strays()
        event = self.env["erp.audit.record"].search(
            [("event", "=", "audit_default_partition")]
        )
        self.assertEqual(event.diff, {"records": 1})
        self.assertTrue(row)
