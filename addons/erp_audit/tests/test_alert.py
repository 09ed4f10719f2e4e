from psycopg2.errors import CheckViolation

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.mail.tests.common import MailCase

from .common import AuditCase
from .common_alert import AlertMixin


@tagged("post_install", "-at_install")
class TestAlert(AlertMixin, MailCase, AuditCase):
    """Who is told of an alert, who sees it, who decides about it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.auditor.email = "auditor@example.com"
        cls.second = new_test_user(
            cls.env, "second", "erp_audit.group_audit_auditor", email="second@x.example"
        )
        cls.boss = new_test_user(cls.env, "boss", "base.group_system")
        cls.rule = cls.env["erp.audit.alert.rule"].search([("code", "=", "superuser")])
        cls.rule.by_email = False

    def _raise_for(self, user, **values):
        """Return the alert that somebody became superuser."""
        self.rule.write(values)
        known = self._alerts(self.rule)
        before = self._last()
        self._record_event("become_superuser", user)
        self._look(self.rule, before)
        return self._alerts(self.rule) - known

    # -- telling -----------------------------------------------------------------------

    def test_people_of_the_rule_are_told(self):
        """Groups and people of the rule, but never whom the alert is about."""
        alert = self._raise_for(self.auditor, user_ids=[Command.link(self.anna.id)])
        self.assertIn(self.second, alert.recipient_ids)
        self.assertIn(self.anna, alert.recipient_ids)
        self.assertNotIn(self.auditor, alert.recipient_ids)
        self.assertEqual(alert.activity_ids.user_id, alert.recipient_ids)
        self.assertFalse(alert.owner_id)

    def test_the_owner_gets_the_activity(self):
        """One owner, one activity; the others are told all the same."""
        alert = self._raise_for(self.boss, owner_id=self.second.id)
        self.assertEqual(alert.owner_id, self.second)
        self.assertEqual(alert.activity_ids.user_id, self.second)
        self.assertIn(self.auditor, alert.recipient_ids)

    def test_an_owner_it_is_about_is_none(self):
        """Nobody owns an alert about himself."""
        alert = self._raise_for(self.second, owner_id=self.second.id)
        self.assertFalse(alert.owner_id)
        self.assertNotIn(self.second, alert.activity_ids.user_id)

    def test_other_companies_are_not_told(self):
        """Who does not work in the company does not hear of it."""
        company = self.env["res.company"].create({"name": "Two"})
        known = self._alerts(self.rule)
        before = self._last()
        self._record_event("become_superuser", self.boss, company=company.id)
        self._look(self.rule, before)
        alert = self._alerts(self.rule) - known
        self.assertNotIn(self.auditor, alert.recipient_ids)

    def test_one_email_in_the_language_of_the_reader(self):
        """Several alerts are one e-mail; words, no values of records."""
        self.env["res.lang"]._activate_lang("zh_CN")
        self.second.lang = "zh_CN"
        self.rule.write({"by_email": True})
        self.rule.with_context(lang="zh_CN").name = "有人以超级用户身份工作"
        before = self._last()
        self._record_event("become_superuser", self.boss)
        self._record_event("become_superuser", self.anna)
        with self.mock_mail_gateway():
            self._look(self.rule, before)
        mails = self._new_mails.filtered(
            lambda mail: self.second.partner_id in mail.recipient_ids
        )
        self.assertEqual(len(mails), 1)
        self.assertIn("有人以超级用户身份工作", mails.subject)
        self.assertIn("boss", mails.body_html)
        self.assertIn("anna", mails.body_html)
        self.assertIn("/odoo/alerts/", mails.body_html)

    def test_a_note_on_the_screen(self):
        """Sticky, since it is critical."""
        self._reset_bus()
        self._raise_for(self.boss)
        self.env.cr.precommit.run()
        notes = self.env["bus.bus"].search([])
        found = [
            note
            for note in notes
            if "simple_notification" in note.message
            and f'"res.partner",{self.auditor.partner_id.id}'
            in note.channel.replace(" ", "")
        ]
        self.assertEqual(len(found), 1)
        self.assertIn("boss", found[0].message)

    def test_repeats_disturb_nobody(self):
        """The second time is counted, and no activity more."""
        alert = self._raise_for(self.boss)
        number = len(alert.activity_ids)
        self.assertFalse(self._raise_for(self.boss))
        self.assertEqual(alert.hits, 2)
        self.assertEqual(len(alert.activity_ids), number)

    # -- deciding ----------------------------------------------------------------------

    def test_an_auditor_decides(self):
        """Taken, then dismissed with a reason: who, when and why is kept."""
        alert = self._raise_for(self.boss)
        mine = alert.with_user(self.auditor)
        mine.action_review()
        self.assertEqual((alert.state, alert.owner_id), ("review", self.auditor))
        self.assertEqual(alert.activity_ids.user_id, self.auditor)
        self._mark()
        mine.action_dismiss("Planned maintenance")
        self.assertEqual(alert.state, "dismissed")
        self.assertEqual(alert.decided_by_id, self.auditor)
        self.assertEqual(alert.reason, "Planned maintenance")
        self.assertFalse(alert.activity_ids)
        self.assertIn("Planned maintenance", str(alert.message_ids.mapped("body")))
        (event,) = self._records("erp.audit.alert", event="alert_dismissed")
        self.assertEqual(event["diff"]["reason"], "Planned maintenance")
        changes = [diff for op, diff in self._diffs(alert) if op == "w"]
        self.assertIn(["review", "dismissed"], [item.get("state") for item in changes])

    def test_a_dismissal_needs_a_reason(self):
        """Spaces are none."""
        alert = self._raise_for(self.boss).with_user(self.auditor)
        for reason in ("", "  ", None, False):
            with self.assertRaises(UserError):
                alert.action_dismiss(reason)
        self.assertEqual(alert.state, "new")

    def test_a_confirmation_and_its_undoing(self):
        """Confirmed without words, opened again, decided once only."""
        alert = self._raise_for(self.boss).with_user(self.auditor)
        alert.action_confirm()
        self.assertEqual(alert.state, "confirmed")
        with self.assertRaises(UserError):
            alert.action_dismiss("No")
        with self.assertRaises(UserError):
            alert.action_review()
        alert.action_reopen()
        self.assertEqual(alert.state, "review")
        self.assertFalse(alert.decided_by_id)

    def test_the_form_of_a_decision(self):
        """The reason is asked for, for several alerts at once."""
        alerts = self._raise_for(self.boss) + self._raise_for(self.anna)
        action = (
            alerts.with_user(self.auditor)
            .with_context(decision="dismissed")
            .action_ask()
        )
        model = self.env[action["res_model"]].with_user(self.auditor)
        form = Form(model.with_context(**action["context"]))
        form.reason = "A drill"
        form.save().action_apply()
        self.assertEqual(alerts.mapped("state"), ["dismissed"] * 2)

    def test_a_choice_with_some_of_others(self):
        """What is decided already, or about oneself, is left out and counted."""
        alerts = self._raise_for(self.boss) + self._raise_for(self.anna)
        alerts += self._raise_for(self.auditor)
        mine = alerts.with_user(self.auditor)
        mine[0].action_dismiss("A drill")
        action = mine.with_context(decision="dismissed").action_ask()
        self.assertEqual(action["context"]["default_alert_ids"], alerts[1].ids)
        self.assertEqual(action["context"]["default_left_out"], 2)
        mine.action_review()
        self.assertEqual(alerts.mapped("state"), ["dismissed", "review", "new"])
        # none of them is the user's: he is told why
        with self.assertRaises(AccessError):
            mine[::2].action_ask()

    def test_nobody_decides_about_himself(self):
        """Neither whom it is about nor who did it, auditors and owners included."""
        alert = self._raise_for(self.auditor)
        alert.sudo().owner_id = self.auditor
        mine = alert.with_user(self.auditor)
        self.assertFalse(mine.can_handle)
        for method in ("action_review", "action_confirm", "action_ask"):
            with self.assertRaises(AccessError):
                getattr(mine, method)()
        with self.assertRaises(AccessError):
            mine.action_dismiss("Nothing")
        alert.sudo().write({"person_id": self.boss.id, "actor_id": self.auditor.id})
        with self.assertRaises(AccessError):
            mine.action_dismiss("Nothing")
        alert.with_user(self.second).action_dismiss("Checked")

    def test_readers_do_not_decide(self):
        """Who is told reads it; only auditors and the owner decide."""
        alert = self._raise_for(self.boss, user_ids=[Command.link(self.anna.id)])
        mine = alert.with_user(self.anna)
        self.assertIn("boss", mine.name)
        with self.assertRaises(AccessError):
            mine.action_dismiss("Nothing")
        alert.sudo().owner_id = self.anna
        self.env.invalidate_all()
        mine.action_dismiss("Known")
        self.assertEqual(alert.state, "dismissed")

    def test_strangers_see_nothing(self):
        """Neither employees nor administrators, unless they are told."""
        alert = self._raise_for(self.anna)
        for user in (self.boss, self.anna):
            mine = alert.with_user(user)
            self.assertFalse(mine.search([("id", "=", alert.id)]))
            with self.assertRaises(AccessError):
                mine.read(["facts"])
            with self.assertRaises(AccessError):
                mine.action_evidence()

    def test_nobody_writes_or_deletes(self):
        """Not even auditors or the system itself."""
        alert = self._raise_for(self.boss)
        mine = alert.with_user(self.auditor)
        with self.assertRaises(AccessError):
            mine.write({"state": "dismissed"})
        with self.assertRaises(AccessError):
            mine.create({"rule_id": self.rule.id, "severity": "info"})
        with self.assertRaises(AccessError):
            mine.unlink()
        with self.assertRaises(AccessError):
            alert.sudo().unlink()
        with self.assertRaises(UserError):
            self.rule.unlink()

    def test_evidence_with_the_own_rights(self):
        """The records open for auditors; others see their own only."""
        alert = self._raise_for(self.boss, user_ids=[Command.link(self.anna.id)])
        for user, number in ((self.auditor, 1), (self.anna, 0)):
            mine = alert.with_user(user)
            mine.invalidate_recordset()
            self.assertEqual(len(mine.record_ids), number)
            self.assertEqual(mine.record_count, 1)
            action = mine.action_evidence()
            records = self.env[action["res_model"]].with_user(user)
            self.assertEqual(records.search_count(action["domain"]), number)

    def test_companies(self):
        """Alerts of companies that one does not work in."""
        company = self.env["res.company"].create({"name": "Two"})
        alert = self._raise_for(self.boss)
        alert.sudo().company_id = company
        self.env.invalidate_all()
        self.assertFalse(alert.with_user(self.auditor).search([("id", "=", alert.id)]))

    # -- rules -------------------------------------------------------------------------

    def test_rules_are_for_auditors(self):
        """Others neither change nor try them; those who are told read them."""
        rule = self.rule.with_user(self.boss)
        with self.assertRaises(AccessError):
            rule.write({"active": False})
        with self.assertRaises(AccessError):
            rule.action_try()
        self.rule.user_ids = self.anna
        self.assertTrue(self.rule.with_user(self.anna).name)
        self.assertNotIn(
            self.rule, self.rule.with_user(self.boss).search([("code", "!=", False)])
        )

    def test_thresholds_of_a_rule(self):
        """Only those that the rule knows are shown; zero is refused."""
        rule = self._rule_of("brute_force")
        self.assertEqual(rule.thresholds, "attempts,minutes")
        with (
            self.assertRaises(CheckViolation),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            rule.attempts = 0
            self.env.flush_all()

    def test_all_rules_are_shipped(self):
        """Each kind has a rule that is on, with thresholds and somebody to tell."""
        rules = self.env["erp.audit.alert.rule"].search([])
        self.assertEqual(set(rules.mapped("code")), set(rules._kinds()))
        self.assertGreaterEqual(len(rules), 30)
        for rule in rules:
            self.assertTrue(rule.description, rule.code)
            self.assertTrue(rule.group_ids, rule.code)

    def test_words_of_every_rule(self):
        """Each kind finds words even for the barest facts."""
        for rule in self.env["erp.audit.alert.rule"].search([]):
            facts = {"model": "res.partner", "kind": "ir.cron", "id": 0}
            alert = self.env["erp.audit.alert"].new(
                {"rule_id": rule.id, "severity": "info", "facts": facts, "hits": 1}
            )
            self.assertTrue(alert.name, rule.code)
