from odoo import api, models


class PurchaseReport(models.Model):
    """Figures of purchases belong to the department of the buyer."""

    _name = "purchase.report"
    _inherit = ["purchase.report", "erp.figures.mixin"]

    _tier_fields = ("user_id", "state")
    _figures_documents = ("order_id",)

    @api.model
    def _tier_parts(self, alias, people):
        """Override: as the orders, by buyer."""
        # the columns have the same names
        return self.env["purchase.order"]._tier_parts(alias, people)
