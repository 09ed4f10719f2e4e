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

    def _change_price_key(self, uom):
        """Return quantity, and ``(price, discount, tax ids)``, in a unit of measure."""
        self.ensure_one()
        quantity, price = self.quantity, self.price_unit
        if self.product_uom_id and uom:  # down payments have none
            own = self.product_uom_id
            quantity = own._compute_quantity(quantity, uom, rounding_method="HALF-UP")
            price = own._compute_price(price, uom)
        digits = self.env["decimal.precision"].precision_get("Product Price")
        price = round(price, max(digits, 6))
        return quantity, (price, self.discount, tuple(sorted(self.tax_ids.ids)))

    def _change_correct(self, values):
        """Correct a line of a draft invoice; without anything left it goes."""
        self.ensure_one()
        if not values:
            return
        move = self.move_id
        if values.get("quantity") == 0.0:
            self.unlink()
            if move.state == "draft" and not move.invoice_line_ids.filtered(
                lambda i: i.display_type == "product"
            ):
                move.button_cancel()
        else:
            self.write(values)
