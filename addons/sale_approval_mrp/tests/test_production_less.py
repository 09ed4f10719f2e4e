from odoo import Command
from odoo.tests import tagged

from .common import ProductionCommon


@tagged("post_install", "-at_install")
class TestProductionLess(ProductionCommon):
    """Less is ordered, or nothing at all: what production makes."""

    def test_what_nobody_has_begun_makes_less(self):
        order = self._confirmed((self.desk, 10))
        desks, boards = self._makes(order, self.desk), self._makes(order, self.board)
        self.assertEqual(self._quantities(desks + boards), [10, 20])
        request = self._changed(order, {"new_qty": 6})
        self.assertEqual(self._quantities(desks + boards), [6, 12])
        self.assertEqual(boards.move_raw_ids.product_uom_qty, 36)
        self.assertEqual(self._open(order), 6)
        self.assertMade(order)
        self.assertTrue(request.impact_production)
        self.assertEqual(
            self._words(request, "production"),
            [
                f"Manufacturing order {desks.name}: Desk goes from 10 to 6 Units.",
                f"Manufacturing order {boards.name}: Board goes from 20 to 12 Units.",
            ],
        )

    def test_a_cancelled_order_is_not_made(self):
        order = self._confirmed((self.desk, 10))
        productions = self._makes(order)
        request = self._cancelled(order, "full")
        self.assertEqual(order.state, "cancel")
        self.assertEqual(set(productions.mapped("state")), {"cancel"})
        self.assertEqual(len(self._words(request, "production")), 2)
        self.assertFalse(productions.activity_ids)

    def test_a_removed_and_a_replaced_line(self):
        order = self._confirmed((self.desk, 4), (self.lamp, 5))
        desks, lamps = self._makes(order, self.desk), self._makes(order, self.lamp)
        self._changed(order, {"is_removed": True}, {"product_id": self.goods.id})
        self.assertEqual((desks.state, lamps.state), ("cancel", "cancel"))
        self.assertMade(order)

    def test_what_is_begun_is_never_touched(self):
        order = self._confirmed((self.lamp, 10))
        lamps = self._makes(order)
        lamps.user_id = self.worker
        self._begin(lamps, 4)
        before = self._factory(order)["made_moves"]
        request = self._changed(order, {"new_qty": 6})
        self.assertEqual(self._quantities(lamps), [10])
        after = self._factory(order)["made_moves"]
        self.assertEqual(before, after)
        self.assertEqual(self._open(order), 6)
        self.assertTrue(request.impact_production)
        self.assertEqual(
            self._words(request, "production"),
            [
                f"Manufacturing order {lamps.name} has begun and stays as it is: 4 "
                "Units of Lamp more than needed go to stock, unless production stops "
                "them."
            ],
        )
        task = self._tasks(lamps)
        self.assertEqual(task.user_id, self.worker)
        self.assertIn("stop or keep", task.summary)

    def test_a_cancelled_order_that_is_being_made(self):
        order = self._confirmed((self.lamp, 10))
        lamps = self._makes(order)
        self._begin(lamps)
        self._cancelled(order, "full")
        self.assertEqual(order.state, "cancel")
        self.assertEqual(lamps.state, "progress")
        # the task of the request, and no other one beside it
        self.assertEqual(lamps.activity_ids, self._tasks(lamps))
        self.assertEqual(len(lamps.activity_ids), 1)

    def test_a_started_operation_counts_as_begun(self):
        center = self.env["mrp.workcenter"].create({"name": "Saw"})
        self.lamp.bom_ids.operation_ids = [
            Command.create({"name": "Cut", "workcenter_id": center.id})
        ]
        order = self._confirmed((self.lamp, 4))
        lamps = self._makes(order)
        lamps.workorder_ids.button_start()
        lamps.workorder_ids.button_pending()
        self._changed(order, {"new_qty": 1})
        self.assertEqual(self._quantities(lamps), [4])
        self.assertTrue(self._tasks(lamps))

    def test_part_is_made_and_the_rest_is_for_later(self):
        order = self._confirmed((self.lamp, 10))
        self._produce(self._makes(order), 4)
        first, rest = self._makes(order)
        self.assertEqual(self._quantities(rest), [6])
        self._changed(order, {"new_qty": 7})
        self.assertEqual(self._quantities(rest), [3])
        request = self._changed(order, {"new_qty": 2})
        self.assertEqual(rest.state, "cancel")
        self.assertEqual(first.qty_produced, 4)
        self.assertEqual(self._open(order), 2)
        self.assertIn(
            f"2 Units of Lamp are made already ({first.name}) and stay in stock.",
            self._words(request, "production"),
        )
        self._deliver(order, 2)
        self.assertEqual(order.order_line.qty_delivered, 2)

    def test_what_is_made_stays_in_stock(self):
        order = self._confirmed((self.lamp, 10))
        lamps = self._makes(order)
        self._produce(lamps)
        request = self._changed(order, {"new_qty": 6})
        self.assertEqual(lamps.qty_produced, 10)
        self.assertFalse(request.impact_production)
        self.assertFalse(self._tasks(lamps))
        self.assertEqual(len(self._words(request, "production")), 1)
        self._deliver(order, 6)
        self.assertEqual(self.lamp.with_context(location=self.stock.id).free_qty, 4)

    def test_delivered_in_part_and_the_rest_cancelled(self):
        order = self._confirmed((self.lamp, 10))
        self._produce(self._makes(order), 4)
        self._deliver(order, 3)
        rest = self._makes(order)[1]
        self._cancelled(order, "remaining")
        self.assertEqual(order.order_line.product_uom_qty, 3)
        self.assertEqual(rest.state, "cancel")
        self.assertEqual(order.change_closed, "remaining")

    def test_one_of_two_begun(self):
        """What can still be made less is made less, people see to the rest."""
        order = self._confirmed((self.lamp, 10))
        whole = self._makes(order)
        half, other = whole._split_productions({whole: [5, 5]})
        self._begin(half, 2)
        self._changed(order, {"new_qty": 8})
        self.assertEqual(self._quantities(half + other), [5, 3])
        self._changed(order, {"new_qty": 3})
        self.assertEqual(self._quantities(half), [5])
        self.assertEqual(other.state, "cancel")
        self.assertEqual(len(self._tasks(half)), 1)

    def test_two_lines_of_one_product(self):
        order = self._confirmed((self.lamp, 2), (self.lamp, 3))
        self.assertEqual(self._quantities(self._makes(order)), [2, 3])
        self._changed(order, None, {"new_qty": 1})
        self.assertEqual(self._quantities(self._makes(order)), [2, 1])
        self.assertMade(order)

    def test_a_component_that_is_sold_as_well(self):
        order = self._confirmed((self.board, 5), (self.desk, 1))
        self._changed(order, {"new_qty": 2})
        boards = self._makes(order, self.board)
        self.assertEqual(sum(self._quantities(boards)), 4)
        self._changed(order, None, {"new_qty": 3})
        boards = self._makes(order, self.board)
        self.assertEqual(sum(self._quantities(boards)), 8)
        self._changed(order, None, {"is_removed": True})
        self.assertEqual(sum(self._quantities(boards)), 2)

    def test_merged_for_two_customers(self):
        """Only what this order asked for goes."""
        order, other = self._confirmed((self.desk, 10)), self._confirmed((self.desk, 5))
        (self._makes(order, self.desk) + self._makes(other, self.desk)).action_merge()
        merged = self._makes(order, self.desk).filtered(lambda m: m.state != "cancel")
        self.assertEqual(merged, self._makes(other, self.desk) & merged)
        before = self._picture(other)["moves"]
        self._changed(order, {"new_qty": 6})
        self.assertEqual(self._quantities(merged), [11])
        boards = (self._makes(order) | self._makes(other)).filtered(
            lambda m: m.product_id == self.board
        )
        self.assertEqual(sum(self._quantities(boards)), 22)
        self._cancelled(order, "full")
        self.assertEqual(self._quantities(merged), [5])
        self.assertEqual(sum(self._quantities(boards)), 10)
        after = self._picture(other)["moves"]
        open_moves = other.order_line._change_open_moves()
        self.assertEqual(
            open_moves.move_orig_ids & merged.move_finished_ids.exists(),
            merged.move_finished_ids,
        )
        for move in open_moves:
            self.assertEqual(before[move.id]["date"], after[move.id]["date"])
            self.assertEqual(move.product_uom_qty, 5)

    def test_what_is_begun_takes_over(self):
        """What is made anyway goes to the other line instead of to stock."""
        order = self._confirmed((self.lamp, 6), (self.lamp, 3))
        begun, other = self._makes(order)
        self._begin(begun, 2)
        self._changed(order, {"new_qty": 4})
        self.assertEqual(self._quantities(begun + other), [6, 1])
        self.assertMade(order)
        self.assertFalse(self._tasks(begun))
        self._produce(begun)
        self._produce(other)
        order.picking_ids.action_assign()
        self._deliver(order, 4, 3)
        self.assertEqual(order.order_line.mapped("qty_delivered"), [4, 3])

    def test_less_of_one_line_and_more_of_another(self):
        order = self._confirmed((self.lamp, 6), (self.set, 2))
        begun = self._makes(order)[0]
        self._changed(order, None, {"new_qty": 0})
        self._begin(begun, 2)
        self._changed(order, {"new_qty": 1}, {"new_qty": 1})
        self.assertMade(order)

    def test_what_the_planner_added_stays(self):
        order = self._confirmed((self.lamp, 10))
        lamps = self._makes(order)
        wizard = self.env["change.production.qty"]
        wizard.create({"mo_id": lamps.id, "product_qty": 15}).change_prod_qty()
        self._changed(order, {"new_qty": 8})
        self.assertEqual(sum(self._quantities(lamps)), 13)

    def test_in_two_steps(self):
        self.warehouse.delivery_steps = "pick_ship"
        order = self._confirmed((self.lamp, 10))
        self._changed(order, {"new_qty": 8})
        lamps = self._makes(order)
        self.assertEqual(self._quantities(lamps), [8])
        self._produce(lamps, 5)
        pick = order.picking_ids.filtered(lambda p: p.state == "assigned")
        pick.move_ids.write({"quantity": 4, "picked": True})
        pick.with_context(skip_backorder=True).button_validate()
        rest = self._makes(order)[1]
        request = self._changed(order, {"new_qty": 5})
        self.assertEqual(rest.state, "cancel")
        self.assertEqual(self._open(order), 5)
        self.assertFalse(self._tasks(lamps))
        self.assertEqual(request.state, "applied")

    def test_components_are_fetched_in_steps(self):
        self.warehouse.manufacture_steps = "pbm_sam"
        order = self._confirmed((self.desk, 10))
        productions = self._makes(order)
        feeding = productions.move_raw_ids.move_orig_ids
        self.assertEqual(len(feeding), 3)
        self._changed(order, {"new_qty": 6})
        self.assertEqual(sorted(feeding.mapped("product_qty")), [6, 12, 36])
        feeding.picking_id.printed = True
        request = self._cancelled(order, "full")
        self.assertEqual(set(productions.mapped("state")), {"cancel"})
        self.assertEqual(set(feeding.mapped("state")), {"cancel"})
        self.assertEqual(len(self._words(request, "warehouse")), 3)

    def test_components_that_are_in_production_already(self):
        self.warehouse.manufacture_steps = "pbm"
        order = self._confirmed((self.lamp, 10))
        lamps = self._makes(order)
        self._move(lamps.picking_ids)
        request = self._cancelled(order, "full")
        self.assertEqual(lamps.state, "cancel")
        self.assertIn(
            f"Components for manufacturing order {lamps.name} are in production "
            "already: what is left goes back to its shelf.",
            self._words(request, "warehouse"),
        )
        self.assertIn("put components back", self._tasks(lamps).summary)

    def test_a_draft_without_components(self):
        bare = self._made("Bare")
        order = self._confirmed((bare, 10))
        draft = self._makes(order)
        self.assertEqual(draft.state, "draft")
        request = self._changed(order, {"new_qty": 6})
        self.assertEqual(self._quantities(draft), [6])
        # production does not know of it yet
        self.assertFalse(request.impact_production)
        self._cancelled(order, "full")
        self.assertEqual(draft.state, "cancel")

    def test_batches_of_one_size(self):
        self.lamp.bom_ids.write({"enable_batch_size": True, "batch_size": 5})
        order = self._confirmed((self.lamp, 12))
        self.assertEqual(self._quantities(self._makes(order)), [5, 5, 5])
        self._changed(order, {"new_qty": 11})
        self.assertEqual(sum(self._quantities(self._makes(order))), 15)
        self._changed(order, {"new_qty": 6})
        self.assertEqual(sum(self._quantities(self._makes(order))), 10)
        self._cancelled(order, "full")
        self.assertEqual(sum(self._quantities(self._makes(order))), 0)

    def test_made_only_when_stock_has_not_enough(self):
        rules = self.to_order.rule_ids.filtered(
            lambda rule: rule.location_src_id == self.stock
        )
        rules.procure_method = "mts_else_mto"
        self.env["stock.quant"]._update_available_quantity(self.lamp, self.stock, 6)
        order = self._confirmed((self.lamp, 10))
        lamps = self._makes(order)
        self.assertEqual(self._quantities(lamps), [4])
        self._changed(order, {"new_qty": 8})
        self.assertEqual(self._quantities(lamps), [2])
        self._changed(order, {"new_qty": 5})
        self.assertEqual(lamps.state, "cancel")
        self._changed(order, {"new_qty": 6})
        self.assertEqual(sum(self._quantities(self._makes(order))), 0)

    def test_goods_from_stock_do_not_touch_production(self):
        """The same product, once made to order and once from the shelf."""
        shelf = self._goods("Chair", stock=100)
        self._bill(shelf, (self.steel, 1))
        routes = {"route_ids": [Command.set((self.to_order + self.make).ids)]}
        order = self._confirmed((shelf, 5), (shelf, 7, 20.0, routes))
        chairs = self._makes(order)
        self.assertEqual(self._quantities(chairs), [7])
        self._changed(order, {"new_qty": 1})
        self.assertEqual(self._quantities(chairs), [7])
        self._changed(order, None, {"new_qty": 3})
        self.assertEqual(self._quantities(chairs), [3])

    def test_what_is_bought_for_production(self):
        if "purchase.order" not in self.env:
            self.assertNotIn("created_purchase_line_ids", self.env["stock.move"])
            return
        vendor = self.env["res.partner"].create({"name": "Vendor"})
        cord = self._goods("Cord", stock=0)
        cord.route_ids = self.to_order + self.env.ref(
            "purchase_stock.route_warehouse0_buy"
        )
        cord.seller_ids = [Command.create({"partner_id": vendor.id, "price": 1})]
        self.lamp.bom_ids.bom_line_ids = [
            Command.create({"product_id": cord.id, "product_qty": 2})
        ]
        order = self._confirmed((self.lamp, 10))
        line = self.env["purchase.order.line"].search([("product_id", "=", cord.id)])
        self.assertEqual(line.product_qty, 20)
        request = self._changed(order, {"new_qty": 6})
        self.assertEqual(line.product_qty, 12)
        self.assertEqual(len(self._words(request, "purchasing")), 1)
        line.order_id.button_confirm()
        request = self._cancelled(order, "full")
        self.assertEqual(line.product_qty, 12)
        self.assertIn("confirmed", self._words(request, "purchasing")[0])
