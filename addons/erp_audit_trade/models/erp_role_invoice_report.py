from odoo import api, models


class AccountInvoiceReport(models.Model):
    """Figures of invoices: all for finance, those of their department for others."""

    _name = "account.invoice.report"
    _inherit = ["account.invoice.report", "erp.figures.mixin"]

    _tier_fields = ("invoice_user_id", "team_id")
    _figures_documents = ("move_id",)

    @api.model
    def _tier_parts(self, alias, people):
        """Override: as the invoices."""
        # the columns have the same names
        return self.env["account.move"]._tier_parts(alias, people)
