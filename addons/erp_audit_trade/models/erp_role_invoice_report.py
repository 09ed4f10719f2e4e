from odoo import api, models
from odoo.tools import SQL


class AccountInvoiceReport(models.Model):
    """Figures of invoices: all for finance, those of their department for others."""

    _name = "account.invoice.report"
    _inherit = ["account.invoice.report", "erp.figures.mixin"]

    _tier_fields = ("invoice_user_id", "team_id")
    _figures_documents = ("move_id",)

    @api.model
    def _tier_parts(self, alias, people):
        """Override: as the invoices."""
        if self._tier_works_in(
            "account.group_account_invoice", "account.group_account_readonly"
        ):
            return [SQL("TRUE")]
        user, team = (
            self._tier_column(alias, name) for name in ("invoice_user_id", "team_id")
        )
        return [
            SQL("%s IN %s", user, people),
            SQL("%s IN %s", team, self._tier_teams()),
            SQL("(%s IS NULL AND %s IS NULL)", user, team),
        ]
