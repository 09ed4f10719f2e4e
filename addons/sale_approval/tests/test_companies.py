from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .gate_common import SaleApprovalCommon


@tagged("post_install", "-at_install")
class TestCompanies(SaleApprovalCommon):
    """Two companies, three currencies: limits mean what they say."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        currency = cls.env["res.currency"].with_context(active_test=False)
        cls.eur = currency.search([("name", "=", "EUR")])
        cls.cny = currency.search([("name", "=", "CNY")])
        cls.gbp = currency.search([("name", "=", "GBP")])
        (cls.eur | cls.cny | cls.gbp).active = True
        cls.other = cls.env["res.company"].create(
            {"name": "Other", "currency_id": cls.cny.id}
        )
        cls._rates(cls.env.company, {cls.eur: 0.5, cls.cny: 8.0, cls.gbp: 0.25})
        cls._rates(cls.other, {cls.cny: 1.0, cls.eur: 0.1, cls.gbp: 0.05})
        people = cls.seller | cls.leader | cls.sales_manager
        people.company_ids = [Command.link(cls.other.id)]

    @classmethod
    def _rates(cls, company, rates):
        cls.env["res.currency.rate"].search(
            [("currency_id", "in", [currency.id for currency in rates])]
        ).filtered(lambda rate: rate.company_id == company).unlink()
        cls.env["res.currency.rate"].create(
            [
                {
                    "name": "2020-01-01",
                    "currency_id": currency.id,
                    "company_id": company.id,
                    "rate": rate,
                }
                for currency, rate in rates.items()
            ]
        )

    def _in(self, company, currency, price):
        pricelist = self.env["product.pricelist"].create(
            {"name": currency.name, "currency_id": currency.id, "company_id": False}
        )
        values = self._order_values(price=price, pricelist_id=pricelist.id)
        values["order_line"][0][2]["tax_ids"] = [Command.clear()]
        return (
            self.env["sale.order"]
            .with_user(self.seller)
            .with_company(company)
            .create({**values, "company_id": company.id})
        )

    def test_amounts_are_compared_in_company_currency(self):
        self._policy(self.leader, amount_min=1000)
        company = self.env.company
        for currency, price, state in (
            (self.eur, 499, "not_required"),  # 998
            (self.eur, 500, "not_required"),  # 1000: not above
            (self.eur, 500.01, "required"),
            (self.cny, 8000, "not_required"),
            (self.cny, 8001, "required"),
            (self.gbp, 260, "required"),
        ):
            with self.subTest(currency=currency.name, price=price):
                order = self._in(company, currency, price)
                self.assertEqual(order.approval_state, state)

    def test_policy_for_all_companies_compares_in_its_own_currency(self):
        self._policy(
            self.leader, amount_min=8000, company_id=False, currency_id=self.cny.id
        )
        for company, currency, price, state in (
            (self.other, self.cny, 8000, "not_required"),
            (self.other, self.cny, 8001, "required"),
            (self.other, self.eur, 801, "required"),
            (self.env.company, self.eur, 501, "required"),
            (self.env.company, self.eur, 499, "not_required"),
        ):
            with self.subTest(company=company.name, price=price):
                order = self._in(company, currency, price)
                self.assertEqual(order.approval_state, state)

    def test_policy_of_one_company_leaves_the_other_alone(self):
        self._policy(self.leader)
        order = self._in(self.other, self.cny, 100)
        self.assertEqual(order.approval_state, "not_required")

    def test_batch_over_two_companies(self):
        self._policy(self.leader)
        self._policy(self.sales_manager, company_id=self.other.id)
        mine = self._in(self.env.company, self.eur, 10)
        theirs = self._in(self.other, self.cny, 10)
        orders = (mine | theirs).with_context(
            allowed_company_ids=(self.env.company | self.other).ids
        )
        orders.action_confirm()
        asked = {
            order: order.sudo().approval_instance_id.open_task_ids.user_id
            for order in orders
        }
        self.assertEqual(asked, {mine: self.leader, theirs: self.sales_manager})
        self.assertEqual(theirs.sudo().approval_instance_id.company_id, self.other)

    def test_approver_of_another_company_is_not_asked(self):
        self._policy(self.finance, company_id=self.other.id)
        order = self._in(self.other, self.cny, 10)
        with self.assertRaises(UserError):
            order.action_confirm()

    def test_approvals_of_another_company_are_not_seen(self):
        self._policy(self.sales_manager, company_id=self.other.id)
        order = self._in(self.other, self.cny, 10)
        order.action_confirm()
        instance = order.sudo().approval_instance_id
        stranger = self._person("zoe", "sales_team.group_sale_manager")
        with self.assertRaises(AccessError):
            instance.with_user(stranger).read(["state"])
        self.assertFalse(
            self.env["approval.instance"].with_user(stranger).search_count([])
        )
