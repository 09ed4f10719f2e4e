from odoo import api, models


class ErpAuditRule(models.Model):
    _inherit = "erp.audit.rule"

    @api.model
    def _default_rules(self):
        """Override to record what conflicts of duties are, and who accepted them."""
        return {
            **super()._default_rules(),
            "erp.duty.conflict": {"log_relations": True},
            "erp.duty.conflict.exception": {},
        }
