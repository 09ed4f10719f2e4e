from odoo import Command, api, models

# of each role: groups that are there only with some addons
ROLES = {
    "role_administrator": ("base.group_system",),
    "role_salesperson": ("sales_team.group_sale_salesman_all_leads",),
    "role_sales_manager": ("sales_team.group_sale_manager",),
    "role_purchaser": ("purchase.group_purchase_user",),
    "role_warehouse": ("stock.group_stock_user",),
    "role_finance": ("account.group_account_invoice", "account.group_account_user"),
    "role_service_agent": ("cs_performance.group_agent",),
    "role_service_manager": ("cs_performance.group_manager",),
    "role_auditor": ("erp_audit.group_audit_auditor",),
    "role_general_manager": (),
}


class ErpRole(models.Model):
    _inherit = "erp.role"

    @api.model
    def _fill_trade_roles(self):
        """Put into the roles of trade the groups of the addons that are there.

        Called when the addon is installed or updated. Groups that somebody took out
        of a role that people have stay out: only empty roles are filled.
        """
        for name, xmlids in ROLES.items():
            role = self.env.ref(f"erp_audit_trade.{name}", raise_if_not_found=False)
            if not role or role.group_ids:
                continue
            groups = self.env["res.groups"]
            for xmlid in xmlids:
                groups |= self.env.ref(xmlid, raise_if_not_found=False) or groups
            if groups:
                role.group_ids = [Command.set(groups.ids)]
