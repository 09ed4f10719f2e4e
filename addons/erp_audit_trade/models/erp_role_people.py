from odoo import api, models


class ResUsers(models.Model):
    """Who gets another manager belongs to another department at once."""

    _inherit = "res.users"

    def write(self, vals):
        """Override to forget who belongs to which department."""
        result = super().write(vals)
        if "approval_manager_id" in vals:
            self.env.registry.clear_cache()
        return result

    @api.model_create_multi
    def create(self, vals_list):
        """Override to forget who belongs to which department."""
        users = super().create(vals_list)
        if any(vals.get("approval_manager_id") for vals in vals_list):
            self.env.registry.clear_cache()
        return users
