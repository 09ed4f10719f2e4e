from odoo import api, fields, models
from odoo.fields import Domain


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
    due = fields.Datetime(string="Deadline", readonly=True)
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
        related="instance_id.res_model", store=True, string="Document model"
    )
    res_id = fields.Many2oneReference(
        related="instance_id.res_id", store=True, model_field="res_model"
    )
    company_id = fields.Many2one(related="instance_id.company_id", store=True)
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
        uid = self.env.uid
        return Domain("user_id", "=", uid) | Domain("acting_for_id", "=", uid)

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

    # -- asking -----------------------------------------------------------------------

    @api.model
    def _ask(self, instances, level):
        """Create the tasks of one level for approvals, in batch.

        :param instances: approvals that have reached ``level``
        :return: the created tasks
        """
        vals_list = []
        by_step = {}
        for instance in instances:
            for step in instance.steps:
                if step["level"] == level and not step.get("kept"):
                    by_step.setdefault(step["key"], []).append((instance, step))
        for items in by_step.values():
            vals_list += self._prepare_step(items)
        tasks = self._engine().create(vals_list).with_env(self.env)
        asked = tasks.filtered(lambda task: task.state == "pending")
        asked._after_asking()
        return tasks

    def _prepare_step(self, items):
        """Return the values of the tasks of one step for several approvals."""
        step = items[0][1]
        found = {}
        for documents, group in (
            self.env["approval.instance"]
            .union(*(instance for instance, _step in items))
            ._documents()
        ):
            people = {item.res_id: item.people for item in group}
            found.update(
                {
                    (documents._name, res_id): value
                    for res_id, value in self.env["approval.router"]
                    ._approvers(step, documents, people, self._prior(group))
                    .items()
                }
            )
        users = self.env["res.users"].union(*(value[0] for value in found.values()))
        delegations = self.env["approval.router"]._delegations(users)
        vals_list, due = [], {}
        for instance, own_step in items:
            company = instance.company_id
            if company not in due:
                due[company] = instance._deadline(company, own_step["hours"])
            candidates, fallback = found.get(
                (instance.res_model, instance.res_id), (users.browse(), False)
            )
            if not candidates:
                candidates, fallback = self._last_resort(instance, own_step), True
            vals_list += self._prepare_tasks(
                instance, own_step, candidates, fallback, delegations, due[company]
            )
        return vals_list

    def _prior(self, instances):
        """Return {document id: users who decided already}, if they are left out."""
        return {
            instance.res_id: set(
                instance.task_ids.filtered(
                    lambda t: t.state == "approved" and not t.superseded
                ).decided_by_id.ids
            )
            | {uid for step in instance.steps for uid in step.get("kept") or ()}
            for instance in instances
            if instance.policy["same_person"] == "exclude"
        }

    def _last_resort(self, instance, step):
        """Nobody is left in mid-flow: ask the administrators of policies."""
        group = self.env.ref("approval_flow.group_approval_manager")
        people = instance.people
        excluded = self.env["approval.router"]._excluded(step, people)
        excluded |= self._prior(instance).get(instance.res_id, set())
        # sudo: the document's company only
        document = instance._document().sudo()
        users = self.env["approval.router"]._eligible(
            group.sudo().all_user_ids,  # sudo: members of a group
            document,
            excluded,
        )
        self.env["approval.event"]._log(
            instance,
            "reassigned",
            comment=self.env._("Nobody else is left to decide this step."),
        )
        return users

    def _prepare_tasks(self, instance, step, users, fallback, delegations, due):
        now = fields.Datetime.now()
        prior = {
            task.decided_by_id: task
            for task in instance.task_ids
            if task.state == "approved" and not task.superseded
        }
        excluded = self.env["approval.router"]._excluded(step, instance.people)
        if instance.policy["same_person"] == "exclude":
            excluded |= set(self.env["res.users"].union(*prior).ids)
        taken = set(users.ids)
        vals_list = []
        for user in users:
            vals = {
                "instance_id": instance.id,
                "user_id": user.id,
                "origin": "fallback" if fallback else "rule",
                "step_key": step["key"],
                "level": step["level"],
                "due": due,
                "ask_date": now,
                "mail_pending": True,
            }
            if user in prior and instance.policy["same_person"] == "once":
                vals.update(self._decided_before(user, now))
            elif delegation := self.env["approval.router"]._delegate(
                user, instance, delegations, taken, excluded
            ):
                taken.add(delegation.delegate_id.id)
                vals.update(self._delegated(delegation))
            vals_list.append(vals)
        return vals_list

    def _decided_before(self, user, now):
        return {
            "state": "approved",
            "origin": "once",
            "decided_by_id": user.id,
            "decided_date": now,
            "comment": self.env._("Approved in an earlier step."),
            "mail_pending": False,
        }

    @api.model
    def _delegated(self, delegation):
        return {
            "user_id": delegation.delegate_id.id,
            "acting_for_id": delegation.user_id.id,
            "delegation_id": delegation.id,
            "origin": "delegation",
        }

    def _after_asking(self):
        """Tell the people who are asked: activity, live notice, e-mail."""
        if not self:
            return
        self._create_activities()
        for user, tasks in self.grouped("user_id").items():
            tasks.instance_id._tell(user)
        self.instance_id._wake_mail()
        for task in self.filtered("delegation_id"):
            self.env["approval.event"]._log(
                task.instance_id,
                "delegated",
                target_user_id=task.user_id.id,
                acting_for_id=task.acting_for_id.id,
                step_name=task.step_name,
            )

    def _create_activities(self):
        """Give each person an activity, so that counters, phone and digests show it."""
        model_id = self.env["ir.model"]._get_id(self._name)
        kind = self.env.ref("approval_flow.mail_activity_type_approval")
        # sudo: activities for other people; quick: the engine sends its own mails
        self.env["mail.activity"].sudo().with_context(
            mail_activity_quick_update=True
        ).create(
            [
                {
                    "res_model_id": model_id,
                    "res_id": task.id,
                    "activity_type_id": kind.id,
                    "summary": task.document_name,
                    "user_id": task.user_id.id,
                    "date_deadline": fields.Date.context_today(
                        self, task.due or fields.Datetime.now()
                    ),
                }
                for task in self
            ]
        )

    def _drop_activities(self):
        if self:
            # sudo: activities of other people
            self.env["mail.activity"].sudo().search(
                [("res_model", "=", self._name), ("res_id", "in", self.ids)]
            ).unlink()

    def _close(self, state):
        """Close open tasks that nobody needs to decide any more."""
        if self:
            self._engine().write({"state": state, "mail_pending": False})
            self._drop_activities()
            self.instance_id._tell(self.user_id)
            self._release_blocked()

    def _release_blocked(self):
        """Ask those who were to decide after these tasks."""
        waiting = self.search(
            [("blocked_by_id", "in", self.ids), ("state", "=", "waiting")]
        ).filtered(lambda task: task.instance_id.state == "pending")
        if waiting:
            waiting._engine().write({"state": "pending", "mail_pending": True})
            waiting._after_asking()
