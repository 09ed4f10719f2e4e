import re
from datetime import timedelta

from odoo import fields
from odoo.fields import Command
from odoo.tests import new_test_user, tagged, warmup

from .common import ConditionsCommon

CODES = [
    "complete",
    "terms",
    "delivery_date",
    "customer",
    "product",
    "policy",
    "price",
    "stock",
    "credit",
]


@tagged("post_install", "-at_install")
class TestChecks(ConditionsCommon):
    """The automatic checks of the first review, as a salesperson sees them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.term = cls.env.ref("account.account_payment_term_30days")
        cls.settings = {
            code: cls.env.ref(f"sale_approval.approval_check_{code}") for code in CODES
        }

    def _run(self, code, orders):
        """Return the results of a check run by the salesperson."""
        check = self.env[f"sale.approval.check.{code}"].with_user(self.seller)
        results = check._run(orders.with_user(self.seller), self.settings[code].sudo())
        return {order: results.get(order.id) or check._pass() for order in orders}

    def _status(self, code, order):
        return self._run(code, order)[order]["status"]

    def assert_passes(self, code, order):
        result = self._run(code, order)[order]
        self.assertEqual(result["status"], "pass", result["reason"])

    def assert_finds(self, code, order, status, *words, field="order_line"):
        """Assert a finding whose reason says all the words, and which field to mend."""
        result = self._run(code, order)[order]
        self.assertEqual(result["status"], status, result["reason"])
        self.assertEqual(result["field"], field)
        self.assertIn(field, order._fields)
        text = re.sub(r"\s", " ", result["reason"])
        for word in words:
            self.assertIn(word, text)

    def _stock(self, product, quantity, warehouse=None):
        warehouse = warehouse or self.warehouse
        self.env["stock.quant"]._update_available_quantity(
            product, warehouse.lot_stock_id, quantity
        )

    @property
    def warehouse(self):
        return self.env["stock.warehouse"].search(
            [("company_id", "=", self.env.company.id)], limit=1
        )

    # -- every check ---------------------------------------------------------------

    def test_good_order_passes_all(self):
        self._stock(self.sensor, 10)
        order = self._order(
            payment_term_id=self.term.id,
            commitment_date=fields.Datetime.now() + timedelta(days=7),
        )
        for code in CODES:
            self.assert_passes(code, order)

    def test_two_orders_are_told_apart(self):
        self._stock(self.sensor, 10)
        soon = fields.Datetime.now() + timedelta(days=7)
        blocked = self.env["res.partner"].create(
            {"name": "Blocked", "sale_blocked": True, "credit_grade": "D"}
        )
        stale = self._create_product(name="Stale", sale_ok=False, standard_price=900)
        stale.is_storable = True
        bad = self._order(
            self._line(stale, discount=80),
            self._line(self.cable, 0),
            partner_id=blocked.id,
        )
        good = self._order(payment_term_id=self.term.id, commitment_date=soon)
        for code in CODES:
            for orders in (bad + good, good + bad):
                results = self._run(code, orders)
                self.assertEqual(results[good]["status"], "pass", code)
                self.assertNotEqual(results[bad]["status"], "pass", code)
                self.assertTrue(results[bad]["reason"], code)

    def test_engine_finds_all_checks(self):
        classes = self.env["approval.check"]._classes("sale.order")
        self.assertLessEqual(set(CODES), set(classes))
        for code, settings in self.settings.items():
            self.assertEqual(settings.code, code)
            self.assertTrue(settings.description)

    # -- complete ------------------------------------------------------------------

    def test_complete(self):
        self.assert_passes("complete", self._order())
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "order_line": [
                    Command.create({"display_type": "line_note", "name": "Hello"})
                ],
            }
        )
        self.assert_finds("complete", order, "block", "no lines")
        order = self._order(self._line(), self._line(self.cable, 0))
        self.assert_finds("complete", order, "block", "“Cable” is zero")
        order.order_line.product_uom_qty = 0
        self.assert_finds("complete", order, "block", "1 more lines")

    def test_terms(self):
        order = self._order(payment_term_id=False)
        self.assert_finds(
            "terms", order, "warn", "payment terms", field="payment_term_id"
        )
        order.payment_term_id = self.term
        self.assert_passes("terms", order)
        self.customer.write({"street": False, "country_id": False})
        self.assert_finds(
            "terms",
            order,
            "warn",
            "Acme",
            "Street",
            "Country",
            field="partner_shipping_id",
        )
        service = self._order(
            self._line(self.service_product), payment_term_id=self.term.id
        )
        self.assert_passes("terms", service)

    def test_delivery_date(self):
        order = self._order()
        self.assertFalse(self.settings["delivery_date"].active)
        self.assert_finds("delivery_date", order, "warn", field="commitment_date")
        order.commitment_date = fields.Datetime.now() - timedelta(days=1)
        self.assert_finds(
            "delivery_date", order, "warn", "has passed", field="commitment_date"
        )
        order.commitment_date = fields.Datetime.now() + timedelta(days=1)
        self.assert_passes("delivery_date", order)

    # -- customer and product ------------------------------------------------------

    def test_blocked_customer(self):
        contact = self.env["res.partner"].create(
            {"name": "Contact", "parent_id": self.customer.id}
        )
        self.customer.write(
            {"sale_blocked": True, "sale_block_reason": "3 invoices overdue."}
        )
        order = self._order(partner_id=contact.id)
        self.assert_finds(
            "customer",
            order,
            "block",
            "“Acme”",
            "3 invoices overdue. Ask",
            field="partner_id",
        )
        self.customer.sale_block_reason = False
        self.assert_finds("customer", order, "block", field="partner_id")
        self.customer.sale_blocked = False
        self.assert_passes("customer", order)

    def test_blocked_in_another_company(self):
        self.customer.with_company(self.company_2).sale_blocked = True
        self.assert_passes("customer", self._order())
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "company_id": self.company_2.id,
                "user_id": self.seller.id,
            }
        )
        self.assert_finds("customer", order, "block", field="partner_id")

    def test_invoice_to_a_blocked_customer(self):
        other = self.env["res.partner"].create({"name": "Other", "sale_blocked": True})
        order = self._order(partner_invoice_id=other.id)
        self.assert_finds("customer", order, "block", "“Other”", field="partner_id")

    def test_archived_customer(self):
        order = self._order()
        self.customer.action_archive()
        self.assert_finds("customer", order, "block", "archived", field="partner_id")

    def test_products(self):
        order = self._order(self._line(), self._line(self.cable))
        self.assert_passes("product", order)
        self.cable.sale_ok = False
        self.assert_finds("product", order, "block", "“Cable” is not for sale")
        self.sensor.product_tmpl_id.action_archive()
        self.assert_finds("product", order, "block", "“Sensor X” is archived", "1 more")

    # -- sales policy --------------------------------------------------------------

    def test_discount(self):
        order = self._order(self._line(discount=15))
        self.assert_passes("policy", order)
        order.order_line.discount = 18
        self.assert_finds(
            "policy",
            order,
            "warn",
            "Discount 18 % on “Sensor X” is above the allowed 15 %",
        )
        order.order_line.discount = 50.5
        self.assert_finds("policy", order, "block", "50.5 %")

    def test_price_below_price_list_is_a_discount(self):
        order = self._order(self._line(price_unit=79.5))
        self.assert_finds(
            "policy",
            order,
            "warn",
            "20.5 % below the price list ($ 100.00)",
            "15 % is allowed",
        )

    def test_discount_of_the_price_list_is_allowed_to_its_extent(self):
        self.pricelist.item_ids = [
            Command.create({"compute_price": "fixed", "fixed_price": 50})
        ]
        self.assert_passes("policy", self._order())

    def test_limit_of_the_team(self):
        team = self.env["crm.team"].create({"name": "North", "max_discount": 5})
        order = self._order(self._line(discount=8), team_id=team.id)
        self.assert_finds("policy", order, "warn", "8 %", "allowed 5 %")
        self.settings["policy"].severity = "block"
        self.assert_finds("policy", order, "block", "8 %")
        team.max_discount = 60
        self.assert_passes("policy", order)

    def test_no_limits(self):
        self.settings["policy"].write({"limit_warn": 0, "limit_block": 0})
        self.assert_passes("policy", self._order(self._line(discount=90)))

    # -- price ---------------------------------------------------------------------

    def test_price_below_cost(self):
        order = self._order(self._line(price_unit=57))
        self.assert_finds(
            "price",
            order,
            "warn",
            "“Sensor X” is sold at $ 57.00 per Units, 5 % below its cost of $ 60.00",
        )
        order.order_line.price_unit = 47
        self.assert_finds("price", order, "block", "21.67 %")
        order.order_line.price_unit = 60
        self.assert_passes("price", order)

    def _sold(self, price, days=30, **values):
        """Return a confirmed sale of some days ago."""
        order = self._order(**{"order_line": [self._line(price_unit=price)], **values})
        order.action_confirm()
        order.date_order = fields.Datetime.now() - timedelta(days=days)
        return order

    def test_price_against_recent_sales(self):
        order = self._order(self._line(price_unit=70))
        self.assert_passes("price", order)
        self._sold(100)
        self._sold(120)
        self.assert_finds(
            "price",
            order,
            "warn",
            "sold at $ 70.00",
            "36.36 % below",
            "12 months ($ 110.00)",
        )
        order.order_line.price_unit = 145
        self.assert_finds("price", order, "warn", "31.82 % above")
        order.order_line.price_unit = 142
        self.assert_passes("price", order)

    def test_price_average_in_units_and_currencies(self):
        self._sold(
            0,
            pricelist_id=self.in_euro.id,
            order_line=[
                self._line(
                    quantity=2, product_uom_id=self.uom_dozen.id, price_unit=1200 * 0.8
                )
            ],
        )  # 24 for 2400 USD
        order = self._order(
            self._line(price_unit=60 * 150), pricelist_id=self.in_yen.id
        )
        self.assert_finds("price", order, "warn", "9,000", "40 % below", "15,000")
        order.order_line.write(
            {"product_uom_id": self.uom_dozen.id, "price_unit": 1200 * 150}
        )
        self.assert_passes("price", order)

    def test_price_average_leaves_out(self):
        self._sold(200, days=400)  # long ago
        self._order(self._line(price_unit=300))  # not confirmed
        self._sold(0)  # given away
        self._sold(100)
        order = self._order(self._line(price_unit=100))
        self.assert_passes("price", order)
        # an order is not compared with itself, which would halve the difference
        dear = self._sold(138)
        self.assert_finds("price", dear, "warn", "38 % above")
        self.env["sale.order.change"].create(
            {
                "order_id": dear.id,
                "kind": "cancel",
                "reason_id": self.env.ref("approval_flow.change_reason_mistake").id,
            }
        ).action_submit()
        other = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "company_id": self.company_2.id,
                "user_id": self.seller.id,
                "order_line": [self._line(price_unit=1000)],
            }
        )
        self.assert_passes("price", other)

    # -- stock ---------------------------------------------------------------------

    def test_stock(self):
        order = self._order(self._line(quantity=5))
        self.assert_finds(
            "stock",
            order,
            "warn",
            "Only 0 Units of “Sensor X”",
            self.warehouse.name,
            "5 Units are ordered",
        )
        self._stock(self.sensor, 5)
        self.assert_passes("stock", order)
        self._order(self._line(quantity=1)).action_confirm()
        self.assert_finds("stock", order, "warn", "Only 4 Units")

    def test_stock_of_lines_together_and_in_other_units(self):
        self._stock(self.sensor, 14)
        order = self._order(
            self._line(quantity=2), self._line(product_uom_id=self.uom_dozen.id)
        )
        self.assert_passes("stock", order)
        order.order_line[0].product_uom_qty = 3
        self.assert_finds("stock", order, "warn", "14 Units", "15 Units are ordered")

    def test_stock_promised_on_several_days(self):
        self._stock(self.sensor, 4)
        order = self._order(self._line(quantity=2), self._line(quantity=3))
        order.order_line[0].customer_lead = 0
        order.order_line[1].customer_lead = 5
        self.assert_finds("stock", order, "warn", "Only 4 Units", "5 Units are ordered")
        order.order_line[1].product_uom_qty = 2
        self.assert_passes("stock", order)

    def test_stock_needs_none(self):
        order = self._order(
            self._line(self.cable, 99), self._line(self.service_product)
        )
        self.assert_passes("stock", order)
        order = self._order()
        order.action_confirm()
        self.assert_passes("stock", order)

    def test_stock_made_to_order(self):
        route = self.env.ref("stock.route_warehouse0_mto")
        route.active = True
        self.sensor.route_ids = route
        self.assert_passes("stock", self._order(self._line(quantity=5)))

    def test_stock_dropshipped(self):
        kind = self.env["stock.picking.type"].create(
            {
                "name": "Direct",
                "sequence_code": "DIR",
                "code": "internal",
                "default_location_src_id": self.env.ref(
                    "stock.stock_location_suppliers"
                ).id,
                "default_location_dest_id": self.env.ref(
                    "stock.stock_location_customers"
                ).id,
            }
        )
        route = self.env["stock.route"].create(
            {
                "name": "Direct",
                "sale_selectable": True,
                "rule_ids": [
                    Command.create(
                        {
                            "name": "Direct",
                            "action": "pull",
                            "picking_type_id": kind.id,
                            "location_src_id": kind.default_location_src_id.id,
                            "location_dest_id": kind.default_location_dest_id.id,
                        }
                    )
                ],
            }
        )
        order = self._order(self._line(quantity=5))
        self.assert_finds("stock", order, "warn")
        order.order_line.route_ids = route
        self.assert_passes("stock", order)

    def test_stock_on_the_day_of_delivery(self):
        """The forecast by day is the one that Odoo shows for the moment."""
        now = fields.Datetime.now()
        supplier = self.env.ref("stock.stock_location_suppliers")
        warehouses = self.warehouse + self.env["stock.warehouse"].create(
            {"name": "South", "code": "STH"}
        )
        self._stock(self.sensor, 3)
        for days, quantity in ((2, 4), (6, 10)):
            self.env["stock.move"].create(
                {
                    "product_id": self.sensor.id,
                    "product_uom_qty": quantity,
                    "location_id": supplier.id,
                    "location_dest_id": self.warehouse.lot_stock_id.id,
                    "date": now + timedelta(days=days),
                }
            )._action_confirm()
        cases = []
        for days in (8, 1, 4):
            for warehouse in warehouses:
                there = self.sensor.with_context(
                    warehouse_id=warehouse.id, to_date=now + timedelta(days=days)
                ).virtual_available
                cases += [
                    (
                        self._order(
                            self._line(quantity=quantity),
                            warehouse_id=warehouse.id,
                            commitment_date=now + timedelta(days=days),
                        ),
                        there,
                        quantity,
                    )
                    for quantity in (there, there + 1)
                ]
        self.assertEqual({there for _o, there, _q in cases}, {0, 3, 7, 17})
        results = self._run(
            "stock", self.env["sale.order"].union(*(c[0] for c in cases))
        )
        for order, there, quantity in cases:
            result = results[order]
            if quantity <= there:
                self.assertEqual(result["status"], "pass", result["reason"])
            else:
                self.assertEqual(result["status"], "warn")
                self.assertIn(f"Only {there:.0f} Units", result["reason"])

    # -- credit --------------------------------------------------------------------

    def test_credit(self):
        order = self._order(self._line(quantity=8))
        result = self._run("credit", order)[order]
        self.assertEqual(result["status"], "pass")
        self.assertIn("no credit limit", result["reason"])
        self.customer.credit_limit = 1000
        self.assert_passes("credit", order)
        order.order_line.product_uom_qty = 9
        self.assert_finds(
            "credit",
            order,
            "warn",
            "“Acme” uses $ 900.00 of a credit of $ 1,000.00 (90 %)",
            field="partner_id",
        )
        self._order(self._line(quantity=4)).action_confirm()
        self.assert_finds(
            "credit", order, "block", "$ 1,300.00", "(130 %)", field="partner_id"
        )

    def test_credit_grade_d(self):
        order = self._order()
        self.customer.write({"credit_grade": "D", "credit_limit": 1e6})
        self.assert_finds(
            "credit", order, "block", "credit grade D", field="partner_id"
        )
        self.customer.credit_grade = "C"
        self.assert_passes("credit", order)

    def test_credit_in_the_company_of_the_order(self):
        self.customer.credit_limit = 100
        self.customer.with_company(self.company_2).credit_limit = 1000
        order = self._order(self._line(quantity=2))
        self.assert_finds("credit", order, "block", "(200 %)", field="partner_id")
        order_2 = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "company_id": self.company_2.id,
                "user_id": self.seller.id,
                "order_line": [self._line(price_unit=900)],
            }
        )
        self.assert_finds(
            "credit", order_2, "warn", "900.00 €", "(90 %)", field="partner_id"
        )

    # -- language, rights and cost -------------------------------------------------

    def test_stranger_submits(self):
        """The checks look further than the person who submits."""
        order = self._order(self._line(price_unit=30, quantity=3))
        self.customer.write({"credit_limit": 50, "sale_blocked": True})
        plain = new_test_user(self.env, "checks_plain", groups="base.group_user")
        statuses = {}
        for code in CODES:
            check = self.env[f"sale.approval.check.{code}"].with_user(plain)
            # sudo: as the engine hands over what it checks
            found = check._run(
                order.with_user(plain).sudo(), self.settings[code].sudo()
            )
            statuses[code] = found.get(order.id, check._pass())["status"]
        self.assertEqual(
            [statuses[code] for code in ("customer", "price", "stock", "credit")],
            ["block", "block", "warn", "block"],
        )

    def _run_all(self, orders):
        for code in CODES:
            self.env[f"sale.approval.check.{code}"]._run(orders, self.settings[code])

    @warmup
    def test_queries_for_one_order(self):
        order = self._many_orders(1)
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(38):
            self._run_all(order)

    @warmup
    def test_queries_for_a_hundred_orders(self):
        orders = self._many_orders(100)
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(38):
            self._run_all(orders)

    @warmup
    def test_queries_for_a_thousand_lines(self):
        order = self._order(
            *[
                self._line(self.sensor if number % 2 else self.cable, 1 + number)
                for number in range(1000)
            ]
        )
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(38):
            self._run_all(order)
