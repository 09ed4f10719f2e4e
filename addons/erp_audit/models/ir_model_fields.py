from odoo import api, models


class IrModelFields(models.Model):
    """Fields that people make and delete in the screens are recorded at once."""

    _inherit = "ir.model.fields"

    @api.model_create_multi
    def create(self, vals_list):
        """Override: columns and tables of links may have come."""
        fields = super().create(vals_list)
        if any(field.state == "manual" for field in fields):
            self._sync_audit()
        return fields

    def write(self, vals):
        """Override: columns and tables of links may have other names."""
        result = super().write(vals)
        if any(field.state == "manual" for field in self):
            self._sync_audit()
        return result

    def unlink(self):
        """Override: columns and tables of links may have gone."""
        is_manual = any(field.state == "manual" for field in self)
        result = super().unlink()
        if is_manual:
            self._sync_audit()
        return result

    def _sync_audit(self):
        # while addons are loaded, the triggers follow at the end
        if self.env.registry.ready:
            # sudo: triggers follow the columns, whoever changes these
            rules = self.env["erp.audit.rule"].sudo()
            if not rules._is_leaving():
                rules._sync_if_free()
