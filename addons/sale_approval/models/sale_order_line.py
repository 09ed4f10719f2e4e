from odoo import models


class SaleOrderLine(models.Model):
    _name = "sale.order.line"
    _inherit = ["sale.order.line", "approval.line.mixin"]

    _approval_parent = "order_id"
