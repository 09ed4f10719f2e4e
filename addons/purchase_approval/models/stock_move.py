from odoo import models

from ..engine import PROCESS


class StockMove(models.Model):
    """Receipts of purchase orders that are changed by request."""

    _inherit = "stock.move"

    def _action_synch_order(self):
        """Override: products received beside the order are put on it by Odoo."""
        moves = self.with_context(**PROCESS)
        return super(StockMove, moves)._action_synch_order()

    def _purchase_shrink(self, surplus):
        """Take a quantity off open receipts of one product.

        What nobody has touched goes first, the latest before the earliest.

        :param float surplus: in the unit of the product
        """
        order = self.sorted(
            lambda move: (
                move.picked,
                move.picking_id.printed,
                -(move.date_deadline or move.date).timestamp(),
                -move.id,
            )
        )
        for move in order:
            if move.product_id.uom_id.compare(surplus, 0.0) <= 0:
                break
            taken = min(surplus, move.product_qty)
            move._purchase_take(taken)
            surplus -= taken

    def _purchase_take(self, taken):
        """Take a quantity, in the unit of the product, off one open receipt."""
        self.ensure_one()
        uom = self.product_id.uom_id
        left = self.product_qty - taken
        if uom.compare(left, 0.0) <= 0:
            # what waits for these goods takes them from stock, and is not cancelled
            self.propagate_cancel = False
            self._action_cancel()
            return
        left = uom._compute_quantity(left, self.product_uom, rounding_method="HALF-UP")
        if self.picked and self.product_uom.compare(self.quantity, left) > 0:
            self.quantity = left  # of what was counted, the rest is still expected
        self.product_uom_qty = left
