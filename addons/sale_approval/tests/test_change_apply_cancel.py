from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from .change_common import ChangeCommon


@tagged("post_install", "-at_install")
class TestChangeApplyCancel(ChangeCommon):
    """Cancelled as a whole, what is left, or after delivery."""

    def _assert_nothing_open(self, order):
        for number in range(len(order.order_line.filtered("product_id"))):
            self.assertEqual(self._open(order, number), 0)

    # -- as a whole --------------------------------------------------------------------

    def test_full(self):
        order = self._confirmed((self.goods, 10), (self.service, 2, 50))
        request = self._cancelled(order, "full")
        self.assertEqual(order.state, "cancel")
        self.assertEqual(order.picking_ids.state, "cancel")
        self._assert_nothing_open(order)
        self.assertEqual((request.amount_old, request.amount_new), (300, 0))
        self.assertFalse(order.picking_ids.activity_ids)

    def test_full_when_picked_and_printed(self):
        order = self._confirmed()
        picking = order.picking_ids
        picking.move_ids.write({"quantity": 10, "picked": True})
        picking.printed = True
        self._cancelled(order, "full")
        self.assertEqual(picking.state, "cancel")
        self.assertEqual(self.goods.free_qty, 1000)

    def test_full_cancels_the_draft_invoice(self):
        order = self._confirmed()
        invoice = self._invoice(order, post=False)
        self._cancelled(order, "full")
        self.assertEqual(invoice.state, "cancel")

    def test_full_after_a_delivery_or_an_invoice_is_refused(self):
        delivered, invoiced = self._confirmed(), self._confirmed()
        self._deliver(delivered, 1)
        self._invoice(invoiced)
        for order in (delivered, invoiced):
            picture = self._picture(order)
            request = self._request(order, kind="cancel", cancel_kind="full")
            with self.assertRaisesRegex(UserError, "delivered or invoiced in part"):
                request.action_submit()
            self.assertEqual(self._picture(order), picture)

    def test_full_while_the_draft_invoice_is_posted(self):
        """Nothing of it is counted as progress, and it must not happen any more."""
        self._approved_by(operation="cancel")
        order = self._confirmed()
        invoice = self._invoice(order, post=False)
        request = self._request(order, kind="cancel", cancel_kind="full")
        request.action_submit()
        invoice.action_post()
        request.with_user(self.sales_manager).action_approve()
        self.assertIn(request.state, ("failed", "conflict"))
        self.assertEqual(order.state, "sale")
        self.assertEqual(self._open(order), 10)

    # -- what is left ------------------------------------------------------------------

    def test_remaining(self):
        order = self._confirmed((self.goods, 10), (self.other, 5, 30), (self.bulk, 8))
        done = self._deliver(order, 4, 5)
        self._cancelled(order, "remaining")
        self.assertEqual(order.state, "sale")
        self.assertEqual(order.change_closed, "remaining")
        self.assertEqual(order.order_line.mapped("product_uom_qty"), [4, 5, 0])
        self._assert_nothing_open(order)
        self.assertEqual(done.move_ids.mapped("quantity"), [4, 5])
        self.assertFalse(self._incoming(order))
        invoice = self._invoice(order)
        self.assertEqual(invoice.amount_untaxed, 4 * 20 + 5 * 30, "that is still due")

    def test_remaining_of_what_is_invoiced(self):
        order = self._confirmed((self.goods, 10), (self.service, 3, 50))
        self._deliver(order, 4)
        order.order_line[1].qty_delivered = 1
        self._invoice(order)
        self._cancelled(order, "remaining")
        self.assertEqual(self._notes(order).amount_untaxed, 6 * 20 + 2 * 50)
        self.assertEqual(self._billed(order), 4 * 20 + 50)
        self.assertEqual(order.order_line.mapped("qty_to_invoice"), [0, 0])
        self.assertEqual(order.invoice_status, "invoiced")

    def test_remaining_after_a_return(self):
        order = self._confirmed()
        self._send_back(self._deliver(order, 6), 2)
        self._cancelled(order, "remaining")
        self.assertEqual(order.order_line.product_uom_qty, 4)
        self._assert_nothing_open(order)

    def test_a_closed_order_is_not_cancelled_again(self):
        order = self._confirmed()
        self._deliver(order, 4)
        self._cancelled(order, "remaining")
        request = self._request(order, kind="cancel", cancel_kind="remaining")
        with self.assertRaisesRegex(UserError, "closed already"):
            request.action_submit()

    # -- after delivery ----------------------------------------------------------------

    def test_after_delivery(self):
        order = self._confirmed((self.goods, 10), (self.other, 5, 30))
        done = self._deliver(order, 4, 5)
        invoice = self._invoice(order)
        request = self._cancelled(order, "after_delivery")
        back = self._incoming(order)
        self.assertEqual(
            [(m.product_id, m.product_uom_qty) for m in back],
            [(self.goods, 4), (self.other, 5)],
        )
        self.assertEqual(back.origin_returned_move_id, done.move_ids)
        self.assertEqual(set(back.mapped("to_refund")), {True})
        self._assert_nothing_open(order)
        note = self._notes(order)
        self.assertEqual((note.state, note.move_type), ("draft", "out_refund"))
        self.assertEqual(note.amount_total, invoice.amount_total)
        self.assertEqual(self._billed(order), 0)
        self.assertEqual(order.invoice_status, "no")
        self.assertTrue(order.locked)
        self.assertEqual(order.change_closed, "after_delivery")
        self.assertEqual(request.amount_new, 0)
        self.assertIn("return transfer is prepared", str(request._approval_effects()))
        self._move(back.picking_id)
        self.assertEqual(order.order_line.mapped("qty_delivered"), [0, 0])
        self.assertEqual(order.order_line.mapped("qty_to_invoice"), [0, 0])

    def test_after_delivery_takes_back_only_what_is_out(self):
        order = self._confirmed()
        first = self._deliver(order, 6)
        self._send_back(first, 2)
        self._send_back(first, 1, done=False)
        second = self._deliver(order, 3)
        self._cancelled(order, "after_delivery")
        back = self._incoming(order).filtered(lambda move: move.state != "done")
        by_origin = {move.origin_returned_move_id.picking_id: 0.0 for move in back}
        for move in back:
            by_origin[move.origin_returned_move_id.picking_id] += move.product_uom_qty
        self.assertEqual(by_origin, {first: 4, second: 3})
        self._move(back.picking_id)
        self.assertEqual(order.order_line.qty_delivered, 0)

    def test_after_delivery_when_less_came_back_than_announced(self):
        order = self._confirmed()
        done = self._deliver(order, 6)
        back = self._send_back(done, 3, done=False)
        back.move_ids.write({"quantity": 1, "picked": True})
        back.with_context(
            skip_backorder=True, picking_ids_not_to_backorder=back.ids
        ).button_validate()
        self.assertEqual(order.order_line.qty_delivered, 5)
        self._cancelled(order, "after_delivery")
        ready = self._incoming(order).filtered(lambda move: move.state != "done")
        self.assertEqual(ready.product_uom_qty, 5)

    def test_after_delivery_of_what_is_not_invoiced(self):
        order = self._confirmed()
        self._deliver(order, 6)
        self._cancelled(order, "after_delivery")
        self.assertFalse(order.invoice_ids)
        with self.assertRaises(UserError):
            order._create_invoices()
        self.assertEqual(order.order_line.qty_to_invoice, 0)

    def test_after_delivery_with_corrections_and_drafts(self):
        order = self._confirmed((self.goods, 10), (self.bulk, 10, 5))
        self._deliver(order, 4, 4)
        self._invoice(order)
        self._changed(order, {"new_price": 17}, {"new_price": 7})
        self._notes(order).action_post()
        self._changed(order, {"new_discount": 10})
        self._deliver(order, 0, 3)
        draft = self._invoice(order, post=False)
        self.assertEqual(draft.amount_untaxed, 21)
        self._cancelled(order, "after_delivery")
        self.assertEqual(draft.state, "cancel")
        self.assertAlmostEqual(self._billed(order), 0, 2)
        self.assertEqual(order.order_line.mapped("qty_invoiced"), [0, 0])

    def test_after_delivery_with_a_down_payment(self):
        order = self._confirmed()
        self.env["sale.advance.payment.inv"].with_context(
            active_ids=order.ids, active_model="sale.order"
        ).create(
            {"advance_payment_method": "fixed", "fixed_amount": 50}
        ).create_invoices()
        order.invoice_ids.action_post()
        self._deliver(order, 10)
        self._cancelled(order, "after_delivery")
        self.assertEqual(self._notes(order).amount_total, 50)
        self.assertEqual(self._billed(order), 0)

    def test_after_delivery_to_the_cent(self):
        """Rounded line by line, three times a third is not one."""
        tax = self.env["account.tax"].create({"name": "Seven", "amount": 7})
        order = self._confirmed((self.bulk, 9, 1.11, {"tax_ids": tax.ids}))
        for _number in range(3):
            self._deliver(order, 1)
            self._invoice(order)
        invoices = order.invoice_ids
        self._cancelled(order, "after_delivery")
        notes = self._notes(order)
        self.assertEqual(notes.reversed_entry_id, invoices)
        self.assertEqual(notes.mapped("amount_total"), invoices.mapped("amount_total"))

    def test_after_delivery_in_two_steps(self):
        self.warehouse.delivery_steps = "pick_ship"
        order = self._confirmed()
        pick = order.picking_ids
        self._move(pick, {order.order_line: 6})
        out = order.picking_ids.filtered(lambda p: p.picking_type_code == "outgoing")
        self._move(out, {order.order_line: 2})
        self._cancelled(order, "after_delivery")
        self._assert_nothing_open(order)
        self.assertEqual(sum(self._incoming(order).mapped("product_uom_qty")), 2)
        undone = order.picking_ids.filtered(lambda p: p.state not in ("done", "cancel"))
        self.assertEqual(undone, self._incoming(order).picking_id)

    def test_after_delivery_of_nothing_is_refused(self):
        order = self._confirmed()
        request = self._request(order, kind="cancel", cancel_kind="after_delivery")
        with self.assertRaisesRegex(UserError, "Cancel it as a whole"):
            request.action_submit()

    # -- companies ---------------------------------------------------------------------

    def test_by_somebody_who_works_in_another_company(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        order = self._confirmed()
        seller = new_test_user(
            self.env,
            "everywhere",
            "sales_team.group_sale_salesman_all_leads",
            company_id=other.id,
            company_ids=[(6, 0, (other | self.env.company).ids)],
        )
        self._deliver(order, 4)
        self._invoice(order)
        request = (
            self.env["sale.order.change"]
            .with_user(seller)
            .with_context(allowed_company_ids=(other | self.env.company).ids)
            .create(
                {
                    "order_id": order.id,
                    "reason_id": self.reason.id,
                    "kind": "cancel",
                    "cancel_kind": "after_delivery",
                }
            )
        )
        request.action_submit()
        self.assertEqual(request.state, "applied")
        self.assertEqual(request.company_id, order.company_id)
        self.assertEqual(self._notes(order).company_id, order.company_id)
        self.assertEqual(self._incoming(order).company_id, order.company_id)
        self.assertEqual(self._billed(order), 0)
