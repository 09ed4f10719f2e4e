from odoo import models


class IrModuleModule(models.Model):
    _inherit = "ir.module.module"

    def module_uninstall(self):
        """Override: columns and tables have gone with the addons that are removed."""
        result = super().module_uninstall()
        # sudo: triggers follow the columns, whoever removes an addon
        rules = self.env["erp.audit.rule"].sudo()
        if not rules._is_leaving():
            rules._sync_if_free()
        return result
