from odoo.exceptions import UserError
from odoo.tests import tagged

from .change_common import ChangeCommon


@tagged("post_install", "-at_install")
class TestChangeApplyQuantity(ChangeCommon):
    """More or less than ordered, however far the delivery is."""

    def _assert_quantities(self, order, ordered, is_open, line=0):
        line_record = order.order_line.filtered("product_id")[line]
        self.assertEqual(line_record.product_uom_qty, ordered, "ordered")
        self.assertEqual(self._open(order, line), is_open, "still to be delivered")
        self.assertEqual(
            ordered - line_record.qty_delivered,
            is_open,
            "ordered is delivered and open, no more and no less",
        )
        self.assertFalse(self._incoming(order), "nothing is fetched back")

    # -- below what is delivered -------------------------------------------------------

    def test_below_delivered_is_refused_with_the_reason(self):
        order = self._confirmed()
        self._deliver(order, 6)
        picture = self._picture(order)
        request = self._request(order, {"new_qty": 5})
        with self.assertRaisesRegex(UserError, "Pump: 6 are delivered already"):
            request.action_submit()
        self.assertEqual(self._picture(order), picture)

    def test_every_line_below_delivered_is_named(self):
        order = self._confirmed(
            (self.goods, 10), (self.other, 10), (self.bulk, 10), (self.service, 10)
        )
        self._deliver(order, 6, 7, 2)
        request = self._request(
            order, {"new_qty": 5}, {"new_qty": 6}, {"new_qty": 2}, {"new_qty": 1}
        )
        with self.assertRaises(UserError) as caught:
            request.action_submit()
        self.assertIn("Pump: 6 are delivered", str(caught.exception))
        self.assertIn("Valve: 7 are delivered", str(caught.exception))
        self.assertNotIn("Cable", str(caught.exception), "exactly what is delivered")
        self.assertNotIn("Fitting", str(caught.exception))

    def test_several_lines_to_what_each_has_delivered(self):
        """Core compares all lines of a write with the largest delivery."""
        order = self._confirmed((self.goods, 10), (self.other, 10), (self.bulk, 10))
        self._deliver(order, 2, 7, 5)
        self._changed(order, {"new_qty": 2}, {"new_qty": 7}, {"new_qty": 6})
        self._assert_quantities(order, 2, 0, 0)
        self._assert_quantities(order, 7, 0, 1)
        self._assert_quantities(order, 6, 1, 2)

    # -- less --------------------------------------------------------------------------

    def test_less_of_a_reserved_delivery(self):
        order = self._confirmed()
        picking = order.picking_ids
        self.assertEqual(picking.state, "assigned")
        self._changed(order, {"new_qty": 4})
        self._assert_quantities(order, 4, 4)
        self.assertEqual(order.picking_ids, picking)
        self.assertEqual(picking.move_ids.quantity, 4, "the rest is free for others")
        self.assertEqual(picking.state, "assigned")
        self.assertEqual(self.goods.free_qty, 996)

    def test_less_of_an_unreserved_delivery(self):
        product = self._goods("Rare", stock=0)
        order = self._confirmed((product, 10))
        self._changed(order, {"new_qty": 4})
        self._assert_quantities(order, 4, 4)

    def test_less_of_a_picked_delivery(self):
        order = self._confirmed()
        move = order.picking_ids.move_ids
        move.write({"quantity": 10, "picked": True})
        request = self._changed(order, {"new_qty": 4})
        self._assert_quantities(order, 4, 4)
        self.assertTrue(request.impact_picked)
        self.assertEqual(move.quantity, 4)
        self.assertTrue(move.picked, "what stays is picked still")
        self.assertIn("must be put back", str(request._approval_effects()))

    def test_less_of_a_packed_delivery(self):
        order = self._confirmed()
        picking = order.picking_ids
        line = picking.move_line_ids
        line.quantity = 6
        picking.action_put_in_pack()
        package = line.result_package_id
        self.assertTrue(package)
        request = self._changed(order, {"new_qty": 4})
        self._assert_quantities(order, 4, 4)
        self.assertTrue(request.impact_picked)
        kept = picking.move_line_ids.filtered("quantity")
        self.assertEqual(kept.result_package_id, package, "what stays stays packed")

    def test_less_of_a_printed_delivery_is_no_return(self):
        order = self._confirmed()
        order.picking_ids.printed = True
        request = self._changed(order, {"new_qty": 4})
        self._assert_quantities(order, 4, 4)
        self.assertEqual(len(order.picking_ids), 1, "no phantom return")
        self.assertIn("print it again", str(request._approval_effects()))

    def test_more_of_a_printed_delivery(self):
        order = self._confirmed()
        order.picking_ids.printed = True
        self._changed(order, {"new_qty": 14})
        self._assert_quantities(order, 14, 14)

    def test_less_with_a_backorder(self):
        order = self._confirmed()
        done = self._deliver(order, 6)
        self._changed(order, {"new_qty": 8})
        self._assert_quantities(order, 8, 2)
        self.assertEqual(done.move_ids.quantity, 6)

    def test_to_what_is_delivered_ends_the_backorder(self):
        order = self._confirmed()
        done = self._deliver(order, 6)
        self._changed(order, {"new_qty": 6})
        self._assert_quantities(order, 6, 0)
        self.assertEqual((order.picking_ids - done).state, "cancel")

    def test_to_nothing(self):
        order = self._confirmed()
        self._changed(order, {"new_qty": 0})
        self._assert_quantities(order, 0, 0)
        self.assertEqual(order.picking_ids.state, "cancel")
        self.assertEqual(order.state, "sale")

    def test_less_then_more_then_less(self):
        order = self._confirmed()
        for quantity in (4, 9, 0, 7, 7.5):
            self._changed(order, {"new_qty": quantity})
            self._assert_quantities(order, quantity, quantity)
        self.assertEqual(order.change_revision, 5)

    def test_the_latest_of_several_moves_goes_first(self):
        order = self._confirmed()
        early = order.picking_ids.move_ids
        early.date_deadline = "2029-01-01"
        self._changed(order, {"new_qty": 15})
        late = order.order_line.move_ids - early
        self.assertEqual(late.product_uom_qty, 5, "another deadline, another move")
        late.date_deadline = "2031-01-01"
        self._changed(order, {"new_qty": 12})
        self._assert_quantities(order, 12, 12)
        self.assertEqual((early.product_uom_qty, late.product_uom_qty), (10, 2))
        self._changed(order, {"new_qty": 9})
        self._assert_quantities(order, 9, 9)
        self.assertEqual((early.product_uom_qty, late.state), (9, "cancel"))

    def test_what_is_picked_goes_last(self):
        order = self._confirmed()
        first = order.picking_ids.move_ids
        first.date_deadline = "2031-01-01"
        self._changed(order, {"new_qty": 15})
        second = order.order_line.move_ids - first
        first.write({"quantity": 10, "picked": True})
        self._changed(order, {"new_qty": 11})
        self.assertEqual((first.product_uom_qty, second.product_uom_qty), (10, 1))
        self.assertTrue(first.picked)

    # -- more --------------------------------------------------------------------------

    def test_more_joins_the_open_delivery(self):
        order = self._confirmed()
        self._changed(order, {"new_qty": 14})
        self._assert_quantities(order, 14, 14)
        self.assertEqual(len(order.picking_ids), 1)

    def test_more_after_everything_is_delivered(self):
        order = self._confirmed()
        done = self._deliver(order, 10)
        self._changed(order, {"new_qty": 14})
        self._assert_quantities(order, 14, 4)
        self.assertEqual(done.move_ids.quantity, 10)

    # -- odd states of deliveries ------------------------------------------------------

    def test_a_backorder_that_the_warehouse_gave_up(self):
        """Ten ordered, six delivered and no backorder: the price may change still."""
        order = self._confirmed()
        self._deliver(order, 6, backorder=False)
        self.assertEqual(self._open(order), 0)
        self._changed(order, {"new_price": 18})
        self.assertEqual(order.order_line.price_unit, 18)
        self.assertEqual(self._open(order), 0, "nobody asked for goods")
        self._changed(order, {"new_qty": 8})
        self._assert_quantities(order, 8, 2)

    def test_another_line_whose_backorder_was_given_up(self):
        order = self._confirmed((self.goods, 10), (self.other, 10))
        self._deliver(order, 6, 3, backorder=False)
        self._changed(order, None, {"new_qty": 5})
        self.assertEqual(self._open(order, 0), 0, "not part of the request")
        self._assert_quantities(order, 5, 2, 1)

    def test_more_delivered_than_ordered(self):
        order = self._confirmed()
        move = order.picking_ids.move_ids
        move.write({"quantity": 12, "picked": True})
        order.picking_ids.button_validate()
        self.assertEqual(order.order_line.qty_delivered, 12)
        with self.assertRaisesRegex(UserError, "12 are delivered already"):
            self._request(order, {"new_qty": 11}).action_submit()
        order.change_ids.filtered("is_open").action_withdraw()
        self._changed(order, {"new_price": 18})
        self._changed(order, {"new_qty": 12})
        self._assert_quantities(order, 12, 0)
        self._changed(order, {"new_qty": 15})
        self._assert_quantities(order, 15, 3)

    def test_after_a_return_for_refund(self):
        order = self._confirmed()
        done = self._deliver(order, 10)
        self._send_back(done, 3)
        self.assertEqual(order.order_line.qty_delivered, 7)
        known = self._incoming(order)
        self._changed(order, {"new_price": 18})
        self.assertEqual(self._open(order), 0, "nobody asked for goods")
        self._changed(order, {"new_qty": 12})
        self.assertEqual(self._open(order), 5)
        self._changed(order, {"new_qty": 7})
        self.assertEqual(self._open(order), 0)
        self.assertEqual(self._incoming(order), known)

    def test_after_a_return_that_is_replaced(self):
        order = self._confirmed()
        done = self._deliver(order, 10)
        self._send_back(done, 3, refund=False)
        self.assertEqual(order.order_line.qty_delivered, 10)
        self._changed(order, {"new_qty": 12})
        self.assertEqual(self._open(order), 2)

    def test_a_return_under_way_stays(self):
        order = self._confirmed()
        done = self._deliver(order, 6)
        back = self._send_back(done, 2, done=False)
        self._changed(order, {"new_qty": 8})
        self.assertEqual(self._open(order), 2)
        self.assertEqual(back.move_ids.product_uom_qty, 2)

    # -- units -------------------------------------------------------------------------

    def test_ordered_in_dozens_moved_in_pieces(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        order = self._confirmed((self.goods, 3, 240.0, {"product_uom_id": dozen.id}))
        line = order.order_line
        move = line.move_ids
        self.assertEqual((move.product_uom_qty, move.product_uom.name), (36, "Units"))
        move.write({"quantity": 14, "picked": True})
        order.picking_ids.with_context(skip_backorder=True).button_validate()
        # 14 pieces are 1.17 dozens, which are 14.04 pieces
        self._changed(order, {"new_qty": 2})
        self.assertEqual(line.product_uom_qty, 2)
        self.assertEqual(self._open(order), 10)
        self._changed(order, {"new_qty": 4})
        self.assertEqual(self._open(order), 34)
        self._cancelled(order, "remaining")
        self.assertEqual(self._open(order), 0)

    # -- lots --------------------------------------------------------------------------

    def test_reserved_serial_numbers(self):
        product = self._goods("Meter", stock=0, tracking="serial")
        lots = self.env["stock.lot"].create(
            [{"name": f"M{n}", "product_id": product.id} for n in range(5)]
        )
        for lot in lots:
            self.env["stock.quant"]._update_available_quantity(
                product, self.stock, 1, lot_id=lot
            )
        order = self._confirmed((product, 5))
        move = order.picking_ids.move_ids
        self.assertEqual(len(move.lot_ids), 5)
        ready = move.move_line_ids[1:3]
        ready.picked = True
        kept = ready.lot_id
        self._changed(order, {"new_qty": 2})
        self._assert_quantities(order, 2, 2)
        self.assertEqual(move.lot_ids, kept, "the picked ones stay")
        self.assertEqual(
            sum(lots.quant_ids.mapped("reserved_quantity")), 2, "the others are free"
        )

    def test_reserved_lots(self):
        product = self._goods("Paint", stock=0, tracking="lot")
        lots = self.env["stock.lot"].create(
            [{"name": f"P{n}", "product_id": product.id} for n in range(2)]
        )
        for lot in lots:
            self.env["stock.quant"]._update_available_quantity(
                product, self.stock, 6, lot_id=lot
            )
        order = self._confirmed((product, 10))
        self._changed(order, {"new_qty": 7})
        self._assert_quantities(order, 7, 7)
        self.assertEqual(order.picking_ids.move_ids.quantity, 7)
        self.assertEqual(sum(lots.quant_ids.mapped("reserved_quantity")), 7)
