from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL


class ApprovalTask(models.Model):
    """What one person is asked to decide in one step of an approval (审批任务)."""

    _name = "approval.task"
    _description = "Approval Task"
    _inherit = ["approval.sealed.mixin", "mail.activity.mixin"]
    _order = "due, id"
    _rec_name = "document_name"

    instance_id = fields.Many2one(
        "approval.instance",
        string="Approval",
        required=True,
        index=True,
        readonly=True,
        ondelete="restrict",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Approver",
        required=True,
        readonly=True,
        ondelete="restrict",
    )
    acting_for_id = fields.Many2one(
        "res.users",
        string="Acting for",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    delegation_id = fields.Many2one(
        "approval.delegation",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    origin = fields.Selection(
        [
            ("rule", "Policy"),
            ("fallback", "Named substitute"),
            ("delegation", "Delegation"),
            ("transfer", "Transfer"),
            ("added", "Added"),
            ("escalation", "Passed on"),
            ("once", "Decided before"),
        ],
        default="rule",
        required=True,
        readonly=True,
    )
    state = fields.Selection(
        [
            ("waiting", "Not yet"),
            ("pending", "To decide"),
            ("approved", "Approved"),
            ("rejected", "Rejected"),
            ("returned", "Returned"),
            ("transferred", "Transferred"),
            ("skipped", "Not needed any more"),
        ],
        default="pending",
        required=True,
        readonly=True,
    )
    added = fields.Boolean(
        readonly=True, help="Asked by an approver, besides those of the policy."
    )
    step_key = fields.Char(readonly=True, required=True)
    level = fields.Integer(readonly=True, aggregator=None)
    step_name = fields.Char(string="Step", compute="_compute_step_name")
    superseded = fields.Boolean(readonly=True)
    blocked_by_id = fields.Many2one(
        "approval.task",
        string="After the decision of",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    before_id = fields.Many2one(
        "approval.task",
        string="Before the decision of",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    due = fields.Datetime(string="Deadline", readonly=True)
    remind_date = fields.Datetime(string="Next reminder", readonly=True)
    reminded_date = fields.Datetime(readonly=True)
    reminders = fields.Integer(readonly=True, aggregator=None)
    ask_date = fields.Datetime(string="Asked on", readonly=True)
    decided_date = fields.Datetime(string="Decided on", readonly=True)
    decided_by_id = fields.Many2one(
        "res.users",
        string="Decided by",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    comment = fields.Text(readonly=True)
    seen_digest = fields.Char(string="Digest of what was seen", readonly=True)
    attachment_ids = fields.Many2many(
        "ir.attachment", string="Attachments", readonly=True
    )
    mail_pending = fields.Boolean(readonly=True)

    # of the approval; stored where the inbox searches or sorts
    res_model = fields.Char(
        related="instance_id.res_model",
        store=True,
        precompute=True,
        string="Document model",
    )
    res_id = fields.Many2oneReference(
        related="instance_id.res_id",
        store=True,
        precompute=True,
        model_field="res_model",
    )
    company_id = fields.Many2one(
        related="instance_id.company_id", store=True, precompute=True
    )
    document_name = fields.Char(related="instance_id.document_name")
    model_name = fields.Char(related="instance_id.model_name")
    operation = fields.Selection(related="instance_id.operation")
    partner_id = fields.Many2one(related="instance_id.partner_id")
    requester_id = fields.Many2one(related="instance_id.requester_id")
    request_date = fields.Datetime(related="instance_id.request_date")
    amount = fields.Monetary(related="instance_id.amount")
    currency_id = fields.Many2one(related="instance_id.currency_id")
    risk = fields.Selection(related="instance_id.risk")
    reasons = fields.Char(related="instance_id.reasons")
    round = fields.Integer(related="instance_id.round")
    digest = fields.Char(related="instance_id.digest")
    is_mine = fields.Boolean(
        compute="_compute_is_mine", search="_search_is_mine", string="For me"
    )
    is_late = fields.Boolean(
        compute="_compute_is_late", search="_search_is_late", string="Late"
    )
    approved_before = fields.Char(
        compute="_compute_approved_before", string="Approved before by"
    )

    _inbox = models.Index("(user_id, due, id) WHERE state = 'pending'")
    _acting = models.Index("(acting_for_id, due, id) WHERE state = 'pending'")
    _asked = models.Index("(user_id, instance_id)")
    _open_document = models.Index(
        "(res_model, res_id, user_id) WHERE state = 'pending'"
    )
    _decided = models.Index(
        "(decided_by_id, decided_date) WHERE decided_by_id IS NOT NULL"
    )
    _timeout = models.Index("(due) WHERE state = 'pending'")
    _to_mail = models.Index("(user_id) WHERE mail_pending")

    @api.depends("instance_id.steps", "step_key")
    @api.depends_context("lang")
    def _compute_step_name(self):
        words = self.env["approval.words"]
        for task in self:
            task.step_name = words._label(
                (task._step() or {}).get("names") or {"en_US": ""}
            )

    def _step(self):
        """Return the frozen step of this task."""
        self.ensure_one()
        # sudo: the task's own approval
        for step in self.instance_id.sudo().steps or ():
            if step["key"] == self.step_key:
                return step
        return None

    @api.depends("user_id", "acting_for_id")
    @api.depends_context("uid")
    def _compute_is_mine(self):
        for task in self:
            task.is_mine = self.env.user in (task.user_id, task.acting_for_id)

    def _search_is_mine(self, operator, value):
        if operator != "in" or True not in value:
            return NotImplemented
        return self._domain_mine()

    @api.depends("due", "state")
    def _compute_is_late(self):
        now = fields.Datetime.now()
        for task in self:
            task.is_late = bool(task.state == "pending" and task.due and task.due < now)

    def _search_is_late(self, operator, value):
        if operator != "in" or True not in value:
            return NotImplemented
        return Domain("state", "=", "pending") & Domain("due", "<", "now")

    @api.depends("instance_id.task_ids.state")
    def _compute_approved_before(self):
        for task in self:
            # sudo: colleagues' decisions on what this person is to decide
            done = task.instance_id.sudo().task_ids.filtered(
                lambda other: other.state == "approved" and not other.superseded
            )
            task.approved_before = ", ".join(other._who() for other in done)

    @api.model
    def _select_documents(self, model_name, who):
        """Return the ids of documents with open tasks, as a sub-select.

        :param Domain who: condition on the tasks: whose they are
        """
        asked = Domain("res_model", "=", model_name) & Domain("state", "=", "pending")
        # sudo: becomes part of a search that is limited by itself
        query = self.sudo()._search(asked & who)
        return query.subselect(
            SQL.identifier(query.table, "res_id", to_flush=self._fields["res_id"])
        )

    @api.model
    def _domain_mine(self):
        """Return the condition of the tasks that the current user may decide."""
        uid = self.env.uid
        return Domain("user_id", "=", uid) | Domain("acting_for_id", "=", uid)

    def _who(self):
        """Return who decided, or is to decide, with "for whom"."""
        self.ensure_one()
        person = self.decided_by_id or self.user_id
        for_whom = self.acting_for_id
        if for_whom and for_whom != person:
            return self.env._(
                "%(person)s for %(other)s", person=person.name, other=for_whom.name
            )
        return person.name or ""

    def message_subscribe(self, partner_ids=None, subtype_ids=None):
        """Tasks have no followers; activities call this for whoever they are for."""
        return True
