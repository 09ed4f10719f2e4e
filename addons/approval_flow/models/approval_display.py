from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .approval_change_display import by_department
from .approval_document_mixin import OPEN_STATES

# earlier rounds that the history shows
MAX_ROUNDS = 20


class ApprovalDocumentMixin(models.AbstractModel):
    """What a document tells people at a glance who decide on many."""

    _inherit = "approval.document.mixin"

    def _approval_headline(self):
        """Return in one line what is to be decided, where the amount does not say it.

        Called for documents of a whole inbox: it must not ask the database for each.
        """
        self.ensure_one()
        return ""

    def _approval_differences(self):
        """Return what carrying it out changes: see ``_approval_diff_rows``."""
        self.ensure_one()
        return []


class ApprovalInstance(models.Model):
    """What the approver's screen shows, as plain data for its widgets."""

    _inherit = "approval.instance"

    model_id = fields.Many2one(
        "ir.model",
        string="Kind of document",
        compute="_compute_model_id",
        store=True,
        precompute=True,
        ondelete="set null",
    )
    can_decide = fields.Boolean(compute="_compute_can")
    can_transfer = fields.Boolean(compute="_compute_can")
    can_add = fields.Boolean(compute="_compute_can")
    can_recall = fields.Boolean(compute="_compute_can")
    can_urge = fields.Boolean(compute="_compute_can")
    can_retry = fields.Boolean(compute="_compute_can")
    shown_digest = fields.Char(compute="_compute_shown_digest")
    policy_name = fields.Char(compute="_compute_policy_name", string="Under policy")
    waiting_for = fields.Char(compute="_compute_waiting_for", string="Waiting for")
    view_facts = fields.Json(compute="_compute_view_document", string="Key facts")
    view_lines = fields.Json(compute="_compute_view_document", string="Lines")
    view_differences = fields.Json(
        compute="_compute_view_document", string="What changes"
    )
    view_effects = fields.Json(
        compute="_compute_view_document", string="What will happen"
    )
    view_files = fields.Json(compute="_compute_view_document", string="Attached files")
    view_checks = fields.Json(compute="_compute_view_checks", string="Check results")
    view_changes = fields.Json(compute="_compute_view_changes", string="Changes")

    @api.depends("res_model")
    def _compute_model_id(self):
        for instance in self:
            # sudo: which model it is, for people who may not read models
            instance.model_id = self.env["ir.model"].sudo()._get(instance.res_model)

    # -- what the reader may do --------------------------------------------------------

    @api.depends("state", "task_ids.state", "requester_id")
    @api.depends_context("uid")
    def _compute_can(self):
        manager = self.env.user.has_group("approval_flow.group_approval_manager")
        by_instance = self._my_open_tasks().grouped("instance_id")
        for instance in self:
            task = by_instance.get(instance, self.env["approval.task"])[:1]
            mine = instance.requester_id == self.env.user
            instance.can_decide = bool(task)
            instance.can_transfer = task.can_transfer
            instance.can_add = task.can_add
            instance.can_recall = mine and instance.state in OPEN_STATES
            instance.can_urge = mine and instance.state == "pending"
            instance.can_retry = instance.state == "failed" and (mine or manager)

    def _my_open_tasks(self):
        return self.env["approval.task"].search(
            [
                ("instance_id", "in", self.ids),
                ("state", "=", "pending"),
                ("is_mine", "=", True),
            ]
        )

    @api.depends("task_ids.state")
    def _compute_waiting_for(self):
        for instance in self:
            # sudo: names of colleagues who are asked
            tasks = instance.sudo().open_task_ids
            instance.waiting_for = ", ".join(task._who() for task in tasks)

    @api.depends("digest", "accepted_digest")
    def _compute_shown_digest(self):
        for instance in self:
            instance.shown_digest = instance.accepted_digest or instance.digest

    @api.depends("policy")
    @api.depends_context("lang")
    def _compute_policy_name(self):
        words = self.env["approval.words"]
        for instance in self:
            names = (instance.policy or {}).get("names")
            instance.policy_name = words._label(names) if names else ""

    # -- the document ------------------------------------------------------------------

    def _readable_document(self):
        """Return the document for display, read as the system.

        Whoever may read the approval may see what it is about.
        """
        self.ensure_one()
        if not self.env["approval.document.mixin"]._approval_knows(self.res_model):
            return None  # its addon is not installed any more
        # sudo: the approval itself is readable
        document = self._document().sudo().with_company(self.company_id)
        return document.exists() or None

    @api.depends_context("lang", "uid")
    def _compute_view_document(self):
        for instance in self:
            document = instance._readable_document()
            if document is None:
                instance.view_facts = instance.view_lines = instance.view_files = False
                instance.view_effects = instance.view_differences = False
                continue
            instance.view_facts = [
                {"label": str(label), "value": str(value), "tone": tone or ""}
                for label, value, tone in document._approval_facts()
            ] or False
            columns, rows = document._approval_line_facts()
            instance.view_lines = (
                {
                    "columns": [str(column) for column in columns],
                    "rows": [[_cell(value) for value in row] for row in rows],
                }
                if rows
                else False
            )
            instance.view_differences = document._approval_differences() or False
            instance.view_effects = by_department(document._approval_effects()) or False
            instance.view_files = instance._files(document) or False

    def _files(self, document):
        files = (
            self.env["ir.attachment"]
            # sudo: names of the files; reading them asks for the reader's own rights
            .sudo()
            .search(
                [
                    ("res_model", "=", document._name),
                    ("res_id", "=", document.id),
                    ("res_field", "=", False),
                ],
                order="id",
            )
        )
        return [file_data(item) for item in files]

    @api.depends("checks")
    @api.depends_context("lang")
    def _compute_view_checks(self):
        order = {"block": 0, "warn": 1, "pass": 2}
        for instance in self:
            names = instance._check_names()
            checks = [
                {
                    "name": names.get(check["code"]) or check["name"],
                    "status": check["status"],
                    "reason": check["reason"],
                }
                for check in instance.checks or ()
            ]
            instance.view_checks = (
                sorted(checks, key=lambda check: order.get(check["status"], 3)) or False
            )

    def _check_names(self):
        """Return {code: name} of the checks in the reader's language."""
        if not self.checks:
            return {}
        # sudo: names of settings that only administrators may read
        settings = self.env["approval.check"]._settings(self.res_model, self.company_id)
        return {check.code: check.name for check in settings}

    # -- changes -----------------------------------------------------------------------

    @api.depends("content", "previous_id")
    @api.depends_context("lang", "uid")
    def _compute_view_changes(self):
        knows = self.env["approval.document.mixin"]._approval_knows
        for instance in self:
            base, own = instance._compared_round()
            if not base or not knows(instance.res_model):
                instance.view_changes = False
                continue
            # sudo: names of products and people in what the reader is to decide
            document = instance.sudo()._document().exists()
            changes = document._approval_diff(base.content, instance.content)
            instance.view_changes = {
                "own": own,
                "round": base.round,
                "rows": document._approval_diff_rows(changes),
            }

    def _compared_round(self):
        """Return the round to compare with, and whether the reader approved it."""
        rounds = self._earlier_rounds()
        for earlier in rounds:
            if any(
                task.state == "approved" and task.decided_by_id == self.env.user
                for task in earlier.task_ids
            ):
                return earlier, True
        return rounds[:1], False

    def _earlier_rounds(self):
        """Return the earlier rounds of the same operation, the latest first."""
        # sudo: part of the history of a readable approval
        rounds, last = self.browse().sudo(), self.sudo().previous_id
        while last and last not in rounds and len(rounds) < MAX_ROUNDS:
            rounds |= last
            last = last.previous_id
        return rounds

    # -- status strip ------------------------------------------------------------------

    def _strip(self, state, user):
        """Override to add what the strip needs to act and to explain."""
        values = super()._strip(state, user)
        values.update(
            digest=self.accepted_digest or self.digest,
            name=self.document_name,
            decided=fields.Datetime.to_string(self.decision_date) or False,
            points=self.reasons or "",
            note=self.note or "",
            requester=self.requester_id.name,
        )
        task = self.env["approval.task"].browse(values["task"] or ())
        values.update(can_transfer=task.can_transfer, can_add=task.can_add)
        if state == "stale":
            values["changes"] = self._changes_since(self.content)[:6]
        return values

    # -- buttons of the screen ---------------------------------------------------

    def _tasks_to_decide(self):
        """Return the reader's open task; else his last one, which tells who decided."""
        tasks = self._my_open_tasks() or self.task_ids.filtered("is_mine")[-1:]
        if not tasks:
            raise UserError(self.env._("There is nothing for you to decide here."))
        return tasks

    def _seen(self, seen_digest):
        """Return the digest that was on the screen when a button was clicked."""
        return seen_digest or self.env.context.get("approval_flow_seen_digest") or None

    def action_task_approve(self, comment=None, seen_digest=None):
        """Approve the current user's open task of this approval.

        :param str comment: remark for the history
        :param str seen_digest: digest of the content that was shown
        :return: a notification with the result
        :raise UserError: if there is nothing for the user to decide
        """
        return self._tasks_to_decide().action_approve(comment, self._seen(seen_digest))

    def action_task_reject(self, comment=None, seen_digest=None):
        """Reject it; without a comment the form that asks for it is opened."""
        return self._tasks_to_decide().action_reject(comment, self._seen(seen_digest))

    def action_task_return(self, comment=None, step_key=None):
        """Return it to the requester or an earlier step; see ``action_task_reject``."""
        return self._tasks_to_decide().action_return(comment, step_key)

    def action_task_transfer(self):
        """Open the form that passes the user's task on to somebody else."""
        return self._tasks_to_decide().action_ask_transfer()

    def action_task_add(self):
        """Open the form that adds an approver."""
        return self._tasks_to_decide().action_ask_add()


class ApprovalTask(models.Model):
    """What cards and the history show of a task."""

    _inherit = "approval.task"

    model_id = fields.Many2one(
        "ir.model",
        string="Kind of document",
        compute="_compute_model_id",
        store=True,
        precompute=True,
        ondelete="set null",
    )
    can_transfer = fields.Boolean(compute="_compute_can")
    can_add = fields.Boolean(compute="_compute_can")
    shown_digest = fields.Char(compute="_compute_shown_digest")
    headline = fields.Char(compute="_compute_headline", string="What it is about")
    effects = fields.Char(compute="_compute_headline", string="Sets off")

    @api.depends("instance_id.model_id")
    def _compute_model_id(self):
        for task in self:
            task.model_id = task.instance_id.model_id

    @api.depends("instance_id")
    @api.depends_context("lang", "tz")
    def _compute_headline(self):
        documents = self._documents_by_task()
        for task in self:
            document = documents.get(task)
            task.headline = document._approval_headline() if document else ""
            task.effects = _one_line(document._approval_effects()) if document else ""

    def _documents_by_task(self):
        """Return {task: its document}, read together, as the system."""
        found = {}
        for name, tasks in self.grouped("res_model").items():
            if not self.env["approval.document.mixin"]._approval_knows(name):
                continue  # its addon is not installed any more
            # sudo: the tasks are readable, and so is what they are about
            documents = self.env[name].sudo().browse(tasks.mapped("res_id")).exists()
            by_id = {document.id: document for document in documents}
            found.update((task, by_id.get(task.res_id)) for task in tasks)
        return found

    @api.depends("step_key", "state")
    def _compute_can(self):
        for task in self:
            step = task._step() or {}
            task.can_transfer = bool(step.get("transfer"))
            task.can_add = bool(step.get("add"))

    @api.depends("instance_id.digest", "instance_id.accepted_digest")
    def _compute_shown_digest(self):
        for task in self:
            # sudo: the approval of the task
            task.shown_digest = task.instance_id.sudo().shown_digest

    def get_formview_action(self, access_uid=None):
        """Override to open the approval: one screen to decide on, from everywhere."""
        self.ensure_one()
        return self.instance_id._action_form()

    def action_open_approval(self):
        """Return the action that opens the approver's screen."""
        self.ensure_one()
        return self.instance_id._action_form()


class ApprovalPolicy(models.Model):
    _inherit = "approval.policy"

    line_model = fields.Char(compute="_compute_line_model", string="Model of the lines")
    is_change = fields.Boolean(
        compute="_compute_line_model", string="On change requests"
    )
    running_count = fields.Integer(
        compute="_compute_running_count", string="Running approvals"
    )

    @api.depends("model_id")
    def _compute_line_model(self):
        for policy in self:
            model = self.env.get(policy.model_id.model or "")
            policy.line_model = (
                model._approval_line_model() if model is not None else False
            )
            policy.is_change = model is not None and hasattr(model, "_change_apply")

    def _compute_running_count(self):
        counts = dict(
            self.env["approval.instance"]._read_group(
                Domain("policy_id", "in", self.ids) & Domain("is_open", "=", True),
                ["policy_id"],
                ["__count"],
            )
        )
        for policy in self:
            policy.running_count = counts.get(policy._origin, 0)

    def action_running(self):
        """Return the action that lists the running approvals of this policy."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Running approvals"),
            "res_model": "approval.instance",
            "view_mode": "list,form",
            "domain": [("policy_id", "=", self.id), ("is_open", "=", True)],
        }


def _one_line(effects):
    """Return the weightiest effect, and how many more there are."""
    weight = {"danger": 0, "warning": 1}
    told = sorted(
        (effect for effect in effects if effect["text"]),
        key=lambda effect: weight.get(effect["tone"], 2),
    )
    if not told:
        return ""
    first = f"{told[0]['department']}: {told[0]['text']}"
    return f"{first} (+{len(told) - 1})" if len(told) > 1 else first


def _cell(value):
    """Return a table cell as plain data; documents may give ``(value, tone)``."""
    if isinstance(value, (tuple, list)):
        value, tone = value
        return {"value": str(value), "tone": tone or ""}
    return {"value": "" if value in (None, False) else str(value), "tone": ""}


def file_data(attachment):
    return {
        "id": attachment.id,
        "name": attachment.name,
        "type": attachment.mimetype or "",
        "size": attachment.file_size or 0,
    }
