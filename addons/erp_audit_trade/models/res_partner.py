from odoo import models


class ResPartner(models.Model):
    _inherit = "res.partner"

    def action_erp_audit_touch(self):
        """Open the page of who touched a customer or vendor, and all that is his.

        :return: action
        :raise AccessError: if the reader may not read the partner
        """
        self.ensure_one()
        return self.env["erp.audit.touch"].action_open(self._name, self.id)
