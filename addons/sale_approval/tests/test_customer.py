from odoo.tests import tagged

from odoo.addons.payment.tests.common import PaymentCommon

from .gate_common import SIGNATURE, SaleApprovalCommon


@tagged("post_install", "-at_install")
class TestCustomer(PaymentCommon, SaleApprovalCommon):
    """Customers who sign or pay meet no exception; the order confirms by itself."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls._policy(cls.leader)

    def _pay(self, order, state="done"):
        tx = self.env["payment.transaction"].create(
            {
                "provider_id": self.dummy_provider.id,
                "payment_method_id": self.payment_method_id,
                "amount": order.amount_total,
                "currency_id": order.currency_id.id,
                "partner_id": order.partner_id.id,
                "reference": f"PAY {order.name}",
                "sale_order_ids": [(6, 0, order.ids)],
                "state": state,
            }
        )
        tx.sudo()._post_process()
        return tx

    def test_signature_is_kept_and_the_order_confirms_later(self):
        order = self._order(require_signature=True, require_payment=False)
        public = self.env.ref("base.public_user")
        signed = order.with_user(public).sudo()
        signed.write(
            {
                "signed_by": "Customer",
                "signature": SIGNATURE,
            }
        )
        signed._validate_order()
        self.assertEqual(order.state, "draft")
        self.assertTrue(order._approval_is_held())
        self.assertEqual(
            order.approval_instance_id.requester_id, self.seller, "nobody else is there"
        )
        self._approve(order, self.leader)
        self.assertEqual(order.state, "sale")
        self.assertFalse(order._approval_is_held())

    def test_payment_is_kept_and_the_order_confirms_later(self):
        order = self._order(require_payment=True, require_signature=False)
        tx = self._pay(order)
        self.assertEqual(tx.state, "done")
        self.assertEqual(order.state, "draft")
        self.assertEqual(order.approval_state, "pending")
        self.assertTrue(order._approval_is_held())
        self._approve(order, self.leader)
        self.assertEqual(order.state, "sale")

    def test_pending_payment_does_not_fail_where_sending_is_covered(self):
        self._policy(self.leader, operation="send")
        order = self._order(require_payment=True)
        self._pay(order, state="pending")
        self.assertEqual(order.state, "draft")

    def test_a_blocked_check_leaves_a_note_for_the_salesperson(self):
        self.partner.active = False
        self.env["approval.check"].with_context(active_test=False).search(
            [("code", "=", "customer")]
        ).write({"active": True, "severity": "block"})
        order = self._order(require_payment=True, require_signature=False)
        self._pay(order)
        self.assertEqual(order.state, "draft")
        self.assertEqual(order.activity_ids.user_id, self.seller)
