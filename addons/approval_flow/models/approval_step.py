from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ApprovalStep(models.Model):
    """One level of a policy; steps with the same sequence run side by side."""

    _name = "approval.step"
    _description = "Approval Step"
    _order = "sequence, id"

    policy_id = fields.Many2one(
        "approval.policy", required=True, index=True, ondelete="cascade"
    )
    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(
        string="Level",
        default=1,
        required=True,
        aggregator=None,
        help="Lower levels are asked first; steps of the same level at the same time.",
    )
    approver_type = fields.Selection(
        [
            ("users", "Named people"),
            ("group", "Members of a group"),
            ("field", "Person named on the document"),
            ("manager", "Manager of the requester"),
        ],
        string="Approver",
        required=True,
        default="group",
    )
    user_ids = fields.Many2many("res.users", "approval_step_user_rel", string="People")
    group_id = fields.Many2one("res.groups", ondelete="restrict")
    field_path = fields.Char(
        string="Field path", help="For example team_id.user_id: the team's leader."
    )
    manager_level = fields.Integer(
        default=1,
        aggregator=None,
        help="1 is the direct manager, 2 the manager's manager, and so on.",
    )
    mode = fields.Selection(
        [
            ("any", "Any one"),
            ("all", "All of them"),
            ("quorum", "A number of them"),
        ],
        string="Who must approve",
        required=True,
        default="any",
    )
    quorum = fields.Integer(string="Approvals needed", default=2, aggregator=None)
    veto = fields.Boolean(default=True, help="One rejection rejects the document.")
    company_id = fields.Many2one(related="policy_id.company_id")
    currency_id = fields.Many2one(related="policy_id.currency_id")
    res_model = fields.Char(related="policy_id.res_model", string="Document model")
    amount_min = fields.Monetary(
        string="Only above", help="Asked only above this amount; 0 is no limit."
    )
    domain = fields.Char(string="Only when", default="[]", required=True)
    condition_join = fields.Selection(
        [("and", "Amount and condition"), ("or", "Amount or condition")],
        string="Amount and condition",
        default="and",
        required=True,
        help="Whether both must hold, or one of them is enough.",
    )
    exclude_creator = fields.Boolean(
        string="Not the requester or creator", default=True
    )
    exclude_editor = fields.Boolean(string="Not the last editor", default=True)
    exclude_responsible = fields.Boolean(string="Not the salesperson", default=True)
    deadline_hours = fields.Float(
        string="Time limit (working hours)", default=8.0, help="0 is no limit."
    )
    on_timeout = fields.Selection(
        [
            ("remind", "Remind"),
            ("escalate", "Remind and pass on"),
            ("return", "Return to the requester"),
            ("approve", "Approve up to a limit"),
        ],
        string="When time is up",
        required=True,
        default="remind",
    )
    escalate_user_id = fields.Many2one(
        "res.users", string="Pass on to", help="Empty: the approver's own manager."
    )
    auto_approve_limit = fields.Monetary(
        string="Automatic up to",
        help="When time is up, documents up to this amount are approved by the "
        "system; larger ones are only reminded of.",
    )
    fallback_user_id = fields.Many2one(
        "res.users",
        string="If nobody is found",
        help="Asked when the source gives nobody. Empty: submission is refused.",
    )
    allow_transfer = fields.Boolean(string="May be transferred", default=True)
    allow_add = fields.Boolean(string="May add approvers", default=True)
    retrigger_field_ids = fields.Many2many(
        "ir.model.fields",
        string="Ask again only when these change",
        help="On a further round an earlier approval of this step stays valid unless "
        "one of these fields changed. Empty: any material change asks again.",
    )
    summary = fields.Text(string="In words", compute="_compute_summary")

    _quorum_positive = models.Constraint(
        "CHECK (mode != 'quorum' OR quorum > 0)",
        "At least one approval is needed.",
    )
    _level_positive = models.Constraint(
        "CHECK (sequence > 0)", "Levels are numbered from 1."
    )
    _limits = models.Constraint(
        "CHECK (deadline_hours >= 0 AND auto_approve_limit >= 0)",
        "Time limit and automatic limit cannot be negative.",
    )

    @api.depends(
        "name",
        "approver_type",
        "user_ids",
        "group_id",
        "field_path",
        "domain",
        "manager_level",
        "mode",
        "quorum",
        "veto",
        "amount_min",
        "condition_join",
        "deadline_hours",
        "on_timeout",
        "escalate_user_id",
        "fallback_user_id",
    )
    @api.depends_context("lang")
    def _compute_summary(self):
        words = self.env["approval.words"]
        for step in self:
            step.summary = words._step(step)

    @api.constrains(
        "approver_type",
        "user_ids",
        "group_id",
        "field_path",
        "manager_level",
        "mode",
        "quorum",
        "escalate_user_id",
        "fallback_user_id",
        "domain",
        "on_timeout",
        "auto_approve_limit",
    )
    def _check_step(self):
        for step in self:
            step.policy_id._parse_domain(step.domain, step.name)
            step._check_source()
            if step.policy_id.active:
                step._check_members()
            step._check_timeout()

    def _check_source(self):
        """Refuse a step whose source of approvers is not filled in."""
        missing = {
            "users": not self.user_ids,
            "group": not self.group_id,
            "field": not self.field_path,
            "manager": self.manager_level < 1,
        }
        if missing[self.approver_type]:
            raise ValidationError(
                self.env._("Say who approves the step “%(step)s”.", step=self.name)
            )
        if self.approver_type == "field":
            self._check_field_path()

    def _check_field_path(self):
        model = self.env[self.policy_id.model_id.model]
        for name in self.field_path.split("."):
            field = model._fields.get(name)
            if field is None or not field.relational:
                raise ValidationError(
                    self.env._(
                        "“%(path)s” in step “%(step)s” is not a path to a person: "
                        "“%(name)s” is not a link of %(model)s.",
                        path=self.field_path,
                        step=self.name,
                        name=name,
                        model=model._description,
                    )
                )
            model = self.env[field.comodel_name]
        if model._name != "res.users":
            raise ValidationError(
                self.env._(
                    "“%(path)s” in step “%(step)s” must end at a user.",
                    path=self.field_path,
                    step=self.name,
                )
            )

    def _check_members(self):
        """Refuse a step that its own members can never satisfy."""
        members = self._static_members()
        if members is None:
            return
        if not members and not self.fallback_user_id.active:
            raise ValidationError(
                self.env._(
                    "Nobody can approve the step “%(step)s”: it has no active member. "
                    "Add people, or name who is asked if nobody is found.",
                    step=self.name,
                )
            )
        if self.mode == "quorum" and self.quorum > len(members):
            raise ValidationError(
                self.env._(
                    "The step “%(step)s” needs %(quorum)s approvals, but has only "
                    "%(count)s members.",
                    step=self.name,
                    quorum=self.quorum,
                    count=len(members),
                )
            )

    def _check_timeout(self):
        members = self._static_members()
        if self.on_timeout == "escalate" and self.escalate_user_id:
            if members is not None and self.escalate_user_id in members:
                raise ValidationError(
                    self.env._(
                        "The step “%(step)s” would be passed on to %(person)s, who is "
                        "already asked in it. Choose somebody else.",
                        step=self.name,
                        person=self.escalate_user_id.name,
                    )
                )
            if not self.escalate_user_id.active:
                raise ValidationError(
                    self.env._("%s is not active.", self.escalate_user_id.name)
                )
        if self.on_timeout == "approve" and not self.auto_approve_limit:
            raise ValidationError(
                self.env._(
                    "Set up to which amount the step “%(step)s” may be approved by "
                    "the system.",
                    step=self.name,
                )
            )

    def _static_members(self):
        """Return the people of a named source, or None if the document names them."""
        self.ensure_one()
        if self.approver_type == "users":
            return self.user_ids.filtered("active")
        if self.approver_type == "group":
            # sudo: administrators of policies need not administrate users
            users = self.group_id.sudo().all_user_ids
            company = self.policy_id.company_id
            return users.filtered(
                lambda user: user.active
                and not user.share
                and (not company or company in user.company_ids)
            )
        return None

    # -- versions -----------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        """Override to keep a version of the policy."""
        policies = self.env["approval.policy"].browse(
            {vals["policy_id"] for vals in vals_list if vals.get("policy_id")}
        )
        with policies._one_version():
            return super().create(vals_list)

    def write(self, vals):
        """Override to keep a version of the policy."""
        with self.policy_id._one_version():
            return super().write(vals)

    def unlink(self):
        """Override to keep a version of the policy, and to check what remains."""
        policies = self.policy_id
        with policies._one_version():
            result = super().unlink()
            policies.exists()._check_satisfiable()
        return result

    def _freeze(self):
        """Return the step as plain data for a running approval."""
        self.ensure_one()
        return {
            "key": str(self.id),
            "names": self._fields["name"]._get_stored_translations(self)
            or {"en_US": self.name},
            "level": self.sequence,
            "source": self.approver_type,
            "user_ids": self.with_context(active_test=False).user_ids.ids,
            "group_id": self.group_id.id,
            "path": self.field_path or "",
            "manager_level": self.manager_level,
            "mode": self.mode,
            "quorum": self.quorum,
            "veto": self.veto,
            "amount_min": self.amount_min,
            "domain": self.domain,
            "join": self.condition_join,
            "exclude": [
                name
                for name in ("creator", "editor", "responsible")
                if self[f"exclude_{name}"]
            ],
            "hours": self.deadline_hours,
            "on_timeout": self.on_timeout,
            "escalate_user_id": self.escalate_user_id.id,
            "auto_limit": self.auto_approve_limit,
            "fallback_user_id": self.fallback_user_id.id,
            "transfer": self.allow_transfer,
            "add": self.allow_add,
            "retrigger": sorted(self.retrigger_field_ids.mapped("name")),
        }
