from datetime import timedelta

from odoo import models


class StockMove(models.Model):
    """Open moves go elsewhere or later after an applied change of their sales order."""

    _inherit = "stock.move"

    # -- later -------------------------------------------------------------------------

    def _change_reschedule(self, deadline):
        """Plan open moves, and what supplies them, for a new delivery date.

        :param datetime deadline: when the customer shall have the goods
        """
        shifts = {}
        for move in self:
            lead = timedelta(days=move.company_id.security_lead)
            shift = deadline - (move.date_deadline or move.date + lead)
            for each in move._change_with_suppliers():
                # what supplies several is planned for the first of them
                shifts[each] = min(shift, shifts.get(each, shift))
        dates = {}
        for move, shift in shifts.items():
            dates.setdefault(move.date + shift, self.browse())
            dates[move.date + shift] |= move
        # core hands a deadline on to what these moves supply and are supplied by
        seen = {"date_deadline_propagate_ids": {move.id for move in shifts}}
        for date, moves in dates.items():
            moves.with_context(**seen).write({"date": date, "date_deadline": deadline})

    # -- elsewhere ---------------------------------------------------------------------

    def _change_address(self, partner):
        """Send open deliveries, and what supplies them, to another address."""
        final = partner.property_stock_customer
        for move in self:
            if move.location_final_id.usage == final.usage:
                move.location_final_id = final
            if move.location_dest_id._is_outgoing() and move.location_dest_id != final:
                move.location_dest_id = final
                move.move_line_ids.location_dest_id = final
                move.picking_id.location_dest_id = final
        moves = self._change_with_suppliers()
        moves.picking_id.filtered("partner_id").partner_id = partner
        moves.filtered("partner_id").partner_id = partner
