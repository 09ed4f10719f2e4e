from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import StockApprovalCommon


@tagged("post_install", "-at_install")
class TestLooseMoves(StockApprovalCommon):
    """Moves without a document are no way around."""

    def _move(self, destination, quantity=5, source=None, **values):
        source = source or self.stock
        return (
            self.env["stock.move"]
            .with_user(self.worker)
            .create(
                {
                    "product_id": self.sensor.id,
                    "product_uom_qty": quantity,
                    "location_id": source.id,
                    "location_dest_id": destination.id,
                    "picked": True,
                    "move_line_ids": [
                        Command.create(
                            {
                                "product_id": self.sensor.id,
                                "quantity": quantity,
                                "location_id": source.id,
                                "location_dest_id": destination.id,
                            }
                        )
                    ],
                    **values,
                }
            )
        )

    def _assert_refused(self, way):
        with self.assertRaises(UserError), self.env.cr.savepoint():
            way()
        self.env.invalidate_all()
        self.assertEqual(self._on_hand(self.sensor), 100)

    def test_out_of_the_company(self):
        for model in self._documents():
            policy = self._policy(model, self.manager, amount_min=300)
            for place in (self.customers, self.suppliers, self.loss):
                with self.subTest(model=model, place=place.name):
                    move = self._move(place)
                    self._assert_refused(move._action_done)
                    self._assert_refused(move.sudo()._action_done)
                    self._assert_refused(
                        lambda move=move: move.write({"state": "done"})
                    )
            policy.active = False

    def test_born_done(self):
        self._policy("stock.picking", self.manager, amount_min=300)
        self._assert_refused(lambda: self._move(self.customers, state="done"))
        self._assert_refused(
            lambda: self._move(self.shelf, source=self.loss, state="done")
        )

    def test_line_in_two_steps(self):
        self._policy("stock.picking", self.manager, amount_min=300)
        move = self._move(self.customers, quantity=1)
        move._action_done()
        self.assertEqual(self._on_hand(self.sensor), 99)
        with self.assertRaises(UserError):
            move.move_line_ids.quantity = 50
        with self.assertRaises(UserError):
            move.quantity = 50
        self.assertEqual(self._on_hand(self.sensor), 99)

    def test_what_no_policy_reaches_is_done(self):
        self._policy("stock.picking", self.manager, amount_min=300)
        self._move(self.customers, quantity=1)._action_done()
        self._move(self.shelf, quantity=50)._action_done()
        self.assertEqual(self._on_hand(self.sensor), 99)

    def test_without_policies_nothing_changes(self):
        self._move(self.customers, quantity=50)._action_done()
        self.assertEqual(self._on_hand(self.sensor), 50)
