from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from .change_common import PurchaseChangeCommon


@tagged("post_install", "-at_install")
class TestChangeCancel(PurchaseChangeCommon):
    """Confirmed orders are cancelled by request: all of it, or what is left."""

    def test_everything(self):
        order = self._confirmed()
        request = self._cancelled(order)
        self.assertEqual(request.state, "applied")
        self.assertEqual(order.state, "cancel")
        self.assert_open(order, self.bolt, 0)
        self.assertEqual(set(order.sudo().picking_ids.mapped("state")), {"cancel"})
        self.assertEqual(request.amount_new, 0)

    def test_everything_of_a_locked_order(self):
        order = self._confirmed()
        order.button_lock()
        self._cancelled(order)
        self.assertEqual(order.state, "cancel")

    def test_kind_is_proposed(self):
        order = self._confirmed()
        self.assertEqual(self._request(order, kind="cancel").cancel_kind, "full")
        begun = self._confirmed()
        self._receive(begun, bolt=1)
        self.assertEqual(self._request(begun, kind="cancel").cancel_kind, "remaining")

    def test_everything_is_refused_after_a_receipt(self):
        order = self._confirmed()
        self._receive(order, bolt=3)
        with self.assertRaises(UserError) as caught:
            self._cancelled(order)
        self.assertIn("received in part", str(caught.exception))
        self.assertEqual(order.state, "purchase")

    def test_everything_is_refused_while_a_bill_stands(self):
        self.bolt.purchase_method = self.nut.purchase_method = "purchase"
        order = self._confirmed()
        bill = self._bill(order)
        with self.assertRaises(UserError) as caught:
            self._cancelled(order)
        self.assertIn(bill.name, str(caught.exception))

    def test_everything_after_all_went_back(self):
        order = self._confirmed()
        receipt = self._receive(order, bolt=3)
        wizard = Form(
            self.env["stock.return.picking"].with_context(
                active_id=receipt.id, active_model="stock.picking"
            )
        ).save()
        for line in wizard.product_return_moves:
            line.quantity = line.move_id.quantity
            line.to_refund = True
        back = self.env["stock.picking"].browse(
            wizard.action_create_returns()["res_id"]
        )
        back.button_validate()
        self.assertEqual(self._of(order).qty_received, 0)
        self._cancelled(order)
        self.assertEqual(order.state, "cancel")

    def test_what_is_left(self):
        order = self._confirmed()
        self._receive(order, bolt=3)
        request = self._cancelled(order, "remaining")
        self.assertEqual(request.state, "applied")
        self.assertEqual(order.state, "purchase")
        self.assertEqual(order.change_closed, "remaining")
        self.assertEqual(self._of(order).product_qty, 3)
        self.assertEqual(self._of(order, self.nut).product_qty, 0)
        self.assert_open(order, self.bolt, 0)
        self.assert_open(order, self.nut, 0)
        self.assertEqual(order.amount_untaxed, 300)
        with self.assertRaises(UserError):
            self._cancelled(order, "remaining")

    def test_what_is_left_of_a_billed_order(self):
        self.bolt.purchase_method = self.nut.purchase_method = "purchase"
        order = self._confirmed()
        self._bill(order)
        self._receive(order, bolt=3)
        request = self._cancelled(order, "remaining")
        self.assert_notes(request, ("in_refund", 900))  # 7 x 100 + 10 x 20
        self.assertTrue(request.impact_billed)

    def test_nothing_is_left(self):
        order = self._confirmed()
        self._receive(order, bolt=10, nut=10)
        with self.assertRaises(UserError) as caught:
            self._cancelled(order, "remaining")
        self.assertIn("received in full", str(caught.exception))

    def test_order_that_was_closed_needs_a_new_order(self):
        order = self._confirmed()
        self._cancelled(order)
        order.button_draft()
        self._policy(self.manager)
        order.button_confirm()
        self.assertEqual(order.state, "draft")
        self.assertEqual(order.approval_state, "pending")
