from contextlib import suppress

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import StockApprovalCommon


@tagged("post_install", "-at_install")
class TestTransfer(StockApprovalCommon):
    """From the button of a covered transfer to its moves."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls._policy(
            "stock.picking",
            cls.manager,
            amount_min=300,
            domain="[('approval_outside', '=', True)]",
        )

    def test_validate_submits_and_is_done_after_the_approval(self):
        picking = self._delivery((self.sensor, 5))
        result = picking.button_validate()
        self.assertEqual(result["tag"], "display_notification")
        self.assertEqual(picking.state, "assigned")
        self.assertEqual(picking.approval_state, "pending")
        self.assertEqual(picking.approval_instance_id.amount, 500)
        self.assertEqual(self._on_hand(self.sensor), 100)
        picking.with_user(self.manager).action_approve()
        self.assertEqual(picking.state, "done")
        self.assertEqual(picking.approval_state, "approved")
        self.assertEqual(picking.approval_instance_id.state, "executed")
        self.assertEqual(self._on_hand(self.sensor), 95)

    def test_uncovered_transfers_are_done_at_once(self):
        below = self._delivery((self.sensor, 3))
        inside = self._delivery(
            (self.sensor, 50),
            picking_type_id=self.warehouse.int_type_id.id,
            location_dest_id=self.shelf.id,
        )
        (below | inside).button_validate()
        self.assertEqual((below | inside).mapped("state"), ["done", "done"])

    def test_in_bulk_some_are_done_and_the_others_wait(self):
        free, covered = self._delivery((self.cable, 1)), self._delivery()
        (free | covered).button_validate()
        self.assertEqual(free.state, "done")
        self.assertEqual(covered.approval_state, "pending")

    def test_two_covered_at_once(self):
        pickings = self._delivery() | self._delivery()
        pickings.button_validate()
        self.assertEqual(set(pickings.mapped("approval_state")), {"pending"})
        pickings.with_user(self.manager).action_approve()
        self.assertEqual(set(pickings.mapped("state")), {"done"})

    def test_draft_is_prepared_and_submitted(self):
        picking = self._delivery(ready=False)
        picking.button_validate()
        self.assertEqual(picking.approval_state, "pending")
        picking.with_user(self.manager).action_approve()
        self.assertEqual(picking.state, "done")

    def test_submit_button_prepares_too(self):
        picking = self._delivery(ready=False)
        picking.action_submit_approval()
        self.assertEqual(picking.approval_state, "pending")
        picking.with_user(self.manager).action_approve()
        self.assertEqual(picking.state, "done")

    # -- backorders ----------------------------------------------------------------

    def _partial(self, done=4):
        picking = self._delivery((self.sensor, 10))
        picking.move_ids.quantity = done
        return picking

    def _answer(self, picking, method):
        action = picking.button_validate()
        self.assertEqual(action["res_model"], "stock.backorder.confirmation")
        wizard = (
            self.env["stock.backorder.confirmation"]
            .with_user(self.worker)
            .with_context(**action["context"])
            .create({})
        )
        return getattr(wizard, method)()

    def test_backorder_is_asked_before_and_made_after(self):
        picking = self._partial()
        self._answer(picking, "process")
        self.assertEqual(picking.approval_state, "pending")
        self.assertEqual(picking.approval_instance_id.amount, 400)
        picking.with_user(self.manager).action_approve()
        self.assertEqual(picking.state, "done")
        self.assertEqual(self._on_hand(self.sensor), 96)
        self.assertEqual(picking.backorder_ids.move_ids.product_uom_qty, 6)
        self.assertEqual(picking.backorder_ids.approval_state, "required")

    def test_no_backorder_is_what_was_approved(self):
        picking = self._partial()
        self._answer(picking, "process_cancel_backorder")
        self.assertTrue(picking.approval_no_backorder)
        picking.with_user(self.manager).action_approve()
        self.assertEqual(picking.state, "done")
        self.assertFalse(picking.backorder_ids)

    # -- content -------------------------------------------------------------------

    def test_changed_quantity_is_approved_again(self):
        picking = self._delivery()
        picking.button_validate()
        picking.move_ids.quantity = 50
        self.assertEqual(picking.approval_state, "stale")
        with self.assertRaises(UserError):
            picking.with_user(self.manager).action_approve()
        picking.button_validate()
        self.assertEqual(picking.approval_instance_id.round, 2)
        self.assertEqual(picking.approval_instance_id.amount, 5000)

    def test_detailed_operation_elsewhere_is_seen(self):
        picking = self._delivery()
        picking.button_validate()
        picking.move_line_ids.location_dest_id = self.suppliers
        self.assertEqual(picking.approval_state, "stale")

    def test_internal_transfer_that_ends_outside_is_covered(self):
        picking = self._delivery(
            picking_type_id=self.warehouse.int_type_id.id,
            location_dest_id=self.shelf.id,
        )
        self.assertEqual(picking.approval_state, "not_required")
        picking.move_line_ids.location_dest_id = self.customers
        picking.button_validate()
        self.assertEqual(picking.approval_state, "pending")

    def test_cost_of_the_request_counts(self):
        picking = self._delivery()
        picking.button_validate()
        self.sensor.standard_price = 1.0
        self.assertEqual(picking.approval_state, "pending")
        self.assertEqual(picking.approval_value, 500)
        self.assertEqual(picking.approval_instance_id.amount, 500)
        picking.with_user(self.manager).action_approve()
        self.assertEqual(picking.state, "done")

    def test_cost_that_fell_opens_no_gate(self):
        self.policy.auto_execute = False
        picking = self._delivery()
        picking.button_validate()
        self.sensor.standard_price = 1.0
        with self.assertRaises(UserError):
            picking.sudo()._action_done()
        picking.action_recall_approval()
        # asked for again, it is worth what it is worth now
        picking.button_validate()
        self.assertEqual(picking.state, "done")

    def test_reserving_elsewhere_leaves_it_alone(self):
        picking = self._delivery((self.sensor, 5))
        picking.button_validate()
        other = self._delivery((self.sensor, 2), user=self.manager)
        other.button_validate()
        self.assertEqual(picking.approval_state, "pending")
        picking.with_user(self.manager).action_approve()
        self.assertEqual(picking.state, "done")

    def test_cancelled_transfer_closes_its_approval(self):
        picking = self._delivery()
        picking.button_validate()
        instance = picking.approval_instance_id
        picking.action_cancel()
        self.assertEqual(instance.state, "recalled")

    def test_archived_policy_lets_it_go(self):
        picking = self._delivery()
        picking.button_validate()
        self.policy.active = False
        picking.button_validate()
        self.assertEqual(picking.state, "done")
        self.assertEqual(picking.approval_instance_id.state, "recalled")

    def test_scrap_of_a_transfer_is_no_part_of_it(self):
        picking = self._delivery()
        picking.button_validate()
        scrap = (
            self.env["stock.scrap"]
            .with_user(self.worker)
            .create(
                {
                    "product_id": self.cable.id,
                    "scrap_qty": 1,
                    "picking_id": picking.id,
                }
            )
        )
        scrap.action_validate()
        self.assertEqual(scrap.state, "done")
        self.assertEqual(picking.approval_state, "pending")

    # -- ways around ---------------------------------------------------------------

    def test_no_way_around(self):
        for name, way in self._ways().items():
            for user in (self.worker, self.manager, self.env.user):
                with self.subTest(way=name, user=user.login):
                    picking = self._delivery().with_user(user)
                    if user == self.env.user:
                        picking = picking.sudo()
                    with suppress(UserError), self.env.cr.savepoint():
                        way(picking)
                    self.assertNotEqual(picking.state, "done")
                    self.assertEqual(self._on_hand(self.sensor), 100)
                    picking.action_cancel()

    def _ways(self):
        return {
            "button": lambda p: p.button_validate(),
            "button, forged context": lambda p: p.with_context(
                skip_backorder=True,
                approval_engine=True,
                button_validate_picking_ids=p.ids,
                stock_approval_judged=True,
            ).button_validate(),
            "transfer": lambda p: p._action_done(),
            "moves": lambda p: p.move_ids.write({"picked": True})
            and p.move_ids._action_done(),
            "as an inventory": lambda p: p.move_ids.write(
                {"picked": True, "is_inventory": True}
            )
            and p.move_ids._action_done(),
            "state of the moves": lambda p: p.move_ids.write({"state": "done"}),
            "state of the transfer": lambda p: p.write({"state": "done"}),
            "done lines": lambda p: p.move_ids.create(
                {
                    **self._move_values(self.sensor, 5, self.customers.id),
                    "picking_id": p.id,
                    "state": "done",
                    "move_line_ids": [
                        Command.create(
                            {"product_id": self.sensor.id, "quantity": 5, "picked": 1}
                        )
                    ],
                }
            ),
            "scheduler": lambda p: p.env["stock.rule"].sudo().run_scheduler(),
            "wizard": lambda p: p.env["stock.backorder.confirmation"]
            .with_context(button_validate_picking_ids=p.ids)
            .create({"pick_ids": [Command.set(p.ids)]})
            .process(),
        }

    def test_done_transfers_are_not_edited_past_the_gate(self):
        small = self._delivery((self.sensor, 1))
        small.button_validate()
        covered = self._delivery((self.sensor, 5))
        covered.button_validate()
        covered.with_user(self.manager).action_approve()
        hand = self._on_hand(self.sensor)
        for picking, quantity in ((small, 80), (covered, 80), (covered, 0)):
            with self.subTest(quantity=quantity), self.assertRaises(UserError):
                picking.with_user(self.manager).move_ids.quantity = quantity
            with self.assertRaises(UserError):
                picking.with_user(self.manager).move_line_ids.write(
                    {"quantity": quantity}
                )
        with self.assertRaises(UserError):
            self.env["stock.move.line"].with_user(self.worker).create(
                {
                    "move_id": small.move_ids.id,
                    "product_id": self.sensor.id,
                    "quantity": 50,
                    "location_id": self.stock.id,
                    "location_dest_id": self.customers.id,
                }
            )
        with self.assertRaises(UserError):
            small.write(
                {
                    "move_ids": [
                        Command.create(
                            {
                                **self._move_values(self.sensor, 50, self.customers.id),
                                "quantity": 50,
                            }
                        )
                    ]
                }
            )
        self.assertEqual(self._on_hand(self.sensor), hand)
        # what no policy covers, before or after, is edited as ever
        small.with_user(self.manager).move_ids.quantity = 2
        self.assertEqual(self._on_hand(self.sensor), hand - 1)

    def test_point_of_sale_goes_on_and_the_transfer_is_submitted(self):
        picking = self._delivery().sudo()
        picking.move_ids.picked = True
        with suppress(UserError), self.env.cr.savepoint():
            picking._action_done()
        self.assertEqual(picking.approval_state, "required")
        # what it writes next is a field of its own; the held ids are the point
        picking._approval_submit_held()
        self.assertEqual(picking.approval_state, "pending")
