from odoo import fields, models

from .res_users_access_factor import GRACE

# for how long emergency access is given at most, if nothing is set
HOURS = "erp_audit.emergency_hours"
DEFAULT_HOURS = 4


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    erp_emergency_hours = fields.Float(
        string="Emergency access for up to (hours)",
        config_parameter=HOURS,
        default=DEFAULT_HOURS,
    )
    erp_second_factor_days = fields.Integer(
        string="Days to set a second factor up", config_parameter=GRACE
    )

    def set_values(self):
        """Override: who has to set a second factor up is known in memory."""
        result = super().set_values()
        self.env.registry.clear_cache()
        return result
