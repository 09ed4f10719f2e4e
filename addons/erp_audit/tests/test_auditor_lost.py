from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from .common import AuditCase
from .common_alert import AlertMixin


@tagged("post_install", "-at_install")
class TestAuditorLost(AlertMixin, AuditCase):
    """Administrators who would rather not be watched."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.chief = new_test_user(cls.env, "lost_chief", "base.group_system")
        cls.group = cls.env.ref("erp_audit.group_audit_auditor")
        (cls.group.all_user_ids - cls.auditor).active = False

    def _puppet(self):
        return new_test_user(self.env, "lost_puppet", "erp_audit.group_audit_auditor")

    def test_the_last_one_stays(self):
        """Whichever way an administrator takes."""
        auditor = self.auditor.with_user(self.chief)
        group = self.group.with_user(self.chief)
        role = self.env["res.groups"].create(
            {"name": "Bundle", "implied_ids": [Command.link(self.group.id)]}
        )
        for attack in (
            lambda: auditor.write({"group_ids": [Command.unlink(self.group.id)]}),
            lambda: auditor.write({"group_ids": [Command.clear()]}),
            lambda: auditor.write({"active": False}),
            lambda: auditor.action_archive(),
            lambda: group.write({"user_ids": [Command.unlink(auditor.id)]}),
            lambda: group.write({"user_ids": [Command.clear()]}),
            lambda: auditor.sudo().unlink(),
            lambda: group.sudo().unlink(),
        ):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                attack()
            self.env.invalidate_all()
            self.assertTrue(self.auditor.active)
            self.assertIn(self.auditor, self.group.all_user_ids)
        # also if the right comes by another group
        self.auditor.group_ids = [
            Command.link(role.id),
            Command.unlink(self.group.id),
        ]
        with self.assertRaises(UserError):
            role.with_user(self.chief).implied_ids = [Command.unlink(self.group.id)]

    def test_one_of_several_goes(self):
        """There is nothing wrong with that, but he and the others are told."""
        puppet = self._puppet()
        self.auditor.group_ids = [Command.link(self.env.ref("base.group_user").id)]
        with self._doing("auditor_lost") as found:
            self.auditor.with_user(self.chief).write(
                {"group_ids": [Command.unlink(self.group.id)]}
            )
        alert = found.alerts
        self.assertEqual(alert.person_id, self.auditor)
        self.assertEqual(alert.actor_id, self.chief)
        self.assertEqual(alert.recipient_ids, self.auditor + puppet)
        self.assertEqual(alert.severity, "critical")
        self.assertIn("lost_chief", alert.name)
        # he may read it, and does not decide about it
        self.assertFalse(self.auditor.has_group("erp_audit.group_audit_auditor"))
        self.assertIn("lost_chief", alert.with_user(self.auditor).name)
        self.assertFalse(alert.with_user(self.auditor).can_handle)

    def test_who_has_nothing_left_gets_an_email(self):
        """All rights gone, or the account archived: he is told all the same."""
        self.auditor.email = "auditor@lost.example"
        puppet = self._puppet()
        puppet.email = "puppet@lost.example"
        mails = self.env["mail.mail"]
        for person, vals in (
            (self.auditor, {"group_ids": [Command.clear()]}),
            (puppet, {"active": False}),
        ):
            with self._doing("auditor_lost") as found:
                person.with_user(self.chief).write(vals)
            self.assertEqual(found.alerts.person_id, person)
            mail = mails.search([("recipient_ids", "in", person.partner_id.ids)])
            self.assertEqual(len(mail), 1)
            self.assertIn("lost_chief", mail.body_html)
            self.auditor.write(
                {
                    "group_ids": [
                        Command.link(self.env.ref("base.group_user").id),
                        Command.link(self.group.id),
                    ]
                }
            )
            mails.search([]).unlink()

    def test_past_the_application(self):
        """By SQL, and by an account that is archived."""
        puppet = self._puppet()
        with self._doing("auditor_lost") as found:
            self.env.cr.execute(
                "DELETE FROM res_groups_users_rel WHERE uid = %s AND gid = %s",
                [self.auditor.id, self.group.id],
            )
            self.env.invalidate_all()
        self.assertEqual(found.alerts.person_id, self.auditor)
        self.assertIn(self.auditor, found.alerts.recipient_ids)
        self.auditor.group_ids = [Command.link(self.group.id)]
        with self._doing("auditor_lost") as found:
            puppet.with_user(self.chief).active = False
        self.assertEqual(found.alerts.person_id, puppet)
        self.assertEqual(found.alerts.recipient_ids, self.auditor)

    def test_a_right_that_is_withdrawn_is_none(self):
        """An access manager who withdraws what was given says why."""
        manager = new_test_user(
            self.env, "lost_manager", "erp_audit.group_access_manager"
        )
        role = self.env["erp.role"].create(
            {"name": "Second auditor", "group_ids": [Command.set(self.group.ids)]}
        )
        grants = self.env["erp.access.grant"].with_user(manager)
        grant = grants._give(self.anna, role, "Holidays")
        with self._doing("auditor_lost") as found:
            grant._withdraw("Back again")
        self.assertFalse(self.anna.has_group("erp_audit.group_audit_auditor"))
        self.assertFalse(found.alerts)

    def test_an_administrator_becomes_no_auditor_unseen(self):
        """The record is there, and the alert tells the auditors at once."""
        rule = self._rule_of("self_grant")
        self.assertTrue(rule.at_once)
        self.assertEqual(rule.severity, "critical")
        self._mark()
        with self._doing("self_grant") as found:
            self.chief.with_user(self.chief).write(
                {"group_ids": [Command.link(self.group.id)]}
            )
        self.assertEqual(found.alerts.person_id, self.chief)
        self.assertEqual(found.alerts.recipient_ids, self.auditor)
        (event,) = self._records("res.users", self.chief.ids, event="rights")
        self.assertIn(self.group.id, [item["id"] for item in event["diff"]["gained"]])
        self.assertFalse(found.alerts.with_user(self.chief).can_handle)
