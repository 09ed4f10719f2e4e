from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import StockApprovalCommon


@tagged("post_install", "-at_install")
class TestWaysAround(StockApprovalCommon):
    """What Odoo lets people do with stock apart from its buttons."""

    def _assert_refused(self, way):
        with self.assertRaises(UserError), self.env.cr.savepoint():
            way()
            self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(self._on_hand(self.sensor), 100)

    def _line(self, **values):
        return {
            "product_id": self.sensor.id,
            "quantity": 50,
            "location_id": self.stock.id,
            "location_dest_id": self.customers.id,
            "company_id": self.company.id,
            **values,
        }

    def test_lines_that_are_said_to_be_done(self):
        self._policy("stock.picking", self.manager, amount_min=300)
        lines = self.env["stock.move.line"].with_user(self.worker)
        picking = self._delivery((self.sensor, 1))
        self._assert_refused(lambda: lines.create(self._line(state="done")))
        self._assert_refused(
            lambda: lines.with_context(default_state="done").create(self._line())
        )
        self._assert_refused(
            lambda: lines.create(self._line(state="done", move_id=picking.move_ids.id))
        )
        self._assert_refused(lambda: picking.move_line_ids.write({"state": "done"}))

    def test_transfer_created_with_done_moves(self):
        self._policy("stock.picking", self.manager, amount_min=300)
        move = self._move_values(self.sensor, 50, self.customers.id)
        line = self._line()
        for values in (
            {"state": "done", "move_line_ids": [Command.create(line)]},
            {"state": "done", "quantity": 50},
            {"state": "done", "is_inventory": True, "quantity": 50},
        ):
            with self.subTest(values=values):
                self._assert_refused(
                    lambda vals=values: self._delivery(
                        ready=False,
                        move_ids=[Command.create({**move, **vals})],
                    )
                )

    def test_scrap_that_goes_to_a_customer(self):
        self._policy("stock.picking", self.manager, amount_min=300)
        scrap = (
            self.env["stock.scrap"]
            .with_user(self.worker)
            .create(
                {
                    "product_id": self.sensor.id,
                    "scrap_qty": 50,
                    "scrap_location_id": self.customers.id,
                }
            )
        )
        self._assert_refused(scrap.do_scrap)

    def test_move_of_a_transfer_that_is_said_to_be_scrap(self):
        self._policy("stock.picking", self.manager, amount_min=300)
        scrap = (
            self.env["stock.scrap"]
            .with_user(self.worker)
            .create({"product_id": self.sensor.id, "scrap_qty": 1})
        )
        picking = self._delivery()
        picking.move_ids.write({"scrap_id": scrap.id})
        picking.button_validate()
        self.assertEqual(picking.approval_state, "pending")

    def test_quantity_by_default_of_the_context(self):
        self._policy("stock.inventory.approval", self.manager, amount_min=300)
        quants = self.env["stock.quant"].with_user(self.worker)
        values = {"product_id": self.sensor.id, "location_id": self.shelf.id}
        self._assert_refused(
            lambda: quants.with_context(default_quantity=500).create(values)
        )

    def test_renaming_the_place(self):
        self._policy("stock.picking", self.manager, amount_min=300)
        self._stock(self.sensor, 50, self.shelf)
        self._stock(self.sensor, -50)
        self._assert_refused(
            lambda: self.shelf.with_user(self.manager).write({"usage": "customer"})
        )
        empty = self.env["stock.location"].create(
            {"name": "Empty", "location_id": self.stock.id}
        )
        empty.with_user(self.manager).usage = "customer"
        self.assertEqual(empty.usage, "customer")

    def test_reset_and_done_again(self):
        self._policy("stock.picking", self.manager, amount_min=300)
        picking = self._delivery()
        picking.button_validate()
        picking.with_user(self.manager).action_approve()
        self.assertEqual(self._on_hand(self.sensor), 95)
        moves = picking.move_ids.with_user(self.manager)
        moves.write({"state": "assigned"})
        with self.assertRaises(UserError):
            moves._action_done()
        with self.assertRaises(UserError):
            moves.write({"state": "done"})
        self.assertEqual(self._on_hand(self.sensor), 95)

    def test_approval_of_one_transfer_opens_no_other(self):
        self._policy("stock.picking", self.manager, auto_execute=False)
        approved, other = self._delivery(), self._delivery()
        (approved | other).button_validate()
        approved.with_user(self.manager).action_approve()
        for way in (
            lambda: other.with_user(self.manager).write(
                {"approval_instance_id": approved.approval_instance_id.id}
            ),
            lambda: (approved | other)._action_done(),
            lambda: other.move_ids.write({"picking_id": approved.id})
            and approved._action_done(),
        ):
            self._assert_refused(way)
        approved.button_validate()
        self.assertEqual(approved.state, "done")
        self.assertNotEqual(other.state, "done")

    def test_production_is_not_held(self):
        for model in self._documents():
            self._policy(model, self.manager)
        order = self.env["mrp.production"].create(
            {
                "product_id": self.cable.id,
                "product_qty": 2,
                "move_raw_ids": [
                    Command.create(
                        {
                            "product_id": self.sensor.id,
                            "product_uom_qty": 3,
                            "location_id": self.stock.id,
                            "location_dest_id": self.cable.with_company(
                                self.company
                            ).property_stock_production.id,
                        }
                    )
                ],
            }
        )
        order.action_confirm()
        order.qty_producing = 2
        order.move_raw_ids.write({"quantity": 3, "picked": True})
        order.button_mark_done()
        self.assertEqual(order.state, "done")
        self.assertEqual(self._on_hand(self.sensor), 97)

    def test_kit_is_delivered_in_parts(self):
        kit = self._product("Kit", 200.0)
        self.env["mrp.bom"].create(
            {
                "product_tmpl_id": kit.product_tmpl_id.id,
                "type": "phantom",
                "bom_line_ids": [
                    Command.create({"product_id": self.sensor.id, "product_qty": 2})
                ],
            }
        )
        self._policy("stock.picking", self.manager, amount_min=300)
        picking = self._delivery((kit, 2), ready=False)
        picking.button_validate()
        self.assertEqual(picking.approval_instance_id.amount, 400)
        picking.with_user(self.manager).action_approve()
        self.assertEqual(picking.state, "done")
        self.assertEqual(self._on_hand(self.sensor), 96)
