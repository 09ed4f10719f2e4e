from contextlib import suppress

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import StockApprovalCommon


@tagged("post_install", "-at_install")
class TestAdjustment(StockApprovalCommon):
    """Counted differences under approval."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls._policy(
            "stock.inventory.approval", cls.manager, amount_min=300
        )

    def _quant(self, product=None, user=None):
        return (
            self.env["stock.quant"]
            .with_user(user or self.worker)
            .with_context(inventory_mode=True)
            .search(
                [
                    ("product_id", "=", (product or self.sensor).id),
                    ("location_id", "=", self.stock.id),
                ]
            )
        )

    def _count(self, quantity, product=None, user=None):
        quant = self._quant(product, user)
        quant.inventory_quantity = quantity
        return quant

    def test_apply_submits_and_adjusts_after_the_approval(self):
        quant = self._count(90)
        result = quant.action_apply_inventory()
        self.assertEqual(result["tag"], "display_notification")
        self.assertEqual(quant.quantity, 100)
        self.assertTrue(quant.inventory_quantity_set)
        self.assertEqual(quant.inventory_diff_quantity, -10)
        document = quant.approval_adjustment_id
        self.assertEqual(quant.approval_state, "pending")
        self.assertRecordValues(
            document,
            [{"approval_value": 1000, "net_value": -1000, "percent_max": 10}],
        )
        self.assertEqual(document.approval_instance_id.amount, 1000)
        document.with_user(self.manager).action_approve()
        self.assertEqual(document.state, "done")
        self.assertEqual(document.approval_instance_id.state, "executed")
        self.assertEqual(quant.quantity, 90)
        self.assertFalse(quant.inventory_quantity_set)
        self.assertEqual(document.move_ids.quantity, 10)
        self.assertFalse(quant.approval_adjustment_id)

    def test_more_than_before(self):
        quant = self._count(150)
        quant.action_apply_inventory()
        quant.approval_adjustment_id.with_user(self.manager).action_approve()
        self.assertEqual(quant.quantity, 150)

    def test_below_the_limit_it_is_applied(self):
        quant = self._count(98)
        quant.action_apply_inventory()
        self.assertEqual(quant.quantity, 98)
        self.assertFalse(quant.approval_adjustment_id)

    def test_several_counts_are_one_document(self):
        quants = self._count(99) | self._count(900, self.cable)
        quants.action_apply_inventory()
        document = quants.approval_adjustment_id
        self.assertEqual(len(document), 1)
        self.assertEqual(document.approval_value, 500)
        document.with_user(self.manager).action_approve()
        self.assertEqual(quants.mapped("quantity"), [99, 900])

    def test_share_of_stock(self):
        self.policy.write({"amount_min": 0, "domain": "[('percent_max', '>', 50)]"})
        quant = self._count(51)
        quant.action_apply_inventory()
        self.assertEqual(quant.quantity, 51)
        quant = self._count(10)
        quant.action_apply_inventory()
        self.assertEqual(quant.quantity, 51)
        self.assertEqual(quant.approval_state, "pending")

    def test_stock_that_moves_meanwhile_asks_again(self):
        quant = self._count(90)
        quant.action_apply_inventory()
        document = quant.approval_adjustment_id
        self._delivery((self.sensor, 1)).button_validate()
        self.assertEqual(document.approval_state, "stale")
        with self.assertRaises(UserError):
            document.with_user(self.manager).action_approve()
        document.with_user(self.worker).action_submit_approval()
        self.assertEqual(document.line_ids.difference, -9)
        document.with_user(self.manager).action_approve()
        self.assertEqual(quant.quantity, 90)

    def test_applying_again_tells_that_it_waits(self):
        quant = self._count(90)
        quant.action_apply_inventory()
        document = quant.approval_adjustment_id
        quant.action_apply_inventory()
        self.assertEqual(quant.approval_adjustment_id, document)
        self.assertTrue(quant.inventory_quantity_set)
        quant.inventory_quantity = 5
        with self.assertRaises(UserError):
            quant.action_apply_inventory()

    def test_rejected_count_makes_way_for_another(self):
        quant = self._count(90)
        quant.action_apply_inventory()
        first = quant.approval_adjustment_id
        first.with_user(self.manager).action_reject("count again")
        quant.inventory_quantity = 95
        quant.action_apply_inventory()
        self.assertEqual(first.state, "cancel")
        second = quant.approval_adjustment_id
        self.assertNotEqual(first, second)
        self.assertEqual(second.approval_state, "pending")

    def test_cost_of_the_request_counts(self):
        quant = self._count(90)
        quant.action_apply_inventory()
        self.sensor.standard_price = 1
        document = quant.approval_adjustment_id
        self.assertEqual(document.approval_value, 1000)
        document.with_user(self.manager).action_approve()
        self.assertEqual(quant.quantity, 90)
        self.assertEqual(document.approval_value, 1000)

    def test_wizard_with_reason(self):
        quant = self._count(90)
        wizard = (
            self.env["stock.inventory.adjustment.name"]
            .with_user(self.worker)
            .create({"quant_ids": quant.ids, "inventory_adjustment_name": "Yearly"})
        )
        wizard.action_apply()
        self.assertEqual(quant.approval_adjustment_id.reason, "Yearly")
        quant.approval_adjustment_id.with_user(self.manager).action_approve()
        self.assertEqual(quant.quantity, 90)

    def test_nobody_writes_the_document(self):
        quant = self._count(90)
        quant.action_apply_inventory()
        document = quant.approval_adjustment_id
        line = document.line_ids
        for user in (self.worker, self.manager):
            for write in (
                lambda doc: doc.write({"state": "done"}),
                lambda doc: doc.create({"state": "draft"}),
                lambda doc: doc.line_ids.write({"difference": 0}),
                lambda doc: doc.unlink(),
            ):
                with self.assertRaises(AccessError):
                    write(document.with_user(user))
        with self.assertRaises(AccessError):
            document.sudo().write({"state": "done"})
        with self.assertRaises(AccessError):
            line.sudo().write({"difference": 0})

    def test_no_way_around(self):
        for name, way in self._ways().items():
            for user in (self.worker, self.manager, self.env.user):
                with self.subTest(way=name, user=user.login):
                    self._assert_unchanged(way, user)

    def _assert_unchanged(self, way, user):
        with self.env.cr.savepoint() as savepoint:
            with suppress(UserError), self.env.cr.savepoint():
                way(self._quant(user=user))
                self.env.flush_all()
            self.env.invalidate_all()
            self.assertEqual(self._on_hand(self.sensor), 100)
            savepoint.rollback()

    def _ways(self):
        def applied(quant):
            quant.inventory_quantity = 0
            quant._apply_inventory()

        return {
            "apply": applied,
            "auto": lambda q: q.write({"inventory_quantity_auto_apply": 0}),
            "create": lambda q: q.create(
                {
                    "product_id": self.sensor.id,
                    "location_id": self.stock.id,
                    "inventory_quantity_auto_apply": 500,
                }
            ),
            "zero": lambda q: q.with_context(
                inventory_report_mode=True
            ).action_set_inventory_quantity_zero(),
            "quantity": lambda q: q.write({"quantity": 0}),
            "quantity, no mode": lambda q: q.with_context(inventory_mode=False).write(
                {"quantity": 500}
            ),
            "created quantity": lambda q: q.with_context(inventory_mode=False).create(
                {
                    "product_id": self.sensor.id,
                    "location_id": self.shelf.id,
                    "quantity": 500,
                }
            ),
            "place": lambda q: q.with_context(inventory_mode=False).write(
                {"location_id": self.customers.id}
            ),
            "delete": lambda q: q.unlink(),
            "product": lambda q: self.sensor.with_user(q.env.user).write(
                {"qty_available": 0}
            ),
            "forged link": lambda q: self._forged(q),
            "relocation outside": lambda q: q.move_quants(
                location_dest_id=self.customers
            ),
        }

    def _forged(self, quant):
        quant.inventory_quantity = 90
        quant.action_apply_inventory()
        document = quant.approval_adjustment_id
        moves = (
            self.env["stock.move"]
            .with_env(quant.env)
            .create(
                quant.with_context(
                    approval_adjustment_id=document.id
                )._get_inventory_move_values(10, self.stock, self.loss)
            )
        )
        moves._action_done()

    def test_used_document_covers_nothing_more(self):
        quant = self._count(90)
        quant.action_apply_inventory()
        document = quant.approval_adjustment_id
        document.with_user(self.manager).action_approve()
        values = quant.with_context(
            approval_adjustment_id=document.id
        )._get_inventory_move_values(10, self.stock, self.loss)
        with self.assertRaises(UserError):
            self.env["stock.move"].with_user(self.manager).create(values)._action_done()

    def test_revert_of_an_adjustment_is_one(self):
        quant = self._count(90)
        quant.action_apply_inventory()
        document = quant.approval_adjustment_id
        document.with_user(self.manager).action_approve()
        lines = document.move_ids.move_line_ids.with_user(self.manager)
        with self.assertRaises(UserError):
            lines.action_revert_inventory()
        with self.assertRaises(UserError):
            lines.quantity = 0
        self.assertEqual(self._on_hand(self.sensor), 90)
