from odoo import api, fields, models


class SaleOrderChangeLine(models.Model):
    """One line of a change request on a sales order: old and new side by side."""

    _name = "sale.order.change.line"
    _description = "Line of a Sales Order Change Request"
    _inherit = ["approval.change.line.mixin"]

    change_id = fields.Many2one(
        "sale.order.change", required=True, index=True, ondelete="cascade"
    )
    order_line_id = fields.Many2one(
        "sale.order.line", string="Order line", index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="change_id.company_id", store=True)
    currency_id = fields.Many2one(related="change_id.currency_id")
    product_id = fields.Many2one(
        "product.product",
        required=True,
        domain="[('sale_ok', '=', True)]",
        check_company=True,
    )
    uom_id = fields.Many2one(
        "uom.uom",
        string="Unit",
        required=True,
        compute="_compute_uom_id",
        store=True,
        precompute=True,
        readonly=False,
    )
    qty_reserved = fields.Float(
        string="Reserved", digits="Product Unit", compute="_compute_progress"
    )
    qty_picked = fields.Float(
        string="Picked", digits="Product Unit", compute="_compute_progress"
    )
    old_subtotal = fields.Monetary(string="Amount before", compute="_compute_subtotals")
    new_subtotal = fields.Monetary(string="Amount after", compute="_compute_subtotals")

    @api.depends("product_id")
    def _compute_uom_id(self):
        for line in self:
            line.uom_id = (
                # sudo: the unit of the line that the request is about
                line.order_line_id.sudo().product_uom_id or line.product_id.uom_id
            )

    @api.onchange("product_id")
    def _onchange_product_id(self):
        """Propose the price of the order's price list for another product."""
        if self.product_id and self._change_kind() in ("add", "replace"):
            order = self.change_id.order_id
            price, discount = self._change_list_price(order)
            self.new_price, self.new_discount = price, discount
            self.new_qty = self.new_qty or 1.0

    def _change_list_price(self, order):
        """Return price and discount (%) of the product by the order's price list."""
        line = self.env["sale.order.line"].new(
            {
                "order_id": order.id,
                "product_id": self.product_id.id,
                "product_uom_id": self.uom_id.id or self.product_id.uom_id.id,
                "product_uom_qty": self.new_qty or 1.0,
            }
        )
        return line.price_unit, line.discount

    def _compute_progress(self):
        # sudo: as below; all transfers in a few looks, whatever filters them later
        moves = self.order_line_id.sudo().move_ids
        for name in ("move_line_ids", "move_orig_ids", "move_dest_ids"):
            moves.mapped(name)
        for line in self:
            # sudo: transfers, for people without rights in the warehouse
            order_line = line.order_line_id.sudo()
            line.qty_reserved = order_line._change_reserved()
            line.qty_picked = order_line._change_picked()

    @api.depends(
        "old_qty",
        "new_qty",
        "old_price",
        "new_price",
        "old_discount",
        "new_discount",
        "is_removed",
        "qty_done",
    )
    def _compute_subtotals(self):
        for line in self:
            quantity = line._change_target()
            line.old_subtotal = (
                line.old_qty * line.old_price * (1 - line.old_discount / 100.0)
            )
            line.new_subtotal = (
                quantity * line.new_price * (1 - line.new_discount / 100.0)
            )

    def _change_target(self):
        """Return the quantity that the request leaves of its line, in its unit."""
        if self.is_removed or (self.order_line_id and self.change_id.kind == "cancel"):
            return min(self.qty_done, self.old_qty)
        return self.new_qty

    @api.model
    def _change_old_values(self, line):
        """Override: the order line's own fields."""
        return {
            "old_qty": line.product_uom_qty,
            "old_price": line.price_unit,
            "old_discount": line.discount,
            "old_date": line._change_delivery_date(),
            "qty_done": line.qty_delivered,
            "qty_invoiced": line.qty_invoiced,
        }

    @api.model_create_multi
    def create(self, vals_list):
        """Override: an added product costs what the price list says, unless given."""
        given = ["new_price" in vals for vals in vals_list]
        lines = super().create(vals_list)
        for line, priced in zip(lines, given, strict=True):
            if not priced and line.action in ("add", "replace"):
                price, discount = line._change_list_price(line.change_id.order_id)
                line.write({"new_price": price, "new_discount": discount})
        return lines
