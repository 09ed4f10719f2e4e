from odoo import api, models


class ErpAuditRule(models.Model):
    _inherit = "erp.audit.rule"

    @api.model
    def _default_rules(self):
        """Override to record roles, requests and what was granted."""
        return {
            **super()._default_rules(),
            "erp.role": {"log_relations": True},
            "erp.access.grant": {"log_relations": True},
            "erp.access.request": {"log_relations": True},
        }
