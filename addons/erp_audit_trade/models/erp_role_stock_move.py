from odoo import models


class StockMove(models.Model):
    _name = "stock.move"
    _inherit = ["stock.move", "erp.tier.line.mixin"]

    _tier_parent = "picking_id"
    _tier_fields = ("picking_id",)
