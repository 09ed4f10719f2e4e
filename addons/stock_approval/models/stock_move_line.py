from odoo import api, models
from odoo.exceptions import UserError

# what moves stock when it is written on the line of a move that is done
MOVES_STOCK = {
    "quantity",
    "product_id",
    "product_uom_id",
    "location_id",
    "location_dest_id",
    "lot_id",
    "package_id",
    "result_package_id",
    "owner_id",
    "quant_id",
    "move_id",
    "picking_id",
}
# what changes the content of a transfer that is not done
MATERIAL = MOVES_STOCK | {"picked"}


class StockMoveLine(models.Model):
    """Detailed operations: Odoo moves stock when those of a done move are changed."""

    _inherit = "stock.move.line"

    @api.model_create_multi
    def create(self, vals_list):
        """Override to refuse lines that are added to approved, done moves."""
        if not self.env["stock.move"]._approval_is_governed():
            return super().create(vals_list)
        states = {vals.get("state") for vals in vals_list}
        if "done" in {*states, self.env.context.get("default_state")}:
            self._approval_refuse_done()
        done = self._approval_done_moves(vals_list)
        if not done:
            lines = super().create(vals_list)
            lines._approval_see_change()
            return lines
        with self.env.cr.savepoint():
            done._approval_demand_unedited()
            lines = super().create(vals_list)
            (done | lines.move_id)._approval_demand_unedited()
        return lines

    @api.model
    def _approval_refuse_done(self):
        """Refuse lines that are said to be done: Odoo would move stock by them alone.

        The state of a line is that of its move, Odoo itself never sets it.
        """
        if self.env["stock.approval.mixin"]._approval_any_policy():
            raise UserError(
                self.env._("Detailed operations are done together with their transfer.")
            )

    @api.model
    def _approval_done_moves(self, vals_list):
        """Return the done moves, or those of done transfers, that get these lines."""

        def ids(name):
            found = {vals.get(name) for vals in vals_list}
            found.add(self.env.context.get(f"default_{name}"))
            return filter(None, found)

        # sudo: the gate asks for everybody
        moves = self.env["stock.move"].sudo().browse(ids("move_id"))
        # sudo: as above
        pickings = self.env["stock.picking"].sudo().browse(ids("picking_id"))
        # the date first: the state of an open one is about to be computed, once, later
        pickings = pickings.filtered(
            lambda picking: picking.date_done and picking.state == "done"
        )
        return moves.filtered(lambda move: move.state == "done") | pickings.move_ids

    def write(self, vals):
        """Override to refuse changes of approved, done moves."""
        if MATERIAL.isdisjoint(vals) and vals.get("state") != "done":
            return super().write(vals)
        if not self.env["stock.move"]._approval_is_governed():
            return super().write(vals)
        if vals.get("state") == "done":
            self._approval_refuse_done()
        moves = self.move_id
        if vals.get("move_id"):
            moves |= moves.browse(vals["move_id"])
        done = moves.filtered(lambda move: move.state == "done")
        if not done or MOVES_STOCK.isdisjoint(vals):
            result = super().write(vals)
            (moves | self.move_id).picking_id._approval_see_change()
            return result
        with self.env.cr.savepoint():
            done._approval_demand_unedited()
            result = super().write(vals)
            done._approval_demand_unedited()
        return result

    def unlink(self):
        """Override to see lines that are removed from transfers under approval."""
        pickings = self.picking_id
        result = super().unlink()
        if pickings._approval_is_governed():
            pickings.exists()._approval_see_change()
        return result

    def _approval_see_change(self):
        self.picking_id._approval_see_change()
