from odoo import models


class MrpProduction(models.Model):
    """Manufacturing orders that serve sales orders, and how much is needed of them."""

    _inherit = "mrp.production"

    def _change_is_open(self):
        """Return whether this is an order that is not finished."""
        return bool(self) and self.state not in ("done", "cancel")

    def _change_is_begun(self):
        """Return whether somebody has started: nothing is taken from his hands."""
        self.ensure_one()
        moves = self.move_raw_ids | self.move_finished_ids
        return (
            self.state in ("progress", "to_close", "done")
            or not self.product_uom_id.is_zero(self.qty_producing)
            or any(move.picked or move.state == "done" for move in moves)
            or any(
                operation.state in ("progress", "done") or operation.time_ids
                for operation in self.workorder_ids
            )
        )

    # -- what they make, and for what --------------------------------------------------

    def _change_finished(self):
        """Return the moves by which the product itself comes out."""
        return self.move_finished_ids.filtered(
            lambda move: move.product_id == move.production_id.product_id
            and move.state != "cancel"
        )

    def _change_open_quantity(self):
        """Return how much is still to be made, in units of the product."""
        moves = self._change_finished().filtered(lambda move: move.state != "done")
        return sum(moves.mapped("product_qty"))

    def _change_waiting(self):
        """Return the moves that wait for these orders without a link to them.

        When Odoo lets an existing order make more, it does not say for which move.
        """
        references = self.reference_ids
        if not references:
            return self.env["stock.move"]
        moves = self.env["stock.move"].search(
            [
                ("reference_ids", "in", references.ids),
                ("product_id", "in", self.product_id.ids),
                ("state", "not in", ("done", "cancel")),
            ]
        )
        return moves.filtered(lambda move: move._change_waits_unlinked())

    def _change_served(self):
        """Return the moves that these orders are to supply."""
        linked = self._change_finished().move_dest_ids
        return linked.filtered(lambda move: move.state != "cancel") | (
            self._change_waiting()
        )

    def _change_balance(self):
        """Return what these orders of one product make, and what is needed of it.

        :return: ``(made, needed)``, in units of the product
        """
        made = sum(move._change_quantity() for move in self._change_finished())
        needed = sum(move._change_quantity() for move in self._change_served())
        return made, needed

    def _change_when(self):
        """Return when the first move is due that is supplied: (date, deadline)."""
        served = self._change_served().filtered(lambda move: move._change_is_open())
        if not served:
            return None, None
        deadlines = [move.date_deadline or move.date for move in served]
        return min(served.mapped("date")), min(deadlines)

    def _change_unlinked_quantity(self):
        """Return how much is made that is linked to nothing, in the product's unit."""
        self.ensure_one()
        finished = self._change_finished()
        linked = finished.move_dest_ids
        return sum(move._change_quantity() for move in finished) - sum(
            move._change_quantity() for move in linked
        )
