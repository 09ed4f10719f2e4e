from odoo import models


class IrModelAccess(models.Model):
    _inherit = "ir.model.access"

    def _make_access_error(self, model, mode):
        """Override to record that a kind of document was refused."""
        error = super()._make_access_error(model, mode)
        return self.env["erp.audit.event"]._refused(error, model, mode)
