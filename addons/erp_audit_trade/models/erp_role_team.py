from odoo import models


class CrmTeam(models.Model):
    _inherit = "crm.team"

    def write(self, vals):
        """Override to forget who belongs to which department."""
        result = super().write(vals)
        if "user_id" in vals:
            self.env.registry.clear_cache()
        return result
