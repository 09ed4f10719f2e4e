from odoo import Command
from odoo.tests import tagged

from .common import PurchaseApprovalCommon


@tagged("post_install", "-at_install")
class TestCompanies(PurchaseApprovalCommon):
    """Two companies and their currencies: limits mean what they say."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.euro = cls.setup_other_currency("EUR", rates=[("1900-01-01", 0.5)])
        cls.other = cls.env["res.company"].create(
            {"name": "Other", "currency_id": cls.euro.id}
        )
        people = cls.buyer | cls.manager | cls.env.user
        people.company_ids = [Command.link(cls.other.id)]

    def _in(self, company, currency=None, price=100.0):
        return (
            self.env["purchase.order"]
            .with_user(self.buyer)
            .with_company(company)
            .create(
                self._order_values(
                    price=price,
                    company_id=company.id,
                    currency_id=(currency or company.currency_id).id,
                )
            )
        )

    def test_amounts_are_compared_in_company_currency(self):
        self._policy(self.manager, amount_min=1000)
        for price, state in (
            (499, "not_required"),
            (500, "not_required"),  # 1000: not above
            (500.01, "required"),
        ):
            with self.subTest(price=price):
                order = self._in(self.company, self.euro, price)
                self.assertEqual(order.approval_state, state)

    def test_policy_of_one_company_does_not_cover_another(self):
        self._policy(self.manager, company_id=self.other.id)
        self.assertEqual(self._in(self.company).approval_state, "not_required")
        self.assertEqual(self._in(self.other).approval_state, "required")

    def test_both_companies_confirm_in_one_batch(self):
        self._policy(self.manager, company_id=self.other.id)
        here, there = self._in(self.company), self._in(self.other)
        orders = (here | there).with_context(
            allowed_company_ids=[self.company.id, self.other.id]
        )
        orders.button_confirm()
        self.assertEqual(here.state, "purchase")
        self.assertEqual(there.approval_state, "pending")
        self._approve(there, self.manager)
        self.assertEqual(there.state, "purchase")
        self.assertEqual(self._receipts(there).company_id, self.other)

    def test_last_and_agreed_prices_are_those_of_the_company(self):
        self._in(self.other, price=10).button_confirm()
        self.env["product.supplierinfo"].create(
            {
                "partner_id": self.vendor.id,
                "product_id": self.bolt.id,
                "price": 20,
                "currency_id": self.euro.id,
                "company_id": self.other.id,
            }
        )
        here, there = self._in(self.company, price=40), self._in(self.other, price=40)
        self.assertEqual(here.approval_above_last_percent, 0)
        # confirming in the other company made a price list for all companies
        self.assertEqual(there.approval_above_last_percent, 300)
        self.assertFalse(here.sudo().approval_is_first_order is False)
        self.assertFalse(there.approval_is_first_order)

    def test_vendors_are_blocked_by_company(self):
        self.vendor.with_company(self.other).purchase_blocked = True
        self.env.ref("purchase_approval.approval_check_vendor").active = True
        self._policy(self.manager, company_id=False)
        here, there = self._in(self.company), self._in(self.other)
        here.button_confirm()
        self.assertEqual(here.approval_state, "pending")
        result = there._approval_submit("confirm")
        self.assertIn("blocked", result.refused[0][1])

    def test_budget_holder_of_the_company(self):
        category = self.bolt.categ_id
        category.with_company(self.company).budget_holder_id = self.finance
        category.with_company(self.other).budget_holder_id = self.director
        self.assertEqual(self._in(self.company).approval_budget_holder_id, self.finance)
        self.assertEqual(self._in(self.other).approval_budget_holder_id, self.director)
