from odoo import models


class SaleOrderLine(models.Model):
    _name = "sale.order.line"
    _inherit = ["sale.order.line", "erp.tier.line.mixin"]

    _tier_parent = "order_id"
    _tier_fields = ("order_id",)
