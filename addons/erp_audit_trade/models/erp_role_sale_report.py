from odoo import api, models


class SaleReport(models.Model):
    """Figures of sales belong to the team and to the department of the salesperson."""

    _name = "sale.report"
    _inherit = ["sale.report", "erp.figures.mixin"]

    _tier_fields = ("user_id", "team_id", "state")
    _figures_documents = ("name", "order_reference")

    @api.model
    def _tier_parts(self, alias, people):
        """Override: as the orders, by team and salesperson."""
        # the columns have the same names
        return self.env["sale.order"]._tier_parts(alias, people)
