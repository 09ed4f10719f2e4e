from odoo.tests import TransactionCase, tagged


@tagged("post_install", "-at_install")
class TestRoleTrade(TransactionCase):
    """The roles of trade, with the groups of the addons that are there."""

    def test_roles_have_their_groups_and_tiers(self):
        wanted = {
            "administrator": (False, "base.group_system"),
            "salesperson": ("operations", "sales_team.group_sale_salesman"),
            "sales_manager": ("management", "sales_team.group_sale_manager"),
            "purchaser": ("operations", "purchase.group_purchase_user"),
            "warehouse": ("operations", "stock.group_stock_user"),
            "finance": ("operations", "account.group_account_invoice"),
            "auditor": (False, "erp_audit.group_audit_auditor"),
            "general_manager": ("decision", "erp_audit.group_tier_decision"),
            "service_agent": ("operations", "base.group_user"),
            "service_manager": ("management", "base.group_user"),
        }
        for name, (tier, xmlid) in wanted.items():
            role = self.env.ref(f"erp_audit_trade.role_{name}")
            self.assertEqual(role.tier, tier, name)
            self.assertIn(self.env.ref(xmlid), role._groups().all_implied_ids, name)

    def test_filling_again_changes_nothing(self):
        role = self.env.ref("erp_audit_trade.role_salesperson")
        role.group_ids = self.env.ref("sales_team.group_sale_salesman")
        self.env["erp.role"]._fill_trade_roles()
        self.assertEqual(role.group_ids, self.env.ref("sales_team.group_sale_salesman"))
