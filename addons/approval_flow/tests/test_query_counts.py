from functools import partial
from unittest.mock import patch

from odoo.tests import tagged

from .common import ApprovalCase


@tagged("post_install", "-at_install")
class TestQueryCounts(ApprovalCase):
    """What approvals cost: as much for a hundred documents as for one."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls._policy(
            cls._users(cls.anna), cls._users(cls.bob), amount_min=500
        )

    def setUp(self):
        super().setUp()
        # what is cached for the whole process is there already
        orders = self._orders(2)
        orders.action_confirm()
        for user in (self.anna, self.bob):
            self._tasks(orders, user).action_approve()
        self._orders(2, 5).action_confirm()
        self._forget()

    def _orders(self, count, amount=1000.0):
        line = {"name": "L", "qty": 1, "price": amount}
        orders = self.env["approval.test.order"].with_user(self.seller)
        orders = orders.create(
            [{"name": f"O{n}", "line_ids": [(0, 0, line)]} for n in range(count)]
        )
        self._forget()
        return orders

    def _tasks(self, orders, user):
        """Return the open tasks, as a click in the list of ``user`` has them."""
        ids = orders.sudo().approval_instance_id.open_task_ids.ids
        self._forget()
        return self.env["approval.task"].with_user(user).browse(ids)

    def _forget(self):
        self.env.flush_all()
        self.env.invalidate_all()

    def _count(self, call):
        before = self.env.cr.sql_log_count
        call()
        self.env.flush_all()
        found = self.env.cr.sql_log_count - before
        self.env.invalidate_all()
        return found

    def test_a_hundred_documents_submitted_in_one_call(self):
        for count in (1, 100):
            orders = self._orders(count)
            self.assertLess(self._count(orders.action_confirm), 60, count)
            self.assertEqual(set(orders.mapped("approval_state")), {"pending"})

    def test_a_hundred_documents_approved_in_one_call(self):
        for count in (1, 100):
            orders = self._orders(count)
            orders.action_confirm()
            first = self._count(self._tasks(orders, self.anna).action_approve)
            self.assertEqual(self._approvers(orders[-1:]), self.bob)
            tasks = self._tasks(orders, self.bob)
            orders.mapped("approval_state")  # what is shown already must follow
            second = self._count(tasks.action_approve)
            self.assertLess(first, 60, count)
            self.assertLess(first + second, 120, count)
            states = {"approved"}
            self.assertEqual(set(orders.mapped("approval_state")), states)

    def test_an_inbox_of_eighty_tasks(self):
        self._orders(80).action_confirm()
        self._forget()
        name = {"fields": {"display_name": {}}}
        specification = {
            **dict.fromkeys(("requester_id", "partner_id", "currency_id"), name),
            **dict.fromkeys(("document_name", "model_name", "step_name"), {}),
            **dict.fromkeys(("amount", "due", "is_late", "risk", "reasons"), {}),
            **dict.fromkeys(("approved_before", "shown_digest", "can_transfer"), {}),
        }
        tasks = self.env["approval.task"].with_user(self.anna)
        domain = [("is_mine", "=", True), ("state", "=", "pending")]
        found = []
        count = self._count(
            lambda: found.append(tasks.web_search_read(domain, specification, limit=80))
        )
        self.assertLess(count, 25)
        self.assertEqual(len(found[0]["records"]), 80)

    def test_documents_that_no_policy_covers_cost_nothing(self):
        with_policy = {}
        for count in (1, 100):
            orders = self._orders(count, 5)
            with_policy[count] = self._count(orders.action_confirm)
        self.policy.active = False
        for count in (1, 100):
            orders = self._orders(count, 5)
            without = self._count(orders.action_confirm)
            self.assertLessEqual(with_policy[count] - without, 3, count)
        self.assertEqual(with_policy[1], with_policy[100])

    def test_writing_immaterial_fields_costs_nothing_material_ones_a_read(self):
        for count in (1, 100):
            orders = self._orders(count, 5)
            memo = self._count(lambda o=orders: o.write({"memo": "x"}))
            self.assertEqual(memo, 1, "the update itself")
            values = {"partner_id": self.env.ref("base.main_partner").id}
            material = self._count(partial(orders.write, values))
            self.assertLessEqual(material, 2, "the update and one read")

    def test_writing_an_order_under_approval_stays_in_bounds(self):
        counts = []
        for count in (1, 100):
            orders = self._orders(count)
            orders.action_confirm()
            self._forget()
            counts.append(self._count(lambda o=orders: o.write({"memo": "x"})))
        self.assertEqual(counts, [1, 1])

    def test_states_of_a_list_of_documents(self):
        orders = self._orders(80)
        orders[:40].action_confirm()
        self._forget()
        names = {"approval_state": {}, "approval_can_decide": {}, "name": {}}
        count = self._count(lambda: orders.web_read(names))
        self.assertLess(count, 15)

    def test_a_deadline_run_costs_the_same_for_each_task(self):
        orders = self._orders(20)
        orders.action_confirm()
        tasks = orders.sudo().approval_instance_id.task_ids
        tasks._engine().write({"due": "2020-01-01"})
        self._forget()
        run = self.env["approval.task"]._cron_deadlines
        with patch.object(
            self.env.registry["ir.cron"], "_commit_progress", return_value=100
        ):
            self.assertLess(self._count(run), 20 * 15)
            self.assertLess(self._count(run), 5, "nothing is due again")
