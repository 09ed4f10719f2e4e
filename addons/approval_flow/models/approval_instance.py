from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_datetime

from .approval_document_mixin import OPEN_STATES


class ApprovalInstance(models.Model):
    """One submission of one document for one operation (审批单).

    The record is a statement of fact: what was submitted (content and digest), under
    which frozen policy, who decided what and when. It is written by the engine only;
    see ``approval_instance_flow.py`` for its life.
    """

    _name = "approval.instance"
    _description = "Approval"
    _inherit = ["approval.sealed.mixin"]
    _order = "id desc"
    _rec_name = "document_name"

    res_model = fields.Char(string="Document model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        string="Document id", model_field="res_model", required=True, readonly=True
    )
    document_name = fields.Char(string="Document", required=True, readonly=True)
    model_name = fields.Char(string="Document type", compute="_compute_model_name")
    operation = fields.Selection(
        selection=lambda self: self.env["approval.policy"]._selection_operation(),
        required=True,
        readonly=True,
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="restrict"
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    amount = fields.Monetary(readonly=True, help="In the company's currency.")
    partner_id = fields.Many2one("res.partner", readonly=True, ondelete="set null")
    requester_id = fields.Many2one(
        "res.users",
        string="Requested by",
        required=True,
        readonly=True,
        ondelete="restrict",
    )
    request_date = fields.Datetime(
        string="Requested on", required=True, readonly=True, index=True
    )
    note = fields.Text(string="Remark", readonly=True)
    round = fields.Integer(default=1, readonly=True, aggregator=None)
    previous_id = fields.Many2one(
        "approval.instance",
        string="Previous round",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    policy_id = fields.Many2one(
        "approval.policy",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    policy_version = fields.Integer(readonly=True, aggregator=None)
    policy = fields.Json(string="Frozen policy", readonly=True)
    steps = fields.Json(string="Frozen steps", readonly=True)
    people = fields.Json(string="People involved", readonly=True)
    content = fields.Json(string="Submitted content", readonly=True)
    digest = fields.Char(string="Digest of the content", size=64, readonly=True)
    accepted_digest = fields.Char(
        string="Digest after accepted small changes", size=64, readonly=True
    )
    checks = fields.Json(readonly=True)
    risk = fields.Selection(
        [("low", "Low"), ("medium", "Medium"), ("high", "High")],
        default="low",
        readonly=True,
    )
    reasons = fields.Char(string="Points to note", readonly=True)
    state = fields.Selection(
        [
            ("pending", "Waiting"),
            ("approved", "Approved"),
            ("executed", "Carried out"),
            ("failed", "Not carried out"),
            ("returned", "Returned"),
            ("rejected", "Rejected"),
            ("recalled", "Recalled"),
            ("stale", "Content changed"),
        ],
        required=True,
        default="pending",
        readonly=True,
    )
    is_open = fields.Boolean(
        compute="_compute_is_open", search="_search_is_open", string="Open"
    )
    level = fields.Integer(readonly=True, aggregator=None)
    level_since = fields.Datetime(string="Waiting since", readonly=True)
    due = fields.Datetime(string="Deadline", readonly=True)
    decision_date = fields.Datetime(string="Decided on", readonly=True)
    execution_date = fields.Datetime(string="Carried out on", readonly=True)
    cycle_hours = fields.Float(
        string="Duration (hours)", readonly=True, aggregator="avg"
    )
    auto_execute = fields.Boolean(readonly=True)
    mail_pending = fields.Boolean(readonly=True)
    error = fields.Text(string="Why it was not carried out", readonly=True)
    last_urged = fields.Datetime(readonly=True)
    task_ids = fields.One2many("approval.task", "instance_id", readonly=True)
    open_task_ids = fields.One2many(
        "approval.task",
        "instance_id",
        string="Open tasks",
        domain=[("state", "=", "pending")],
        readonly=True,
    )
    event_ids = fields.One2many("approval.event", "instance_id", readonly=True)
    cc_user_ids = fields.Many2many(
        "res.users", "approval_instance_cc_rel", string="Copied to", readonly=True
    )
    is_mine = fields.Boolean(
        compute="_compute_is_mine", search="_search_is_mine", string="My request"
    )

    # one open approval per document and operation, whatever happens at the same time
    _open_unique = models.UniqueIndex(
        "(res_model, res_id, operation) "
        "WHERE state IN ('pending', 'approved', 'failed')",
        "This document is already submitted for approval.",
    )
    _of_document = models.Index("(res_model, res_id, id)")
    _requester = models.Index("(requester_id, id)")
    _company_state = models.Index("(company_id, state, id)")
    _state = models.Index("(state, due)")
    _changed = models.Index("(write_date)")
    _to_execute = models.Index("(id) WHERE state = 'approved' AND auto_execute")
    _to_mail = models.Index("(id) WHERE mail_pending")

    # -- computed ---------------------------------------------------------------------

    @api.depends("res_model")
    @api.depends_context("lang")
    def _compute_model_name(self):
        for instance in self:
            # sudo: the name of a document type
            model = self.env["ir.model"].sudo()._get(instance.res_model)
            instance.model_name = model.name

    @api.depends("state")
    def _compute_is_open(self):
        for instance in self:
            instance.is_open = instance.state in OPEN_STATES

    def _search_is_open(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain("state", "in" if True in value else "not in", list(OPEN_STATES))

    @api.depends("requester_id")
    @api.depends_context("uid")
    def _compute_is_mine(self):
        for instance in self:
            instance.is_mine = instance.requester_id == self.env.user

    def _search_is_mine(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain("requester_id", "in" if True in value else "not in", self.env.uid)

    # -- documents ---------------------------------------------------------------------

    def _document(self):
        """Return the document, as the current user."""
        self.ensure_one()
        return self.env[self.res_model].browse(self.res_id)

    def _documents(self, exists=False):
        """Yield ``(documents, instances)`` for each document model, as the system.

        :param bool exists: whether the caller knows that the documents exist
        """
        for name, instances in self.grouped("res_model").items():
            if self.env["approval.document.mixin"]._approval_knows(name):
                # sudo: judged by the engine
                documents = self.env[name].sudo().browse(instances.mapped("res_id"))
                yield documents if exists else documents.exists(), instances

    def _operation(self):
        return self.env[self.res_model]._approval_operations()[self.operation]

    def write(self, vals):
        """Override to let documents follow the state of their approvals."""
        result = super().write(vals)
        if "state" in vals:
            self._tell_documents()
        return result

    def _tell_documents(self):
        for name, instances in self.grouped("res_model").items():
            knows = self.env["approval.document.mixin"]._approval_knows
            if knows(name) and self.env[name]._approval_follows:
                # sudo: bookkeeping of the document, whoever decided
                documents = self.env[name].sudo().browse(instances.mapped("res_id"))
                documents.exists()._approval_follow(instances)

    # -- words -------------------------------------------------------------------------

    def _who_is_next(self):
        """Return one sentence: who decides next, by when."""
        self.ensure_one()
        names = ", ".join(self.open_task_ids.user_id.mapped("name"))
        if self.state == "executed":
            return self.env._("%s: carried out.", self.document_name)
        if not names:
            return self.env._("%s: approved.", self.document_name)
        text = self.env._(
            "%(document)s waits for %(people)s (%(step)s).",
            document=self.document_name,
            people=names,
            step=self.open_task_ids[:1].step_name or "",
        )
        if self.due:
            text += " " + self.env._("Deadline: %s", self._local(self.due))
        return text

    def _local(self, moment):
        return format_datetime(self.env, moment, dt_format="short") if moment else ""

    def _strip(self, state, user):
        """Return what the status strip of the document shows (see its widget)."""
        self.ensure_one()
        tasks = self.open_task_ids
        levels = sorted({step["level"] for step in self.steps or ()})
        mine = self.requester_id == user
        done = self.task_ids.filtered(
            lambda task: task.state in ("approved", "rejected", "returned")
        ).sorted("decided_date")[-1:]
        return {
            "state": state,
            "instance": self.id,
            "people": tasks.user_id.mapped("name"),
            "step": tasks[:1].step_name or "",
            "level": levels.index(self.level) + 1 if self.level in levels else 0,
            "levels": len(levels),
            "since": fields.Datetime.to_string(self.level_since) or False,
            "due": fields.Datetime.to_string(self.due) or False,
            "late": bool(self.due and self.due < fields.Datetime.now()),
            "why": self.env["approval.words"]._label(
                (self.policy or {}).get("names") or {"en_US": ""}
            ),
            "reason": done.comment or "",
            "by": done._who() if done else "",
            "error": self.error or "",
            "can_urge": mine and self.state == "pending",
            "can_recall": mine and self.state in OPEN_STATES,
            "can_retry": self.state == "failed"
            and (mine or user.has_group("approval_flow.group_approval_manager")),
            "task": tasks.filtered(
                lambda task: user in (task.user_id, task.acting_for_id)
            )[:1].id,
            "changes": self._strip_changes() if state == "stale" else [],
        }

    def _strip_changes(self):
        rows = self._changes_since(self.content)
        return [
            " ".join(filter(None, [row["where"], row["what"]]))
            + f": {row['old']} → {row['new']}"
            for row in rows[:6]
        ]

    def _changes_since(self, content):
        """Return the rows of what differs between a content and the document now."""
        # sudo: shown to people who may read the approval
        document = self._document().sudo().exists()
        if not document or not content:
            return []
        now = document._approval_contents(self._names())[document.id]
        return document._approval_diff_rows(document._approval_diff(content, now))

    def _names(self):
        """Return the material fields that this approval was made for."""
        return (self.policy or {}).get("fields") or [[], []]

    def _action_form(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Approval"),
            "res_model": "approval.instance",
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }

    def action_open_document(self):
        """Return the action that opens the document.

        Approvers without any right on it get a form that reads nothing else.
        """
        self.ensure_one()
        model = self.env[self.res_model]
        listed = self.env["ir.model.access"].check(
            self.res_model, "read", raise_exception=False
        )
        view = False
        if not listed and model._approval_reader_view:
            view = self.env.ref(model._approval_reader_view).id
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "view_mode": "form",
            "views": [(view, "form")],
        }
