from odoo import models


class StockMoveLine(models.Model):
    _name = "stock.move.line"
    _inherit = ["stock.move.line", "erp.tier.line.mixin"]

    _tier_parent = "picking_id"
    _tier_fields = ("picking_id",)
