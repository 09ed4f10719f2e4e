from odoo.tests import tagged

from .common import ProductionCommon


@tagged("post_install", "-at_install")
class TestProductionMore(ProductionCommon):
    """More is ordered: production makes it, and what waits for it gets it."""

    def test_an_order_that_nobody_has_begun_makes_more(self):
        order = self._confirmed((self.desk, 4))
        request = self._changed(order, {"new_qty": 7})
        desks, boards = self._makes(order, self.desk), self._makes(order, self.board)
        self.assertEqual(self._quantities(desks + boards), [7, 14])
        self.assertFalse(request.impact_production)
        self.assertEqual(len(self._words(request, "production")), 2)
        # Odoo alone would let the added ones wait for ever
        self.assertMade(order)
        self.assertEqual(len(order.picking_ids.move_ids), 1)
        self._produce(desks)
        self._deliver(order, 7)
        self.assertEqual(order.order_line.qty_delivered, 7)

    def test_more_of_what_is_begun_is_made_apart(self):
        order = self._confirmed((self.lamp, 4))
        begun = self._makes(order)
        self._begin(begun)
        request = self._changed(order, {"new_qty": 7})
        self.assertEqual(self._quantities(self._makes(order)), [4, 3])
        self.assertEqual(
            self._words(request, "production"),
            ["A manufacturing order is created for 3 Units of Lamp."],
        )
        self.assertMade(order)

    def test_more_behind_a_printed_transfer(self):
        order = self._confirmed((self.lamp, 4))
        order.picking_ids.printed = True
        self._changed(order, {"new_qty": 7})
        self.assertEqual(self._quantities(self._makes(order)), [7])
        self.assertMade(order)
        self._produce(self._makes(order))
        open_moves = order.order_line._change_open_moves()
        self.assertEqual(set(open_moves.mapped("state")), {"assigned"})
        self._changed(order, {"new_qty": 2})
        self.assertEqual(self._open(order), 2)

    def test_an_added_line(self):
        order = self._confirmed((self.lamp, 4))
        request = self._request(order)
        self._adding(request, self.lamp, 3)
        request.action_submit()
        self.assertEqual(request.state, "applied", request.error)
        self.assertEqual(sum(self._quantities(self._makes(order))), 7)
        self.assertMade(order)

    def test_more_then_less_then_nothing(self):
        order = self._confirmed((self.desk, 4), (self.lamp, 2))
        self._changed(order, {"new_qty": 9}, {"new_qty": 5})
        self._changed(order, {"new_qty": 3}, {"new_qty": 8})
        self.assertEqual(sum(self._quantities(self._makes(order, self.desk))), 3)
        self.assertEqual(sum(self._quantities(self._makes(order, self.board))), 6)
        self.assertEqual(sum(self._quantities(self._makes(order, self.lamp))), 8)
        self.assertMade(order)
        self._cancelled(order, "full")
        self.assertEqual(sum(self._quantities(self._makes(order))), 0)

    def test_bills_of_materials_in_another_unit(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        self.lamp.bom_ids.product_uom_id = dozen
        order = self._confirmed((self.lamp, 10))
        self._changed(order, {"new_qty": 7})
        self._changed(order, {"new_qty": 9})
        lamps = self._makes(order)
        made = sum(lamps.move_finished_ids.mapped("product_qty"))
        self.assertGreaterEqual(made, 9)
        self.assertLess(made, 9.5)
        self._changed(order, {"new_qty": 24})
        self.assertAlmostEqual(lamps.product_qty, 2, 0)

    def test_how_much_is_in_production(self):
        order = self._confirmed((self.lamp, 4), (self.set, 6), (self.goods, 5))
        request = self._request(order)
        self.assertEqual(request.line_ids.mapped("qty_making"), [4, 6, 0])
        self._produce(self._makes(order)[0])
        request.line_ids.invalidate_recordset(["qty_making"])
        self.assertEqual(request.line_ids.mapped("qty_making"), [0, 6, 0])
