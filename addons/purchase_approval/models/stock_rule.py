from odoo import models

# states of an approval during which the content of an order stands
STANDING = ("pending", "approved", "failed")


class StockRule(models.Model):
    _inherit = "stock.rule"

    def _make_po_get_domain(self, company_id, values, partner):
        """Override: what people are deciding on, the scheduler does not add to.

        A new need opens a new request for quotation, as it does once one was sent.
        """
        domain = super()._make_po_get_domain(company_id, values, partner)
        return (
            *domain,
            "|",
            ("approval_instance_id", "=", False),
            ("approval_instance_id.state", "not in", STANDING),
        )
