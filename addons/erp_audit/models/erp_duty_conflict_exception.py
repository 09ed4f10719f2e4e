from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class ErpDutyConflictException(models.Model):
    """That somebody has both duties was accepted: why, until when, by whom.

    Made and withdrawn by methods only, and never changed.
    """

    _name = "erp.duty.conflict.exception"
    _description = "Accepted Conflict of Duties"
    _order = "id desc"
    _rec_name = "user_id"

    conflict_id = fields.Many2one(
        "erp.duty.conflict", required=True, ondelete="restrict", index=True
    )
    user_id = fields.Many2one(
        "res.users", string="Person", required=True, ondelete="restrict", index=True
    )
    reason = fields.Text(required=True)
    until = fields.Date(required=True)
    accepted_by_id = fields.Many2one(
        "res.users", string="Accepted by", required=True, ondelete="restrict"
    )
    accepted_on = fields.Datetime(required=True, default=fields.Datetime.now)
    withdrawn_by_id = fields.Many2one("res.users", ondelete="restrict")
    withdrawn_on = fields.Datetime()
    state = fields.Selection(
        [
            ("accepted", "Accepted"),
            ("ended", "Ended"),
            ("withdrawn", "Withdrawn"),
        ],
        compute="_compute_state",
    )

    @api.depends("until", "withdrawn_on")
    def _compute_state(self):
        today = fields.Date.context_today(self)
        for item in self:
            if item.withdrawn_on:
                item.state = "withdrawn"
            else:
                ended = item.until and item.until < today
                item.state = "ended" if ended else "accepted"

    @api.model
    def _accept(self, conflict, user, reason, until):
        """Accept that a person has both duties, until a day.

        :raise AccessError: if an access manager does not decide, or for himself
        :raise UserError: without a reason, or with a day that is past or too far away
        """
        self._check_may_decide(user)
        today = fields.Date.context_today(self)
        until = fields.Date.to_date(until)
        if not (reason or "").strip():
            raise UserError(self.env._("Write why this is accepted."))
        if not until or until < today:
            raise UserError(self.env._("Choose a day to come until which it holds."))
        if until > fields.Date.add(today, years=1):
            raise UserError(
                self.env._("An exception holds one year at most: choose a day before.")
            )
        before = conflict._accepted(user)
        if before:
            raise UserError(
                self.env._(
                    "“%(conflict)s” is accepted for %(person)s already. Withdraw that "
                    "first.",
                    conflict=conflict.name,
                    person=user.name,
                )
            )
        # sudo: nobody may write exceptions but here, after the checks above
        item = self.sudo().create(
            {
                "conflict_id": conflict.id,
                "user_id": user.id,
                "reason": reason.strip(),
                "until": until,
                "accepted_by_id": self.env.uid,
            }
        )
        self._tell(conflict, user, item)
        return item.with_env(self.env)

    def action_withdraw(self):
        """Take exceptions back: the conflicts are open again."""
        for item in self:
            item._check_may_decide(item.user_id)
            if item.state != "accepted":
                raise UserError(self.env._("This exception does not hold any more."))
        # sudo: nobody may write exceptions but here, after the checks above
        self.sudo().write(
            {"withdrawn_by_id": self.env.uid, "withdrawn_on": fields.Datetime.now()}
        )

    def _check_may_decide(self, user):
        """Check that an access manager decides, and about somebody else.

        :raise AccessError: otherwise
        """
        # the person of the request: becoming superuser makes nobody an access manager
        if self.env.su or not self.env.user.has_group("erp_audit.group_access_manager"):
            raise AccessError(
                self.env._("Only access managers decide about conflicts of duties.")
            )
        if user == self.env.user:
            raise AccessError(
                self.env._(
                    "Nobody accepts his own conflict: ask another access manager."
                )
            )

    def _tell(self, conflict, user, item):
        """Write into the conflict's history who accepted what for whom."""
        # sudo: the history is written for whoever decides
        conflict.sudo().message_post(
            body=self.env._(
                "Accepted for %(person)s until %(day)s: %(reason)s",
                person=user.name,
                day=fields.Date.to_string(item.until),
                reason=item.reason,
            ),
            author_id=self.env.user.partner_id.id,
        )
