import json
from unittest.mock import patch

from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..alert_rules import KINDS
from .common_alert import AlertMixin
from .common_seal import SealCase

ENGINE = "odoo.addons.erp_audit.models.erp_audit_alert_engine"


@tagged("post_install", "-at_install")
class TestAlertEngine(AlertMixin, SealCase):
    """The stream: positions, seals, epochs, and rules that fail."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.anna = new_test_user(cls.env, "anna", "base.group_user")
        cls.auditor = new_test_user(cls.env, "auditor", "erp_audit.group_audit_auditor")
        cls.engine = cls.env["erp.audit.alert.engine"]
        rules = cls.env["erp.audit.alert.rule"]
        cls.rule = rules.search([("code", "=", "superuser")])
        (rules.search([]) - cls.rule).active = False
        cls.failing = rules.search(
            [("code", "=", "rule_failed"), ("active", "=", False)]
        )
        cls.failing.active = True
        cls.rule.at_once = False
        cls.users = cls.env["erp.audit.source"]._number("res.users")
        # the trail of these tests begins here
        cls.env["erp.audit.alert.position"].search([]).write({"seq": 0, "since": "0"})

    def setUp(self):
        super().setUp()
        # what is asked in a transaction of its own sees what the test has done
        self.enterContext(self.enter_registry_test_mode())

    def _become(self, tx, **values):
        """Record that somebody becomes superuser; return its number."""
        values = {"res_id": self.anna.id, "real_uid": self.anna.id, **values}
        return self._record(
            tx, op="e", event="become_superuser", source=self.users, **values
        )

    def _run(self):
        while self.engine._look_at_sealed():
            pass
        return self._alerts(self.rule)

    def test_only_what_is_sealed(self):
        """Before the seal nothing, after it one, the next time none more."""
        self._become(100)
        self.assertFalse(self._run())
        self._seal(watermark=200)
        alert = self._run()
        self.assertEqual((alert.hits, alert.record_count), (1, 1))
        self._run()
        self.assertEqual(alert.hits, 1)

    def test_many_blocks_once_each(self):
        """Blocks of four records, in runs of their own: each counts once."""
        for number in range(10):
            self._become(100 + number)
        self._seal(limit=4, watermark=105)
        self.assertEqual(self._run().hits, 5)
        self._seal(limit=4, watermark=300)
        alert = self._run()
        self.assertEqual((len(alert), alert.hits, alert.record_count), (1, 10, 10))

    def test_late_committers(self):
        """A lower number that is committed later is sealed later, and not missed."""
        self._become(150)
        self._seal(watermark=120)
        self._become(130)
        self._seal(watermark=200)
        self.assertEqual(self._run().hits, 2)

    def test_at_once_and_once_only(self):
        """A rule that may not wait raises before the seal, and not again after it."""
        self.rule.at_once = True
        self._become(100)
        self.engine._look_at_once()
        alert = self._alerts(self.rule)
        self.assertEqual(alert.hits, 1)
        self.engine._look_at_once()
        self._seal(watermark=200)
        self._run()
        self.assertEqual(self._alerts(self.rule), alert)
        self.assertEqual(alert.hits, 1)

    def test_a_decided_alert_is_not_raised_again_by_its_records(self):
        """What was decided between the two looks stays decided."""
        self.rule.at_once = True
        self._become(100)
        self.engine._look_at_once()
        self._alerts(self.rule).with_user(self.auditor).action_dismiss("A test")
        self._seal(watermark=200)
        self.assertEqual(self._run().state, "dismissed")

    def test_a_crash_loses_nothing(self):
        """What is undone with the run is looked at again."""
        self._become(100)
        self._seal(watermark=200)
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            self._run()
            self.env.flush_all()
            raise ZeroDivisionError
        self.env.invalidate_all()
        self.assertEqual(self._run().hits, 1)

    def test_a_rule_that_fails_stands_still_and_catches_up(self):
        """The others go on; once it works, it makes up for what it missed."""
        other = self.env["erp.audit.alert.rule"].search(
            [("code", "=", "brute_force"), ("active", "=", False)]
        )
        other.active = True
        self.env["erp.audit.alert.position"].search([]).write({"seq": 0, "since": "0"})
        self._become(100)
        for number in range(10):
            self._record(
                101,
                op="e",
                event="login_failed",
                source=self.users,
                ts=f"2020-02-10 10:00:{number:02}",
                diff=json.dumps({"login": "anna"}),
            )
        self._seal(limit=4, watermark=200)
        kind = type(KINDS["superuser"])
        with (
            patch.object(kind, "where", "f.nonsense"),
            self.assertLogs(ENGINE, "ERROR") as logs,
            mute_logger("odoo.sql_db"),
        ):
            self._run()
        self.assertEqual(len(logs.output), 1, "told once, not with each block")
        self.assertFalse(self._alerts(self.rule))
        self.assertEqual(len(self._alerts(other)), 1)
        self.assertIn("nonsense", self.rule.problem)
        failure = self._alerts(self.failing)
        self.assertIn(self.rule.name, failure.name)
        self._run()
        self.assertEqual(self._alerts(self.rule).hits, 1)
        self.rule.invalidate_recordset()
        self.assertFalse(self.rule.problem)
        self.assertEqual(len(self._alerts(other)), 1)

    def test_switched_on_from_now_on(self):
        """What was recorded while a rule was off raises nothing."""
        self.rule.active = False
        self._become(100)
        self._seal(watermark=150)
        self.rule.active = True
        self._become(160)
        self._seal(watermark=200)
        self.assertEqual(self._run().hits, 1)

    def test_folding(self):
        """Within the time it is one alert, after it another; a decided one is over."""
        self.rule.fold_hours = 2
        for tx, ts in (
            (100, "2020-02-10 10:00:00"),
            (101, "2020-02-10 11:00:00"),
            (102, "2020-02-10 15:00:00"),
        ):
            self._become(tx, ts=ts)
        self._become(103, ts="2020-02-10 10:30:00", real_uid=self.auditor.id)
        self._seal(watermark=200)
        alerts = self._run().filtered(lambda alert: alert.person_id == self.anna)
        self.assertEqual(alerts.mapped("hits"), [1, 2])
        newest = alerts[0]
        newest.with_user(self.auditor).action_dismiss("Known")
        self._become(200, ts="2020-02-10 15:30:00")
        self._seal(watermark=300)
        alerts = self._run().filtered(lambda alert: alert.person_id == self.anna)
        self.assertEqual(len(alerts), 3)
        self.assertEqual(newest.hits, 1)

    def test_other_companies(self):
        """A rule of a company does not see the others."""
        company = self.env["res.company"].create({"name": "Two"})
        self.rule.company_id = company
        self._become(100, company=self.env.company.id)
        self._become(101, company=company.id)
        self._seal(watermark=200)
        alert = self._run()
        self.assertEqual(alert.hits, 1)
        self.assertEqual(alert.company_id, company)

    def test_trial(self):
        """What would have been, with examples; nothing is raised."""
        now = self.env.cr.now()
        for number in range(5):
            self._become(100 + number, ts=str(now.replace(microsecond=number)))
        self._become(110, ts="2020-02-10 10:00:00")
        action = self.rule.with_user(self.auditor).action_try()
        trial = self.env[action["res_model"]].with_user(self.auditor)
        trial = trial.browse(action["res_id"])
        self.assertEqual((trial.number, trial.hits), (1, 5))
        self.assertIn("1", trial.summary)
        self.assertEqual(trial.line_ids.person_id, self.anna)
        self.assertIn("anna", trial.line_ids.name)
        self.assertEqual(len(trial.line_ids.record_ids), 5)
        self.assertFalse(self._alerts(self.rule))

    def test_every_rule_can_be_tried(self):
        """No rule's query is wrong, on an empty stretch or a busy one."""
        for user in (self.anna, self.auditor):
            self._record_event("become_superuser", user, ts=self.env.cr.now())
        rules = self.env["erp.audit.alert.rule"].with_context(active_test=False)
        tried = {rule.code: self.engine._try(rule) for rule in rules.search([])}
        self.assertLessEqual(tried.keys(), rules._kinds().keys())
        for code, hits in tried.items():
            with self.subTest(code):
                self.assertIsInstance(hits, list)
        self.assertLessEqual(
            {self.anna.id, self.auditor.id},
            {hit["person"] for hit in tried["superuser"]},
        )

    def test_the_job(self):
        """It looks at what is sealed, at once and at the state, and wakes no end."""
        self.rule.at_once = True
        self._become(100)
        self._seal(watermark=150)
        self._become(160)
        jobs = type(self.env["ir.cron"])
        with patch.object(jobs, "_commit_progress", lambda *args, **kwargs: 1):
            self.engine._cron_run()
        self.assertEqual(self._alerts(self.rule).hits, 2)

    def test_an_idle_run_costs_little(self):
        """Whatever the number of rules, nothing new is nothing to do."""
        self.env["erp.audit.alert.rule"].with_context(active_test=False).search(
            []
        ).active = True
        self._seal(watermark=100)
        self.engine._look_at_sealed()
        self.env.flush_all()
        with self.assertQueryCount(4):
            self.engine._look_at_sealed()

    def _queries_of_run(self, number):
        """Return how many queries a look at so many new records costs."""
        self._seal(limit=1000, watermark=1000 * number + 500)
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        self._run()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def test_queries_of_a_run(self):
        """A hundred hits of a person cost what one costs."""
        counts = []
        for number, user in ((1, self.anna), (100, self.auditor)):
            for item in range(number):
                self._become(1000 * number + item, real_uid=user.id)
            counts.append(self._queries_of_run(number))
        self.assertLessEqual(counts[1], counts[0] + 2, counts)

    def test_queries_of_many_alerts(self):
        """A hundred new alerts cost a little more each, not a run each."""
        users = self.env["res.users"].create(
            [{"name": f"U{n}", "login": f"u{n}"} for n in range(100)]
        )
        counts = []
        for number, some in ((1, users[:1]), (100, users)):
            for item, user in enumerate(some):
                self._become(1000 * number + item, real_uid=user.id)
            counts.append(self._queries_of_run(number))
            self._alerts(self.rule).sudo().write({"state": "confirmed"})
        self.assertLess(counts[1], counts[0] * 3, counts)

    def test_queries_of_a_list(self):
        """The words of a hundred alerts cost what those of one cost."""
        rule = self.env["erp.audit.alert.rule"].create(
            {"name": "Rights", "code": "rights_outside_request"}
        )
        groups = self.env["res.groups"].create([{"name": f"G{n}"} for n in range(101)])
        gone = self.env["res.groups"].create({"name": "Gone"})
        now = self.env.cr.now()
        common = {"first": now, "last": now, "evidence": [], "company": None}
        alerts = self.env["erp.audit.alert"]
        hits = [
            {
                **common,
                **{"key": str(group.id), "hits": [], "person": None, "actor": None},
                "facts": {"groups": [group.id, gone.id]},
            }
            for group in groups
        ]
        few, many = alerts._raise(rule, hits[:1]), alerts._raise(rule, hits[1:])
        gone.unlink()
        counts = []
        for some in (few, many):
            for _warm in range(2):
                self.env.flush_all()
                self.env.invalidate_all()
                before = self.env.cr.sql_log_count
                names = some.with_user(self.auditor).mapped("name")
            self.assertIn("G", names[0])
            self.assertNotIn("Gone", names[0])
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 2, counts)
