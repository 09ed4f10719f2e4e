from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    approval_urge_hours = fields.Float(
        related="company_id.approval_urge_hours", readonly=False
    )
    approval_mail_public = fields.Boolean(
        related="company_id.approval_mail_public", readonly=False
    )
    approval_mail_hours = fields.Integer(
        related="company_id.approval_mail_hours", readonly=False
    )
