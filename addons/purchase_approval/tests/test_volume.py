from odoo.tests import tagged, warmup

from .common import PurchaseApprovalCommon


@tagged("post_install", "-at_install")
class TestVolume(PurchaseApprovalCommon):
    """What approvals cost, in queries; with all automatic checks at work."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["approval.check"].with_context(active_test=False).search(
            [("res_model", "=", "purchase.order")]
        ).write({"active": True, "severity": "warn", "limit_block": 0})
        cls.policy = cls._policy(cls.manager, cls.finance, auto_execute=False)

    def _orders(self, count):
        orders = self.env["purchase.order"].with_user(self.buyer)
        orders = orders.create([self._order_values() for _number in range(count)])
        self.env.flush_all()
        return orders

    def _tasks(self, user):
        tasks = self.env["approval.task"].with_user(user)
        return tasks.search([("is_mine", "=", True), ("state", "=", "pending")])

    @warmup
    def test_hundred_orders_through_two_levels(self):
        self._orders(1).button_confirm()  # as in a server at work
        orders = self._orders(100)
        with self.assertQueryCount(59):
            orders.button_confirm()
            self.env.flush_all()
        self.assertEqual(set(orders.mapped("approval_state")), {"pending"})
        for user in (self.manager, self.finance):
            tasks = self._tasks(user)
            with self.assertQueryCount(60):
                tasks.action_approve()
                self.env.flush_all()
        self.assertEqual(set(orders.mapped("approval_state")), {"approved"})

    @warmup
    def test_list_of_eighty(self):
        self._orders(1).button_confirm()
        self._orders(81).button_confirm()
        view = self.env.ref("purchase.purchase_order_kpis_tree")
        orders = self.env["purchase.order"].with_user(self.buyer)
        names = {
            node.get("name"): {}
            for node in view._get_combined_arch().iter("field")
            if node.get("name") in orders._fields
        }
        plain = {key: {} for key in names if not key.startswith("approval_")}

        def count(specification, limit):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            orders.web_search_read([], specification, limit=limit)
            return self.env.cr.sql_log_count - before

        count(names, 1)  # as in a server at work
        self.assertLessEqual(count(names, 80), count(names, 1) + 3)
        self.assertLessEqual(count(names, 80), count(plain, 80) + 8)

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
        order.button_confirm()
        self.env.flush_all()
        self.assertEqual(order.state, "purchase")
        return self.env.cr.sql_log_count - before
