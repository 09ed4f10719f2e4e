from odoo import api, fields, models


class SaleOrder(models.Model):
    """Confirmed sales orders change and cancel by request only."""

    _name = "sale.order"
    _inherit = ["sale.order", "approval.changeable.mixin"]

    _change_model = "sale.order.change"
    _change_states = ("sale",)
    _change_own_fields = ("change_revision", "change_closed")
    _change_material = (
        "partner_id",
        "partner_invoice_id",
        "partner_shipping_id",
        "currency_id",
        "pricelist_id",
        "payment_term_id",
        "fiscal_position_id",
        "warehouse_id",
        "commitment_date",
        "incoterm",
    )
    _change_line_material = (
        "product_id",
        "product_uom_qty",
        "product_uom_id",
        "price_unit",
        "discount",
        "tax_ids",
        "customer_lead",
        "promised_date",
        "is_downpayment",
    )

    change_ids = fields.One2many(
        "sale.order.change", "order_id", readonly=True, groups="base.group_user"
    )
    change_closed = fields.Selection(
        [
            ("remaining", "Closed: no more deliveries"),
            ("after_delivery", "Cancelled: goods are taken back"),
        ],
        string="Closed by request",
        copy=False,
        readonly=True,
        help="What an applied cancellation request left of the order.",
    )

    def _change_begun(self):
        """Return whether something is delivered or invoiced that stands."""
        self.ensure_one()
        return bool(
            self.order_line.filtered(lambda line: line.qty_delivered)
            or self.picking_ids.filtered(lambda picking: picking.state == "done")
            or self.invoice_ids.filtered(lambda move: move.state == "posted")
        )

    def _action_cancel(self):
        """Override: no path to a cancelled delivery leads past the request."""
        self._change_demand_cancel()
        return super()._action_cancel()

    @api.depends("change_closed")
    def _compute_invoice_status(self):
        """Override: what is taken back is not invoiced again."""
        result = super()._compute_invoice_status()
        for order in self:
            if order.change_closed == "after_delivery":
                order.invoice_status = "no"
        return result
