from odoo import models


class IrRule(models.Model):
    _inherit = "ir.rule"

    def _make_access_error(self, operation, records):
        """Override to record that records were refused."""
        self.env["erp.audit.event"]._denied(records._name, operation, records.ids)
        return super()._make_access_error(operation, records)
