from odoo import models


class AccountMoveLine(models.Model):
    _name = "account.move.line"
    _inherit = ["account.move.line", "erp.tier.line.mixin"]

    _tier_parent = "move_id"
    _tier_fields = ("move_id",)
