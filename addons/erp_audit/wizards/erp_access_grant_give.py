from odoo import api, fields, models


class ErpAccessGrantGive(models.TransientModel):
    """The form in which an access manager gives a role to other people."""

    _name = "erp.access.grant.give"
    _description = "Give Access"

    user_ids = fields.Many2many(
        "res.users",
        string="People",
        required=True,
        domain="[('share', '=', False), ('id', '!=', uid)]",
    )
    role_id = fields.Many2one("erp.role", required=True)
    date_from = fields.Datetime(
        string="From", required=True, default=fields.Datetime.now
    )
    date_to = fields.Datetime(string="Until")
    reason = fields.Text(required=True)
    conflict_text = fields.Text(compute="_compute_conflict_text")

    @api.depends("user_ids", "role_id")
    def _compute_conflict_text(self):
        rights = self.env["erp.access.rights"]
        for form in self:
            lines = []
            for user in form.user_ids._origin if form.role_id else ():
                new, _present = rights._conflicts(user, form.role_id._groups())
                for conflict in new:
                    lines.append(
                        self.env._(
                            "%(person)s: %(conflict)s",
                            person=user.name,
                            conflict=conflict.name,
                        )
                    )
            form.conflict_text = "\n".join(lines)

    def action_give(self):
        """Give the role, see ``erp.access.grant``."""
        for form in self:
            self.env["erp.access.grant"]._give(
                form.user_ids,
                form.role_id,
                form.reason,
                form.date_from,
                form.date_to,
            )
        return {"type": "ir.actions.act_window_close"}
