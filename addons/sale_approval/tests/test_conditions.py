from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.fields import Command, Domain
from odoo.tests import Form, new_test_user, tagged, warmup

from .common import ConditionsCommon

FACTS = [
    "approval_amount_total",
    "approval_amount_untaxed",
    "approval_margin",
    "approval_margin_percent",
    "approval_discount_max",
    "approval_below_list_percent",
    "approval_below_cost_percent",
    "approval_category_ids",
    "approval_credit_grade",
    "approval_credit_use_percent",
    "approval_is_first_order",
]


@tagged("post_install", "-at_install")
class TestConditions(ConditionsCommon):
    """Facts about orders for the conditions of approval policies."""

    # -- amounts and margin --------------------------------------------------------

    def test_amounts_in_company_currency(self):
        tax = self.env["account.tax"].create({"name": "10 %", "amount": 10})
        dollar = self._order(self._line(price_unit=100, tax_ids=tax.ids))
        euro = self._order(
            self._line(price_unit=99.99, tax_ids=tax.ids), pricelist_id=self.in_euro.id
        )
        yen = self._order(self._line(price_unit=10000), pricelist_id=self.in_yen.id)
        self.assertRecordValues(
            dollar + euro + yen,
            [
                {"approval_amount_total": 110.0, "approval_amount_untaxed": 100.0},
                {"approval_amount_total": 137.49, "approval_amount_untaxed": 124.99},
                {"approval_amount_total": 66.67, "approval_amount_untaxed": 66.67},
            ],
        )
        self.assertEqual(yen.approval_currency_id, self.env.company.currency_id)

    def test_amounts_in_the_company_of_the_order(self):
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "company_id": self.company_2.id,
                "order_line": [self._line(price_unit=100)],
            }
        )
        self.assertEqual(order.currency_id, self.euro)
        self.assertEqual(order.approval_currency_id, self.euro)
        self.assertEqual(order.approval_amount_total, 100.0)

    def test_margin(self):
        order = self._order(self._line(quantity=2), self._line(self.cable, 10))
        # 2 x (100 - 60) + 10 x (10 - 4)
        self.assertEqual(order.approval_margin, 140.0)
        self.assertEqual(order.approval_margin_percent, 46.67)

    def test_margin_in_another_unit_and_currency(self):
        order = self._order(
            self._line(product_uom_id=self.uom_dozen.id, price_unit=1200.0 * 0.8),
            pricelist_id=self.in_euro.id,
        )
        self.assertEqual(order.approval_margin, 480.0)
        self.assertEqual(order.approval_margin_percent, 40.0)

    def test_margin_of_a_gift(self):
        order = self._order(self._line(discount=100))
        self.assertEqual(order.approval_margin, -60.0)
        self.assertEqual(order.approval_margin_percent, -100.0)

    def test_cost_is_not_talked_down_on_the_line(self):
        order = self._order()
        self.assertEqual(order.approval_margin, 40.0)
        if "purchase_price" not in order.order_line._fields:
            return  # it belongs to the addon that shows margins
        order.order_line.purchase_price = 1.0
        self.assertEqual(order.approval_margin, 40.0)
        order.order_line.purchase_price = 90.0
        self.assertEqual(order.approval_margin, 10.0)

    def test_cost_of_the_company_of_the_order(self):
        self.sensor.with_company(self.company_2).standard_price = 20.0
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "company_id": self.company_2.id,
                "order_line": [self._line(price_unit=100)],
            }
        )
        self.assertEqual(order.approval_margin, 80.0)

    # -- discounts and prices ------------------------------------------------------

    def test_highest_discount(self):
        order = self._order(self._line(discount=5), self._line(discount=12.5))
        self.assertEqual(order.approval_discount_max, 12.5)
        self.assertEqual(self._order().approval_discount_max, 0.0)
        surcharge = self._order(self._line(discount=-20))
        self.assertEqual(surcharge.approval_discount_max, 0.0)

    def test_discount_on_the_whole_order_counts(self):
        order = self._order(self._line(discount=10), self._line(self.cable, 10))
        wizard = self.env["sale.order.discount"].create(
            {
                "sale_order_id": order.id,
                "discount_type": "so_discount",
                "discount_percentage": 0.2,
            }
        )
        wizard.action_apply_discount()
        self.assertEqual(len(order.order_line), 3)
        self.assertEqual(order.approval_discount_max, 28.0)
        self.assertEqual(order.approval_below_list_percent, 28.0)

    def test_price_below_the_list_price(self):
        order = self._order(self._line(price_unit=85), self._line(price_unit=120))
        self.assertEqual(order.approval_below_list_percent, 15.0)
        order.order_line.price_unit = 100
        self.assertEqual(order.approval_below_list_percent, 0.0)

    def test_price_below_the_price_list(self):
        """The discount of the price list is no discount of the salesperson."""
        self.pricelist.item_ids = [
            Command.create({"compute_price": "percentage", "percent_price": 20})
        ]
        order = self._order(self._line())
        self.assertEqual(order.order_line.discount, 20.0)
        self.assertEqual(order.approval_below_list_percent, 0.0)
        order.order_line.discount = 30
        self.assertEqual(order.approval_below_list_percent, 12.5)

    def test_rounded_discount_is_not_below(self):
        self.pricelist.item_ids = [
            Command.create({"compute_price": "percentage", "percent_price": 33.333})
        ]
        order = self._order(self._line())
        self.assertEqual(order.approval_below_list_percent, 0.0)

    def test_price_list_in_another_currency_and_unit(self):
        order = self._order(
            self._line(product_uom_id=self.uom_dozen.id), pricelist_id=self.in_euro.id
        )
        self.assertEqual(order.order_line.price_unit, 960.0)
        self.assertEqual(order.approval_below_list_percent, 0.0)
        order.order_line.price_unit = 480
        self.assertEqual(order.approval_below_list_percent, 50.0)

    def test_list_prices_are_those_of_odoo(self):
        """One search per price list gives what Odoo finds line by line."""
        now = fields.Datetime.now()
        category = self.env["product.category"].create(
            {"name": "Below", "parent_id": self.product_category.id}
        )
        self.cable.categ_id = category
        base = self._create_pricelist(
            name="Base",
            item_ids=[
                Command.create({"compute_price": "percentage", "percent_price": 10})
            ],
        )
        rules = [
            {"compute_price": "formula", "base": "standard_price", "price_markup": 50},
            {
                "applied_on": "2_product_category",
                "categ_id": self.product_category.id,
                "compute_price": "percentage",
                "percent_price": 7,
            },
            {
                "applied_on": "1_product",
                "product_tmpl_id": self.sensor.product_tmpl_id.id,
                "compute_price": "fixed",
                "fixed_price": 70,
                "min_quantity": 12,
            },
            {
                "applied_on": "1_product",
                "product_tmpl_id": self.sensor.product_tmpl_id.id,
                "compute_price": "fixed",
                "fixed_price": 1,
                "date_end": now - timedelta(days=1),
            },
            {
                "applied_on": "0_product_variant",
                "product_id": self.service_product.id,
                "compute_price": "formula",
                "base": "pricelist",
                "base_pricelist_id": base.id,
                "price_surcharge": 3,
                "date_start": now - timedelta(days=1),
                "date_end": now + timedelta(days=1),
            },
        ]
        self.pricelist.item_ids = [Command.create(rule) for rule in rules]
        other = self._create_product(
            name="Other",
            categ_id=self.env["product.category"].create({"name": "Apart"}).id,
        )
        orders = self._order(
            *[
                self._line(product, quantity)
                for product in self.sensor + self.cable + self.service_product + other
                for quantity in (1, 12)
            ],
            self._line(self.sensor, 1, product_uom_id=self.uom_dozen.id),
        )
        orders += orders.copy({"date_order": now + timedelta(days=30)})
        orders += orders[0].copy({"date_order": now - timedelta(days=30)})
        prices = orders.order_line._approval_list_prices()
        self.env.invalidate_all()
        for line in orders.order_line:
            self.assertAlmostEqual(
                prices[line.id], line._get_pricelist_price(), msg=line.display_name
            )
        self.assertGreater(len(set(prices.values())), 5)

    def test_foreign_context_is_ignored(self):
        order = self._order(self._line(price_unit=50))
        order = order.with_context(sale_approval_price_rules="forged")
        self.assertEqual(order.approval_below_list_percent, 50.0)

    def test_combo_is_not_below_itself(self):
        combo = self.env["product.combo"].create(
            {
                "name": "Choice",
                "combo_item_ids": [Command.create({"product_id": self.cable.id})],
            }
        )
        product = self._create_product(
            name="Set", type="combo", list_price=8.0, combo_ids=combo.ids
        )
        order = self._order(self._line(product))
        order.order_line = [
            self._line(
                self.cable,
                combo_item_id=combo.combo_item_ids.id,
                linked_line_id=order.order_line.id,
            )
        ]
        item = order.order_line[1]
        self.assertEqual(item.price_unit, 8.0)
        self.assertEqual(order.approval_below_list_percent, 0.0)
        item.price_unit = 6.0
        self.assertEqual(order.approval_below_list_percent, 25.0)

    def test_taxes_in_the_price(self):
        tax = self.env["account.tax"].create(
            {"name": "25 % in", "amount": 25, "price_include_override": "tax_included"}
        )
        self.sensor.taxes_id = tax
        order = self._order(self._line(tax_ids=tax.ids))
        self.assertEqual(order.amount_untaxed, 80.0)
        self.assertEqual(order.approval_below_list_percent, 0.0)
        order.order_line.price_unit = 60
        self.assertEqual(order.approval_below_list_percent, 40.0)
        # 48.00 without taxes, the cost is 60.00
        self.assertEqual(order.approval_below_cost_percent, 20.0)

    def test_price_below_cost(self):
        order = self._order(self._line(price_unit=60), self._line(price_unit=45))
        self.assertEqual(order.approval_below_cost_percent, 25.0)
        dozen = self._order(
            self._line(product_uom_id=self.uom_dozen.id, price_unit=54000),
            pricelist_id=self.in_yen.id,
        )
        # 12 x 60 USD are 108 000 yen
        self.assertEqual(dozen.approval_below_cost_percent, 50.0)

    # -- product, customer, credit -------------------------------------------------

    def test_categories_with_those_above(self):
        child = self.env["product.category"].create(
            {"name": "Child", "parent_id": self.product_category.id}
        )
        self.cable.categ_id = child
        order = self._order(self._line(self.cable))
        self.assertEqual(order.approval_category_ids, self.product_category | child)
        other = self._order(self._line(self.sensor))
        both = order + other
        domain = [("approval_category_ids", "in", child.ids)]
        self.assertEqual(both.filtered_domain(domain), order)
        domain = [("approval_category_ids", "in", self.product_category.ids)]
        self.assertEqual(both.filtered_domain(domain), both)
        found = self.env["sale.order"].search(domain + [("id", "in", both.ids)])
        self.assertEqual(found, both)
        domain = [("approval_category_ids", "ilike", "Child"), ("id", "in", both.ids)]
        self.assertEqual(self.env["sale.order"].search(domain), order)
        domain = [("approval_category_ids", "not in", child.ids)]
        found = self.env["sale.order"].search(domain + [("id", "in", both.ids)])
        self.assertEqual(found, other)

    def test_credit_grade_in_the_company_of_the_order(self):
        self.customer.credit_grade = "B"
        self.customer.with_company(self.company_2).credit_grade = "D"
        order = self._order()
        order_2 = self.env["sale.order"].create(
            {"partner_id": self.customer.id, "company_id": self.company_2.id}
        )
        self.assertEqual(order.approval_credit_grade, "B")
        self.assertEqual(order_2.approval_credit_grade, "D")
        both = order + order_2
        found = self.env["sale.order"].search(
            [("approval_credit_grade", "=", "D"), ("id", "in", both.ids)]
        )
        self.assertEqual(found, order_2)
        # a policy is evaluated as the system, in whatever company
        clean = both.sudo().with_context(allowed_company_ids=[])
        self.assertEqual(clean.mapped("approval_credit_grade"), ["B", "D"])
        self.customer.credit_grade = "C"
        self.assertEqual(order.approval_credit_grade, "C")

    def test_invoice_address_does_not_wash_the_grade(self):
        self.customer.credit_grade = "D"
        payer = self.env["res.partner"].create({"name": "Payer", "credit_grade": "A"})
        order = self._order(partner_invoice_id=payer.id)
        self.assertEqual(order.approval_credit_grade, "D")
        order.partner_id = payer
        order.partner_invoice_id = self.customer
        self.assertEqual(order.approval_credit_grade, "D")

    def test_credit_use_with_this_order(self):
        order = self._order(self._line(price_unit=300))
        self.assertEqual(order.approval_credit_use_percent, 0.0, "no limit")
        self.customer.credit_limit = 1000
        self.assertEqual(order.approval_credit_use_percent, 30.0)
        self._order(self._line(price_unit=500)).action_confirm()
        order.invalidate_recordset()
        self.assertEqual(order.approval_credit_use_percent, 80.0)
        order.action_confirm()
        order.invalidate_recordset()
        self.assertEqual(order.approval_credit_use_percent, 80.0)

    def test_credit_use_in_foreign_currency(self):
        self.customer.credit_limit = 1000
        order = self._order(self._line(price_unit=400), pricelist_id=self.in_euro.id)
        self.assertEqual(order.approval_credit_use_percent, 50.0)

    def test_first_order(self):
        contact = self.env["res.partner"].create(
            {"name": "Contact", "parent_id": self.customer.id}
        )
        first, second = self._order(), self._order(partner_id=contact.id)
        self.assertTrue(first.approval_is_first_order)
        self.assertTrue(second.approval_is_first_order)
        second.action_confirm()
        both = first + second
        both.invalidate_recordset()
        self.assertFalse(first.approval_is_first_order)
        self.assertTrue(second.approval_is_first_order)
        elsewhere = self.env["sale.order"].create(
            {"partner_id": self.customer.id, "company_id": self.company_2.id}
        )
        self.assertTrue(elsewhere.approval_is_first_order)
        orders = both + elsewhere
        for value in (True, False):
            domain = [("approval_is_first_order", "=", value)]
            self.assertEqual(
                orders.search(domain + [("id", "in", orders.ids)]),
                orders.search([("id", "in", orders.ids)]).filtered_domain(domain),
            )

    def test_special_is_not_copied(self):
        order = self._order(approval_special=True, approval_special_reason="prototype")
        copy = order.copy()
        self.assertFalse(copy.approval_special)
        self.assertFalse(copy.approval_special_reason)

    def test_special_in_the_form(self):
        order = self._order()
        with Form(order.with_user(self.seller)) as form:
            form.approval_special = True
            form.approval_special_reason = "prototype"
        self.assertTrue(order.approval_special)
        self.assertEqual(order.approval_special_reason, "prototype")

    # -- searching -----------------------------------------------------------------

    def test_search_agrees_with_the_figures(self):
        orders = self._many_orders(9)
        orders[1].order_line[0].discount = 20
        orders[0].order_line[0].price_unit = 30  # the sensor, half its cost
        orders[2].order_line[0].price_unit = 1
        orders[3].partner_id.credit_limit = 100
        orders[4].partner_id.credit_grade = "C"
        orders[5].order_line = [self._line(price_unit=-7)]
        self.env.flush_all()
        for name in FACTS:
            if name in ("approval_category_ids", "approval_is_first_order"):
                continue
            values = orders.mapped(name)
            middle = values[2]
            operators = ("=", "!=")
            if name != "approval_credit_grade":
                operators += ("<", "<=", ">", ">=")
                self.assertGreater(len(set(values)), 1, name)
            for operator in operators:
                domain = Domain(name, operator, middle)
                found = orders.search(domain & Domain("id", "in", orders.ids))
                expected = orders.filtered_domain(domain)
                self.assertEqual(set(found.ids), set(expected.ids), domain)

    def test_search_for_several_figures(self):
        orders = self._order(self._line(discount=10)) + self._order()
        domain = Domain("approval_discount_max", "in", [10, 20])
        scope = Domain("id", "in", orders.ids)
        self.assertEqual(orders.search(domain & scope), orders[0])
        self.assertEqual(orders.search(~domain & scope), orders[1])

    def test_all_can_be_chosen_in_the_condition_editor(self):
        described = self.env["sale.order"].fields_get(
            FACTS + ["approval_special"], ["searchable", "help", "string"]
        )
        for name, description in described.items():
            self.assertTrue(description["searchable"], name)
            self.assertTrue(description["help"], name)

    def test_checking_a_condition_computes_nothing(self):
        domain = Domain.AND(
            Domain(name, ">", 5) for name in FACTS if name.endswith("_percent")
        )
        with self.assertQueryCount(0):
            domain.validate(self.env["sale.order"])

    # -- access --------------------------------------------------------------------

    def test_salesperson_sees_the_facts(self):
        order = self._order().with_user(self.seller)
        row = order.read(FACTS)[0]
        self.assertEqual(row["approval_margin"], 40.0)

    def test_customer_does_not_see_the_facts(self):
        portal = new_test_user(
            self.env, "conditions_portal", groups="base.group_portal"
        )
        order = self._order(partner_id=portal.partner_id.id)
        order.message_subscribe(portal.partner_id.ids)
        order = order.with_user(portal)
        self.assertTrue(order.read(["name"]))
        for name in FACTS:
            with self.assertRaises(AccessError):
                order.read([name])
            with self.assertRaises(AccessError, msg=name):
                order.search([(name, "=", 5)])

    def test_works_on_an_order_that_is_not_saved(self):
        with Form(self.env["sale.order"]) as form:
            form.partner_id = self.customer
            with form.order_line.new() as line:
                line.product_id = self.sensor
            order = self.env["sale.order"].new(
                {
                    "partner_id": self.customer.id,
                    "order_line": [self._line(price_unit=50)],
                }
            )
            self.assertEqual(order.approval_below_list_percent, 50.0)
            self.assertEqual(order.approval_margin_percent, -20.0)
            self.assertTrue(order.approval_is_first_order)

    # -- cost ----------------------------------------------------------------------

    @warmup
    def test_queries_for_one_order(self):
        order = self._many_orders(1)
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(20):
            order.sudo().read(FACTS)

    @warmup
    def test_queries_for_a_hundred_orders(self):
        orders = self._many_orders(100)
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(24):
            orders.sudo().read(FACTS)
