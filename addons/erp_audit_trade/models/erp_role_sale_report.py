from odoo import api, models
from odoo.tools import SQL

# who works on confirmed orders
LATER = ("stock.group_stock_user", "account.group_account_invoice")


class SaleReport(models.Model):
    """Figures of sales belong to the team and to the department of the salesperson."""

    _name = "sale.report"
    _inherit = ["sale.report", "erp.figures.mixin"]

    _tier_fields = ("user_id", "team_id", "state")
    _figures_documents = ("name", "order_reference")

    @api.model
    def _tier_parts(self, alias, people):
        """Override: as the orders, by team and salesperson."""
        user, team = (self._tier_column(alias, name) for name in ("user_id", "team_id"))
        parts = [
            SQL("%s IN %s", user, people),
            SQL("%s IN %s", team, self._tier_teams()),
            SQL("(%s IS NULL AND %s IS NULL)", user, team),
        ]
        if self._tier_works_in(*LATER):
            parts.append(SQL("%s = 'sale'", self._tier_column(alias, "state")))
        return parts
