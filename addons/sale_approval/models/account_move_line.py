from odoo import models

from odoo.addons.approval_flow.engine import CHANGE_PASS, ChangePass


class AccountMoveLine(models.Model):
    """Invoice lines of orders that are changed by request."""

    _inherit = "account.move.line"

    def _sale_create_reinvoice_sale_line(self):
        """Override: costs that are invoiced on are put on the order by Odoo."""
        key = {CHANGE_PASS: ChangePass("sale.order", None)}
        lines = self.with_context(**key)
        return super(AccountMoveLine, lines)._sale_create_reinvoice_sale_line()

    def _change_in_unit(self, uom):
        """Return quantity and price of the line in another unit of measure."""
        self.ensure_one()
        own = self.product_uom_id or uom
        return (
            own._compute_quantity(self.quantity, uom, rounding_method="HALF-UP"),
            own._compute_price(self.price_unit, uom),
        )

    def _change_correct(self, values):
        """Correct a line of a draft invoice; without anything left it goes."""
        self.ensure_one()
        if not values:
            return
        move = self.move_id
        if values.get("quantity") == 0.0:
            self.unlink()
            if not move.invoice_line_ids.filtered(
                lambda i: i.display_type == "product"
            ):
                move.button_cancel()
        else:
            self.write(values)
