from odoo import api, fields, models


class SaleOrderLine(models.Model):
    """Lines of confirmed sales orders change by request only."""

    _name = "sale.order.line"
    _inherit = ["sale.order.line", "approval.changeable.line.mixin"]

    _change_parent = "order_id"

    promised_date = fields.Datetime(
        string="Agreed delivery date",
        copy=False,
        help="Delivery date of this line, if it differs from that of the order.",
    )

    def _change_is_content(self):
        """Override: titles, notes and down payments order nothing."""
        return not self.display_type and not (
            self.is_downpayment and not self.product_uom_qty
        )

    def _change_becomes_content(self, names):
        """Override: the price of a down payment follows its invoice."""
        return not names <= {"price_unit", "tax_ids", "discount"}

    def _change_delivery_date(self):
        """Return the delivery date that counts for this line."""
        return self.promised_date or self.order_id.commitment_date

    def _prepare_procurement_values(self):
        """Override: a line may have a delivery date of its own."""
        values = super()._prepare_procurement_values()
        if self.promised_date:
            lead = fields.Datetime.subtract(
                self.promised_date, days=self.order_id.company_id.security_lead
            )
            values.update(date_deadline=self.promised_date, date_planned=lead)
        return values

    @api.depends("order_id.change_closed")
    def _compute_qty_to_invoice(self):
        """Override: what is taken back is not invoiced again."""
        result = super()._compute_qty_to_invoice()
        for line in self:
            if line.order_id.change_closed == "after_delivery":
                line.qty_to_invoice = 0.0
        return result
