from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common_access import AccessCase


@tagged("post_install", "-at_install")
class TestEmergency(AccessCase):
    """Emergency access: at once, for hours, told, recorded and reviewed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.role.is_emergency = True
        cls.role.emergency_user_ids = cls.anna

    def _take(self, user=None, hours=1.0, reason="Truck waits", role=None):
        form = self.env["erp.access.emergency"].with_user(user or self.anna)
        action = form.create(
            {"role_id": (role or self.role).id, "hours": hours, "reason": reason}
        ).action_start()
        return self.requests.with_user(user or self.anna).browse(action["res_id"])

    def test_at_once_and_ended_by_itself(self):
        request = self._take()
        self.assertEqual(request.state, "emergency")
        self.assertHas(self.anna, self.partner_group)
        grant = request.sudo().grant_ids
        self.assertEqual(grant.origin, "emergency")
        self.assertTrue(grant.date_to)
        self._past(grant)
        self.grants._run_due()
        self.assertEqual(request.state, "review")
        self.assertHasNot(self.anna, self.partner_group)

    def test_the_only_role_is_chosen_already(self):
        form = self.env["erp.access.emergency"]
        self.assertEqual(form.with_user(self.anna).new({}).role_id, self.role)
        self.assertFalse(form.with_user(self.bert).new({}).role_id)
        second = self.role.copy({"is_emergency": True})
        second.emergency_user_ids = self.anna
        self.assertFalse(form.with_user(self.anna).new({}).role_id)

    def test_others_are_told_at_once(self):
        request = self._take()
        asked = request.sudo().activity_ids.user_id
        self.assertLessEqual(self.boss | self.maria | self.nina, asked)
        self.assertNotIn(self.anna, asked)
        self.assertNotIn(self.bert, asked)
        told = request.sudo().message_ids.partner_ids
        self.assertIn(self.boss.partner_id, told)

    def test_not_for_everybody(self):
        with self.assertRaises(AccessError):
            self._take(self.bert)
        other = self.env["erp.role"].create(
            {"name": "Other", "group_ids": self.export_group.ids}
        )
        with self.assertRaises(AccessError):
            self._take(role=other)
        other.emergency_user_ids = self.anna
        with self.assertRaises(AccessError):
            self._take(role=other)
        form = self.env["erp.access.emergency"].with_user(self.anna)
        with self.assertRaises(AccessError):
            form.sudo()._start(self.role, 1.0, "Truck waits")
        self.assertHasNot(self.anna, self.export_group)

    def test_group_of_people(self):
        self.role.emergency_group_ids = self.env.ref("base.group_user")
        self._take(self.bert)
        self.assertHas(self.bert, self.partner_group)

    def test_limits(self):
        self.env["ir.config_parameter"].set_param("erp_audit.emergency_hours", "2")
        for hours in (0.0, -1.0, 2.5):
            with self.assertRaises(UserError):
                self._take(hours=hours)
        with self.assertRaises(UserError):
            self._take(reason="  ")
        self._take(hours=2.0)
        with self.assertRaises(UserError):
            self._take()

    def test_review_by_somebody_else(self):
        request = self._take()
        with self.assertRaises(UserError):
            request.with_user(self.maria)._review("fine", "Too early")
        request.sudo().grant_ids._end("Over")
        self.anna.group_ids += self.env.ref("erp_audit.group_access_manager")
        with self.assertRaises(AccessError):
            request.with_user(self.anna)._review("fine", "I was right")
        with self.assertRaises(AccessError):
            request.with_user(self.maria).sudo()._review("fine", "Trust me")
        self.assertTrue(request.with_user(self.boss).can_review)
        self.assertFalse(request.with_user(self.anna).can_review)
        form = self.env["erp.access.emergency.review"].with_user(self.boss)
        form.create(
            {"request_id": request.id, "result": "objection", "note": "No truck"}
        ).action_review()
        self.assertEqual(request.state, "reviewed")
        self.assertEqual(request.reviewed_by_id, self.boss)
        self.assertFalse(request.sudo().activity_ids.filtered(lambda item: item.active))

    def test_what_was_done_is_listed(self):
        rules = self.env["erp.audit.rule"]
        rule = rules.search([("model_name", "=", "res.partner")]) or rules.create(
            {"model_id": self.env["ir.model"]._get_id("res.partner")}
        )
        rule.action_confirm()
        request = self._take()
        partners = self.env["res.partner"].with_user(self.anna)
        partner = partners.create({"name": "Emergency partner"})
        self.env.flush_all()
        self.env.invalidate_all()
        partners.browse(partner.id).read(["name"])
        text = request.with_user(self.boss).operation_text
        self.assertIn("Contact", text)
        self.assertIn("Read", text)
        changed, rest = str(text).split("Besides")
        self.assertIn("Emergency partner", changed)
        self.assertNotIn("Granted Access", changed)
        self.assertIn("Granted Access", rest)
        action = request.with_user(self.boss).action_open_trail()
        self.assertEqual(action["params"]["user_id"], self.anna.id)
        self.assertTrue(action["params"]["date_from"])
        self.assertGreaterEqual(request.operation_count, 2)
        request.sudo().grant_ids._end("Over")
        self.env.cr.execute("SELECT count(*) FROM erp_audit_log WHERE event = 'read'")
        [before] = self.env.cr.fetchone()
        self.env.invalidate_all()
        self.env.cr.precommit.data.clear()
        partners.search([], limit=1).read(["name"])
        self.env.cr.execute("SELECT count(*) FROM erp_audit_log WHERE event = 'read'")
        self.assertEqual(self.env.cr.fetchone(), (before,), "it is over")

    def test_changes_of_the_audit_are_listed(self):
        """What is recorded, and the rules of alerts, are no books of the emergency."""
        request = self._take()
        rule = self.env["erp.audit.alert.rule"].search([("code", "=", "export_large")])
        rule.with_user(self.anna).sudo().records = 77777
        self.env.flush_all()
        text = str(request.with_user(self.boss).operation_text)
        self.assertIn("Alert Rule", text.split("Besides")[0])

    def test_nobody_opens_a_role_to_himself(self):
        mine = self.role.with_user(self.maria)
        for vals in (
            {"emergency_user_ids": [Command.link(self.maria.id)]},
            {"emergency_group_ids": [Command.link(self.env.ref("base.group_user").id)]},
        ):
            with self.assertRaises(AccessError):
                mine.write(vals)
            with self.assertRaises(AccessError):
                self.env["erp.role"].with_user(self.maria).create(
                    {"name": "Mine", "is_emergency": True, **vals}
                )
        self.role.with_user(self.nina).emergency_user_ids += self.maria
        with self.assertRaises(AccessError):
            mine.group_ids += self.export_group
        with self.assertRaises(AccessError):
            mine.sudo().group_ids += self.export_group
