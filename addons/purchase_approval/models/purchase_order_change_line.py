from odoo import api, fields, models


class PurchaseOrderChangeLine(models.Model):
    """One line of a change request on a purchase order: old and new side by side."""

    _name = "purchase.order.change.line"
    _description = "Line of a Purchase Order Change Request"
    _inherit = ["approval.change.line.mixin"]

    change_id = fields.Many2one(
        "purchase.order.change", required=True, index=True, ondelete="cascade"
    )
    order_line_id = fields.Many2one(
        "purchase.order.line", string="Order line", index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="change_id.company_id", store=True)
    currency_id = fields.Many2one(related="change_id.currency_id")
    product_id = fields.Many2one(
        "product.product",
        required=True,
        domain="[('purchase_ok', '=', True)]",
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
    # prices of parts have more decimals than others: as on the order, all are kept
    old_price = fields.Float(digits=0, min_display_digits="Product Price")
    new_price = fields.Float(digits=0, min_display_digits="Product Price")
    old_product_id = fields.Many2one(
        "product.product",
        string="Product before",
        compute="_compute_old_product_id",
        # sudo: the line that the request is about
        compute_sudo=True,
    )
    qty_begun = fields.Float(
        string="At the door",
        digits="Product Unit",
        compute="_compute_qty_begun",
        help="Counted by the warehouse, and not booked yet.",
    )
    old_subtotal = fields.Monetary(string="Amount before", compute="_compute_subtotals")
    new_subtotal = fields.Monetary(string="Amount after", compute="_compute_subtotals")

    @api.depends("product_id")
    def _compute_uom_id(self):
        for line in self:
            # sudo: the unit of the line that the request is about
            uom = line.order_line_id.sudo().product_uom_id
            line.uom_id = uom or line.product_id.uom_id

    @api.depends("order_line_id")
    def _compute_old_product_id(self):
        for line in self:
            line.old_product_id = line.order_line_id.product_id

    def _compute_qty_begun(self):
        for line in self:
            # sudo: receipts, for people without rights in the warehouse
            line.qty_begun = line.order_line_id.sudo()._change_begun_quantity()

    @api.onchange("product_id")
    def _onchange_product_id(self):
        """Propose the vendor's price for another product."""
        if self.product_id and self._change_kind() in ("add", "replace"):
            self.new_qty = self.new_qty or 1.0
            self.update(self._change_vendor_terms())

    def _change_vendor_terms(self):
        """Return price, discount and date of the product by the vendor's price list."""
        line = self.env["purchase.order.line"].new(
            {
                "order_id": self.change_id.order_id._origin.id,
                "product_id": self.product_id._origin.id,
                "product_uom_id": self.uom_id.id or self.product_id.uom_id.id,
                "product_qty": self.new_qty or 1.0,
            }
        )
        return {
            "new_price": line.price_unit,
            "new_discount": line.discount,
            "new_date": line.date_planned,
        }

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
            old = line.old_qty * line.old_price * (1 - line.old_discount / 100.0)
            price = line.new_price * (1 - line.new_discount / 100.0)
            line.old_subtotal = old
            line.new_subtotal = line._change_target() * price

    @api.model
    def _change_old_values(self, line):
        """Override: the order line's own fields."""
        return {
            "old_qty": line.product_qty,
            "old_price": line.price_unit,
            "old_discount": line.discount,
            "old_date": line.date_planned,
            "qty_done": line.qty_received,
            "qty_invoiced": line.qty_invoiced,
        }

    @api.model_create_multi
    def create(self, vals_list):
        """Override: an added product costs what the vendor asks, unless given."""
        given = [dict(vals) for vals in vals_list]
        lines = super().create(vals_list)
        for line, vals in zip(lines, given, strict=True):
            if line.action in ("add", "replace"):
                terms = line._change_vendor_terms()
                missing = {k: v for k, v in terms.items() if k not in vals}
                if line.action == "replace":
                    missing.pop("new_date", None)
                if missing:
                    line.write(missing)
        return lines
