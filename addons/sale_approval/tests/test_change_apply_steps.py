from odoo.tests import tagged

from .change_common import ChangeCommon


@tagged("post_install", "-at_install")
class TestChangeApplySteps(ChangeCommon):
    """Deliveries in two and three steps: picked, packed, shipped."""

    def _steps(self, steps, pull=False):
        """Deliver in steps; ``pull`` plans all of them when the order is confirmed."""
        self.warehouse.delivery_steps = steps
        if not pull:
            return
        rules = self.warehouse.delivery_route_id.rule_ids
        push = rules.filtered(lambda rule: rule.action == "push").sorted("id")
        first = rules - push
        # as it was before pushing: the last step pulls the ones before it
        before = first
        for rule in push:
            place = before.picking_type_id.default_location_dest_id
            rule.write(
                {
                    "action": "pull",
                    "procure_method": "make_to_order",
                    "location_src_id": place.id,
                }
            )
            before.location_dest_id = place
            before = rule
        first.location_dest_from_rule = True
        self.assertEqual(before.location_dest_id.usage, "customer")

    def _level(self, order, name):
        """Return the open transfers of a step."""
        kind = self.warehouse[f"{name}_type_id"]
        return order.picking_ids.filtered(
            lambda p: p.picking_type_id == kind and p.state not in ("done", "cancel")
        )

    def _quantities(self, order, *names):
        return [
            sum(self._level(order, name).move_ids.mapped("product_qty"))
            for name in names
        ]

    def _assert_open(self, order, ordered, delivered=0):
        line = order.order_line
        self.assertEqual(line.product_uom_qty, ordered)
        self.assertEqual(line.qty_delivered, delivered)
        self.assertEqual(self._open(order), ordered - delivered)
        self.assertFalse(self._incoming(order), "nothing comes back")

    # -- pushed: each step follows when the one before is done -------------------------

    def test_nothing_done_yet(self):
        self._steps("pick_ship")
        order = self._confirmed()
        self._changed(order, {"new_qty": 4})
        self._assert_open(order, 4)
        self.assertEqual(self._quantities(order, "pick", "out"), [4, 0])
        self._changed(order, {"new_qty": 9})
        self._assert_open(order, 9)

    def test_picked_and_not_shipped(self):
        self._steps("pick_ship")
        order = self._confirmed()
        self._move(self._level(order, "pick"))
        self.assertEqual(self._quantities(order, "pick", "out"), [0, 10])
        request = self._changed(order, {"new_qty": 7})
        self._assert_open(order, 7)
        self.assertTrue(request.impact_picked)
        self.assertIn("must be put back", str(request._approval_effects()))
        self._move(self._level(order, "out"))
        self._assert_open(order, 7, 7)

    def test_picked_in_part(self):
        self._steps("pick_ship")
        order = self._confirmed()
        self._move(self._level(order, "pick"), {order.order_line: 6})
        self.assertEqual(self._quantities(order, "pick", "out"), [4, 6])
        self._changed(order, {"new_qty": 7})
        self._assert_open(order, 7)
        self.assertEqual(
            self._quantities(order, "pick", "out"), [1, 6], "the unpicked first"
        )
        self._changed(order, {"new_qty": 5})
        self._assert_open(order, 5)
        self.assertEqual(self._quantities(order, "pick", "out"), [0, 5])
        self._changed(order, {"new_qty": 8})
        self._assert_open(order, 8)
        self.assertEqual(self._quantities(order, "pick", "out"), [3, 5])

    def test_shipped_in_part(self):
        self._steps("pick_ship")
        order = self._confirmed()
        self._move(self._level(order, "pick"), {order.order_line: 6})
        self._move(self._level(order, "out"), {order.order_line: 2})
        self.assertEqual(order.order_line.qty_delivered, 2)
        self._changed(order, {"new_qty": 4})
        self._assert_open(order, 4, 2)
        self.assertEqual(self._quantities(order, "pick", "out"), [0, 2])

    def test_three_steps(self):
        self._steps("pick_pack_ship")
        order = self._confirmed()
        self._move(self._level(order, "pick"), {order.order_line: 8})
        self._move(self._level(order, "pack"), {order.order_line: 5})
        self._move(self._level(order, "out"), {order.order_line: 1})
        self.assertEqual(self._quantities(order, "pick", "pack", "out"), [2, 3, 4])
        self._changed(order, {"new_qty": 9})
        self._assert_open(order, 9, 1)
        self.assertEqual(self._quantities(order, "pick", "pack", "out"), [1, 3, 4])
        self._changed(order, {"new_qty": 3})
        self._assert_open(order, 3, 1)
        self._cancelled(order, "remaining")
        self._assert_open(order, 1, 1)

    # -- pulled: all steps are planned at once -----------------------------------------

    def test_pulled_nothing_done_yet(self):
        self._steps("pick_ship", pull=True)
        order = self._confirmed()
        self.assertEqual(self._quantities(order, "pick", "out"), [10, 10])
        self._changed(order, {"new_qty": 4})
        self._assert_open(order, 4)
        self.assertEqual(self._quantities(order, "pick", "out"), [4, 4])
        self._changed(order, {"new_qty": 6})
        self._assert_open(order, 6)
        self.assertEqual(self._quantities(order, "pick", "out"), [6, 6])

    def test_pulled_picked_in_part(self):
        self._steps("pick_ship", pull=True)
        order = self._confirmed()
        self._move(self._level(order, "pick"), {order.order_line: 6})
        self.assertEqual(self._quantities(order, "pick", "out"), [4, 10])
        self._changed(order, {"new_qty": 7})
        self._assert_open(order, 7)
        self.assertEqual(self._quantities(order, "pick", "out"), [1, 7])
        self._changed(order, {"new_qty": 5})
        self._assert_open(order, 5)
        self.assertEqual(self._quantities(order, "pick", "out"), [0, 5])
        out = self._level(order, "out")
        self.assertEqual(out.move_ids.quantity, 5, "what was picked is there for it")
        self._move(out)
        self._assert_open(order, 5, 5)

    def test_pulled_picked_and_shipped_in_part(self):
        self._steps("pick_pack_ship", pull=True)
        order = self._confirmed()
        self._move(self._level(order, "pick"), {order.order_line: 8})
        self._move(self._level(order, "pack"), {order.order_line: 5})
        self._move(self._level(order, "out"), {order.order_line: 1})
        self.assertEqual(self._quantities(order, "pick", "pack", "out"), [2, 5, 9])
        self._changed(order, {"new_qty": 9})
        self._assert_open(order, 9, 1)
        self.assertEqual(self._quantities(order, "pick", "pack", "out"), [1, 4, 8])
        self._changed(order, {"new_qty": 1})
        self._assert_open(order, 1, 1)
        self.assertEqual(self._quantities(order, "pick", "pack", "out"), [0, 0, 0])

    def test_pulled_to_nothing_and_again(self):
        self._steps("pick_ship", pull=True)
        order = self._confirmed()
        self._changed(order, {"new_qty": 0})
        self.assertEqual(self._quantities(order, "pick", "out"), [0, 0])
        self._changed(order, {"new_qty": 5})
        self._assert_open(order, 5)
        self.assertEqual(self._quantities(order, "pick", "out"), [5, 5])

    def test_pulled_cancelled_as_a_whole(self):
        self._steps("pick_ship", pull=True)
        order = self._confirmed()
        self._cancelled(order, "full")
        self.assertEqual(order.state, "cancel")
        self.assertEqual(set(order.order_line.move_ids.mapped("state")), {"cancel"})

    # -- dates and address -------------------------------------------------------------

    def test_a_new_date_moves_all_steps(self):
        self._steps("pick_ship", pull=True)
        rules = self.warehouse.delivery_route_id.rule_ids
        rules.filtered(lambda rule: rule.location_dest_id.usage != "customer").delay = 2
        order = self._confirmed(commitment_date="2030-05-10 12:00:00")
        pick, out = (self._level(order, name).move_ids for name in ("pick", "out"))
        gap = out.date - pick.date
        self.assertTrue(gap)
        self._changed(order, new_commitment_date="2030-06-10 12:00:00")
        for move in pick | out:
            self.assertEqual(str(move.date_deadline), "2030-06-10 12:00:00")
        self.assertEqual(out.date - pick.date, gap)
        self.assertEqual(out.date.month, 6)
        self.assertEqual(out.picking_id.scheduled_date, out.date)

    def test_a_new_address_reaches_all_steps(self):
        self._steps("pick_ship", pull=True)
        order = self._confirmed()
        self._move(self._level(order, "pick"), {order.order_line: 6})
        done = order.picking_ids.filtered(lambda p: p.state == "done")
        there = self.env["res.partner"].create(
            {"name": "Site", "parent_id": self.partner.id, "type": "delivery"}
        )
        self._changed(order, new_shipping_id=there.id)
        self.assertEqual(self._level(order, "pick").partner_id, there)
        self.assertEqual(self._level(order, "out").partner_id, there)
        self.assertEqual(done.partner_id, self.partner)
