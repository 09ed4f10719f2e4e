from contextlib import ExitStack, contextmanager

from odoo import api, fields, models
from odoo.exceptions import UserError

# what changes the content of a transfer when it is written on one of its moves
MATERIAL = {
    "product_id",
    "product_uom",
    "product_uom_qty",
    "quantity",
    "picked",
    "location_id",
    "location_dest_id",
    "move_line_ids",
    "picking_id",
    "scrap_id",
}


class StockMove(models.Model):
    """The gate: no stock moves without the approval that a policy asks for.

    All paths end here, in whatever way they began: form, barcode, point of sale, batch,
    scheduler, RPC. Each move belongs to a transfer, a scrap, an inventory adjustment,
    or to none (see ``stock_move_loose.py``).
    """

    _inherit = "stock.move"

    approval_adjustment_id = fields.Many2one(
        "stock.inventory.approval",
        string="Approved adjustment",
        copy=False,
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )

    # -- which document ------------------------------------------------------------

    def _approval_scrapping(self):
        """Return the moves that really scrap what their scrap says."""
        return self.filtered(
            lambda move: move.scrap_id
            and move.location_dest_usage == "inventory"
            and move.location_dest_id == move.scrap_id.scrap_location_id
        )

    def _approval_parts(self):
        """Return transfers, scraps and adjustments of these moves, and the rest."""
        # sudo: the gate asks for everybody
        moves = self.sudo()
        scrapping = moves._approval_scrapping()
        moving = (moves - scrapping).filtered("picking_id")
        rest = moves - scrapping - moving
        adjusting = rest.filtered("approval_adjustment_id")
        documents = [
            moving.picking_id,
            scrapping.scrap_id,
            adjusting.approval_adjustment_id,
        ]
        return documents, rest - adjusting

    # -- the gate ------------------------------------------------------------------

    @api.model
    def _approval_is_governed(self):
        return bool(self.env["stock.approval.mixin"]._approval_stock_models())

    @contextmanager
    def _approval_passing(self):
        """Let these moves be done, if the database holds the approvals they need.

        :raise UserError: naming the documents that need an approval first
        """
        documents, loose = self._approval_parts()
        entered = []
        with ExitStack() as stack:
            for records in documents:
                records = records._approval_not_judged()
                if records:
                    approvals = records._approval_let_through(self)
                    entered.append((records, approvals))
                    stack.enter_context(records._approval_carrying_out())
            stack.enter_context(loose._approval_passing_loose())
            yield
        for records, approvals in entered:
            records._approval_use_up(approvals)

    def _action_done(self, cancel_backorder=False):
        """Override to ask for the approvals of all documents of the batch at once."""
        if not self._approval_is_governed():
            return super()._action_done(cancel_backorder=cancel_backorder)
        todo = self.filtered(lambda move: move.state not in ("done", "cancel"))
        with todo._approval_passing():
            done = super()._action_done(cancel_backorder=cancel_backorder)
        self.env["stock.inventory.approval"]._approval_see_stock(done)
        return done

    def _action_cancel(self):
        """Override to end the open approvals of transfers that are cancelled."""
        if not self.env["stock.picking"]._approval_is_governed():
            return super()._action_cancel()
        # sudo: bookkeeping of the engine
        known = self.sudo().picking_id.filtered("approval_instance_id")
        with known._approval_editing():
            result = super()._action_cancel()
        cancelled = known.filtered(lambda picking: picking.state == "cancel")
        cancelled._approval_open_instances()._close_with_document()
        (known - cancelled).with_env(self.env)._approval_content_changed()
        return result

    # -- create and write ----------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        """Override to gate moves that are created as done, and added lines."""
        if not self._approval_is_governed():
            return super().create(vals_list)
        if self._approval_born_done(vals_list):
            with self.env.cr.savepoint():
                pickings = self.env["stock.picking"].browse(
                    vals["picking_id"] for vals in vals_list if vals.get("picking_id")
                )
                pickings.move_ids._approval_demand_unedited()
                moves = super().create(vals_list)
                done = moves.filtered(lambda move: move.state == "done")
                done._approval_demand_unedited()
        else:
            moves = super().create(vals_list)
        moves.picking_id._approval_content_changed()
        return moves

    @api.model
    def _approval_born_done(self, vals_list):
        context = self.env.context
        ids = {vals.get("picking_id") for vals in vals_list}
        ids.add(context.get("default_picking_id"))
        states = {vals.get("state") for vals in vals_list}
        states.add(context.get("default_state"))
        # sudo: the state only
        pickings = self.env["stock.picking"].sudo().browse(filter(None, ids))
        return "done" in states or "done" in pickings.mapped("state")

    def write(self, vals):
        """Override to gate moves that are written as done, and changed contents."""
        if not self._approval_is_governed():
            return super().write(vals)
        if vals.get("state") == "done":
            entering = self.filtered(lambda move: move.state != "done")
            with entering._approval_passing():
                return super().write(vals)
        touched = not MATERIAL.isdisjoint(vals) or vals.get("state") == "cancel"
        pickings = self.picking_id if touched else self.env["stock.picking"]
        result = super().write(vals)
        if "picked" in vals:
            self._approval_forget_quantities()
        if touched:
            (pickings | self.picking_id)._approval_content_changed()
        return result

    def unlink(self):
        """Override to see moves that are removed from transfers under approval."""
        pickings = self.picking_id
        result = super().unlink()
        if pickings._approval_is_governed():
            pickings.exists()._approval_content_changed()
        return result

    # -- what is done stays ----------------------------------------------------------

    def _approval_demand_unedited(self):
        """Refuse to change done moves that need, or would need, an approval.

        To be asked before the change and after it.

        :raise UserError: saying what to do instead
        """
        done = self.filtered(lambda move: move.state == "done")
        if not done:
            return
        documents, loose = done._approval_parts()
        names = []
        for records in documents[:2]:
            records = records._approval_not_judged()
            covered = records._approval_match("validate")
            names += records.browse(covered).mapped("display_name")
        # sudo: the other side has all moves of the transfer; only ids are compared
        loose |= documents[2]._approval_not_judged().move_ids & done.sudo()
        names += loose._approval_loose_covered()
        if names:
            raise UserError(
                self.env._(
                    "%(names)s: this is done and needed an approval, or would need one "
                    "with the change. Make a return, or correct the stock by an "
                    "inventory adjustment.",
                    names=", ".join(names[:10]),
                )
            )
