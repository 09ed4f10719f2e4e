import hashlib
import json

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..serial import claim

# what may change on a review that is closed: its conversation
TALK = ("message_", "activity_", "website_message_")
# what only the methods of a review set
OWN = {
    "state": "draft",
    "line_ids": [],
    "started_on": False,
    "closed_on": False,
    "closed_by_id": False,
    "note": False,
    "digest": False,
    "reminded_on": False,
}
MANAGER = "erp_audit.group_access_manager"


class ErpAccessReview(models.Model):
    """A campaign in which managers look through the rights of their people."""

    _name = "erp.access.review"
    _description = "Access Review"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"

    name = fields.Char(required=True, tracking=True)
    scope = fields.Selection(
        [
            ("all", "Everybody"),
            ("department", "The people of a manager"),
            ("group", "The people with a right"),
            ("people", "Chosen people"),
            ("administrators", "Administrators"),
        ],
        required=True,
        default="all",
        tracking=True,
    )
    manager_id = fields.Many2one("res.users", domain=[("share", "=", False)])
    group_id = fields.Many2one("res.groups", string="Right")
    user_ids = fields.Many2many(
        "res.users", string="People", domain=[("share", "=", False)]
    )
    responsible_id = fields.Many2one(
        "res.users",
        required=True,
        default=lambda self: self.env.user,
        tracking=True,
        help="The access manager who reviews those without a manager.",
    )
    deadline = fields.Date(
        required=True,
        tracking=True,
        default=lambda self: fields.Date.add(fields.Date.context_today(self), weeks=2),
    )
    state = fields.Selection(
        [("draft", "Draft"), ("running", "Running"), ("closed", "Closed")],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    line_ids = fields.One2many("erp.access.review.line", "review_id", readonly=True)
    line_count = fields.Integer(string="Rights", compute="_compute_counts")
    open_count = fields.Integer(string="To decide", compute="_compute_counts")
    confirmed_count = fields.Integer(string="Confirmed", compute="_compute_counts")
    withdrawn_count = fields.Integer(string="Withdrawn", compute="_compute_counts")
    missed_count = fields.Integer(string="Not decided", compute="_compute_counts")
    progress = fields.Float(compute="_compute_counts")
    mine_count = fields.Integer(string="For me", compute="_compute_counts")
    started_on = fields.Datetime(readonly=True, copy=False)
    closed_on = fields.Datetime(readonly=True, copy=False)
    closed_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    note = fields.Text(string="Conclusion", readonly=True, copy=False)
    digest = fields.Char(
        readonly=True,
        copy=False,
        help="The fingerprint of all decisions: it tells whether one was changed.",
    )
    is_intact = fields.Boolean(compute="_compute_is_intact")
    reminded_on = fields.Date(readonly=True, copy=False)

    @api.depends("line_ids.decision")
    @api.depends_context("uid")
    def _compute_counts(self):
        # sudo: numbers of the whole review, of which one may see one's own part
        lines = self.env["erp.access.review.line"].sudo()
        found, mine = {}, {}
        for review, decision, reviewer, number in lines._read_group(
            [("review_id", "in", self.ids), ("decision", "!=", "along")],
            ["review_id", "decision", "reviewer_id"],
            ["__count"],
        ):
            counts = found.setdefault(review.id, {})
            counts[decision] = counts.get(decision, 0) + number
            if reviewer.id == self.env.uid and decision == "open":
                mine[review.id] = number
        for review in self:
            counts = found.get(review.id, {})
            total = sum(counts.values())
            review.line_count = total
            review.open_count = counts.get("open", 0)
            review.confirmed_count = counts.get("confirmed", 0)
            review.withdrawn_count = counts.get("withdrawn", 0)
            review.missed_count = counts.get("missed", 0)
            undone = review.open_count + review.missed_count
            review.progress = 100 * (total - undone) / (total or 1)
            review.mine_count = mine.get(review.id, 0)

    def _compute_is_intact(self):
        for review in self:
            review.is_intact = not review.digest or review.digest == review._digest()

    @api.model_create_multi
    def create(self, vals_list):
        """Override: a review begins as a draft, without any result."""
        # explicit, so that no default of a caller's context counts
        return super().create([{**vals, **OWN} for vals in vals_list])

    def write(self, vals):
        """Override: what is decided by methods is not written, and results stay.

        :raise UserError: otherwise
        """
        words = {name for name in vals if not name.startswith(TALK)}
        if words:
            for review in self:
                review._check_written(words)
        return super().write(vals)

    def _check_written(self, names):
        """Check that fields may be written now, by whoever it is."""
        if self.state == "closed":
            raise UserError(
                self.env._("This review is closed: its results stay as they are.")
            )
        open_names = {"name", "deadline", "responsible_id"}
        if self.env.su:
            return
        if self.state == "running" and names - open_names:
            raise UserError(
                self.env._("This review is running: what it is about stays the same.")
            )
        if names & OWN.keys():
            raise UserError(self.env._("Use the buttons of the review."))

    @api.ondelete(at_uninstall=False)
    def _unlink_only_drafts(self):
        for review in self:
            if review.state != "draft":
                raise UserError(
                    self.env._("Only drafts can be deleted: results of reviews stay.")
                )

    # -- beginning and ending ----------------------------------------------------------

    def action_start(self):
        """Gather the rights, and ask the reviewers.

        :raise UserError: if there is nobody to review, or nobody who could
        """
        self._check_manager()
        for review in self:
            if review.state != "draft":
                raise UserError(self.env._("This review has been started already."))
            users = review._people()
            if not users:
                raise UserError(
                    self.env._("There is nobody to review: choose another scope.")
                )
            self.env["erp.access.report.use"]._refresh()
            # sudo: lines are made by this method only
            lines = self.env["erp.access.review.line"].sudo()
            lines.create(lines._gather(review, users))
            # sudo: the state is written by methods only
            review.sudo().write(
                {"state": "running", "started_on": fields.Datetime.now()}
            )
            review._ask_reviewers()

    def action_close(self, note=None):
        """Sign the results off; they cannot be changed from then on.

        :param str note: the conclusion in words
        :raise UserError: while there is something to decide before the deadline
        """
        self._check_manager()
        self.ensure_one()
        # sudo: the state is written by methods only
        review = self.sudo()
        claim(review)
        review._check_closing()
        # nothing is decided, or taken back, while the results are summed up
        claim(review.line_ids)
        lines = review.line_ids.filtered(lambda line: line.decision == "open")
        lines.write({"decision": "missed"})
        review.activity_ids.unlink()
        review.flush_recordset()
        review.write(
            {
                "note": note or review.note,
                "closed_on": fields.Datetime.now(),
                "closed_by_id": self.env.uid,
                "digest": review._digest(),
                "state": "closed",
            }
        )
        review.message_post(
            body=self.env._(
                "Closed: %(confirmed)s rights confirmed, %(withdrawn)s withdrawn, "
                "%(missed)s not decided.",
                confirmed=review.confirmed_count,
                withdrawn=review.withdrawn_count,
                missed=len(lines),
            ),
            author_id=self.env.user.partner_id.id,
        )

    def _check_closing(self):
        """Check that the review may be closed now.

        :raise UserError: while there is something to decide before the deadline
        """
        if self.state != "running":
            raise UserError(self.env._("Only a running review can be closed."))
        if self.open_count and self.deadline >= fields.Date.context_today(self):
            raise UserError(
                self.env._(
                    "%(number)s rights wait for a decision. Close the review when they "
                    "are decided, or after its deadline.",
                    number=self.open_count,
                )
            )

    def _digest(self):
        """Return the fingerprint of what was decided about whom, by whom and when."""
        # sudo: all lines, whoever asks
        lines = self.sudo().line_ids.sorted("id")
        facts = [
            [
                *(line.id, line.user_id.id, line.group_name, line.kind),
                *(line.decision, line.decided_by_id.id, str(line.decided_on or "")),
                *(line.reviewer_id.id, line.comment or "", line.effect or ""),
            ]
            for line in lines
        ]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()

    def _check_manager(self):
        """Check that an access manager acts.

        :raise AccessError: otherwise
        """
        if self.env.su or not self.env.user.has_group(MANAGER):
            raise AccessError(self.env._("Only access managers lead access reviews."))

    # -- who is reviewed ---------------------------------------------------------------

    def _people(self):
        """Return the people whose rights are reviewed."""
        self.ensure_one()
        # sudo: everybody's rights, whoever leads the review
        users = self.env["res.users"].sudo()
        domain = [("share", "=", False), ("active", "=", True)]
        if self.scope == "people":
            return users.browse(self.user_ids.ids).filtered_domain(domain)
        if self.scope == "department":
            return self._below(users.browse(self.manager_id.ids), domain)
        if self.scope == "group":
            domain.append(("all_group_ids", "in", self.group_id.ids))
        elif self.scope == "administrators":
            domain.append(("all_group_ids", "in", self._administrators().ids))
        return users.search(domain)

    @api.model
    def _below(self, managers, domain):
        """Return the people under managers, on all levels.

        Also under those who have left meanwhile: nobody else leads their people yet.
        """
        found = managers.browse()
        level = managers = managers.with_context(active_test=False)
        while level:
            below = [("approval_manager_id", "in", level.ids)]
            level = managers.search(below) - found - managers
            found += level
        return found.filtered_domain(domain)

    @api.model
    def _administrators(self):
        """Return the groups that decide about everything or about rights."""
        return (
            self.env.ref("base.group_system")
            + self.env.ref("base.group_erp_manager")
            + self.env.ref("erp_audit.group_access_manager")
        )

    # -- asking ------------------------------------------------------------------------

    def _ask_reviewers(self):
        """Give each reviewer an activity."""
        for review in self:
            for reviewer, lines in review._open_lines().items():
                # sudo: activities for others
                review.sudo().activity_schedule(
                    "mail.mail_activity_data_todo",
                    date_deadline=review.deadline,
                    user_id=reviewer.id,
                    summary=self.env._(
                        "Confirm or withdraw %(number)s rights", number=len(lines)
                    ),
                )

    def _open_lines(self):
        """Return ``{reviewer: lines that wait for him}``."""
        # sudo: lines of all reviewers
        lines = self.sudo().line_ids.filtered(lambda line: line.decision == "open")
        return lines.grouped("reviewer_id")

    def _settle(self):
        """Finish the activities of those who have decided everything."""
        for review in self:
            waiting = review._open_lines()
            # sudo: activities of whoever decided
            done = review.sudo().activity_ids.filtered(
                lambda item, waiting=waiting: item.user_id not in waiting
            )
            done.action_feedback(feedback=self.env._("All rights decided."))

    @api.model
    def _cron_remind(self):
        """Remind reviewers, from three days before the deadline on, once a day."""
        today = fields.Date.context_today(self)
        reviews = self.search(
            [
                ("state", "=", "running"),
                ("deadline", "<=", fields.Date.add(today, days=3)),
                "|",
                ("reminded_on", "=", False),
                ("reminded_on", "<", today),
            ]
        )
        for review in reviews:
            for reviewer, lines in review._open_lines().items():
                review._remind(reviewer, len(lines))
            review.reminded_on = today

    def _remind(self, reviewer, number):
        """Send one reviewer a message about what waits for him, in his language."""
        review = self.with_context(lang=reviewer.lang)
        review.message_notify(
            partner_ids=reviewer.partner_id.ids,
            subject=review.env._("Access review: %(name)s", name=review.name),
            body=review.env._(
                "%(number)s rights of your people wait for you until %(day)s.",
                number=number,
                day=fields.Date.to_string(review.deadline),
            ),
        )

    # -- screens -----------------------------------------------------------------------

    def action_lines(self):
        """Open the rights of this review: one's own to decide, or all of them."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "erp_audit.erp_access_review_line_action"
        )
        context = {"search_default_review_id": self.id}
        if self.mine_count:
            context.update(search_default_mine=1, search_default_to_decide=1)
        return dict(action, domain=[("review_id", "=", self.id)], context=context)

    def action_closing(self):
        """Open the form in which the review is signed off.

        :raise UserError: if it is too early: before somebody has written a conclusion
        """
        self.ensure_one()
        self._check_manager()
        self._check_closing()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Close the Review"),
            "res_model": "erp.access.review.close",
            "view_mode": "form",
            "target": "new",
            "context": {"default_review_id": self.id},
        }
