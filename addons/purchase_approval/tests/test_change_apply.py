from datetime import datetime

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from .change_common import PurchaseChangeCommon


@tagged("post_install", "-at_install")
class TestChangeApply(PurchaseChangeCommon):
    """A request changes the order, and its receipts follow."""

    # -- quantities ----------------------------------------------------------------

    def test_more(self):
        order = self._confirmed()
        request = self._changed(order, new_qty=15)
        self.assertEqual(request.state, "applied")
        self.assertEqual(self._of(order).product_qty, 15)
        self.assertEqual(self._of(order).price_unit, 100)
        self.assert_open(order, self.bolt, 15)
        self.assert_open(order, self.nut, 10)
        self.assertEqual(len(self._open_receipts(order)), 1)
        self.assertEqual(order.change_revision, 1)

    def test_less(self):
        order = self._confirmed()
        self._changed(order, new_qty=4)
        self.assertEqual(self._of(order).product_qty, 4)
        self.assert_open(order, self.bolt, 4)

    def test_less_after_a_partial_receipt(self):
        order = self._confirmed()
        self._receive(order, bolt=3)
        self._changed(order, new_qty=5)
        self.assert_open(order, self.bolt, 2)
        self.assert_open(order, self.nut, 10)
        self._receive(order, bolt=2)
        self.assertEqual(self._of(order).qty_received, 5)

    def test_just_what_is_received(self):
        order = self._confirmed()
        self._receive(order, bolt=3)
        self._changed(order, new_qty=3)
        self.assert_open(order, self.bolt, 0)
        self.assertEqual(self._of(order).qty_received, 3)

    def test_below_received_is_refused_with_the_reason(self):
        order = self._confirmed()
        self._receive(order, bolt=3)
        with self.assertRaises(UserError) as caught:
            self._changed(order, new_qty=2)
        self.assertIn("Bolt", str(caught.exception))
        self.assertIn("3 are received", str(caught.exception))
        self.assertEqual(self._of(order).product_qty, 10)
        self.assert_open(order, self.bolt, 7)

    def test_more_after_everything_came(self):
        order = self._confirmed()
        self._receive(order, bolt=10, nut=10)
        self.assertFalse(self._open_receipts(order))
        self._changed(order, new_qty=12)
        self.assert_open(order, self.bolt, 2)

    def test_less_then_more(self):
        order = self._confirmed()
        self._changed(order, new_qty=6)
        self._changed(order, new_qty=9)
        self.assert_open(order, self.bolt, 9)
        self.assertEqual(order.change_revision, 2)

    def test_less_over_several_receipts(self):
        """The latest goes first; what people are counting comes last."""
        order = self._confirmed()
        receipt = self._open_receipts(order)
        move = receipt.move_ids.filtered(lambda item: item.product_id == self.bolt)
        late = receipt.copy({"move_ids": False, "origin": order.name})
        split = move.copy({"picking_id": late.id, "product_uom_qty": 6})
        move.product_uom_qty = 4
        split._action_confirm(merge=False)
        split.date_deadline = datetime(2999, 6, 1)
        self._changed(order, new_qty=7)
        self.assertEqual(move.product_uom_qty, 4)
        self.assertEqual(split.product_uom_qty, 3)

    def test_less_of_what_is_being_counted(self):
        order = self._confirmed()
        receipt = self._open_receipts(order)
        move = receipt.move_ids.filtered(lambda item: item.product_id == self.bolt)
        move.write({"quantity": 8, "picked": True})
        request = self._changed(order, new_qty=5)
        self.assertTrue(request.impact_begun)
        self.assertEqual(move.product_uom_qty, 5)
        self.assertEqual(move.quantity, 5)
        codes = [effect["code"] for effect in request.impact["effects"]]
        self.assertIn("counted", codes)

    def test_printed_receipt(self):
        order = self._confirmed()
        self._open_receipts(order).printed = True
        request = self._changed(order, new_qty=5)
        self.assert_open(order, self.bolt, 5)
        codes = [effect["code"] for effect in request.impact["effects"]]
        self.assertIn("receipt_printed", codes)

    def test_in_another_unit(self):
        order = self._confirmed(
            self._line(quantity=2, price=1200, product_uom_id=self.uom_dozen.id)
        )
        self.assert_open(order, self.bolt, 24)
        self._changed(order, new_qty=1)
        self.assert_open(order, self.bolt, 12)
        self._changed(order, new_qty=3)
        self.assert_open(order, self.bolt, 36)

    def test_price_does_not_follow_the_quantity(self):
        self.bolt.seller_ids = [
            Command.clear(),
            Command.create({"partner_id": self.vendor.id, "price": 80}),
            Command.create({"partner_id": self.vendor.id, "price": 60, "min_qty": 20}),
        ]
        order = self._confirmed(self._line(quantity=10, price=80))
        self._changed(order, new_qty=25)
        self.assertEqual(self._of(order).price_unit, 80)
        self.assertEqual(self._of(order).date_planned, datetime(2999, 1, 15, 12))

    def test_locked_order(self):
        self.company.po_lock = "lock"
        order = self._confirmed()
        self.assertTrue(order.locked)
        self._changed(order, new_qty=12)
        self.assertTrue(order.locked)
        self.assert_open(order, self.bolt, 12)

    # -- deliveries that wait ------------------------------------------------------

    def _with_delivery(self, quantity):
        """Return a confirmed order, and the delivery that its goods are for."""
        warehouse = self.env["stock.warehouse"].search(
            [("company_id", "=", self.company.id)], limit=1
        )
        order = self._order(self._line(quantity=quantity))
        customers = self.env.ref("stock.stock_location_customers")
        picking = self.env["stock.picking"].create(
            {
                "picking_type_id": warehouse.out_type_id.id,
                "location_id": warehouse.lot_stock_id.id,
                "location_dest_id": customers.id,
            }
        )
        move = self.env["stock.move"].create(
            {
                "picking_id": picking.id,
                "product_id": self.bolt.id,
                "product_uom_qty": quantity,
                "location_id": warehouse.lot_stock_id.id,
                "location_dest_id": customers.id,
                "procure_method": "make_to_order",
                "date_deadline": "2999-02-01 10:00:00",
            }
        )
        move.created_purchase_line_ids = order.order_line
        move.state = "waiting"
        order.order_line.propagate_cancel = True
        order.button_confirm()
        self.assertTrue(move.move_orig_ids)
        return order, move

    def test_delivery_that_waits_is_not_cancelled(self):
        order, move = self._with_delivery(10)
        request = self._changed(order, new_qty=6)
        self.assertTrue(request.impact_needed)
        self.assertNotEqual(move.state, "cancel")
        self.assertEqual(move.product_uom_qty, 10)
        self.assert_open(order, self.bolt, 6)
        self.assertIn("waits", [e["code"] for e in request.impact["effects"]])
        self._changed(order, new_qty=12)
        self.assert_open(order, self.bolt, 12)
        chained = move.move_orig_ids.filtered(lambda item: item.state != "cancel")
        self.assertGreaterEqual(sum(chained.mapped("product_qty")), 10)

    def test_removed_line_of_a_delivery(self):
        order, move = self._with_delivery(10)
        self._changed(order, is_removed=True)
        self.assertNotEqual(move.state, "cancel")
        self.assertEqual(move.procure_method, "make_to_stock")

    # -- dates ---------------------------------------------------------------------

    def test_date(self):
        order = self._confirmed()
        self._receive(order, bolt=4)
        date = datetime(2999, 3, 1, 12)
        self._changed(order, new_date=date)
        self.assertEqual(self._of(order).date_planned, date)
        moves = self._of(order).move_ids
        open_move = moves.filtered(lambda move: move.state != "done")
        self.assertEqual(open_move.date_deadline, date)
        self.assertEqual(open_move.date, date)
        self.assertNotEqual((moves - open_move).date_deadline, date)
        self.assertEqual(self._of(order, self.nut).date_planned.month, 1)

    def test_quantity_and_date_together(self):
        order = self._confirmed()
        date = datetime(2999, 3, 1, 12)
        self._changed(order, new_qty=6, new_date=date)
        self.assert_open(order, self.bolt, 6)
        self._changed(order, new_qty=16)
        self.assert_open(order, self.bolt, 16)

    def test_date_of_what_is_here_is_refused(self):
        order = self._confirmed()
        self._receive(order, bolt=10)
        with self.assertRaises(UserError):
            self._changed(order, new_date=datetime(2999, 3, 1))

    # -- lines ---------------------------------------------------------------------

    def test_added_line(self):
        order = self._confirmed()
        request = self._request(order)
        request.line_ids = [self._new_line(self.washer, 5, 7.5)]
        request.action_submit()
        line = self._of(order, self.washer)
        self.assertEqual((line.product_qty, line.price_unit), (5, 7.5))
        self.assert_open(order, self.washer, 5)
        self.assertEqual(len(self._open_receipts(order)), 1)

    def test_added_line_costs_what_the_vendor_asks(self):
        self.washer.seller_ids = [
            Command.create(
                {
                    "partner_id": self.vendor.id,
                    "price": 3,
                    "discount": 10,
                    "currency_id": self.company.currency_id.id,
                }
            )
        ]
        request = self._request(self._confirmed())
        request.line_ids = [
            Command.create({"product_id": self.washer.id, "new_qty": 4}),
        ]
        line = request.line_ids.filtered(lambda item: item.product_id == self.washer)
        self.assertEqual((line.new_price, line.new_discount), (3, 10))

    def test_removed_line(self):
        order = self._confirmed()
        self._receive(order, bolt=3)
        self._changed(order, is_removed=True)
        self.assertEqual(self._of(order).product_qty, 3)
        self.assert_open(order, self.bolt, 0)

    def test_replaced_product(self):
        order = self._confirmed()
        self._receive(order, bolt=3)
        self._changed(order, product_id=self.washer.id, new_qty=7, new_price=110)
        self.assertEqual(self._of(order).product_qty, 3)
        self.assert_open(order, self.bolt, 0)
        new = self._of(order, self.washer)
        self.assertEqual((new.product_qty, new.price_unit), (7, 110))
        self.assert_open(order, self.washer, 7)

    def test_payment_terms(self):
        order = self._confirmed()
        request = self._request(order, new_payment_term_id=self.term.id)
        request.action_submit()
        self.assertEqual(order.payment_term_id, self.term)

    # -- prices --------------------------------------------------------------------

    def test_price_before_the_receipt(self):
        order = self._confirmed()
        request = self._changed(order, new_price=90)
        self.assertFalse(request.impact_received)
        self.assertEqual(self._of(order).price_unit, 90)
        self.assertEqual(self._of(order).move_ids.price_unit, 90)
        self.assertEqual(order.amount_untaxed, 1100)

    def test_price_after_the_receipt_revalues_stock(self):
        order = self._confirmed()
        self._receive(order, bolt=4)
        request = self._request(order)
        self._line_of(request, self.bolt).new_price = 110
        request.action_preview()
        self.assertTrue(request.impact_received)
        effects = {e["code"]: e["values"] for e in request.impact["effects"]}
        self.assertEqual(effects["revalued"]["old"], 400)
        self.assertEqual(effects["revalued"]["new"], 440)
        done = self._of(order).move_ids.filtered(lambda move: move.state == "done")
        self.assertEqual(done.value, 400, "a preview revalues nothing")
        request.action_submit()
        done.invalidate_recordset()
        self.assertEqual(done.value, 440)

    def test_price_of_small_parts(self):
        order = self._confirmed(self._line(quantity=10000, price=0.0125))
        request = self._changed(order, new_price=0.0119)
        self.assertEqual(self._line_of(request, self.bolt).old_price, 0.0125)
        self.assertEqual(self._of(order).price_unit, 0.0119)
        self.assertEqual(order.amount_untaxed, 119)
        self.assertIn("0.0119", str(request._change_rows()))

    def test_discount(self):
        order = self._confirmed()
        self._changed(order, new_discount=10)
        self.assertEqual(self._of(order).discount, 10)
        self.assertEqual(self._of(order).move_ids.price_unit, 90)

    # -- refused -------------------------------------------------------------------

    def test_nothing_to_change(self):
        request = self._request(self._confirmed())
        with self.assertRaises(UserError):
            request.action_submit()

    def test_senseless_values(self):
        for values in (
            {"new_qty": -1},
            {"new_price": -1},
            {"new_discount": 101},
            {"new_discount": -5},
        ):
            with self.subTest(values=values):
                with self.assertRaises(UserError), self.env.cr.savepoint():
                    self._changed(self._confirmed(), **values)

    def test_reason_is_asked(self):
        request = self._request(self._confirmed(), reason_id=False)
        self._line_of(request, self.bolt).new_qty = 5
        with self.assertRaises(UserError):
            request.action_submit()

    def test_one_open_request(self):
        order = self._confirmed()
        self._request(order)
        with self.assertRaises(UserError):
            self._request(order)

    def test_drafts_need_no_request(self):
        with self.assertRaises(UserError):
            self._request(self._order())

    # -- preview -------------------------------------------------------------------

    def test_preview_leaves_no_trace(self):
        order = self._confirmed()
        self._receive(order, bolt=3)
        self._bill(order)
        self.env.flush_all()
        request = self._request(order)
        self._line_of(request, self.bolt).write({"new_qty": 5, "new_price": 90})
        moves = order.sudo().order_line.move_ids
        before = moves.read(["product_uom_qty", "state", "price_unit", "value"])
        bills = self.env["account.move"].search_count([])
        messages = self.env["mail.message"].search_count(
            [("model", "=", "purchase.order"), ("res_id", "=", order.id)]
        )
        request.action_preview()
        self.env.invalidate_all()
        self.assertEqual(self._of(order).product_qty, 10)
        self.assertEqual(order.sudo().order_line.move_ids, moves)
        after = moves.read(["product_uom_qty", "state", "price_unit", "value"])
        self.assertEqual(after, before)
        self.assertEqual(self.env["account.move"].search_count([]), bills)
        self.assertEqual(
            self.env["mail.message"].search_count(
                [("model", "=", "purchase.order"), ("res_id", "=", order.id)]
            ),
            messages,
        )
        self.assertEqual(request.amount_delta, -550)

    def test_effects_in_words(self):
        order = self._confirmed()
        request = self._changed(order, new_qty=4)
        texts = [effect["text"] for effect in request._approval_effects()]
        name = order.picking_ids.name
        self.assertEqual(texts, [f"Receipt {name}: Bolt goes from 10 to 4 Units."])

    def test_form_shows_the_lines(self):
        order = self._confirmed()
        requests = self.env["purchase.order.change"].with_user(self.buyer)
        with Form(requests.with_context(default_order_id=order.id)) as form:
            form.reason_id = self.reason
            self.assertEqual(len(form.line_ids), 2)
            with form.line_ids.edit(0) as line:
                self.assertEqual(line.old_qty, 10)
                line.new_qty = 8
        request = form.record
        request.action_submit()
        self.assertEqual(self._of(order).product_qty, 8)
