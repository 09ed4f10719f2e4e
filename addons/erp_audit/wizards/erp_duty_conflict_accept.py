from odoo import fields, models


class ErpDutyConflictAccept(models.TransientModel):
    """The form in which an access manager accepts a conflict for a person."""

    _name = "erp.duty.conflict.accept"
    _description = "Accept a Conflict of Duties"

    conflict_id = fields.Many2one("erp.duty.conflict", required=True)
    candidate_ids = fields.Many2many("res.users", compute="_compute_candidate_ids")
    user_id = fields.Many2one("res.users", string="Person", required=True)
    reason = fields.Text(required=True)
    until = fields.Date(
        required=True,
        default=lambda self: fields.Date.add(fields.Date.context_today(self), months=3),
    )

    def _compute_candidate_ids(self):
        for accept in self:
            people = accept.conflict_id._people().get(accept.conflict_id)
            accept.candidate_ids = (people or self.env["res.users"]) - self.env.user

    def action_accept(self):
        """Accept the conflict, see ``erp.duty.conflict.exception``."""
        for accept in self:
            self.env["erp.duty.conflict.exception"]._accept(
                accept.conflict_id, accept.user_id, accept.reason, accept.until
            )
        return {"type": "ir.actions.act_window_close"}
