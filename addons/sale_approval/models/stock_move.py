from datetime import timedelta

from odoo import models

from odoo.addons.approval_flow.engine import CHANGE_PASS, ChangePass


class StockMove(models.Model):
    """Open moves follow an applied change of their sales order."""

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
        if not self._change_is_open() or self.origin_returned_move_id:
            return False
        if self.location_dest_id._is_outgoing():
            return True
        if not (self.location_final_id and self.location_final_id._is_outgoing()):
            return False
        return not self.move_dest_ids.filtered(lambda move: move.state != "cancel")

    def _change_is_begun(self):
        """Return whether its goods left their shelf: picked, packed or on the way."""
        return (
            self.picked
            or bool(self.move_line_ids.result_package_id)
            or any(move.state == "done" for move in self.move_orig_ids)
        )

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
        suppliers = self.move_orig_ids.filtered(lambda move: move._change_is_open())
        self._change_take_supply(taken)
        left = self.product_qty - taken
        uom = self.product_id.uom_id
        if uom.compare(left, 0.0) <= 0:
            self.picked = False
            self._action_cancel()
        else:
            self._change_set_quantity(
                uom._compute_quantity(left, self.product_uom, rounding_method="HALF-UP")
            )
        own = suppliers.filtered(lambda move: move._change_is_open())
        if own:
            own._change_shrink(min(taken, sum(own.mapped("product_qty"))))

    def _change_take_supply(self, taken):
        """Tell what supplies this move beside transfers: purchase, production."""
        lines = (
            self.created_purchase_line_ids
            if "created_purchase_line_ids" in self._fields
            else ()
        )
        for line in lines:
            if line.state in ("draft", "sent", "to approve"):
                quantity = self.product_id.uom_id._compute_quantity(
                    taken, line.product_uom_id, rounding_method="HALF-UP"
                )
                line.product_qty = max(line.product_qty - quantity, 0.0)

    def _change_set_quantity(self, quantity):
        """Ask for less; what was reserved or picked beyond it is given back.

        :param float quantity: in the unit of the move
        """
        reserved = self.product_uom.compare(self.quantity, 0.0) > 0
        beyond = self.product_uom.compare(self.quantity, quantity) > 0
        if beyond and self.picked:
            # core reserves nothing anew for what counts as picked
            self.picked = False
        self.product_uom_qty = quantity
        if reserved and beyond:
            self._action_assign()

    # -- later, elsewhere --------------------------------------------------------------

    def _change_reschedule(self, deadline):
        """Plan open moves, and what supplies them, for a new delivery date.

        :param datetime deadline: when the customer shall have the goods
        """
        for move in self:
            lead = timedelta(days=move.company_id.security_lead)
            planned = deadline - lead
            shift = planned - move.date
            move.write({"date": planned, "date_deadline": deadline})
            move._change_suppliers()._change_shift(shift, deadline)

    def _change_suppliers(self):
        """Return the open transfers that bring the goods for this move."""
        return self.move_orig_ids.filtered(lambda move: move._change_is_open())

    def _change_shift(self, shift, deadline):
        for move in self:
            move.write({"date": move.date + shift, "date_deadline": deadline})
            move._change_suppliers()._change_shift(shift, deadline)

    def _change_address(self, partner):
        """Send open deliveries to another address."""
        moves = self.filtered(lambda move: move._change_is_open())
        pickings = moves.picking_id.filtered(lambda item: item.partner_id)
        pickings.partner_id = partner
        moves.filtered("partner_id").partner_id = partner
        final = partner.property_stock_customer
        for move in moves:
            if move.location_final_id.usage == final.usage:
                move.location_final_id = final
