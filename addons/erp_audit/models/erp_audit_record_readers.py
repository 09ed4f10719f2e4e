from odoo import api, models


class ErpAuditRule(models.Model):
    """The record rules of the trail know who reads what: they have to hear of it."""

    _inherit = "erp.audit.rule"

    @api.model_create_multi
    def create(self, vals_list):
        """Override to tell the record rules."""
        rules = super().create(vals_list)
        if rules.reader_group_ids:
            self.env.registry.clear_cache()
        return rules

    def write(self, vals):
        """Override to tell the record rules."""
        result = super().write(vals)
        if "reader_group_ids" in vals:
            self.env.registry.clear_cache()
        return result

    def unlink(self):
        """Override to tell the record rules."""
        readers = self.reader_group_ids
        result = super().unlink()
        if readers:
            self.env.registry.clear_cache()
        return result
