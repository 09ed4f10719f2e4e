from odoo import models


class ErpAuditRecord(models.Model):
    """The list of operations can be taken out, with a proof."""

    _inherit = "erp.audit.record"

    def action_export(self):
        """Export the chosen records, or those that the filter of the list finds.

        :return: action
        :raise AccessError: if the reader is no auditor
        """
        exports = self.env["erp.audit.export"]
        exports.check_access("create")
        return exports._open(self.ids, self.env.context.get("active_domain"))
