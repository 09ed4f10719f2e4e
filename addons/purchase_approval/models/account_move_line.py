from odoo import models


class AccountMoveLine(models.Model):
    """Bill lines of orders that are changed by request."""

    _inherit = "account.move.line"

    def _purchase_price_key(self, uom):
        """Return quantity, and ``(price, discount, tax ids)``, in a unit of measure."""
        self.ensure_one()
        own = self.product_uom_id or uom
        digits = self.env["decimal.precision"].precision_get("Product Price")
        price = round(own._compute_price(self.price_unit, uom), max(digits, 6))
        return (
            own._compute_quantity(self.quantity, uom, rounding_method="HALF-UP"),
            (price, self.discount, tuple(sorted(self.tax_ids.ids))),
        )
