from odoo import models

from odoo.addons.approval_flow.engine import ENGINE
from odoo.addons.approval_flow.models.approval_changeable_mixin import field_labels

from ..engine import OWN_RECEIPTS


class PurchaseOrderLine(models.Model):
    """Lines of confirmed purchase orders change by request only."""

    _name = "purchase.order.line"
    _inherit = ["purchase.order.line", "approval.changeable.line.mixin"]

    _change_parent = "order_id"

    def _change_is_content(self):
        """Override: titles, notes and down payments order nothing."""
        return not self.display_type and not (
            self.is_downpayment and self._change_is_nothing(self.product_qty)
        )

    def _change_becomes_content(self, names):
        """Override: the price of a down payment follows its bill."""
        return not set(names) <= {"price_unit", "tax_ids", "discount"}

    def _change_is_nothing(self, quantity):
        """Return whether a quantity of this line is zero in its unit."""
        if not self.product_uom_id:
            return not quantity
        return self.product_uom_id.is_zero(quantity)

    def write(self, vals):
        """Override: core moves dates of receipts before it writes the line.

        The rule itself is in the mixin; asked here, nothing has happened yet.
        """
        model = self._change_document_model()
        names = self.env["approval.change.control"]._names(model)[1]
        if not names.isdisjoint(vals):
            for line in self._change_line_held():
                if touched := line._change_touched(vals):
                    line.order_id._change_refuse(field_labels(line, touched))
        return super().write(vals)

    def unlink(self):
        """Override: core cancels the receipts before it looks at the state."""
        self._unlink_except_held()
        return super().unlink()

    def _create_or_update_picking(self):
        """Override: while a request is applied it changes the receipts itself."""
        if self.env.context.get(OWN_RECEIPTS) is ENGINE:
            return
        super()._create_or_update_picking()
