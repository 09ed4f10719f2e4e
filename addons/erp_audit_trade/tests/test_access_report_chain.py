from odoo import Command
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import SQL

from odoo.addons.account.tests.common import AccountTestInvoicingCommon

BUYER = (
    "purchase.group_purchase_manager,stock.group_stock_manager,"
    "account.group_account_manager,base.group_partner_manager,"
    "sales_team.group_sale_manager,account.group_validate_bank_account"
)


@tagged("post_install", "-at_install")
class TestChain(AccountTestInvoicingCommon):
    """One person did both on one chain of documents: the trail shows it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.paul, cls.rita = (
            new_test_user(
                cls.env,
                login,
                BUYER,
                company_id=cls.env.company.id,
                company_ids=[Command.set(cls.env.company.ids)],
            )
            for login in ("paul", "rita")
        )
        cls.product = cls.env["product.product"].create(
            {"name": "Chair", "is_storable": True, "list_price": 100}
        )
        cls.vendor = cls._vendor(cls.env.user)
        auditor = new_test_user(cls.env, "aud", "erp_audit.group_audit_auditor")
        cls.chains = cls.env["erp.access.report.chain"].with_user(auditor)

    @classmethod
    def _vendor(cls, user):
        return cls.env["res.partner"].with_user(user).create({"name": "Vendor"})

    def _order(self, user):
        return (
            self.env["purchase.order"]
            .with_user(user)
            .create(
                {
                    "partner_id": self.vendor.id,
                    "order_line": [
                        Command.create(
                            {"product_id": self.product.id, "product_qty": 2}
                        )
                    ],
                }
            )
        )

    def _found(self, chain, user, number):
        self.env.flush_all()
        self.env.invalidate_all()
        conflict = self.env["erp.duty.conflict"].search([("chain", "=", chain)])
        return self.chains.search(
            [
                ("conflict_id", "=", conflict.id),
                ("user_id", "=", user.id),
                ("res_id", "=", number),
            ]
        )

    def _looked_through(self, user):
        """Return an order that Rita has looked through before its confirmation."""
        order = self._order(user)
        self.env.flush_all()
        order.with_user(self.rita).partner_ref = "seen"
        self.env.flush_all()
        return order

    def test_created_and_approved(self):
        alone, shared = (self._looked_through(self.paul) for _number in range(2))
        alone.button_confirm()
        shared.with_user(self.rita).button_confirm()
        found = self._found("order_approve", self.paul, alone.id)
        self.assertEqual(found.reference, alone.name)
        self.assertEqual(found.action_open()["res_model"], "purchase.order")
        for user in (self.paul, self.rita):
            self.assertFalse(self._found("order_approve", user, shared.id))

    def test_ordered_and_received(self):
        order = self._order(self.rita)
        order.with_user(self.paul).button_confirm()
        self.assertFalse(self._found("order_receive", self.paul, order.id))
        picking = order.with_user(self.paul).picking_ids
        picking.move_ids.quantity = 2
        picking.move_ids.picked = True
        picking.button_validate()
        self.assertEqual(picking.state, "done")
        self.assertTrue(self._found("order_receive", self.paul, order.id))
        self.assertFalse(self._found("order_receive", self.rita, order.id))

    def test_ordered_and_billed(self):
        order = self._order(self.paul)
        self.product.purchase_method = "purchase"
        order.with_user(self.rita).button_confirm()
        order.with_user(self.paul).action_create_invoice()
        bill = order.invoice_ids.with_user(self.paul)
        bill.invoice_date = "2026-01-01"
        bill.action_post()
        self.assertTrue(self._found("order_bill", self.paul, order.id))
        self.assertFalse(self._found("order_bill", self.rita, order.id))

    def _payment(self, user, vendor, **values):
        payment = (
            self.env["account.payment"]
            .with_user(user)
            .create(
                {
                    "payment_type": "outbound",
                    "partner_type": "supplier",
                    "partner_id": vendor.id,
                    "amount": 100,
                    "journal_id": self.company_data["default_journal_bank"].id,
                    **values,
                }
            )
        )
        payment.action_post()
        return payment

    def test_vendor_made_and_paid(self):
        vendor = self._vendor(self.paul)
        mine = self._payment(self.paul, vendor)
        other = self._payment(self.rita, vendor)
        self.assertTrue(self._found("vendor_pay", self.paul, mine.id))
        self.assertFalse(self._found("vendor_pay", self.paul, other.id))
        self.assertFalse(self._found("vendor_pay", self.rita, other.id))

    def test_bank_account_changed_and_paid(self):
        bank = self.env["res.partner.bank"].create(
            {
                "acc_number": "DE89370400440532013000",
                "partner_id": self.vendor.id,
                "allow_out_payment": False,
            }
        )
        bank.with_user(self.paul).allow_out_payment = True
        self.env.flush_all()
        mine = self._payment(self.paul, self.vendor, partner_bank_id=bank.id)
        other = self._payment(self.rita, self.vendor, partner_bank_id=bank.id)
        self.assertTrue(self._found("bank_pay", self.paul, mine.id))
        self.assertFalse(self._found("bank_pay", self.rita, other.id))

    def test_discount_and_credit_note(self):
        order = (
            self.env["sale.order"]
            .with_user(self.paul)
            .create(
                {
                    "partner_id": self.partner_a.id,
                    "order_line": [
                        Command.create(
                            {"product_id": self.product_a.id, "discount": 20}
                        )
                    ],
                }
            )
        )
        order.action_confirm()
        self.product_a.invoice_policy = "order"
        invoice = order._create_invoices()
        invoice.action_post()
        credit = invoice._reverse_moves()
        credit.with_user(self.paul).action_post()
        self.assertTrue(self._found("discount_credit", self.paul, credit.id))
        self.assertFalse(self._found("discount_credit", self.rita, credit.id))

    def test_adjusted_and_booked(self):
        warehouse = self.env["stock.warehouse"].search(
            [("company_id", "=", self.env.company.id)], limit=1
        )
        quant = (
            self.env["stock.quant"]
            .with_user(self.paul)
            .with_context(inventory_mode=True)
            .create(
                {
                    "product_id": self.product.id,
                    "location_id": warehouse.lot_stock_id.id,
                    "inventory_quantity": 3,
                }
            )
        )
        quant.action_apply_inventory()
        move = self.env["stock.move"].search(
            [("product_id", "=", self.product.id), ("is_inventory", "=", True)]
        )
        accounts = self.company_data
        entry = (
            self.env["account.move"]
            .with_user(self.paul)
            .create(
                {
                    "move_type": "entry",
                    "line_ids": [
                        Command.create(
                            {
                                "account_id": accounts[name].id,
                                "product_id": self.product.id,
                                "debit": debit,
                                "credit": 10 - debit,
                            }
                        )
                        for name, debit in (
                            ("default_account_expense", 10),
                            ("default_account_revenue", 0),
                        )
                    ],
                }
            )
        )
        entry.action_post()
        self.assertTrue(self._found("adjust_book", self.paul, move.id))
        self.assertFalse(self._found("adjust_book", self.rita, move.id))

    def test_one_query(self):
        """All chains, of however many documents, are one query."""
        self._looked_through(self.paul).button_confirm()
        self.env.flush_all()
        self.chains.search([])
        with self.assertQueryCount(1):
            self.chains.search_fetch([], ["user_id", "reference", "second_on"])
        for _number in range(10):
            self._looked_through(self.paul).button_confirm()
        self.env.flush_all()
        with self.assertQueryCount(1):
            found = self.chains.search_fetch([], ["user_id", "reference", "second_on"])
        self.assertGreaterEqual(len(found), 11)


@tagged("post_install", "-at_install")
class TestChainAtOnce(TestChain):
    """The same of so many documents that the trail is read at once."""

    def setUp(self):
        super().setUp()
        chains = type(self.env["erp.access.report.chain"])
        self.patch(chains, "_is_much", lambda _self, *_args: True)


@tagged("post_install", "-at_install")
class TestChainIndexes(TransactionCase):
    """What the chains ask the trail is answered by indexes of the months over."""

    def test_the_records_themselves_are_not_read(self):
        model = self.env["erp.audit.closed"]
        chains = self.env["erp.access.report.chain"]
        asked = [("res.partner", SQL("op = 'c'")), *chains._deeds()]
        self.cr.execute("CREATE TEMP TABLE month (LIKE erp_audit_log)")
        for number, item in enumerate(model._wanted()):
            name = SQL.identifier(f"month_{number}")
            self.cr.execute(SQL("CREATE INDEX %s ON month %s", name, item))
        self.cr.execute("SET LOCAL enable_seqscan = off")
        self.cr.execute("SET LOCAL enable_bitmapscan = off")
        for name, what in asked:
            query = chains._who(name, "d.number", "a", what, True)
            self.cr.execute(
                SQL(
                    "EXPLAIN SELECT FROM (VALUES (1)) d (number) %s", query
                ).code.replace("erp_audit_log", "month"),
                query.params,
            )
            plan = "\n".join(row[0] for row in self.cr.fetchall())
            self.assertIn("Index Only Scan using month_", plan, name)


class TestReviewMaking(TransactionCase):
    """From what happened to a review of the people."""

    def test_only_access_managers(self):
        mary = new_test_user(self.env, "mary", "erp_audit.group_access_manager")
        anna = new_test_user(self.env, "anna", "base.group_user")
        reports = self.env["erp.access.report"]
        action = reports.with_user(mary)._make_review(anna)
        review = self.env["erp.access.review"].browse(action["res_id"])
        self.assertEqual(review.user_ids, anna)
