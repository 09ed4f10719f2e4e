from odoo.tests import TransactionCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestRightsTrade(TransactionCase):
    """Rights and conflicts of duties of trade."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rights = cls.env["erp.access.rights"]
        cls.anna = new_test_user(cls.env, "anna", "sales_team.group_sale_salesman")

    def _texts(self, *refs):
        groups = self.env["res.groups"]
        for ref in refs:
            groups += self.env.ref(ref)
        return [line["text"] for line in self.rights._difference(self.anna, groups)]

    def test_all_orders_not_only_own(self):
        texts = self._texts("sales_team.group_sale_salesman_all_leads")
        self.assertTrue(
            any("all sales orders, not only the own ones" in text for text in texts),
            texts,
        )

    def test_paying(self):
        texts = self._texts("account.group_account_invoice")
        self.assertIn("May now post invoices and bills, and vendor payments", texts)
        self.assertTrue(any("payments" in text for text in texts))

    def test_deleting_orders(self):
        texts = self._texts("sales_team.group_sale_manager")
        self.assertIn("May now delete sales orders", texts)

    def test_conflicts_of_trade(self):
        user = new_test_user(self.env, "paul", "purchase.group_purchase_user")
        new, _present = self.rights._conflicts(
            user, self.env.ref("account.group_account_manager")
        )
        self.assertIn(self.env.ref("erp_audit_trade.duty_purchase_book"), new)

    def test_conflicts_of_missing_addons_are_off(self):
        """A conflict about an addon that is not there bothers nobody."""
        for name in ("duty_hr_book", "duty_expense_pay", "duty_pos_book"):
            conflict = self.env.ref(f"erp_audit_trade.{name}")
            self.assertEqual(conflict.active, bool(conflict.left_group_ids))
