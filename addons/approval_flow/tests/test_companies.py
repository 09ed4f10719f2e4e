from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import ApprovalCase


@tagged("post_install", "-at_install")
class TestCompanies(ApprovalCase):
    """Two companies and three currencies."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.euro, cls.yuan = cls.env.ref("base.EUR"), cls.env.ref("base.CNY")
        (cls.euro | cls.yuan).active = True
        cls.home = cls.env.company
        cls.other = cls.env["res.company"].create(
            {"name": "Other", "currency_id": cls.euro.id}
        )
        cls.env["res.currency.rate"].create(
            [
                {
                    "currency_id": currency.id,
                    "company_id": company.id,
                    "name": fields.Date.today(),
                    "rate": rate,
                }
                # home counts in dollars, the other company in euros
                for currency, company, rate in [
                    (cls.euro, cls.home, 0.5),
                    (cls.yuan, cls.home, 8.0),
                    (cls.home.currency_id, cls.other, 2.0),
                    (cls.yuan, cls.other, 16.0),
                ]
            ]
        )
        for user in (cls.seller, cls.bob):
            user.company_ids = cls.home | cls.other
        cls.local = cls._person("local")
        cls.local.write({"company_ids": cls.other.ids, "company_id": cls.other.id})

    def _foreign(self, amount=1000.0, **values):
        return self._order(
            amount, company_id=self.other.id, currency_id=self.euro.id, **values
        )

    def test_a_policy_holds_for_its_company(self):
        self._policy(self._users(self.anna))
        home, foreign = self._order(), self._foreign()
        (home | foreign).action_confirm()
        self.assertEqual((home | foreign).mapped("state"), ["draft", "done"])

    def test_a_policy_of_all_companies_asks_people_of_the_right_one(self):
        group = self._group(self.anna, self.bob, self.local)
        self._policy(
            {"approver_type": "group", "group_id": group.id, "mode": "all"},
            company_id=False,
        )
        home, foreign = self._order(), self._foreign()
        (home | foreign).action_confirm()
        self.assertEqual(self._approvers(home), self.anna | self.bob)
        self.assertEqual(self._approvers(foreign), self.bob | self.local)
        self.assertEqual(self._instance(foreign).company_id, self.other)
        self.assertEqual(self._instance(foreign).currency_id, self.euro)

    def test_limits_are_compared_in_the_currency_of_the_policy(self):
        """Above 1000 dollars: 500 euros, 8000 yuan."""
        policy = self._policy(self._users(self.bob), amount_min=1000, company_id=False)
        self.assertEqual(policy.currency_id, self.home.currency_id)
        cases = [
            (self._order(1000), "done"),
            (self._order(1000.01), "draft"),
            (self._order(500, currency_id=self.euro.id), "done"),
            (self._order(501, currency_id=self.euro.id), "draft"),
            (self._order(8000, currency_id=self.yuan.id), "done"),
            (self._order(8001, currency_id=self.yuan.id), "draft"),
            (self._foreign(500), "done"),
            (self._foreign(501), "draft"),
        ]
        for order, state in cases:
            order.action_confirm()
            self.assertEqual(order.state, state, order.currency_id.name)

    def test_the_amount_is_kept_in_the_currency_of_the_company(self):
        self._policy(self._users(self.bob), company_id=False)
        order = self._order(800, currency_id=self.yuan.id)
        foreign = self._order(1600, company_id=self.other.id, currency_id=self.yuan.id)
        (order | foreign).action_confirm()
        self.assertEqual(self._instance(order).amount, 100)
        self.assertEqual(self._instance(foreign).amount, 100)

    def test_the_tolerance_cap_is_in_the_currency_of_the_policy(self):
        self._policy(self._users(self.bob), tolerance_percent=50, tolerance_amount=10)
        within = self._pending(800, currency_id=self.yuan.id)
        within.line_ids.price = 880
        self.assertEqual(within.approval_state, "pending")
        within.line_ids.price = 881
        self.assertEqual(within.approval_state, "stale")

    def test_approvals_of_a_company_are_seen_there_only(self):
        self._policy(self._users(self.bob), company_id=False)
        order = self._foreign()
        order.action_confirm()
        instance = self._instance(order)
        task = instance.task_ids
        for record in (instance, task, instance.event_ids):
            mine = record.with_user(self.bob)
            here = mine.with_context(allowed_company_ids=self.home.ids)
            there = mine.with_context(allowed_company_ids=self.other.ids)
            self.assertFalse(here.search([("id", "in", record.ids)]))
            self.assertTrue(there.search([("id", "in", record.ids)]))
            with self.assertRaises(AccessError):
                record.with_user(self.anna).read(["create_date"])
        task.with_user(self.bob).with_context(
            allowed_company_ids=self.other.ids
        ).action_approve()
        self.assertEqual(order.state, "done")

    def test_an_approval_of_one_company_is_none_of_the_other(self):
        self._policy(self._users(self.bob), company_id=False, auto_execute=False)
        order = self._pending()
        self._approve(order, self.bob)
        order.company_id = self.other
        self.assertEqual(order.approval_state, "stale")
        with self.assertRaises(UserError):
            order.write({"state": "done"})

    def test_two_companies_in_one_call(self):
        self._policy(self._users(self.anna), amount_min=10)
        self._policy(self._users(self.local), company_id=self.other.id, amount_min=2000)
        orders = self._order() | self._foreign() | self._foreign(3000)
        orders.action_confirm()
        self.assertEqual(orders.mapped("state"), ["draft", "done", "draft"])
        self.assertEqual(self._approvers(orders[0]), self.anna)
        self.assertEqual(self._approvers(orders[2]), self.local)
