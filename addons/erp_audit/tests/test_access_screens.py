from odoo.tests import HttpCase, tagged

from .common_access import AccessCase


@tagged("post_install", "-at_install")
class TestAccessScreens(HttpCase, AccessCase):
    """Requests and emergencies as people see them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy.active = True

    def test_a_request_is_sent_with_one_click(self):
        self.start_tour(
            "/odoo/my-access-requests/new",
            "erp_audit_access_request",
            login="acc_anna",
        )
        request = self.requests.search([("requester_id", "=", self.anna.id)])
        self.assertEqual(request.role_id, self.role)
        self.assertEqual(request.approval_state, "pending")

    def test_an_emergency_is_seen_on_every_screen(self):
        self.role.is_emergency = True
        self.role.emergency_user_ids = self.anna
        self.authenticate("acc_anna", "acc_anna")
        self.assertNotIn("erp_emergency", self.url_open("/odoo").text)
        form = self.env["erp.access.emergency"].with_user(self.anna)
        form = form.create({"hours": 1.0, "reason": "Truck waits"})
        request = self.requests.browse(form.action_start()["res_id"])
        shown = self.url_open("/odoo").text
        self.assertIn("erp_emergency", shown)
        self.authenticate("acc_bert", "acc_bert")
        self.assertNotIn("erp_emergency", self.url_open("/odoo").text)
        request.sudo().grant_ids._end("Over")
        self.authenticate("acc_anna", "acc_anna")
        self.assertNotIn("erp_emergency", self.url_open("/odoo").text)
