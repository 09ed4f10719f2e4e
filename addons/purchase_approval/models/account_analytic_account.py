from odoo import fields, models


class AccountAnalyticAccount(models.Model):
    _inherit = "account.analytic.account"

    budget_holder_id = fields.Many2one(
        "res.users",
        string="Budget holder",
        domain=[("share", "=", False)],
        tracking=True,
        help="Answers for what is spent on this account; approval policies can ask "
        "him.",
    )
