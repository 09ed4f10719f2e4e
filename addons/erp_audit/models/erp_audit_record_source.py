from odoo import api, models
from odoo.fields import Domain


class ErpAuditSource(models.Model):
    """Kinds of documents are looked for by the words that people know."""

    _inherit = "erp.audit.source"

    @api.model
    def _search_display_name(self, operator, value):
        """Override to look for kinds of documents by the reader's words."""
        domain = super()._search_display_name(operator, value)
        if not isinstance(value, str) or not value or operator.startswith("not"):
            return domain
        # sudo: names of kinds of documents
        known = self.env["ir.model"].sudo().search([("name", operator, value)])
        return domain | Domain("name", "in", known.mapped("model"))
