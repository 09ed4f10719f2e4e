from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tests import Form, new_test_user, tagged, warmup

from .common import PurchaseApprovalCommon

FACTS = [
    "approval_amount_total",
    "approval_amount_untaxed",
    "approval_category_ids",
    "approval_above_last_percent",
    "approval_above_last_vendor_percent",
    "approval_above_agreed_percent",
    "approval_is_first_order",
    "approval_vendor_age",
    "approval_is_dropship",
    "approval_budget_holder_ids",
    "approval_budget_holder_id",
]


@tagged("post_install", "-at_install")
class TestConditions(PurchaseApprovalCommon):
    """Facts about orders for the conditions of approval policies."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.euro = cls.setup_other_currency("EUR", rates=[("1900-01-01", 0.5)])
        cls.plan = cls.env["account.analytic.plan"].create({"name": "Departments"})
        cls.workshop, cls.office = cls.env["account.analytic.account"].create(
            [
                {"name": "Workshop", "plan_id": cls.plan.id},
                {"name": "Office", "plan_id": cls.plan.id},
            ]
        )

    def _agree(self, price, **values):
        return self.env["product.supplierinfo"].create(
            {
                "partner_id": self.vendor.id,
                "product_id": self.bolt.id,
                "price": price,
                **values,
            }
        )

    # -- amounts -------------------------------------------------------------------

    def test_amounts_in_company_currency(self):
        tax = self.env["account.tax"].create(
            {"name": "10 %", "amount": 10, "type_tax_use": "purchase"}
        )
        order = self._order(
            self._line(price=99.99, tax_ids=tax.ids), currency_id=self.euro.id
        )
        self.assertEqual(order.approval_amount_untaxed, 199.98)
        self.assertEqual(order.approval_amount_total, 219.98)

    # -- last purchase -------------------------------------------------------------

    def test_price_above_the_last_purchase(self):
        self._bought(self._line(price=50), date_order="2020-01-01")
        self._bought(self._line(price=80), partner_id=self.vendor_2.id)
        order = self._order(self._line(price=100), self._line(self.nut, price=9))
        self.assertEqual(order.approval_above_last_percent, 25.0)
        self.assertEqual(order.approval_above_last_vendor_percent, 100.0)
        cheap = self._order(self._line(price=40))
        self.assertEqual(cheap.approval_above_last_percent, 0.0)

    def test_last_purchase_in_another_unit_and_currency(self):
        self._bought(
            self._line(price=600, product_uom_id=self.uom_dozen.id, discount=50),
            currency_id=self.euro.id,
        )  # 300 EUR a dozen: 50 a piece
        self.assertEqual(
            self._order(self._line(price=60)).approval_above_last_percent, 20.0
        )
        dozen = self._line(price=720, product_uom_id=self.uom_dozen.id)
        self.assertEqual(self._order(dozen).approval_above_last_percent, 20.0)

    def test_last_purchase_is_the_last_confirmed_one(self):
        first = self._bought(self._line(price=100))
        second = self._bought(self._line(price=50))
        self.env.flush_all()
        second.date_approve = first.date_approve + timedelta(hours=1)
        self._order(self._line(price=10))  # never confirmed
        gift = self._bought(self._line(price=0))
        gift.date_approve = first.date_approve + timedelta(hours=2)
        order = self._order(self._line(price=60))
        self.assertEqual(order.approval_above_last_percent, 20.0)
        self._cancel(second)
        self.env.invalidate_all()
        self.assertEqual(order.approval_above_last_percent, 0.0)

    def test_confirmed_orders_are_not_compared(self):
        self._bought(self._line(price=50))
        dear = self._bought(self._line(price=100))
        self.assertEqual(dear.approval_above_last_percent, 0.0)

    def test_price_in_the_form(self):
        self._bought(self._line(price=50))
        with Form(self.env["purchase.order"].with_user(self.buyer)) as form:
            form.partner_id = self.vendor
            with form.order_line.new() as line:
                line.product_id = self.bolt
                line.product_qty = 1
                line.price_unit = 100
        order = form.record
        self.assertEqual(order.approval_above_last_percent, 100.0)

    # -- agreed price --------------------------------------------------------------

    def test_price_above_the_agreed_price(self):
        self._agree(100)
        self._agree(80, min_qty=10)
        self.assertEqual(self._above_agreed(100), 0.0)
        self.assertEqual(self._above_agreed(110), 10.0)
        self.assertEqual(self._above_agreed(100, quantity=10), 25.0)
        self.assertEqual(self._above_agreed(110, discount=10), 0.0)

    def _above_agreed(self, price, quantity=1, **values):
        order = self._order(self._line(price=price, quantity=quantity, **values))
        return order.approval_above_agreed_percent

    def test_agreed_price_of_the_day(self):
        today = fields.Date.today()
        self._agree(50, date_end=today - timedelta(days=1))
        self._agree(80, date_start=today + timedelta(days=9))
        self.assertEqual(self._above_agreed(100), 0.0)
        self._agree(90, date_start=today, date_end=today)
        self.assertEqual(self._above_agreed(99), 10.0)

    def test_agreed_price_in_another_unit_and_currency(self):
        self._agree(600, product_uom_id=self.uom_dozen.id, currency_id=self.euro.id)
        # 600 EUR a dozen are 100 a piece
        unit = self.bolt.uom_id.id
        self.assertEqual(
            self._above_agreed(120, quantity=12, product_uom_id=unit), 20.0
        )
        self.assertEqual(
            self._above_agreed(1320, product_uom_id=self.uom_dozen.id), 10.0
        )

    def test_agreed_price_with_a_discount(self):
        self._agree(100, discount=20)
        self.assertEqual(self._above_agreed(88), 10.0)

    def test_price_of_another_vendor_is_not_agreed(self):
        self._agree(10, partner_id=self.vendor_2.id)
        self.assertEqual(self._above_agreed(100), 0.0)

    def test_price_agreed_with_the_company_of_a_contact(self):
        self._agree(50)
        contact = self.env["res.partner"].create(
            {"name": "Anna", "parent_id": self.vendor.id}
        )
        order = self._order(self._line(price=60), partner_id=contact.id)
        self.assertEqual(order.approval_above_agreed_percent, 20.0)

    # -- vendor --------------------------------------------------------------------

    def test_first_order(self):
        order = self._order()
        self.assertTrue(order.approval_is_first_order)
        order.button_confirm()
        self.assertTrue(order.approval_is_first_order, "it still is")
        self.assertFalse(self._order().approval_is_first_order)
        self.assertTrue(
            self._order(partner_id=self.vendor_2.id).approval_is_first_order
        )

    def test_age_of_the_vendor(self):
        order = self._order()
        self.assertEqual(order.approval_vendor_age, 0)
        self.env.cr.execute(
            "UPDATE res_partner SET create_date = create_date - INTERVAL '40 days'"
            " WHERE id = %s",
            [self.vendor.id],
        )
        self.env.invalidate_all()
        self.assertEqual(order.approval_vendor_age, 40)

    def test_delivered_to_somebody_else(self):
        order = self._order()
        self.assertFalse(order.approval_is_dropship)
        order.dest_address_id = self.vendor_2
        self.assertTrue(order.approval_is_dropship)

    # -- categories and budgets ----------------------------------------------------

    def test_categories_with_their_parents(self):
        parent, other = self.env["product.category"].create(
            [{"name": "Metal"}, {"name": "Office"}]
        )
        child = parent.create({"name": "Fasteners", "parent_id": parent.id})
        self.bolt.categ_id, self.nut.categ_id = child, other
        self.assertEqual(self._order().approval_category_ids, parent + child)

    def test_budget_holder_of_the_analytic_account(self):
        self.workshop.budget_holder_id = self.finance
        self.office.budget_holder_id = self.director
        self.bolt.categ_id.budget_holder_id = self.manager
        order = self._order(
            self._line(price=10, analytic_distribution={str(self.workshop.id): 100}),
            self._line(price=90, analytic_distribution={str(self.office.id): 100}),
        )
        self.assertEqual(order.approval_budget_holder_ids, self.director + self.finance)
        self.assertEqual(order.approval_budget_holder_id, self.director)

    def test_budget_holder_of_the_category(self):
        parent = self.category
        child = parent.create({"name": "Fasteners", "parent_id": parent.id})
        self.bolt.categ_id = child
        self.assertFalse(self._order().approval_budget_holder_id)
        parent.budget_holder_id = self.finance
        self.assertEqual(self._order().approval_budget_holder_id, self.finance)
        child.budget_holder_id = self.director
        self.assertEqual(self._order().approval_budget_holder_id, self.director)

    def test_all_budget_holders_are_asked(self):
        self.workshop.budget_holder_id = self.finance
        self.office.budget_holder_id = self.director
        policy = self._policy(self.manager)
        policy.step_ids.write(
            {
                "approver_type": "field",
                "field_path": "approval_budget_holder_ids",
                "mode": "all",
                "domain": "[('approval_budget_holder_ids', '!=', False)]",
            }
        )
        self.assertEqual(self._order().approval_state, "not_required")
        order = self._submitted(
            self._line(
                analytic_distribution={
                    str(self.workshop.id): 50,
                    str(self.office.id): 50,
                }
            )
        )
        self.assertEqual(order.approval_approver_ids, self.finance | self.director)
        self._approve(order, self.finance)
        self.assertEqual(order.approval_state, "pending")
        self._approve(order, self.director)
        self.assertEqual(order.state, "purchase")

    def test_installed_policy_works(self):
        policy = self.env.ref("purchase_approval.approval_policy_purchase_confirm")
        self.assertFalse(policy.active)
        policy.active = True
        order = self._order()  # the first order to this vendor
        self.assertEqual(order.approval_state, "required")
        order.button_confirm()
        self.assertIn(self.manager, order.approval_approver_ids)
        self._approve(order, self.manager)
        self.assertEqual(order.state, "purchase")
        self.assertEqual(self._order().approval_state, "not_required")

    # -- search --------------------------------------------------------------------

    def test_search_finds_what_is_computed(self):
        self._agree(70)
        self._bought(self._line(price=60))
        self.office.budget_holder_id = self.director
        orders = (
            self._order(self._line(price=50))
            | self._order(self._line(price=100), partner_id=self.vendor_2.id)
            | self._order(
                self._line(price=80, analytic_distribution={str(self.office.id): 100}),
                currency_id=self.euro.id,
                dest_address_id=self.vendor_2.id,
            )
        )
        category = self.bolt.categ_id
        for domain in (
            [("approval_amount_total", ">", 60)],
            [("approval_amount_total", "in", [50.0])],
            [("approval_amount_untaxed", "<=", 50)],
            [("approval_above_last_percent", ">", 50)],
            [("approval_above_last_vendor_percent", ">=", 1)],
            [("approval_above_agreed_percent", ">", 0)],
            [("approval_is_first_order", "=", True)],
            [("approval_is_first_order", "=", False)],
            [("approval_vendor_age", "<", 1)],
            [("approval_vendor_age", ">", 5)],
            [("approval_is_dropship", "=", True)],
            [("approval_category_ids", "in", category.ids)],
            [("approval_category_ids", "ilike", category.name)],
            [("approval_budget_holder_ids", "in", self.director.ids)],
            [("approval_budget_holder_id", "=", self.director.id)],
            [("approval_budget_holder_id", "=", False)],
        ):
            with self.subTest(domain=domain):
                found = self.env["purchase.order"].search(
                    Domain("id", "in", orders.ids) & Domain(domain)
                )
                self.assertEqual(found, orders.filtered_domain(domain).sorted())

    def test_vendors_learn_no_facts(self):
        vendor_user = new_test_user(self.env, "vera", "base.group_portal")
        order = self._order()
        order.message_subscribe(vendor_user.partner_id.ids)
        for name in FACTS:
            with self.subTest(fact=name), self.assertRaises(AccessError):
                order.with_user(vendor_user).read([name])
            with self.subTest(search=name), self.assertRaises(AccessError):
                order.with_user(vendor_user).search([(name, "!=", False)])

    # -- cost ----------------------------------------------------------------------

    @warmup
    def test_queries_do_not_grow_with_the_orders(self):
        def count(number):
            orders = self._many(number)
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            orders.mapped(lambda order: [order[name] for name in FACTS])
            return self.env.cr.sql_log_count - before

        count(1)
        two, hundred = count(2), count(100)  # two currencies
        self.assertLessEqual(hundred, two + 4)
        self.assertLessEqual(hundred, 40)

    def test_distribution_of_a_deleted_account(self):
        gone = self.env["account.analytic.account"].create(
            {"name": "Gone", "plan_id": self.plan.id}
        )
        order = self._order(self._line(analytic_distribution={str(gone.id): 100}))
        gone.unlink()
        self.assertFalse(order.approval_budget_holder_ids)

    def test_agreed_price_including_tax(self):
        tax = self.env["account.tax"].create(
            {
                "name": "10 % included",
                "amount": 10,
                "type_tax_use": "purchase",
                "price_include_override": "tax_included",
            }
        )
        self.bolt.supplier_taxes_id = [Command.set(tax.ids)]
        self._agree(110)
        order = self._order(self._line(price=110, tax_ids=tax.ids))
        self.assertEqual(order.approval_above_agreed_percent, 0.0)
        net = self._order(self._line(price=110))
        self.assertEqual(net.approval_above_agreed_percent, 10.0)
