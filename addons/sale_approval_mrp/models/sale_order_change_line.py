from odoo import fields, models


class SaleOrderChangeLine(models.Model):
    """How far production is with a line of a request."""

    _inherit = "sale.order.change.line"

    qty_making = fields.Float(
        string="In production",
        digits="Product Unit",
        compute="_compute_qty_making",
        help="What manufacturing orders that are confirmed make for this line.",
    )

    def _compute_qty_making(self):
        for line in self:
            # sudo: manufacturing orders, for people without rights in production
            line.qty_making = line.order_line_id.sudo()._change_making()
