from odoo import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.account.tests.common import AccountTestInvoicingCommon
from odoo.addons.erp_audit.tests.common_alert import AlertMixin


@tagged("post_install", "-at_install")
class TestAlertTrade(AlertMixin, AccountTestInvoicingCommon):
    """Orders, payments and entries that somebody should look at."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        accountant = "account.group_account_manager,base.group_partner_manager"
        cls.cleo = new_test_user(
            cls.env,
            "cleo",
            f"{accountant},sales_team.group_sale_manager,"
            "purchase.group_purchase_manager,account.group_validate_bank_account",
            company_ids=[Command.set(cls.env.company.ids)],
            company_id=cls.env.company.id,
        )
        cls.otto = new_test_user(
            cls.env,
            "otto",
            accountant,
            company_ids=[Command.set(cls.env.company.ids)],
            company_id=cls.env.company.id,
        )
        cls.vendor = cls.env["res.partner"].create({"name": "Vendor"})
        cls.product = cls.env["product.product"].create(
            {"name": "Chair", "list_price": 100, "type": "service"}
        )

    # -- payments ----------------------------------------------------------------------

    def _bank(self, user, number="12345678"):
        bank = (
            self.env["res.partner.bank"]
            .with_user(user)
            .create({"acc_number": number, "partner_id": self.vendor.id})
        )
        self.env.flush_all()
        return bank

    def _pay(self, user, partner=None, kind="outbound"):
        payment = (
            self.env["account.payment"]
            .with_user(user)
            .create(
                {
                    "payment_type": kind,
                    "partner_type": "supplier",
                    "partner_id": (partner or self.vendor).id,
                    "amount": 100,
                }
            )
        )
        payment.action_post()
        self.env.flush_all()
        return payment

    def test_bank_account_changed_then_paid(self):
        """The vendor whose account is new; not another, and no money that comes in."""
        with self._doing("bank_then_paid") as found:
            self._bank(self.otto)
            self._pay(self.cleo, self.partner_b)
            self._pay(self.cleo, kind="inbound")
        self.assertFalse(found.alerts)
        with self._doing("bank_then_paid") as found:
            payment = self._pay(self.cleo)
        self.assertEqual(found.alerts.person_id, self.cleo)
        self.assertEqual(found.alerts.actor_id, self.otto)
        self.assertEqual(found.alerts.facts["payment"], payment.id)
        self.assertIn("Vendor", found.alerts.name)
        self.assertEqual(found.alerts.record_count, 2)

    def test_bank_account_changed_after_the_payment(self):
        """That comes too late to steal it."""
        with self._doing("bank_then_paid") as found:
            self._pay(self.cleo)
            self._bank(self.otto)
        self.assertFalse(found.alerts)

    def test_bank_account_changed_long_ago(self):
        """After the hours of the rule it is as good as any."""
        bank = self._bank(self.otto)
        rule = self._rule_of("bank_then_paid")
        before = self._last()
        payment = self._pay(self.cleo)
        self.env.cr.execute("SELECT now() AT TIME ZONE 'UTC' + interval '73 hours'")
        later = str(self.env.cr.fetchone()[0])
        self._look_only_at(rule, before, payment, bank, later)
        self.assertFalse(self._alerts(rule))

    def _look_only_at(self, rule, before, payment, bank, ts):
        """Look at the posting of a payment as if it had been at a time."""
        mark = self._last()
        self._record_event(
            None,
            self.cleo,
            ts,
            model="account.payment",
            op="w",
            res_id=payment.id,
            diff={"state": ["draft", "in_process"]},
        )
        self.assertGreater(mark, before)
        self._look(rule, mark)

    def test_the_same_person_changed_and_paid(self):
        """One person did both; two people did one each."""
        with self._doing("vendor_and_payment") as found:
            self._bank(self.otto)
            self._pay(self.cleo)
        self.assertFalse(found.alerts)
        with self._doing("vendor_and_payment") as found:
            self._bank(self.cleo, "87654321")
            self._pay(self.cleo)
        self.assertEqual(found.alerts.person_id, self.cleo)

    # -- entries -----------------------------------------------------------------------

    def _invoice(self, day="2026-03-02"):
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.partner_a.id,
                "invoice_date": day,
                "date": day,
                "invoice_line_ids": [
                    Command.create({"product_id": self.product.id, "price_unit": 10})
                ],
            }
        )
        self.env.flush_all()
        return invoice

    def test_posted_entry_back_to_draft(self):
        """Posting is none, taking it back is."""
        invoice = self._invoice()
        with self._doing("back_to_draft") as found:
            invoice.with_user(self.cleo).action_post()
        self.assertFalse(found.alerts)
        with self._doing("back_to_draft") as found:
            invoice.with_user(self.cleo).button_draft()
        self.assertEqual(found.alerts.facts["move"], invoice.id)
        self.assertIn(invoice.name, found.alerts.name)

    def test_lock_dates(self):
        """Moved on is none; moved back, taken away, or an exception is."""
        company = self.env.company
        with self._doing("lock_loosened") as found:
            company.fiscalyear_lock_date = "2020-12-31"
            self.env.flush_all()
            company.fiscalyear_lock_date = "2021-12-31"
        self.assertFalse(found.alerts)
        with self._doing("lock_loosened") as found:
            company.fiscalyear_lock_date = "2021-06-30"
        self.assertEqual(len(found.alerts), 1)
        found.alerts.sudo().write({"state": "confirmed"})
        with self._doing("lock_loosened") as found:
            company.fiscalyear_lock_date = False
        self.assertEqual(len(found.alerts), 1)
        company.fiscalyear_lock_date = "2021-12-31"
        self.env.flush_all()
        with self._doing("lock_loosened") as found:
            self.env["account.lock_exception"].create(
                {
                    "company_id": company.id,
                    "user_id": self.otto.id,
                    "fiscalyear_lock_date": "2021-01-31",
                    "end_datetime": False,
                    "reason": "Late bill",
                }
            )
        self.assertEqual(found.alerts.person_id, self.otto)
        self.assertIn("Late bill", found.alerts.name)

    def test_entry_in_a_locked_period(self):
        """By an exception of the lock dates; in an open period it is none."""
        company = self.env.company
        invoice = self._invoice("2021-03-02")
        with self._doing("before_lock") as found:
            invoice.action_post()
        self.assertFalse(found.alerts)
        other = self._invoice("2021-03-03")
        company.fiscalyear_lock_date = "2021-12-31"
        self.env["account.lock_exception"].create(
            {
                "company_id": company.id,
                "user_id": False,
                "fiscalyear_lock_date": "2021-01-31",
                "end_datetime": False,
            }
        )
        self.env.flush_all()
        with self._doing("before_lock") as found:
            other.action_post()
        self.assertEqual(found.alerts.facts["move"], other.id)

    # -- orders ------------------------------------------------------------------------

    def _order(self, price, discount=0, pricelist=None):
        order = (
            self.env["sale.order"]
            .with_user(self.cleo)
            .create(
                {
                    "partner_id": self.partner_a.id,
                    "pricelist_id": pricelist.id if pricelist else False,
                    "order_line": [
                        Command.create(
                            {
                                "product_id": self.product.id,
                                "price_unit": price,
                                "discount": discount,
                            }
                        )
                    ],
                }
            )
        )
        self.env.flush_all()
        return order

    def test_prices_below_the_list(self):
        """Price and discount together count, and only when it is confirmed."""
        fair, cheap = self._order(90, 10), self._order(80, 15)
        with self._doing("price_beyond_band", percent=30) as found:
            fair.action_confirm()
        self.assertFalse(found.alerts)
        with self._doing("price_beyond_band") as found:
            cheap.action_confirm()
        self.assertEqual(found.alerts.facts["id"], cheap.id)
        self.assertEqual(found.alerts.facts["percent"], 32)
        self.assertIn(cheap.name, found.alerts.name)

    def test_prices_of_a_price_list(self):
        """What the price list of the order says is no deviation."""
        pricelist = (
            self.env["product.pricelist"]
            .sudo()
            .create(
                {
                    "name": "Friends",
                    "item_ids": [
                        Command.create(
                            {
                                "applied_on": "3_global",
                                "compute_price": "percentage",
                                "percent_price": 60,
                            }
                        )
                    ],
                }
            )
        )
        order = self._order(40, pricelist=pricelist)
        with self._doing("price_beyond_band", percent=30) as found:
            order.action_confirm()
        self.assertFalse(found.alerts)

    def test_purchases_above_the_usual(self):
        """Far above the middle of earlier orders; the first has nothing beside it."""
        with self._doing("price_beyond_band", percent=30) as found:
            for price in (50, 52, 48, 60):
                self._buy(price)
        self.assertFalse(found.alerts)
        with self._doing("price_beyond_band") as found:
            order = self._buy(80)
        self.assertEqual(found.alerts.facts["id"], order.id)
        self.assertIn(order.name, found.alerts.name)

    def _buy(self, price):
        order = (
            self.env["purchase.order"]
            .with_user(self.cleo)
            .create(
                {
                    "partner_id": self.vendor.id,
                    "order_line": [
                        Command.create(
                            {
                                "product_id": self.product.id,
                                "product_qty": 1,
                                "price_unit": price,
                            }
                        )
                    ],
                }
            )
        )
        self.env.flush_all()
        order.button_confirm()
        self.env.flush_all()
        return order

    def test_orders_that_are_born_confirmed(self):
        """Imported as sold already, they are seen like those that are confirmed."""
        cheap = self._order(50)
        with self._doing("price_beyond_band", percent=30) as found:
            self._record_event(
                None,
                self.cleo,
                op="c",
                model="sale.order",
                res_id=cheap.id,
                diff={"state": "sale"},
            )
        self.assertEqual(found.alerts.facts["id"], cheap.id)

    def test_entry_of_a_branch_in_a_locked_period(self):
        """What the company has locked is locked for its branches."""
        company = self.env.company
        branch = self.env["res.company"].create(
            {"name": "Branch", "parent_id": company.id}
        )
        entry = self._invoice("2021-03-02")
        company.fiscalyear_lock_date = "2021-12-31"
        self.env.flush_all()
        # as if it had been made in the branch, past the check of Odoo
        self.env.cr.execute(
            "UPDATE account_move SET company_id = %s WHERE id = %s",
            [branch.id, entry.id],
        )
        with self._doing("before_lock") as found:
            self._record_event(
                None,
                self.otto,
                "2100-01-01 00:00:00",
                op="w",
                model="account.move",
                res_id=entry.id,
                diff={"state": ["draft", "posted"]},
            )
        self.assertEqual(found.alerts.facts["move"], entry.id)
