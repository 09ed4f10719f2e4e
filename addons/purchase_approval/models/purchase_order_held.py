from odoo import fields, models

from odoo.addons.approval_flow.engine import ChangePass

from ..engine import PROCESS_PASS


class PurchaseOrder(models.Model):
    """Confirmed purchase orders change and cancel by request only."""

    _name = "purchase.order"
    _inherit = ["purchase.order", "approval.changeable.mixin"]

    _change_model = "purchase.order.change"
    _change_states = ("purchase",)
    _change_own_fields = ("change_revision", "change_closed")
    _change_material = (
        "partner_id",
        "dest_address_id",
        "picking_type_id",
        "currency_id",
        "payment_term_id",
        "fiscal_position_id",
        "incoterm_id",
        "date_planned",
    )
    _change_line_material = (
        "product_id",
        "product_qty",
        "product_uom_id",
        "price_unit",
        "discount",
        "tax_ids",
        "date_planned",
        "is_downpayment",
    )

    change_ids = fields.One2many("purchase.order.change", "order_id", readonly=True)
    change_closed = fields.Selection(
        [("remaining", "Closed: no more receipts")],
        string="Closed by request",
        copy=False,
        readonly=True,
        help="What an applied cancellation request left of the order.",
    )

    def _change_begun(self):
        """Return whether something is received or billed that stands."""
        self.ensure_one()
        lines = self.order_line.filtered(lambda line: not line.display_type)
        return bool(
            lines.filtered(lambda line: not line._change_is_nothing(line.qty_received))
            or self._change_posted_bills()
        )

    def _change_posted_bills(self):
        """Return the bills for which core refuses to cancel the order."""
        return self.invoice_ids.filtered(
            lambda move: move.state not in ("draft", "cancel")
        )

    def _change_passes(self):
        """Override: what Odoo itself puts on an order while it receives or bills."""
        key = self.env.context.get(PROCESS_PASS)
        process = isinstance(key, ChangePass) and all(key.opens(item) for item in self)
        return process or super()._change_passes()

    def button_cancel(self):
        """Override: core cancels the receipts before it looks at the state."""
        self._change_demand_cancel()
        return super().button_cancel()
