from odoo import api, models
from odoo.tools import SQL

# who works on confirmed orders
LATER = ("stock.group_stock_user", "account.group_account_invoice")


class PurchaseReport(models.Model):
    """Figures of purchases belong to the department of the buyer."""

    _name = "purchase.report"
    _inherit = ["purchase.report", "erp.figures.mixin"]

    _tier_fields = ("user_id", "state")
    _figures_documents = ("order_id",)

    @api.model
    def _tier_parts(self, alias, people):
        """Override: as the orders, by buyer."""
        user = self._tier_column(alias, "user_id")
        parts = [SQL("%s IN %s", user, people), SQL("%s IS NULL", user)]
        if self._tier_works_in(*LATER):
            parts.append(SQL("%s = 'purchase'", self._tier_column(alias, "state")))
        return parts
