from odoo import models


class SaleOrderLine(models.Model):
    _name = "sale.order.line"
    _inherit = ["sale.order.line", "approval.line.mixin"]

    _approval_parent = "order_id"

    def action_copy_from_earlier(self):
        """Open the copy form from the list of lines, for the order in the context."""
        order = self.env["sale.order"].browse(self.env.context.get("order_id"))
        return order.action_copy_from_earlier()
