from odoo.tests import tagged, warmup

from .gate_common import SaleApprovalCommon


@tagged("post_install", "-at_install")
class TestVolume(SaleApprovalCommon):
    """What approvals cost, in queries; with all automatic checks at work."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["approval.check"].with_context(active_test=False).search(
            [("res_model", "=", "sale.order")]
        ).write({"active": True, "severity": "warn", "limit_block": 0})
        cls.policy = cls._policy(cls.leader, cls.sales_manager)

    def _orders(self, count, lines=1):
        orders = (
            self.env["sale.order"]
            .with_user(self.seller)
            .create([self._order_values(lines) for _number in range(count)])
        )
        self.env.flush_all()
        return orders

    def _tasks(self, user):
        return (
            self.env["approval.task"]
            .with_user(user)
            .search([("is_mine", "=", True), ("state", "=", "pending")])
        )

    @warmup
    def test_hundred_orders_through_two_levels(self):
        self._orders(1).action_confirm()  # as in a server at work
        orders = self._orders(100)
        with self.assertQueryCount(59):
            orders.action_confirm()
            self.env.flush_all()
        self.assertEqual(set(orders.mapped("approval_state")), {"pending"})
        tasks = self._tasks(self.leader)
        with self.assertQueryCount(59):
            tasks.action_approve()
            self.env.flush_all()
        tasks = self._tasks(self.sales_manager)
        with self.assertQueryCount(60):
            tasks.action_approve()
            self.env.flush_all()
        self.assertEqual(set(orders.mapped("approval_state")), {"approved"})

    @warmup
    def test_inbox_of_eighty(self):
        self._orders(80).action_confirm()
        inbox = self.env["approval.task"].with_user(self.leader)
        view = self.env.ref("approval_flow.approval_task_view_kanban")
        names = [
            node.get("name")
            for node in view._get_combined_arch().iter("field")
            if node.get("name") in inbox._fields
        ]
        self.env.invalidate_all()
        with self.assertQueryCount(24):
            found = inbox.web_search_read(
                [("is_mine", "=", True), ("state", "=", "pending")],
                {name: {} for name in names},
                limit=80,
            )
        self.assertEqual(len(found["records"]), 80)

    @warmup
    def test_orders_that_no_policy_covers_confirm_as_ever(self):
        self.policy.active = False
        self._count_confirmation(self._orders(1))
        plain = self._count_confirmation(self._orders(1))
        self.policy.write({"active": True, "amount_min": 10**9})
        self._count_confirmation(self._orders(1))
        ours = self._count_confirmation(self._orders(1))
        self.assertLessEqual(ours, plain + 3)

    def _count_confirmation(self, order):
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        order.action_confirm()
        self.env.flush_all()
        self.assertEqual(order.state, "sale")
        return self.env.cr.sql_log_count - before

    def test_order_of_a_thousand_lines(self):
        order = self._orders(1, lines=1000)
        order.action_confirm()
        order.with_user(self.leader).action_approve()
        before = self.env.cr.sql_log_count
        order.order_line[7].price_unit = 1
        self.env.flush_all()
        self.assertLess(self.env.cr.sql_log_count - before, 60)
        self.assertEqual(order.approval_state, "stale")
