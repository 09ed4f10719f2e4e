from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..serial import claim
from .erp_access_review import MANAGER

DECISIONS = [
    ("open", "To decide"),
    ("confirmed", "Confirmed"),
    ("withdrawn", "Withdrawn"),
    ("along", "Comes along"),
    ("missed", "Not decided"),
]
# not logged in for so many days, or right not used
LONG = 90


class ErpAccessReviewLine(models.Model):
    """A right of a person, and what his manager says about it.

    Written by the methods of the review only.
    """

    _name = "erp.access.review.line"
    _description = "Right under Review"
    _order = "review_id desc, user_id, kind, id"
    _rec_name = "what"

    review_id = fields.Many2one(
        "erp.access.review", required=True, ondelete="cascade", index=True
    )
    review_state = fields.Selection(related="review_id.state")
    deadline = fields.Date(related="review_id.deadline")
    user_id = fields.Many2one(
        "res.users", string="Person", required=True, ondelete="restrict", index=True
    )
    kind = fields.Selection(
        [("direct", "Given directly"), ("implied", "Comes along")], required=True
    )
    group_id = fields.Many2one("res.groups", ondelete="set null", index=True)
    group_name = fields.Char(help="What the right was called when the review began.")
    what = fields.Char(string="Right", compute="_compute_what")
    via = fields.Char(string="Brought by")
    since = fields.Datetime(help="Empty: since before the trail began.")
    last_used = fields.Datetime(
        help="When the person last changed something that this right opens."
    )
    can_tell = fields.Boolean(help="Whether the trail shows the use of this right.")
    last_login = fields.Datetime()
    conflict_ids = fields.Many2many("erp.duty.conflict", string="Conflicts of duties")
    risk = fields.Selection([("0", "None"), ("1", "Notable"), ("2", "High")])
    hint = fields.Char(string="Notice", compute="_compute_hint")
    reviewer_id = fields.Many2one(
        "res.users", required=True, ondelete="restrict", index=True
    )
    # "Decision" is a tier as well
    decision = fields.Selection(
        DECISIONS, string="Conclusion", required=True, default="open", index=True
    )
    decided_by_id = fields.Many2one("res.users", ondelete="restrict")
    decided_on = fields.Datetime()
    comment = fields.Char(string="Reason")
    effect = fields.Text(help="What the person may no longer do.")
    can_decide = fields.Boolean(compute="_compute_can_decide")
    can_reopen = fields.Boolean(compute="_compute_can_decide")

    @api.depends("group_id", "group_name")
    @api.depends_context("lang")
    def _compute_what(self):
        for line in self:
            # sudo: the name of the right, in the reader's words
            line.what = line.sudo().group_id.full_name or line.group_name

    @api.depends("conflict_ids", "last_used", "last_login", "can_tell", "group_id")
    @api.depends_context("lang")
    def _compute_hint(self):
        grave = self.env["erp.access.review"]._administrators()
        for line in self:
            # sudo: names of conflicts and groups
            line = line.sudo()
            words = []
            if grave & line.group_id.all_implied_ids:
                words.append(self.env._("gives power over everything"))
            if line.conflict_ids:
                names = line.conflict_ids.mapped("name")
                words.append(
                    self.env._(
                        "conflicts: %(names)s",
                        names=" / ".join(names),
                    )
                )
            if not line.last_login:
                words.append(self.env._("never logged in"))
            elif line._is_long(line.last_login):
                words.append(self.env._("not logged in for %(days)s days", days=LONG))
            if line.can_tell and not line.last_used:
                words.append(self.env._("no use recorded"))
            elif line.can_tell and line._is_long(line.last_used):
                words.append(self.env._("not used for %(days)s days", days=LONG))
            line.hint = " · ".join(words)

    @api.depends("decision", "reviewer_id", "decided_by_id", "review_id.state")
    @api.depends_context("uid")
    def _compute_can_decide(self):
        for line in self:
            line.can_decide = (
                line.decision == "open"
                and line.review_id.state == "running"
                and line.reviewer_id.id == self.env.uid
                and line.user_id.id != self.env.uid
                and line._is_entitled(self.env.user)
            )
            line.can_reopen = (
                line.decision == "confirmed"
                and line.review_id.state == "running"
                and line.decided_by_id.id == self.env.uid
            )

    def _is_long(self, moment):
        """Return whether a moment was long before the review began."""
        start = self.review_id.started_on or fields.Datetime.now()
        return moment < fields.Datetime.subtract(start, days=LONG)

    @api.model_create_multi
    def create(self, vals_list):
        """Override: nothing is added to a review that is closed."""
        lines = super().create(vals_list)
        lines._check_not_closed()
        return lines

    def write(self, vals):
        """Override: results of closed reviews stay, whoever writes."""
        self._check_not_closed()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never_results(self):
        self._check_not_closed()

    def _check_not_closed(self):
        """Check that the results may still change.

        :raise UserError: if the review is closed
        """
        # sudo: the state of the review, whoever asks
        if "closed" in self.sudo().review_id.mapped("state"):
            raise UserError(
                self.env._("This review is closed: its results stay as they are.")
            )

    # -- deciding ----------------------------------------------------------------------

    def action_confirm(self):
        """Say that the people need these rights.

        :raise UserError: if one of them is decided, or not for oneself to decide
        """
        self._check_deciding()
        # sudo: decisions are written by methods only, after the checks above
        self.sudo().write(self._decision("confirmed"))
        self._finish()

    def action_withdraw(self):
        """Open the form that tells what withdrawing means, and asks for a reason."""
        self._check_deciding()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Withdraw Rights"),
            "res_model": "erp.access.review.withdraw",
            "view_mode": "form",
            "target": "new",
            "context": {"default_line_ids": self.ids},
        }

    def _withdraw(self, reason):
        """Take the rights away, see ``erp.access.rights``; all of them or none."""
        self._check_deciding()
        if not (reason or "").strip():
            raise UserError(self.env._("Write why the rights are withdrawn."))
        for line in self:
            # sudo: the person and the right, after the checks above
            known = line.sudo()
            effect = line._take_away(reason.strip())
            known.write(
                {
                    **self._decision("withdrawn"),
                    "comment": reason.strip(),
                    "effect": "\n".join(item["text"] for item in effect),
                }
            )
        self._finish()

    def _take_away(self, reason):
        """Take the right away; return what it means. Override for other rights."""
        # sudo: the person and the right, after the checks of who decides
        known = self.sudo()
        rights = self.env["erp.access.rights"]
        return rights._withdraw(known.user_id, known.group_id, reason)

    def _taken(self):
        """Return the groups that go with the right. Override for other rights."""
        # sudo: the right, shown to who decides about it
        return self.sudo().group_id

    def action_reopen(self):
        """Take back what one has confirmed, while the review is running."""
        for line in self:
            if not line.can_reopen or self.env.su:
                raise UserError(
                    self.env._("Only what you confirmed in a running review goes back.")
                )
        # sudo: decisions are written by methods only, after the checks above
        self.sudo().write(
            {"decision": "open", "decided_by_id": False, "decided_on": False}
        )

    def action_take_over(self):
        """Take decisions over from a reviewer who cannot decide; not one's own."""
        self.env["erp.access.review"]._check_manager()
        for line in self:
            line._check_open()
            if line.user_id == self.env.user:
                raise AccessError(self.env._("Nobody reviews his own rights."))
        # sudo: reviewers are written by methods only, after the checks above
        self.sudo().write({"reviewer_id": self.env.uid})
        self.review_id._settle()

    def _check_open(self):
        """Check that there is something to decide.

        :raise UserError: otherwise
        """
        if self.review_id.state != "running":
            raise UserError(self.env._("This review is not running."))
        if self.decision == "along":
            raise UserError(
                self.env._(
                    "“%(right)s” comes along with “%(via)s”: decide about that.",
                    right=self.what,
                    via=self.via,
                )
            )
        if self.decision != "open":
            raise UserError(
                self.env._("“%(right)s” has been decided already.", right=self.what)
            )

    def _check_deciding(self):
        """Check that the user decides about what is his to decide.

        :raise AccessError: if he is not the reviewer, or about himself
        :raise UserError: if there is nothing to decide
        """
        claim(self)
        # sudo: the decision as it is, whoever asks
        self.sudo().invalidate_recordset(["decision"])
        for line in self:
            line._check_open()
            if line.user_id == self.env.user:
                raise AccessError(self.env._("Nobody reviews his own rights."))
            if self.env.su or line.reviewer_id != self.env.user:
                raise AccessError(
                    self.env._(
                        "%(reviewer)s decides about “%(right)s”.",
                        reviewer=line.reviewer_id.name,
                        right=line.what,
                    )
                )
            if not line._is_entitled(self.env.user):
                raise AccessError(
                    self.env._(
                        "You do not lead %(person)s any more: an access manager has "
                        "to take this decision over.",
                        person=line.user_id.name,
                    )
                )

    def _is_entitled(self, reviewer):
        """Return whether a reviewer leads the person still, or manages access."""
        # sudo: whose manager somebody is
        person = self.sudo().user_id
        return reviewer in person._access_managers() or reviewer.has_group(MANAGER)

    def _decision(self, decision):
        return {
            "decision": decision,
            "decided_by_id": self.env.uid,
            "decided_on": fields.Datetime.now(),
        }

    def _finish(self):
        """Finish the activities of reviewers who are through."""
        self.review_id._settle()
