from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged, warmup

from odoo.addons.sale.tests.common import TestSaleCommon


@tagged("post_install", "-at_install")
class TestCredit(TestSaleCommon):
    """What a customer owes and will owe, and who may decide about its credit."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.euro = cls.setup_other_currency("EUR", rates=[("1900-01-01", 0.5)])
        cls.company_2 = cls.setup_other_company()["company"]
        cls.customer, cls.other = cls.env["res.partner"].create(
            [
                {"name": "Acme", "is_company": True, "property_payment_term_id": False},
                {"name": "Beta", "is_company": True, "property_payment_term_id": False},
            ]
        )
        cls.buyer = cls.env["res.partner"].create(
            {"name": "Bea Buyer", "parent_id": cls.customer.id}
        )
        cls.product = cls.company_data["product_order_no"]
        cls.on_delivery = cls.company_data["product_delivery_no"]
        cls.seller = new_test_user(
            cls.env,
            "credit_seller",
            groups="sales_team.group_sale_salesman,base.group_partner_manager",
            company_id=cls.env.company.id,
        )
        cls.sales_manager = new_test_user(
            cls.env, "credit_manager", groups="sales_team.group_sale_manager"
        )
        cls.clerk = new_test_user(
            cls.env,
            "credit_clerk",
            groups="account.group_account_invoice,base.group_partner_manager",
        )
        cls.accountant = new_test_user(
            cls.env,
            "credit_accountant",
            groups="account.group_account_manager,base.group_partner_manager",
        )
        cls.employee = new_test_user(
            cls.env,
            "credit_employee",
            groups="base.group_user,base.group_partner_manager",
        )

    def _order(self, amount=1000.0, partner=None, confirm=True, **line):
        order = self.env["sale.order"].create(
            {
                "partner_id": (partner or self.customer).id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": self.product.id,
                            "product_uom_qty": 10,
                            "price_unit": amount / 10,
                            "tax_ids": False,
                            **line,
                        }
                    )
                ],
            }
        )
        if confirm:
            order.action_confirm()
        return order

    def _exposure(self, partner=None, company=None):
        partner = (partner or self.customer).with_company(company or self.env.company)
        partner.invalidate_recordset(["credit_exposure", "credit_use_percent"])
        return partner.credit_exposure

    def _invoice(self, order, quantity=None, post=True):
        invoice = order._create_invoices()
        if quantity is not None:
            invoice.invoice_line_ids.quantity = quantity
        if post:
            invoice.action_post()
        return invoice

    def _pay(self, invoice, amount):
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({"amount": amount})._create_payments()

    # -- exposure ------------------------------------------------------------------

    def test_quotation_owes_nothing(self):
        self._order(confirm=False)
        self.assertEqual(self._exposure(), 0.0)

    def test_confirmed_order_counts_until_paid(self):
        order = self._order()
        self.assertEqual(self._exposure(), 1000.0)
        invoice = self._invoice(order, post=False)
        self.assertEqual(self._exposure(), 1000.0, "a draft invoice changes nothing")
        invoice.action_post()
        self.assertEqual(self._exposure(), 1000.0)
        self._pay(invoice, 400)
        self.assertEqual(self._exposure(), 600.0)
        self._pay(invoice, 600)
        self.assertEqual(self._exposure(), 0.0)

    def test_partial_invoice(self):
        order = self._order()
        invoice = self._invoice(order, quantity=4)
        self.assertEqual(self._exposure(), 1000.0)
        self._pay(invoice, 400)
        self.assertEqual(self._exposure(), 600.0)

    def test_credit_note_of_the_order_opens_it_again(self):
        order = self._order()
        invoice = self._invoice(order)
        self._pay(invoice, 1000)
        self.assertEqual(self._exposure(), 0.0)
        credit_note = invoice._reverse_moves([{"invoice_date": invoice.invoice_date}])
        credit_note.invoice_line_ids.quantity = 3
        credit_note.action_post()
        # -300 of the credit note, and 3 pieces to be invoiced again
        self.assertEqual(self._exposure(), 0.0)

    def test_credit_note_without_order_reduces(self):
        self._invoice(self._order())
        self.env["account.move"].create(
            {
                "move_type": "out_refund",
                "partner_id": self.customer.id,
                "invoice_line_ids": [
                    Command.create(
                        {"name": "goodwill", "price_unit": 150, "tax_ids": False}
                    )
                ],
            }
        ).action_post()
        self.assertEqual(self._exposure(), 850.0)

    def test_price_agreed_in_the_invoice_settles_the_line(self):
        order = self._order()
        invoice = self._invoice(order, post=False)
        invoice.invoice_line_ids.price_unit = 80
        invoice.action_post()
        self.assertEqual(self._exposure(), 800.0)

    def test_invoice_above_the_order(self):
        order = self._order()
        self._order(500)
        invoice = self._invoice(order, post=False)
        invoice.invoice_line_ids.price_unit = 200
        invoice.action_post()
        self.assertEqual(self._exposure(), 2500.0)

    def test_line_invoiced_in_excess_does_not_settle_another(self):
        order = self._order(confirm=False)
        order.order_line = [
            Command.create(
                {"product_id": self.product.id, "price_unit": 70, "tax_ids": False}
            )
        ]
        order.action_confirm()
        invoice = self._invoice(order, post=False)
        invoice.invoice_line_ids[0].quantity = 15
        invoice.invoice_line_ids[1].unlink()
        invoice.action_post()
        self.assertEqual(self._exposure(), 1500.0 + 70.0)

    def test_not_delivered_counts(self):
        order = self._order(product_id=self.on_delivery.id)
        self.assertEqual(self._exposure(), 1000.0)
        order.order_line.qty_delivered = 12  # more than ordered
        self.assertEqual(self._exposure(), 1200.0)

    def test_down_payment_counts_once(self):
        order = self._order()
        wizard = self.env["sale.advance.payment.inv"].create(
            {
                "sale_order_ids": [Command.set(order.ids)],
                "advance_payment_method": "percentage",
                "amount": 30,
            }
        )
        wizard.create_invoices()
        self.assertEqual(self._exposure(), 1000.0)
        order.invoice_ids.action_post()
        self.assertEqual(self._exposure(), 1000.0)
        self._pay(order.invoice_ids, 300)
        self.assertEqual(self._exposure(), 700.0)
        order._create_invoices(final=True).action_post()
        self.assertEqual(self._exposure(), 700.0)

    def test_discount_line_and_taxes(self):
        order = self._order(
            confirm=False, tax_ids=self.company_data["default_tax_sale"].ids
        )
        order.order_line = [
            Command.create(
                {
                    "product_id": self.product.id,
                    "price_unit": -100,
                    "tax_ids": self.company_data["default_tax_sale"].ids,
                }
            )
        ]
        order.action_confirm()
        self.assertEqual(order.amount_total, 1035.0)
        self.assertEqual(self._exposure(), 1035.0)
        self._invoice(order)
        self.assertEqual(self._exposure(), 1035.0)

    def test_contacts_count_for_their_company(self):
        self._order(partner=self.buyer)
        self.assertEqual(self._exposure(), 1000.0)
        self.assertEqual(self._exposure(self.buyer), 1000.0)
        self.assertEqual(self._exposure(self.other), 0.0)

    def test_order_counts_for_who_gets_the_invoice(self):
        order = self._order(confirm=False)
        order.partner_invoice_id = self.other
        order.action_confirm()
        self.assertEqual(self._exposure(), 0.0)
        self.assertEqual(self._exposure(self.other), 1000.0)
        self._invoice(order)
        self.assertEqual(self._exposure(self.other), 1000.0)

    def test_foreign_currency(self):
        pricelist = self.env["product.pricelist"].create(
            {"name": "Euro", "currency_id": self.euro.id}
        )
        order = self._order(confirm=False)
        order.pricelist_id = pricelist
        order.order_line.price_unit = 100
        order.action_confirm()
        self.assertEqual(order.currency_id, self.euro)
        self.assertEqual(self._exposure(), 2000.0, "1 USD is 0.5 EUR")
        self._invoice(order, quantity=5)
        self.assertEqual(self._exposure(), 2000.0)

    def test_each_company_for_itself(self):
        self._order()
        self.assertEqual(self._exposure(company=self.company_2), 0.0)
        self.customer.credit_limit = 2000
        self.customer.with_company(self.company_2).credit_limit = 50
        self.assertEqual(self.customer.credit_use_percent, 50.0)
        self.assertEqual(
            self.customer.with_company(self.company_2).credit_use_percent, 0.0
        )

    def test_use_percent(self):
        self._order(1234)
        self.assertEqual(self.customer.credit_use_percent, 0.0, "no limit")
        self.customer.credit_limit = 1000
        self.assertEqual(self.customer.credit_use_percent, 123.4)
        self.assertEqual(self.buyer.credit_use_percent, 123.4)

    @warmup
    def test_queries_for_one_customer(self):
        self._order()
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(8):
            self.customer.read(["credit_exposure", "credit_use_percent"])

    @warmup
    def test_queries_for_a_hundred_customers(self):
        customers = self.env["res.partner"].create(
            [{"name": f"Customer {number}"} for number in range(100)]
        )
        self.env["sale.order"].create(
            [
                {
                    "partner_id": customer.id,
                    "order_line": [
                        Command.create(
                            {"product_id": self.product.id, "price_unit": 10}
                        )
                    ],
                }
                for customer in customers
            ]
        ).write({"state": "sale"})
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(8):
            rows = customers.read(["credit_exposure", "credit_use_percent"])
        self.assertTrue(all(row["credit_exposure"] > 0 for row in rows))

    # -- who may do what -----------------------------------------------------------

    def test_seller_reads_credit(self):
        self._order()
        self.customer.write({"credit_grade": "B", "credit_limit": 4000})
        row = self.customer.with_user(self.seller).read(
            ["credit_grade", "credit_limit", "credit_exposure", "credit_use_percent"]
        )[0]
        row.pop("id")
        self.assertEqual(
            row,
            {
                "credit_grade": "B",
                "credit_limit": 4000.0,
                "credit_exposure": 1000.0,
                "credit_use_percent": 25.0,
            },
        )

    def test_others_do_not_read_credit(self):
        portal = new_test_user(self.env, "credit_portal", groups="base.group_portal")
        for user in (self.employee, portal):
            for name in ("credit_grade", "credit_exposure", "sale_blocked"):
                with self.assertRaises(AccessError):
                    user.partner_id.with_user(user).read([name])

    def test_seller_and_clerk_do_not_set_credit(self):
        values = {
            "credit_grade": "A",
            "credit_limit": 1e6,
            "use_partner_credit_limit": True,
            "sale_blocked": False,
            "sale_block_reason": "none",
        }
        self.customer.sale_blocked = True
        for user in (self.seller, self.clerk, self.employee):
            Partner = self.env["res.partner"].with_user(user)
            for name, value in values.items():
                with self.assertRaises(AccessError):
                    self.customer.with_user(user).write({name: value})
                with self.assertRaises(AccessError):
                    Partner.create({"name": "New", name: value})
            with self.assertRaises(AccessError):
                Partner.with_context(default_credit_grade="A").create({"name": "New"})
        self.assertTrue(self.customer.sale_blocked)
        self.assertFalse(self.customer.credit_grade)

    def test_import_does_not_set_credit(self):
        result = (
            self.env["res.partner"]
            .with_user(self.seller)
            .load(["name", "credit_limit"], [["Imported", "1000000"]])
        )
        self.assertFalse(result["ids"])
        self.assertTrue(result["messages"])

    def test_own_default_grants_nothing(self):
        Default = self.env["ir.default"].with_user(self.seller)
        Default.set("res.partner", "credit_grade", "A", user_id=True)
        Default.set("res.partner", "credit_limit", 1e6, user_id=True)
        Partner = self.env["res.partner"].with_user(self.seller)
        for model in (Partner, Partner.sudo()):
            partner = model.create({"name": "New"})
            self.assertFalse(partner.sudo().credit_grade)
            self.assertFalse(partner.sudo().credit_limit)

    def test_default_of_the_company_holds(self):
        self.env["ir.default"].set("res.partner", "credit_limit", 700.0)
        partner = self.env["res.partner"].with_user(self.seller).create({"name": "New"})
        self.assertEqual(partner.credit_limit, 700.0)

    def test_managers_set_credit(self):
        for user in (self.sales_manager, self.accountant):
            self.customer.with_user(user).write(
                {
                    "credit_grade": "C",
                    "credit_limit": 500,
                    "sale_blocked": True,
                    "sale_block_reason": "overdue",
                }
            )
        self.assertTrue(self.customer.sale_blocked)

    def test_form_is_read_only_for_the_seller(self):
        with Form(self.customer.with_user(self.sales_manager)) as form:
            form.credit_grade = "B"
        with Form(self.customer.with_user(self.seller)) as form:
            self.assertEqual(form.credit_grade, "B")
            form.name = "Acme Ltd"
            with self.assertRaisesRegex(AssertionError, "readonly"):
                form.credit_grade = "A"
            with self.assertRaisesRegex(AssertionError, "readonly"):
                form.sale_blocked = True
        self.assertEqual(self.customer.name, "Acme Ltd")

    def test_everyone_opens_customers(self):
        for user in (self.clerk, self.employee, self.accountant):
            Partner = self.env["res.partner"].with_user(user)
            views = Partner.get_views([(False, "form"), (False, "search")])
            fields = views["models"]["res.partner"]["fields"]
            self.assertEqual("sale_blocked" in fields, user != self.employee)
            with Form(self.buyer.with_user(user)) as form:
                form.phone = "+1 555 0100"

    def test_changes_of_credit_are_kept(self):
        # what a test creates is not tracked before its end
        self.env.cr.flush()
        partner = self.customer.with_env(self.env(context={}, user=self.sales_manager))
        partner.credit_grade = "B"
        partner.credit_limit = 5000
        partner.sale_blocked = True
        self.env.cr.flush()
        # sudo: readers see the values of the fields that they may read
        tracked = partner.message_ids.sudo().tracking_value_ids
        self.assertEqual(
            set(tracked.field_id.mapped("name")),
            {"credit_grade", "credit_limit", "sale_blocked"},
        )

    def test_seller_adds_contacts_that_carry_the_credit(self):
        self.customer.write(
            {"credit_grade": "D", "sale_blocked": True, "sale_block_reason": "overdue"}
        )
        contact = (
            self.env["res.partner"]
            .with_user(self.seller)
            .create({"name": "New contact", "parent_id": self.customer.id})
        )
        for partner in (contact, self.buyer):
            self.assertEqual(partner.credit_grade, "D")
            self.assertTrue(partner.sale_blocked)
            self.assertEqual(partner.sale_block_reason, "overdue")
        # leaving the company does not wash the contact clean
        contact.parent_id = False
        self.assertEqual(contact.commercial_partner_id, contact)
        self.assertTrue(contact.sudo().sale_blocked)

    def test_copy_starts_without_credit(self):
        self.customer.write({"credit_grade": "A", "credit_limit": 900})
        copy = self.customer.with_user(self.seller).copy()
        self.assertFalse(copy.credit_grade)
        self.assertFalse(copy.credit_limit)
