from contextlib import suppress

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import StockApprovalCommon


@tagged("post_install", "-at_install")
class TestScrap(StockApprovalCommon):
    """Scrap under approval."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls._policy("stock.scrap", cls.manager, amount_min=300)

    def _scrap(self, quantity=5, product=None, **values):
        return (
            self.env["stock.scrap"]
            .with_user(self.worker)
            .create(
                {
                    "product_id": (product or self.sensor).id,
                    "scrap_qty": quantity,
                    **values,
                }
            )
        )

    def test_validate_submits_and_scraps_after_the_approval(self):
        scrap = self._scrap()
        result = scrap.action_validate()
        self.assertEqual(result["tag"], "display_notification")
        self.assertEqual(scrap.state, "draft")
        self.assertEqual(scrap.approval_state, "pending")
        self.assertEqual(scrap.approval_instance_id.amount, 500)
        self.assertIn("Sensor", scrap.approval_instance_id.document_name)
        scrap.with_user(self.manager).action_approve()
        self.assertEqual(scrap.state, "done")
        self.assertEqual(scrap.approval_instance_id.state, "executed")
        self.assertEqual(self._on_hand(self.sensor), 95)

    def test_below_the_limit_it_is_done(self):
        scrap = self._scrap(3)
        scrap.action_validate()
        self.assertEqual(scrap.state, "done")
        self.assertEqual(self._on_hand(self.sensor), 97)

    def test_two_at_once(self):
        scraps = self._scrap() | self._scrap(1)
        scraps.do_scrap()
        self.assertEqual(scraps.mapped("state"), ["draft", "done"])
        self.assertEqual(scraps[0].approval_state, "pending")

    def test_more_than_there_is(self):
        scrap = self._scrap(200)
        action = scrap.action_validate()
        wizard = (
            self.env["stock.warn.insufficient.qty.scrap"]
            .with_user(self.worker)
            .with_context(**action["context"])
            .create({})
        )
        wizard.action_done()
        self.assertEqual(scrap.approval_state, "pending")
        scrap.with_user(self.manager).action_approve()
        self.assertEqual(scrap.state, "done")

    def test_changed_scrap_is_approved_again(self):
        scrap = self._scrap()
        scrap.action_validate()
        scrap.scrap_qty = 50
        self.assertEqual(scrap.approval_state, "stale")

    def test_cost_of_the_request_counts(self):
        scrap = self._scrap()
        scrap.action_validate()
        self.sensor.standard_price = 1
        self.assertEqual(scrap.approval_value, 500)
        scrap.with_user(self.manager).action_approve()
        self.assertEqual(scrap.state, "done")

    def test_no_way_around(self):
        ways = {
            "state": lambda s: s.write({"state": "done"}),
            "scrap": lambda s: s.do_scrap(),
            "forged context": lambda s: s.with_context(
                approval_engine=True, is_scrap=True
            ).do_scrap(),
            "move": lambda s: s.env["stock.move"]
            .create(s._prepare_move_values())
            ._action_done(),
        }
        for name, way in ways.items():
            for user in (self.worker, self.manager, self.env.user):
                with self.subTest(way=name, user=user.login):
                    scrap = self._scrap().with_user(user)
                    with suppress(UserError), self.env.cr.savepoint():
                        way(scrap)
                    self.assertEqual(self._on_hand(self.sensor), 100)
                    self.assertNotEqual(scrap.state, "done")

    def test_small_scrap_covers_no_large_move(self):
        scrap = self._scrap(1)
        values = {**scrap._prepare_move_values(), "product_uom_qty": 50}
        values["move_line_ids"][0][2]["quantity"] = 50
        moves = self.env["stock.move"].with_user(self.worker)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            moves.create(values)._action_done()
        # nor one move more
        first = moves.create(scrap._prepare_move_values())
        second = moves.create(values)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            (first | second)._action_done()
        with self.assertRaises(UserError), self.env.cr.savepoint():
            second._action_done()
        self.assertEqual(self._on_hand(self.sensor), 100)

    def test_done_scrap_is_not_edited_past_the_gate(self):
        scrap = self._scrap(1)
        scrap.action_validate()
        with self.assertRaises(UserError):
            scrap.with_user(self.manager).move_ids.quantity = 50
        self.assertEqual(self._on_hand(self.sensor), 99)

    def test_create_as_done(self):
        with self.assertRaises(UserError):
            self._scrap(state="done")
