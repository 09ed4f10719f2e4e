from odoo import models


class PurchaseOrderLine(models.Model):
    _name = "purchase.order.line"
    _inherit = ["purchase.order.line", "erp.tier.line.mixin"]

    _tier_parent = "order_id"
    _tier_fields = ("order_id",)
