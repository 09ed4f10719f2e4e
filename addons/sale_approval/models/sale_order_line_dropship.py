from odoo import models

REQUESTED = ("draft", "sent", "to approve")


class SaleOrderLine(models.Model):
    """Lines that a vendor delivers: what counts is on purchase orders.

    A request for quotation follows the sales order; what is ordered from the vendor is
    agreed, and stays until purchasing has talked with him.
    """

    _inherit = "sale.order.line"

    def _change_is_dropshipped(self):
        """Return whether a vendor delivers the line, on a purchase order."""
        self.ensure_one()
        if self._change_dropship_lines():
            return True
        moves = self.move_ids.filtered(lambda move: move.state != "cancel")
        return bool(moves) and all(
            move.location_id.usage == "supplier" for move in moves
        )

    def _change_dropship_lines(self):
        """Return the purchase lines by which a vendor delivers the line."""
        if (
            "purchase_line_ids" not in self._fields
            or "created_purchase_line_ids" not in self.move_ids._fields
        ):
            return self.browse()
        return self.purchase_line_ids.filtered(
            lambda line: line.state != "cancel"
            and line.product_id == self.product_id
            and line.order_id.picking_type_id.default_location_src_id.usage
            == "supplier"
            and line.order_id.picking_type_id.default_location_dest_id._is_outgoing()
        )

    def _change_ordered_dropship(self):
        """Return how much vendors are asked to deliver, in the unit of the line."""
        return sum(
            line.product_uom_id._compute_quantity(
                line.product_qty, self.product_uom_id, rounding_method="HALF-UP"
            )
            for line in self._change_dropship_lines()
        )

    def _change_missing(self, previous):
        """Override: the vendor is asked for what he is not asked for yet."""
        if self._change_is_dropshipped():
            return self.product_uom_qty - self._change_ordered_dropship()
        return super()._change_missing(previous)

    def _change_release_dropship(self, target):
        """Ask vendors for less where nothing is ordered from them yet."""
        surplus = self._change_ordered_dropship() - target
        for line in self._change_dropship_lines():
            if line.state in REQUESTED and self.product_uom_id.compare(surplus, 0) > 0:
                asked = line.product_uom_id._compute_quantity(
                    line.product_qty, self.product_uom_id, rounding_method="HALF-UP"
                )
                gone = min(asked, surplus)
                surplus -= gone
                line.product_qty = self.product_uom_id._compute_quantity(
                    asked - gone, line.product_uom_id, rounding_method="HALF-UP"
                )
