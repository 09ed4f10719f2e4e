from odoo import api, models

from .. import alert_rules


class ErpAuditAlertRule(models.Model):
    _inherit = "erp.audit.alert.rule"

    @api.model
    def _kinds(self):
        """Override to look for what is unusual in trade."""
        return {**super()._kinds(), **alert_rules.KINDS}
