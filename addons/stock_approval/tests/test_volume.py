from odoo import Command
from odoo.tests import tagged, warmup

from .common import StockApprovalCommon


@tagged("post_install", "-at_install")
class TestVolume(StockApprovalCommon):
    """What the gate costs, in queries."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policies = (
            cls._policy("stock.picking", cls.manager, amount_min=10**9)
            | cls._policy("stock.scrap", cls.manager, amount_min=10**9)
            | cls._policy("stock.inventory.approval", cls.manager, amount_min=10**9)
        )
        cls.products = cls.env["product.product"].create(
            [
                {"name": f"Part {number}", "is_storable": True, "standard_price": 3}
                for number in range(100)
            ]
        )
        for product in cls.products:
            cls._stock(product, 1000)

    def _queries(self, run):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        run()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def _compare(self, make):
        """Return the queries without policies, and with some that cover nothing."""
        found = []
        for active in (False, True):
            self.policies.active = active
            self._queries(make())  # as in a server at work
            found.append(self._queries(make()))
        return found

    def _deliveries(self, count, lines):
        pickings = self.env["stock.picking"].browse()
        for _number in range(count):
            pickings |= self._delivery(*[(p, 1) for p in self.products[:lines]])
        return pickings

    @warmup
    def test_one_transfer_that_no_policy_covers(self):
        plain, ours = self._compare(lambda: self._deliveries(1, 1).button_validate)
        self.assertLessEqual(ours, plain + 3)

    @warmup
    def test_transfer_of_a_hundred_moves(self):
        plain, ours = self._compare(lambda: self._deliveries(1, 100).button_validate)
        self.assertLessEqual(ours, plain + 3)

    @warmup
    def test_ten_transfers_at_once(self):
        plain, ours = self._compare(lambda: self._deliveries(10, 2).button_validate)
        self.assertLessEqual(ours, plain + 3)

    @warmup
    def test_submitting_costs_the_same_for_one_and_twenty(self):
        self.policies.amount_min = 0
        self._queries(self._deliveries(1, 2).button_validate)
        one = self._queries(self._deliveries(1, 2).button_validate)
        twenty = self._queries(self._deliveries(20, 2).button_validate)
        # Odoo itself marks the moves of each transfer as picked, in two queries
        self.assertLessEqual(twenty, one + 2 * 19 + 5)

    def _counts(self, count):
        quants = self.env["stock.quant"].search(
            [
                ("product_id", "in", self.products[:count].ids),
                ("location_id", "=", self.stock.id),
            ]
        )
        for quant in quants:
            quant.inventory_quantity = quant.quantity - 1
        return quants.with_user(self.worker).action_apply_inventory

    @warmup
    def test_a_hundred_counts(self):
        for count in (1, 100):
            with self.subTest(count=count):
                plain, ours = self._compare(lambda n=count: self._counts(n))
                self.assertLessEqual(ours, plain + 3)

    @warmup
    def test_list_of_eighty(self):
        self.policies.amount_min = 0
        pickings = self._deliveries(20, 2)
        pickings[:10].button_validate()
        names = ("name", "approval_state", "approval_value", "approval_since")

        def read(some):
            found = self.env["stock.picking"].with_user(self.worker)
            return lambda: found.web_search_read(
                [("id", "in", some.ids)], {n: {} for n in names}
            )

        few = pickings[0] | pickings[-1]  # one that waits, and one that does not
        self._queries(read(few))
        self.assertLessEqual(
            self._queries(read(pickings)), self._queries(read(few)) + 3
        )

    def test_creating_transfers(self):
        def make(count=10):
            return (
                lambda: self.env["stock.picking"]
                .with_user(self.worker)
                .create(
                    [
                        {
                            "picking_type_id": self.warehouse.out_type_id.id,
                            "location_id": self.stock.id,
                            "location_dest_id": self.customers.id,
                            "move_ids": [
                                Command.create(
                                    self._move_values(product, 1, self.customers.id)
                                )
                                for product in self.products[:5]
                            ],
                        }
                        for _number in range(count)
                    ]
                )
            )

        plain, ours = self._compare(make)
        self.assertLessEqual(ours, plain + 3)
