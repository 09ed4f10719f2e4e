from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    approval_urge_hours = fields.Float(
        string="Pause between two urges (hours)", default=4.0
    )
    approval_mail_public = fields.Boolean(
        string="Decide from the e-mail without logging in",
        help="Whoever holds the e-mail can decide. Leave off unless approvers cannot "
        "log in where they read their e-mail.",
    )
    approval_mail_hours = fields.Integer(
        string="E-mail links are valid for (hours)", default=72
    )

    _approval_mail_hours_positive = models.Constraint(
        "CHECK (approval_mail_hours > 0 AND approval_urge_hours >= 0)",
        "The hours must be positive.",
    )
