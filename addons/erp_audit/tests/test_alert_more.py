from unittest.mock import patch

from psycopg2.errors import CheckViolation

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.http import GeoIP
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from .common import AuditCase
from .common_alert import AlertMixin


@tagged("post_install", "-at_install")
class TestAlertMore(AlertMixin, AuditCase):
    """How alerts are kept silent, forged or decided by whom they are not for."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = new_test_user(cls.env, "second", "erp_audit.group_audit_auditor")
        cls.boss = new_test_user(cls.env, "boss", "base.group_system")
        cls.lead = new_test_user(cls.env, "lead", "base.group_user")
        cls.rule = cls.env["erp.audit.alert.rule"].search([("code", "=", "superuser")])
        cls.rule.by_email = False

    def _raise_for(self, user, ts="2026-03-02 10:00:00"):
        known = self._alerts(self.rule)
        before = self._last()
        self._record_event("become_superuser", user, ts)
        self._look(self.rule, before)
        return self._alerts(self.rule) - known

    # -- two countries -----------------------------------------------------------------

    def test_two_countries(self):
        """Sooner than anybody travels; the same country, or the next day, is none."""
        with self._doing("impossible_travel", hours=4) as found:
            for user, ts, country in (
                (self.boss, "2026-03-02 09:00:00", "CN"),
                (self.boss, "2026-03-02 09:40:00", "US"),
                (self.anna, "2026-03-02 09:00:00", "CN"),
                (self.anna, "2026-03-02 10:00:00", "CN"),
                (self.lead, "2026-03-02 09:00:00", "CN"),
                (self.lead, "2026-03-03 09:00:00", "US"),
                (self.second, "2026-03-02 09:00:00", "CN"),
                (self.second, "2026-03-02 09:10:00", None),
            ):
                diff = {"country": country} if country else {}
                self._record_event("login", user, ts, ip="1.2.3.4", diff=diff)
        self.assertEqual(found.alerts.person_id, self.boss)
        self.assertEqual(found.alerts.record_count, 2)
        self.assertIn("China", found.alerts.name)
        self.assertIn("United States", found.alerts.name)
        self.assertIn("40", found.alerts.name)

    def test_two_countries_across_runs_and_at_one_moment(self):
        self._record_event("login", self.boss, diff={"country": "CN"})
        with self._doing("impossible_travel") as found:
            self._record_event("login", self.boss, diff={"country": "FR"})
        self.assertEqual(found.alerts.hits, 1)
        action = self._rule_of("impossible_travel").with_user(self.auditor)
        self.assertEqual(action.action_try()["res_model"], "erp.audit.alert.trial")

    # -- silencing ---------------------------------------------------------------------

    def test_a_rule_made_deaf(self):
        """Thresholds nobody reaches, and people who are not told any more."""
        rule = self._rule_of("probing").with_user(self.auditor)
        rule.user_ids = self.anna
        for vals in (
            {"attempts": 900000},
            {"severity": "info"},
            {"group_ids": [Command.clear()]},
            {"user_ids": [Command.unlink(self.anna.id)]},
        ):
            with self._doing("recording_off") as found:
                rule.write(vals)
                # as at the end of his request
                rule.flush_recordset()
            self.assertEqual(found.alerts.person_id, self.auditor, vals)
            self.assertIn(rule.name, found.alerts.name)
            found.alerts.state = "confirmed"
        with self._doing("recording_off") as found:
            rule.description = "Other words"
            rule.sequence = 3
        self.assertFalse(found.alerts)

    def test_second_factor_of_a_role_given_up(self):
        role = self.env["erp.role"].create(
            {"name": "Careful", "requires_second_factor": True}
        )
        with self._doing("access_weakened") as found:
            role.requires_second_factor = False
            role.flush_recordset()
        self.assertIn("Careful", found.alerts.name)
        with self._doing("technical_setting") as found:
            self.env["ir.config_parameter"].set_param(
                "erp_audit.second_factor_days", "999"
            )
        self.assertEqual(len(found.alerts), 1)

    def test_the_guard_of_the_rules(self):
        """Switching off what tells of rules that are switched off is told at once."""
        rule = self._rule_of("recording_off")
        known = self._alerts(rule)
        guard = rule.with_user(self.auditor)
        with self.assertRaises(UserError):
            guard.unlink()
        guard.active = False
        alert = self._alerts(rule) - known
        self.assertEqual(alert.actor_id, self.auditor)
        self.assertIn(self.second, alert.recipient_ids)
        self.assertNotIn(self.auditor, alert.recipient_ids)
        self.assertIn(rule.name, alert.name)

    def test_thresholds_too_large(self):
        """What the database cannot count with would stop the rule."""
        for vals in (
            {"days": 2**31 - 1},
            {"minutes": 2**31 - 1},
            {"hours": 2**31 - 1},
            {"factor": float("nan")},
            {"percent": float("inf")},
            {"fold_hours": -1},
        ):
            with (
                self.assertRaises(CheckViolation),
                mute_logger("odoo.sql_db"),
                self.env.cr.savepoint(),
            ):
                self.rule.with_user(self.auditor).write(vals)
                self.env.flush_all()
            self.env.invalidate_all()

    def test_largest_thresholds_work(self):
        rules = self.env["erp.audit.alert.rule"].search([])
        rules.write(
            {"days": 3650, "minutes": 525600, "hours": 87600, "attempts": 1000000}
        )
        for rule in rules:
            self.assertTrue(rule.with_user(self.auditor).action_try(), rule.code)

    def test_about_the_only_one_who_would_be_told(self):
        """The managers of whom it is about are told, up to the top."""
        others = self.env.ref("erp_audit.group_audit_auditor").all_user_ids
        (others - self.auditor).group_ids -= self.env.ref(
            "erp_audit.group_audit_auditor"
        )
        self.auditor.approval_manager_id = self.lead
        alert = self._raise_for(self.auditor)
        self.assertEqual(alert.recipient_ids, self.lead)
        self.assertTrue(alert.with_user(self.lead).name)
        with self.assertRaises(AccessError):
            alert.with_user(self.lead).action_dismiss("Nothing")
        with self.assertRaises(AccessError):
            alert.with_user(self.auditor).action_dismiss("Nothing")

    # -- forging and deciding ----------------------------------------------------------

    def test_alerts_are_not_made_or_changed(self):
        alert = self._raise_for(self.boss)
        self.rule.user_ids = self.anna
        for user in (self.auditor, self.boss, self.anna):
            alerts = self.env["erp.audit.alert"].with_user(user)
            values = {"rule_id": self.rule.id, "severity": "info", "state": "dismissed"}
            for attempt in (
                lambda alerts=alerts, values=values: alerts.create(values),
                lambda alerts=alerts: alerts.load(
                    ["rule_id/.id", "severity"], [[str(self.rule.id), "Notice"]]
                )["ids"]
                or alerts.check_access("create"),
                lambda user=user: alert.with_user(user).copy(),
                lambda user=user: alert.with_user(user).web_save(
                    {"state": "dismissed"}, {"state": {}}
                ),
                lambda user=user: alert.with_user(user).write(
                    {"recipient_ids": [Command.link(user.id)]}
                ),
                lambda user=user: alert.with_user(user).unlink(),
            ):
                with self.assertRaises(AccessError), mute_logger("odoo.models"):
                    attempt()
        self.assertEqual(alert.state, "new")

    def test_reading_is_not_deciding(self):
        """Who is told may talk and finish his activity, and nothing else."""
        self.rule.user_ids = self.anna
        alert = self._raise_for(self.boss)
        mine = alert.with_user(self.anna)
        mine.message_post(body="Seen")
        mine.activity_ids.filtered(
            lambda item: item.user_id == self.anna
        ).action_feedback(feedback="Done")
        forms = self.env["erp.audit.alert.decision"].with_user(self.anna)
        for decision in ("confirmed", "dismissed"):
            form = forms.create(
                {"alert_ids": alert.ids, "decision": decision, "reason": "Fine"}
            )
            with self.assertRaises(AccessError):
                form.action_apply()
        with self.assertRaises(AccessError):
            mine.action_reopen()
        self.assertEqual(alert.state, "new")
        for reason in ("", "   ", None, 7, ["x"]):
            with self.assertRaises(UserError):
                alert.with_user(self.auditor).action_dismiss(reason)

    def test_strangers_find_nothing_around(self):
        """Neither messages, activities, counts nor filters over the records."""
        alert = self._raise_for(self.boss)
        alert.message_post(body="Confidential")
        stranger = self.lead
        messages = self.env["mail.message"].with_user(stranger)
        self.assertFalse(messages.search([("body", "ilike", "Confidential")]))
        activities = self.env["mail.activity"].with_user(stranger)
        self.assertFalse(activities.search([("res_model", "=", "erp.audit.alert")]))
        alerts = self.env["erp.audit.alert"].with_user(stranger)
        self.assertFalse(alerts.search([("facts", "!=", False)]))
        self.assertFalse(alerts.search_count([("record_ids.login", "=", "boss")]))
        [(count,)] = alerts._read_group([], [], ["__count"])
        self.assertFalse(count)
        for path in ("record_ids.diff", "record_ids.session", "record_ids.route"):
            with self.assertRaises(AccessError):
                alerts.search([(path, "!=", False)])
        with self.assertRaises(AccessError):
            self.env["erp.audit.alert.position"].with_user(stranger).search([])

    def test_repeats_while_somebody_looks(self):
        """The same in review is counted there; a decided one is raised anew."""
        alert = self._raise_for(self.boss, "2026-03-02 10:00:00")
        alert.with_user(self.auditor).action_review()
        self.assertFalse(self._raise_for(self.boss, "2026-03-02 11:00:00"))
        self.assertEqual((alert.state, alert.hits), ("review", 2))
        alert.with_user(self.auditor).action_dismiss("A drill")
        again = self._raise_for(self.boss, "2026-03-02 12:00:00")
        self.assertEqual((again.state, again.hits), ("new", 1))
        self.assertEqual(alert.hits, 2)

    def test_undone_operations_raise_nothing(self):
        """What is rolled back was not: no alert, and one only when done again."""
        before = self._last()
        try:
            with self.env.cr.savepoint():
                self._record_event("become_superuser", self.boss)
                raise ValueError("undone")
        except ValueError:
            self._look(self.rule, before)
        self.assertFalse(self._alerts(self.rule).filtered("record_count"))
        alert = self._raise_for(self.boss)
        self._look(self.rule, before)
        self.assertEqual(alert.hits, 1)

    def test_trials_leave_no_trace(self):
        self._record_event("become_superuser", self.boss, str(self.env.cr.now()))
        known = self._alerts(self.env["erp.audit.alert.rule"].search([]))
        activities = self.env["mail.activity"].search_count([])
        mails = self.env["mail.mail"].search_count([])
        for rule in self.env["erp.audit.alert.rule"].search([]):
            rule.with_user(self.auditor).action_try()
        rules = self.env["erp.audit.alert.rule"].search([])
        self.assertEqual(self._alerts(rules), known)
        self.assertEqual(self.env["mail.activity"].search_count([]), activities)
        self.assertEqual(self.env["mail.mail"].search_count([]), mails)
        with self.assertRaises(AccessError):
            self.rule.with_user(self.anna).action_try()


@tagged("post_install", "-at_install")
class TestCountryOfLogin(AlertMixin, HttpCase):
    """Where Odoo knows countries of addresses, a login says from which it came."""

    def _login(self, name):
        new_test_user(self.env, name, password=name)
        # the whole way, as a person does it: the form and its token
        page = self.url_open("/web/login").text
        token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
        self.url_open(
            "/web/login",
            data={"login": name, "password": name, "csrf_token": token},
        )
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT diff FROM erp_audit_log WHERE event = 'login' AND login = %s",
            [name],
        )
        return self.env.cr.fetchone()[0]

    def test_known(self):
        class City:
            country = type("Country", (), {"iso_code": "NL"})

        with patch.object(GeoIP, "country", City.country, create=True):
            self.assertEqual(self._login("more-traveller")["country"], "NL")

    def test_unknown(self):
        self.assertNotIn("country", self._login("more-nobody"))
