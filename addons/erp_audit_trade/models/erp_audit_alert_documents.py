from odoo import api, models

# what the alert rules of trade look at, besides the documents themselves
DOCUMENTS = {
    "account.lock_exception": {},
    "res.company": {},
}


class ErpAuditRule(models.Model):
    _inherit = "erp.audit.rule"

    @api.model
    def _default_rules(self):
        """Override to record lock dates and the exceptions of them."""
        return {**super()._default_rules(), **DOCUMENTS}
