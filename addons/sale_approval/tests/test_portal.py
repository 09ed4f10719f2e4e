from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, tagged

from .gate_common import SIGNATURE, SaleApprovalCommon


@tagged("post_install", "-at_install")
class TestPortal(HttpCase, SaleApprovalCommon):
    """The customer's own page, over HTTP, without logging in."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls._policy(cls.leader)

    def _sign(self, order):
        # the page renders a PDF after the signature; that is not the matter here
        report = type(self.env["ir.actions.report"])
        with patch.object(report, "_render_qweb_pdf", lambda *a, **k: (b"%PDF", "pdf")):
            return self.make_jsonrpc_request(
                f"/my/orders/{order.id}/accept",
                {
                    "access_token": order._portal_ensure_token(),
                    "name": "Customer",
                    "signature": SIGNATURE,
                },
            )

    def test_customer_signs_and_the_order_confirms_by_itself(self):
        order = self._order(require_signature=True, require_payment=False)
        order.state = "sent"
        answer = self._sign(order)
        self.assertNotIn("error", answer)
        self.assertEqual(order.state, "sent")
        self.assertEqual(order.signed_by, "Customer")
        self.assertEqual(order.approval_state, "pending")
        page = self.url_open(order.get_portal_url())
        self.assertIn("o_approval_held", page.text)
        self.assertNotIn("has been confirmed", page.text)

        order.with_user(self.leader).action_approve()
        self.assertEqual(order.state, "sale")
        page = self.url_open(order.get_portal_url())
        self.assertNotIn("o_approval_held", page.text)

    def test_customer_learns_nothing_of_the_approval(self):
        order = self._order(require_signature=True, require_payment=False)
        order.state = "sent"
        self._sign(order)
        page = self.url_open(order.get_portal_url())
        for secret in (self.leader.name, self.policy.name, "Level 1"):
            self.assertNotIn(secret, page.text)

    def test_customer_may_still_decline(self):
        order = self._order(require_signature=True, require_payment=True)
        order.state = "sent"
        order.action_confirm()
        order._action_cancel()
        self.assertEqual(order.approval_instance_id.state, "recalled")

    def test_portal_user_reads_and_searches_nothing_of_the_approval(self):
        portal = self._person("pat", "base.group_portal")
        order = self._order(partner_id=portal.partner_id.id)
        order.message_subscribe(portal.partner_id.ids)
        order.state = "sent"
        order.action_confirm()
        own = order.with_user(portal)
        self.assertEqual(own.read(["name"])[0]["name"], order.name)
        self.assertFalse(own.approval_status)
        self.assertFalse(own.approval_timeline)
        self.assertFalse(own.approval_state)
        for name in ("approval_instance_id", "approval_since", "approval_approver_ids"):
            with self.assertRaises(AccessError):
                own.read([name])
        for domain in (
            [("approval_state", "=", "pending")],
            [("approval_approver_ids", "in", self.leader.ids)],
        ):
            with self.assertRaises(AccessError):
                own.search(domain)
        for model in ("approval.instance", "approval.task", "approval.event"):
            with self.assertRaises(AccessError):
                self.env[model].with_user(portal).search([])
