from odoo import models


class SaleOrderLine(models.Model):
    """Order lines whose goods are made for the order."""

    _inherit = "sale.order.line"

    def _change_production_levels(self):
        """Return the manufacturing orders for these lines, and for their components."""
        found = self.env["mrp.production"]
        if not self.order_id.stock_reference_ids.production_ids:
            return found
        moves = self.move_ids.filtered(lambda move: not move.production_id)
        seen = moves.browse()
        while moves:
            seen |= moves
            orders = moves._change_all_productions() - found
            found |= orders
            upstream = moves.move_orig_ids.filtered(lambda move: not move.production_id)
            moves = (upstream | orders.move_raw_ids) - seen
        return found

    def _change_making(self):
        """Return how much is being made for the line, in its unit."""
        total = 0.0
        for line in self:
            if not line.order_id.stock_reference_ids.production_ids:
                continue
            shares = line._change_making_parts()
            if shares:
                total += max(shares.values()) if line._change_is_kit() else shares[0]
        return total

    def _change_making_parts(self):
        """Return {part of the line: how much of it is being made}, in the line's unit.

        What several lines wait for counts for each, up to what it still needs.
        """
        self.ensure_one()
        parts = {}
        for move in self._change_open_moves()._change_with_suppliers():
            orders = move._change_made_for() or move._change_productions()
            orders = orders.filtered(
                lambda order: order.state in ("confirmed", "progress", "to_close")
            )
            if orders:
                making = sum(order._change_open_quantity() for order in orders)
                key = move._change_part()
                parts.setdefault(key, 0.0)
                parts[key] += min(making, move.product_qty)
        return {key: self._change_in_sets(key, value) for key, value in parts.items()}
