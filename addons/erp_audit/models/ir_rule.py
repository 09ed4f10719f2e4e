from odoo import models


class IrRule(models.Model):
    _inherit = "ir.rule"

    def _make_access_error(self, operation, records):
        """Override to record that records were refused."""
        error = super()._make_access_error(operation, records)
        events = self.env["erp.audit.event"]
        return events._refused(error, records._name, operation, records.ids)
