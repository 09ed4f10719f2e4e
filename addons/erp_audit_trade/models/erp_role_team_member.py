from odoo import api, models


class CrmTeamMember(models.Model):
    """Who joins or leaves a team belongs to another department at once."""

    _inherit = "crm.team.member"

    @api.model_create_multi
    def create(self, vals_list):
        """Override to forget who belongs to which department."""
        members = super().create(vals_list)
        self.env.registry.clear_cache()
        return members

    def write(self, vals):
        """Override to forget who belongs to which department."""
        result = super().write(vals)
        self.env.registry.clear_cache()
        return result

    def unlink(self):
        """Override to forget who belongs to which department."""
        result = super().unlink()
        self.env.registry.clear_cache()
        return result
