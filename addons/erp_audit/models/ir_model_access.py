from odoo import models


class IrModelAccess(models.Model):
    _inherit = "ir.model.access"

    def _make_access_error(self, model, mode):
        """Override to record that a kind of document was refused."""
        self.env["erp.audit.event"]._denied(model, mode)
        return super()._make_access_error(model, mode)
