from odoo import fields, models

from .. import keys
from .erp_audit_seal_mail import PARAMETER


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    erp_audit_mail_to = fields.Char(
        string="E-mail addresses of auditors", config_parameter=PARAMETER
    )
    erp_audit_seal_file = fields.Char(
        string="File", compute="_compute_erp_audit_places"
    )
    erp_audit_syslog = fields.Char(string="Syslog", compute="_compute_erp_audit_places")

    def _compute_erp_audit_places(self):
        for settings in self:
            settings.erp_audit_seal_file = keys.setting("seal_file")
            settings.erp_audit_syslog = keys.setting("syslog")
