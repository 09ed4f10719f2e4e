from odoo import Command
from odoo.tests import tagged

from .common import ProductionCommon


@tagged("post_install", "-at_install")
class TestKits(ProductionCommon):
    """Kits: each component is delivered as the new quantity says."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # two pumps, three valves
        cls.kit = cls._goods("Pump set", stock=0)
        cls.kit_bill = cls._bill(
            cls.kit, (cls.goods, 2), (cls.other, 3), type="phantom"
        )

    def assertOpen(self, order, pumps, valves, line=0):
        wanted = {self.goods: pumps, self.other: valves}
        self.assertEqual(
            self._components(order, line),
            {product: quantity for product, quantity in wanted.items() if quantity},
        )
        self.assertFalse(self._incoming(order))

    def test_less_more_removed(self):
        order = self._confirmed((self.kit, 10))
        self.assertOpen(order, 20, 30)
        self._changed(order, {"new_qty": 6})
        self.assertOpen(order, 12, 18)
        self._changed(order, {"new_qty": 7})
        self.assertOpen(order, 14, 21)
        self.assertEqual(len(order.picking_ids.move_ids), 2)
        self._changed(order, {"is_removed": True})
        self.assertOpen(order, 0, 0)

    def test_replaced_by_a_kit_and_a_kit_replaced(self):
        order = self._confirmed((self.kit, 4), (self.bulk, 5))
        request = self._request(
            order,
            {"product_id": self.bulk.id, "new_qty": 3},
            {"product_id": self.kit.id, "new_qty": 2},
        )
        request.action_submit()
        self.assertEqual(request.state, "applied", request.error)
        self.assertOpen(order, 0, 0)
        new = request.line_ids.new_order_line_id.filtered(
            lambda line: line.product_id == self.kit
        )
        self.assertEqual(sorted(new.move_ids.mapped("product_qty")), [4, 6])

    def test_complete_sets_are_delivered(self):
        order = self._confirmed((self.kit, 10))
        self._deliver_parts(order, {self.goods: 8, self.other: 12})
        self.assertEqual(order.order_line.qty_delivered, 4)
        self._changed(order, {"new_qty": 6})
        self.assertOpen(order, 4, 6)
        self._changed(order, {"new_qty": 9})
        self.assertOpen(order, 10, 15)
        self._cancelled(order, "remaining")
        self.assertOpen(order, 0, 0)
        self.assertEqual(order.order_line.product_uom_qty, 4)

    def test_incomplete_sets_are_delivered(self):
        order = self._confirmed((self.kit, 10))
        self._deliver_parts(order, {self.goods: 11, self.other: 6})
        self.assertEqual(order.order_line.qty_delivered, 2)
        self._changed(order, {"new_qty": 8})
        self.assertOpen(order, 5, 18)
        # more pumps are there than four sets take
        request = self._changed(order, {"new_qty": 4})
        self.assertOpen(order, 0, 6)
        self.assertEqual(
            self._words(request, "sales"),
            [
                "3 Units of Pump were delivered for sets of Pump set that will not be "
                "complete: agree with the customer whether they come back."
            ],
        )
        self.assertIn("incomplete", self._tasks(order).summary)
        # they count when there is more again
        self._changed(order, {"new_qty": 7})
        self.assertOpen(order, 3, 15)
        self._deliver_parts(order, {self.goods: 3, self.other: 15})
        self.assertEqual(order.order_line.qty_delivered, 7)

    def test_the_rest_of_incomplete_sets_is_cancelled(self):
        order = self._confirmed((self.kit, 10))
        self._deliver_parts(order, {self.goods: 11, self.other: 6})
        self._cancelled(order, "remaining")
        self.assertOpen(order, 0, 0)
        self.assertEqual(order.order_line.product_uom_qty, 2)

    def test_sets_that_came_back(self):
        order = self._confirmed((self.kit, 10))
        self._deliver_parts(order, {self.goods: 8, self.other: 12})
        done = order.picking_ids.filtered(lambda p: p.state == "done")
        wizard = self.env["stock.return.picking"].create({"picking_id": done.id})
        for line in wizard.product_return_moves:
            line.quantity = 2 if line.product_id == self.goods else 3
            line.to_refund = True
        self._move(wizard._create_return())
        self.assertEqual(order.order_line.qty_delivered, 3)
        self._changed(order, {"new_qty": 8})
        open_now = self._components(order)
        self.assertEqual((open_now[self.goods], open_now[self.other]), (10, 15))

    def test_delivered_sets_are_taken_back(self):
        order = self._confirmed((self.kit, 10))
        self._deliver_parts(order, {self.goods: 8, self.other: 12})
        self._cancelled(order, "after_delivery")
        back = self._incoming(order)
        self.assertEqual(
            {move.product_id: move.product_qty for move in back},
            {self.goods: 8, self.other: 12},
        )

    def test_nested_and_one_component_twice(self):
        outer = self._goods("Station", stock=0)
        bill = self._bill(
            outer, (self.kit, 2), (self.goods, 1), (self.bulk, 4), type="phantom"
        )
        order = self._confirmed((outer, 10))
        self._changed(order, {"new_qty": 6})
        open_now = self._components(order)
        self.assertEqual(open_now, {self.goods: 30, self.other: 36, self.bulk: 24})
        moves = order.order_line._change_open_moves()
        pumps = moves.filtered(lambda move: move.product_id == self.goods)
        own = bill.bom_line_ids.filtered(lambda line: line.product_id == self.goods)
        self.assertEqual(
            {move.bom_line_id == own: move.product_qty for move in pumps},
            {True: 6, False: 24},
        )
        # the pumps of one line of the bill come before those of the other
        for move in moves:
            move.quantity = 6 if move.bom_line_id == own else 0
            move.picked = bool(move.quantity)
        moves.picking_id.with_context(skip_backorder=True).button_validate()
        self._changed(order, {"new_qty": 8})
        moves = order.order_line._change_open_moves()
        pumps = moves.filtered(lambda move: move.product_id == self.goods)
        self.assertEqual(
            {move.bom_line_id == own: move.product_qty for move in pumps},
            {True: 2, False: 32},
        )
        self._move(moves.picking_id)
        self.assertEqual(order.order_line.qty_delivered, 8)

    def test_a_component_is_sold_by_itself_as_well(self):
        order = self._confirmed((self.kit, 10), (self.goods, 5))
        self._changed(order, {"new_qty": 4})
        self.assertOpen(order, 8, 12)
        self.assertEqual(self._open(order, 1), 5)
        self._changed(order, None, {"new_qty": 2})
        self.assertOpen(order, 8, 12)
        self.assertEqual(self._open(order, 1), 2)

    def test_other_units(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        order = self._confirmed((self.kit, 2, 20.0, {"product_uom_id": dozen.id}))
        self.assertOpen(order, 48, 72)
        self._changed(order, {"new_qty": 0.5})
        self.assertOpen(order, 12, 18)
        self._changed(order, {"new_qty": 1})
        self.assertOpen(order, 24, 36)

    def test_the_bill_of_materials_has_changed(self):
        """What was agreed is delivered, and only what is added is as of today."""
        order = self._confirmed((self.kit, 10))
        self.kit_bill.bom_line_ids[0].product_qty = 5
        self._changed(order, {"new_qty": 6})
        self.assertOpen(order, 12, 18)
        self._changed(order, {"new_qty": 8})
        self.assertOpen(order, 22, 24)

    def test_a_kit_only_since(self):
        """The order was confirmed when it was no kit yet."""
        late = self._goods("Late set", stock=100)
        order = self._confirmed((late, 10))
        self._bill(late, (self.goods, 2), type="phantom")
        self._changed(order, {"new_qty": 6})
        self.assertEqual(self._components(order), {late: 6})
        self._changed(order, {"new_qty": 8})
        self.assertEqual(self._components(order), {late: 6, self.goods: 4})
        self._cancelled(order, "full")
        self.assertEqual(self._components(order), {})

    def test_services_in_a_kit(self):
        self.kit_bill.bom_line_ids = [
            Command.create({"product_id": self.service.id, "product_qty": 1})
        ]
        order = self._confirmed((self.kit, 10))
        self._changed(order, {"new_qty": 6})
        self.assertOpen(order, 12, 18)

    def test_a_set_with_a_component_made_to_order(self):
        order = self._confirmed((self.set, 10))
        self._changed(order, {"new_qty": 6})
        self.assertEqual(
            self._components(order), {self.lamp: 6, self.glass: 12, self.goods: 18}
        )
        self.assertEqual(self._quantities(self._makes(order)), [6])
        self._changed(order, {"new_qty": 9})
        self.assertEqual(self._quantities(self._makes(order)), [9])
        self.assertMade(order)

    def test_in_two_steps(self):
        self.warehouse.delivery_steps = "pick_ship"
        order = self._confirmed((self.kit, 10))
        self._deliver_parts(order, {self.goods: 8, self.other: 12})
        self._changed(order, {"new_qty": 6})
        self.assertOpen(order, 12, 18)
        self._changed(order, {"new_qty": 2})
        self.assertOpen(order, 4, 6)

    def test_what_is_picked_of_kits(self):
        order = self._confirmed((self.kit, 10))
        line = order.order_line
        self.assertEqual(line._change_reserved(), 10)
        self.assertEqual(line._change_picked(), 0)
        pumps = line.move_ids.filtered(lambda move: move.product_id == self.goods)
        pumps.write({"quantity": 7, "picked": True})
        self.assertEqual(line._change_reserved(), 3)
        # the fourth set is begun
        self.assertEqual(line._change_picked(), 4)
        request = self._request(order, {"new_qty": 2})
        self.assertEqual(request.line_ids.qty_picked, 4)
        request.action_preview()
        self.assertTrue(request.impact_picked)

    def test_nothing_else_changes(self):
        order = self._confirmed((self.kit, 10), (self.set, 4))
        line = order.order_line[1]
        before = {move.id: move.product_qty for move in line.move_ids}
        self._changed(order, {"new_qty": 3})
        after = {move.id: move.product_qty for move in line.move_ids}
        self.assertEqual(before, after)
