from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import LazyTranslate

from odoo.addons.approval_flow.engine import ApprovalOperation

from ..beside import beside

_lt = LazyTranslate(__name__)

# transfers that could not be done in this transaction, by their ids
HELD = "stock_approval_held"
# what the point of sale writes on its transfers after it has tried to do them
POS_LINKS = {"pos_session_id", "pos_order_id"}


class StockPicking(models.Model):
    """The gate on transfers: what is material, and how they wait and are done."""

    _name = "stock.picking"
    _inherit = ["stock.picking", "stock.approval.mixin"]

    _approval_material = (
        "picking_type_id",
        "partner_id",
        "location_id",
        "location_dest_id",
        "owner_id",
        "approval_no_backorder",
    )
    _approval_line_material = (
        "product_id",
        "approval_quantity",
        "product_uom",
        "approval_place_ids",
        "approval_unit_cost",
        "approval_value",
    )
    _approval_reader_view = "stock_approval.stock_picking_view_form_approver"
    _approval_lines = "move_ids"
    _approval_line_amount = "approval_value"
    _approval_line_title = "product_id"
    _approval_tolerable = ("approval_quantity", "approval_value")

    approval_no_backorder = fields.Boolean(
        string="No backorder",
        copy=False,
        readonly=True,
        help="What is left over is not delivered later: chosen when the transfer was "
        "validated.",
    )

    @api.model
    def _approval_operations(self):
        """Override to declare validating."""
        return {
            "validate": ApprovalOperation(
                code="validate",
                label=_lt("Validate"),
                state_field="state",
                targets=("done",),
                sources=("draft", "waiting", "confirmed", "assigned"),
                execute="_approval_execute_validate",
            ),
        }

    # -- content -------------------------------------------------------------------

    def _approval_moves(self):
        """Return the moves that validating does, without scrapped goods."""
        moves = self.move_ids - self.move_ids._approval_scrapping()
        return moves.filtered(
            lambda move: move.state != "cancel"
            and not move.product_uom.is_zero(move.approval_quantity)
        )

    def _approval_with_picked_moves(self):
        """Return the transfers of which only what is marked as picked is moved."""
        return self.filtered(
            lambda picking: any(
                move.picked and move.location_dest_usage != "inventory"
                for move in picking.move_ids
                if move.state not in ("done", "cancel")
            )
        )

    def _approval_contents(self, names):
        """Override: only what will really move is approved."""
        contents = super()._approval_contents(names)
        for picking in self._approval_clean():
            lines = contents[picking.id]["lines"]
            contents[picking.id]["lines"] = {
                str(move.id): lines[str(move.id)] for move in picking._approval_moves()
            }
        return contents

    def _approval_people(self):
        """Override: whoever edited the transfer, not who reserved goods for it."""
        people = super()._approval_people()
        for picking in self:
            people[picking.id]["editor"] = picking.approval_editor_id.ids
        return people

    def _approval_obstacles(self, operation):
        """Override: a transfer that moves nothing is submitted to nobody."""
        empty = self.filtered(lambda picking: not picking._approval_moves())
        return {
            picking.id: self.env._(
                "Nothing is reserved or entered: set the quantities to move first."
            )
            for picking in empty
        }

    def _approval_see_change(self):
        """Look again at open approvals after detailed operations were changed."""
        if self._approval_is_governed():
            # sudo: bookkeeping of the gate
            known = self.sudo().filtered("approval_instance_id")
            if known:
                known.with_env(self.env)._approval_content_changed()

    # -- validate ------------------------------------------------------------------

    def button_validate(self):
        """Override: preparing a transfer to be validated is no edit of its content.

        Whoever has entered the quantities stays known as its last editor.
        """
        with self._approval_editing():
            return super().button_validate()

    def _pre_action_done_hook(self):
        """Override to submit the transfers that a policy covers instead.

        All that Odoo asks the user about, a backorder for example, is answered before.
        """
        result = super()._pre_action_done_hook()
        if result is not True or not self._approval_policies():
            return result
        covered = self.browse(self._approval_match("validate"))
        covered._approval_note_backorder()
        if not covered or not covered._approval_gate("validate")[1]:
            return True
        result = self._approval_run(
            "validate", lambda pickings: pickings.button_validate()
        )
        return result if isinstance(result, dict) else False

    def _approval_note_backorder(self):
        """Keep what was chosen for the quantities that are left over."""
        dropped = self.env.context.get("picking_ids_not_to_backorder") or []
        for picking in self:
            rule = picking.picking_type_id.create_backorder
            chosen = rule == "never" or (picking.id in dropped and rule != "always")
            if picking.approval_no_backorder != chosen:
                picking.approval_no_backorder = chosen

    def _approval_execute_validate(self):
        """Validate after the last approval, with the answers given before it."""
        self.with_context(
            skip_backorder=True,
            skip_expired=True,
            skip_sms=True,
            button_validate_picking_ids=self.ids,
            picking_ids_not_to_backorder=self.filtered("approval_no_backorder").ids,
        ).button_validate()
        if any(picking.state != "done" for picking in self):
            raise UserError(
                self.env._(
                    "The transfer asks a question that only a person can answer. Open "
                    "it and validate it: the approval is there."
                )
            )

    def action_submit_approval(self):
        """Override to prepare the transfer as its button would, and submit it."""
        self.check_access("write")
        ready = self._approval_in_source(self._approval_main_operation())
        blocked = self.browse(ready._approval_gate("validate")[1])
        if not blocked:
            return super().action_submit_approval()
        return blocked.button_validate()

    # -- the single point ----------------------------------------------------------

    def _approval_let_through(self, moves):
        """Return the approvals that cover the transfers of these moves.

        :raise UserError: if one is missing
        """
        instances, blocked = self._approval_gate("validate")
        if blocked:
            beside(self.env.cr).setdefault(HELD, set()).update(blocked)
            self.browse(blocked)._approval_refuse("validate")
        return instances

    def _approval_use_up(self, instances):
        """Use the approvals up: the moves are done."""
        operation = self._approval_main_operation()
        self._approval_went_through({}, [(operation, self)], instances)

    def write(self, vals):
        """Override to submit what the point of sale could not do by itself.

        It goes on without the transfers that it may not do, and links them to the
        order next: that is when nothing can be rolled back any more.
        """
        result = super().write(vals)
        if not POS_LINKS.isdisjoint(vals):
            self._approval_submit_held()
        return result

    def _approval_submit_held(self):
        held = beside(self.env.cr).pop(HELD, set())
        waiting = self.filtered(
            lambda picking: picking.id in held and picking.state != "done"
        )
        waiting._approval_submit("validate")._hold()
