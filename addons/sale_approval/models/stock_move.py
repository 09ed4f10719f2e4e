from odoo import models

from odoo.addons.approval_flow.engine import CHANGE_PASS, ChangePass

REQUESTED = ("draft", "sent", "to approve")


class StockMove(models.Model):
    """Open moves deliver less after an applied change of their sales order."""

    _inherit = "stock.move"

    def _action_synch_order(self):
        """Override: products delivered beside the order are put on it by Odoo."""
        key = {CHANGE_PASS: ChangePass("sale.order", None)}
        return super(StockMove, self.with_context(**key))._action_synch_order()

    # -- which ones --------------------------------------------------------------------

    def _change_is_open(self):
        return self.state not in ("done", "cancel")

    def _change_is_last_open(self):
        """Return whether this is the last open move of a chain to the customer."""
        if not self._change_is_open() or self._change_is_from_outside():
            return False
        outgoing = self.location_dest_id._is_outgoing()
        if self.origin_returned_move_id:
            # what came back for a refund and is sent again is delivered by it
            return outgoing and self.to_refund
        if outgoing:
            return True
        if not (self.location_final_id and self.location_final_id._is_outgoing()):
            return False
        return not self.move_dest_ids.filtered(lambda move: move.state != "cancel")

    def _change_is_from_outside(self):
        """Return whether the goods are only bought or made by this move."""
        return self.location_id.usage not in ("internal", "transit")

    def _change_returned(self):
        """Return how much of a delivery this return brings back, in its unit."""
        if self.state == "cancel" or not self.location_id._is_outgoing():
            return 0.0
        quantity = self.quantity if self.state == "done" else self.product_uom_qty
        return self.product_uom._compute_quantity(
            quantity, self.origin_returned_move_id.product_uom
        )

    def _change_is_begun(self):
        """Return whether its goods left their shelf: picked, packed or on the way."""
        return (
            self.picked
            or bool(self.move_line_ids.result_package_id)
            or any(
                move.state == "done" and not move._change_fills_stock()
                for move in self.move_orig_ids
            )
        )

    def _change_fills_stock(self):
        """Return whether this puts goods that are bought or made on their shelf."""
        if self._change_is_from_outside():
            return True
        stock = self.location_dest_id.warehouse_id.lot_stock_id
        return (
            bool(stock)
            and self.location_dest_id._child_of(stock)
            and any(move._change_is_from_outside() for move in self.move_orig_ids)
        )

    def _change_suppliers(self):
        """Return the open transfers that only bring the goods on for this move.

        What is bought or made for it comes in whole, whatever becomes of the order.
        """
        return self.move_orig_ids.filtered(
            lambda move: move._change_is_open() and not move._change_fills_stock()
        )

    def _change_with_suppliers(self):
        """Return these moves and all open transfers that bring goods on for them."""
        found = self.browse()
        level = self
        while level:
            found |= level
            level = level._change_suppliers() - found
        return found

    def _change_chain(self):
        """Return these moves and all that bring goods for them, open or not."""
        found, level = self.browse(), self
        while level:
            found |= level
            level = level.move_orig_ids - found
        return found

    # -- less --------------------------------------------------------------------------

    def _change_shrink(self, surplus):
        """Take a quantity off open moves of one product, and off what supplies them.

        What nobody has touched goes first, the latest before the earliest.

        :param float surplus: in the unit of the product
        """
        order = self.sorted(
            lambda move: (
                move._change_is_begun(),
                move.picking_id.printed,
                bool(move.quantity),
                -(move.date_deadline or move.date).timestamp(),
                -move.id,
            )
        )
        for move in order:
            if move.product_id.uom_id.compare(surplus, 0.0) <= 0:
                break
            taken = min(surplus, move.product_qty)
            move._change_take(taken)
            surplus -= taken

    def _change_take(self, taken):
        """Take a quantity off one open move, and off what supplies it."""
        self.ensure_one()
        suppliers = self._change_suppliers()
        self._change_take_supply(taken)
        left = self.product_qty - taken
        uom = self.product_id.uom_id
        if uom.compare(left, 0.0) <= 0:
            self._change_drop()
        else:
            self._change_set_quantity(
                uom._compute_quantity(left, self.product_uom, rounding_method="HALF-UP")
            )
        own = suppliers.filtered(lambda move: move._change_is_open())
        if own:
            own._change_shrink(min(taken, sum(own.mapped("product_qty"))))

    def _change_drop(self):
        """Cancel one move, but not what it was to supply: that was seen to before."""
        if self.move_dest_ids.filtered(lambda move: move._change_is_open()):
            self.propagate_cancel = False
        self._action_cancel()

    def _change_take_supply(self, taken):
        """Ask vendors for less, where nothing is ordered from them yet."""
        if "created_purchase_line_ids" not in self._fields:
            return
        for line in self.created_purchase_line_ids:
            uom = self.product_id.uom_id
            if line.state not in REQUESTED or uom.compare(taken, 0.0) <= 0:
                continue
            asked = line.product_uom_id._compute_quantity(
                line.product_qty, uom, rounding_method="HALF-UP"
            )
            gone = min(asked, taken)
            taken -= gone
            line.product_qty = uom._compute_quantity(
                asked - gone, line.product_uom_id, rounding_method="HALF-UP"
            )

    def _change_set_quantity(self, quantity):
        """Ask for less; what was reserved or picked beyond it is given back.

        :param float quantity: in the unit of the move
        """
        if self.product_uom.compare(self.quantity, quantity) > 0:
            self._change_give_back(quantity)
        self.product_uom_qty = quantity

    def _change_give_back(self, quantity):
        """Keep no more than a quantity reserved, in the unit of the move.

        Core would give all back and reserve anew, so that lots, packages and what is
        ticked as picked were lost. What is neither picked nor packed goes first.
        """
        uom = self.product_id.uom_id
        beyond = sum(self.move_line_ids.mapped("quantity_product_uom"))
        beyond -= self.product_uom._compute_quantity(
            quantity, uom, rounding_method="HALF-UP"
        )
        gone = self.env["stock.move.line"]
        for line in self.move_line_ids.sorted(
            lambda line: (line.picked, bool(line.result_package_id), -line.id)
        ):
            if uom.compare(beyond, 0.0) <= 0:
                break
            held = line.quantity_product_uom
            if uom.compare(held, beyond) <= 0:
                gone |= line
            else:
                line.quantity = uom._compute_quantity(
                    held - beyond, line.product_uom_id, rounding_method="HALF-UP"
                )
            beyond -= min(held, beyond)
        gone.unlink()
