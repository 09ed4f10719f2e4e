from odoo import models


class PurchaseOrderLine(models.Model):
    _name = "purchase.order.line"
    _inherit = ["purchase.order.line", "approval.line.mixin"]

    _approval_parent = "order_id"
