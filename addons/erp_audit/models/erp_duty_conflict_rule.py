from odoo import api, models


class ErpAuditRule(models.Model):
    _inherit = "erp.audit.rule"

    @api.model
    def _default_rules(self):
        """Override to record conflicts of duties, exceptions and reviews."""
        return {
            **super()._default_rules(),
            "erp.duty.conflict": {"log_relations": True},
            "erp.duty.conflict.exception": {},
            "erp.access.review": {"log_relations": True},
            "erp.access.review.line": {"log_relations": True},
        }
