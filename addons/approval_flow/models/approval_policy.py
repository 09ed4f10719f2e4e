import ast
from contextlib import contextmanager

from odoo import api, fields, models, tools
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain


class ApprovalPolicy(models.Model):
    """When an operation on a document needs approval, and of whom.

    The first active policy (by ``sequence``) that matches a document governs it.
    Running approvals keep a frozen copy of the policy and its steps, so that a change
    here never touches them; every change keeps a version.
    """

    _name = "approval.policy"
    _description = "Approval Policy"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(
        string="Priority",
        default=10,
        aggregator=None,
        help="The first policy that matches a document decides.",
    )
    active = fields.Boolean(default=True)
    model_id = fields.Many2one(
        "ir.model",
        string="Document",
        required=True,
        ondelete="cascade",
        domain=lambda self: [
            ("model", "in", self.env["approval.document.mixin"]._approval_models())
        ],
    )
    res_model = fields.Char(
        related="model_id.model", store=True, index=True, string="Document model"
    )
    operation = fields.Selection(
        selection="_selection_operation", required=True, default="confirm"
    )
    company_id = fields.Many2one(
        "res.company",
        index=True,
        default=lambda self: self.env.company,
        help="Leave empty for all companies.",
    )
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        default=lambda self: self.env.company.currency_id,
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        precompute=True,
        help="Currency of the amounts of this policy and its steps.",
    )
    domain = fields.Char(string="Condition", default="[]", required=True)
    amount_min = fields.Monetary(
        string="Above", help="Only documents above this amount; 0 is no limit."
    )
    amount_max = fields.Monetary(
        string="Up to", help="Only documents up to this amount; 0 is no limit."
    )
    step_ids = fields.One2many("approval.step", "policy_id", copy=True)
    same_person = fields.Selection(
        [
            ("exclude", "Another person at each step (four eyes)"),
            ("once", "The same person is asked once"),
            ("again", "The same person is asked at each step"),
        ],
        string="Same person at several steps",
        required=True,
        default="exclude",
    )
    api_policy = fields.Selection(
        [
            ("reject", "Refuse with the reason"),
            ("submit", "Keep as a draft and submit it"),
        ],
        string="Imports and API calls",
        required=True,
        default="reject",
        help="What happens to a document that an import or an API call wants to put "
        "directly in the state that needs approval.",
    )
    auto_execute = fields.Boolean(
        string="Carry out by itself",
        default=True,
        help="After the last approval the operation runs by itself, in the name of "
        "the requester.",
    )
    material_field_ids = fields.Many2many(
        "ir.model.fields",
        string="Material fields",
        help="A change of these fields after submission needs a new approval. "
        "Leave empty for the usual fields of the document.",
    )
    tolerance_percent = fields.Float(
        string="Tolerance (%)",
        digits=(5, 2),
        help="Changes of quantities and prices up to this share of the amount last "
        "approved are accepted and recorded. 0 accepts none.",
    )
    tolerance_amount = fields.Monetary(
        string="Tolerance, at most",
        help="Upper limit of the tolerance as an amount; 0 is no further limit.",
    )
    cc_user_ids = fields.Many2many(
        "res.users",
        "approval_policy_cc_rel",
        string="Copy to",
        help="These people are told of each submission and its result.",
    )
    version = fields.Integer(readonly=True, copy=False, aggregator=None)
    version_ids = fields.One2many(
        "approval.policy.version", "policy_id", string="Versions"
    )
    summary = fields.Text(string="In words", compute="_compute_summary")

    _amounts = models.Constraint(
        "CHECK (amount_max = 0 OR amount_max > amount_min)",
        "The upper amount must be higher than the lower one.",
    )
    _tolerance = models.Constraint(
        "CHECK (tolerance_percent BETWEEN 0 AND 100 AND tolerance_amount >= 0)",
        "The tolerance is a share between 0 and 100 %, and not negative.",
    )

    @api.model
    def _selection_operation(self):
        labels = {}
        for name in self.env["approval.document.mixin"]._approval_models():
            for code, operation in self.env[name]._approval_operations().items():
                labels.setdefault(code, str(operation.label))
        return list(labels.items()) or [("confirm", self.env._("Confirm"))]

    @api.depends("company_id")
    def _compute_currency_id(self):
        for policy in self:
            if policy.company_id or not policy.currency_id:
                company = policy.company_id or self.env.company
                policy.currency_id = company.currency_id

    @api.depends(
        "name",
        "model_id",
        "operation",
        "company_id",
        "domain",
        "amount_min",
        "amount_max",
        "same_person",
        "auto_execute",
        "tolerance_percent",
        "tolerance_amount",
        "step_ids",
    )
    @api.depends_context("lang")
    def _compute_summary(self):
        words = self.env["approval.words"]
        for policy in self:
            policy.summary = words._policy(policy)

    # -- checks -------------------------------------------------------------------

    @api.constrains("domain", "model_id")
    def _check_domain(self):
        for policy in self:
            policy._parse_domain(policy.domain, policy.name)

    @api.constrains("active", "model_id", "operation", "step_ids", "company_id")
    def _check_satisfiable(self):
        for policy in self.filtered("active"):
            model = self.env[policy.model_id.model]
            if policy.operation not in model._approval_operations():
                raise ValidationError(
                    self.env._(
                        "%(document)s has no operation “%(operation)s”. "
                        "Choose another operation.",
                        document=policy.model_id.name,
                        operation=policy.operation,
                    )
                )
            if not policy.step_ids:
                raise ValidationError(
                    self.env._(
                        "The policy “%(policy)s” has no step: nobody could approve. "
                        "Add at least one step.",
                        policy=policy.name,
                    )
                )
            policy.step_ids._check_step()

    def _parse_domain(self, text, label):
        """Return the :class:`Domain` written in ``text``, valid for the document.

        :raise ValidationError: if it is not a literal domain of the model's fields
        """
        self.ensure_one()
        try:
            domain = Domain(ast.literal_eval(text or "[]"))
            domain.validate(self.env[self.model_id.model])
        except Exception as error:
            raise ValidationError(
                self.env._(
                    "The condition of “%(name)s” cannot be understood: %(error)s. "
                    "Use the condition editor; relative dates are written as "
                    "'today -7d'.",
                    name=label,
                    error=error,
                )
            ) from error
        return domain

    # -- versions and cache -------------------------------------------------------

    @contextmanager
    def _one_version(self):
        """Collect the nested writes of a policy and its steps into one version."""
        cache = self.env.cr.cache
        if cache.get("approval_policy_version"):
            yield
            return
        cache["approval_policy_version"] = True
        try:
            yield
        finally:
            cache.pop("approval_policy_version", None)
        self.exists()._record_version()

    def _record_version(self):
        """Keep the present wording as a new version if it differs from the last."""
        self.env.registry.clear_cache()
        Version = self.env["approval.policy.version"]._engine()
        for policy in self:
            content = policy._freeze()
            last = Version.search([("policy_id", "=", policy.id)], limit=1)
            if last and last.content == content:
                continue
            number = last.number + 1
            Version.create(
                {
                    "policy_id": policy.id,
                    "number": number,
                    "user_id": self.env.uid,
                    "summary": policy.summary,
                    "content": content,
                }
            )
            policy._set_version(number)

    def _set_version(self, number):
        # past our own ``write``, which leaves the number out
        models.BaseModel.write(self, {"version": number})

    @api.model_create_multi
    def create(self, vals_list):
        """Override to keep version 1 of each policy."""
        vals_list = [self._without_version(vals) for vals in vals_list]
        cache = self.env.cr.cache
        cache["approval_policy_version"] = True
        try:
            policies = super().create(vals_list)
        finally:
            cache.pop("approval_policy_version", None)
        policies._record_version()
        return policies

    @api.model
    def _without_version(self, vals):
        """Leave out the version number, which is counted and never written."""
        return {name: value for name, value in vals.items() if name != "version"}

    def write(self, vals):
        """Override to keep a version of each change."""
        with self._one_version():
            return super().write(self._without_version(vals))

    def unlink(self):
        """Override to forget the compiled policies."""
        self.env.registry.clear_cache()
        return super().unlink()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        # sudo: running approvals count whoever is looking
        if (
            self.env["approval.instance"]
            .sudo()
            .search_count(
                [("policy_id", "in", self.ids), ("is_open", "=", True)], limit=1
            )
        ):
            raise UserError(
                self.env._(
                    "Approvals are running under this policy. Archive it instead."
                )
            )

    def _freeze(self):
        """Return all that a running approval needs of the policy, as plain data."""
        self.ensure_one()
        return {
            "id": self.id,
            "active": self.active,
            "priority": self.sequence,
            "names": self._fields["name"]._get_stored_translations(self)
            or {"en_US": self.name},
            "model": self.model_id.model,
            "operation": self.operation,
            "company_id": self.company_id.id,
            "currency_id": self.currency_id.id,
            "domain": self.domain,
            "amount_min": self.amount_min,
            "amount_max": self.amount_max,
            "fields": self._material_fields(),
            "tolerance_percent": self.tolerance_percent,
            "tolerance_amount": self.tolerance_amount,
            "same_person": self.same_person,
            "api_policy": self.api_policy,
            "auto_execute": self.auto_execute,
            "cc": self.with_context(active_test=False).cc_user_ids.ids,
            "steps": [step._freeze() for step in self.step_ids.sorted()],
        }

    def _material_fields(self):
        """Return ``[header field names, line field names]`` of this policy."""
        model = self.env[self.model_id.model]
        chosen = [(field.model, field.name) for field in self.material_field_ids]
        header = {name for owner, name in chosen if owner == model._name}
        lines = {name for owner, name in chosen if owner != model._name}
        if not chosen:
            header = set(model._approval_material)
            lines = set(model._approval_line_material)
        # what was approved is an amount of a company: these cannot be left out
        header |= {*model._approval_amount_fields(), "company_id"} & set(model._fields)
        if model._approval_line_amount:
            lines.add(model._approval_line_amount)
        return [sorted(header), sorted(lines)]

    @api.model
    def _for_engine(self):
        """Return the model as the engine reads it: nothing of the caller counts."""
        # sudo: asked for users who may not read policies
        return self.with_env(self.env(su=True, context={}))

    @api.model
    @tools.ormcache("model", "operation")
    def _compiled(self, model, operation):
        """Return the active policies for an operation as plain data, by priority.

        Cached for the whole server process, so that a document that no policy covers
        costs no query. Callers must not change what they get.
        """
        policies = self._for_engine().search(
            [("res_model", "=", model), ("operation", "=", operation)]
        )
        return tuple(
            {
                **policy._freeze(),
                "version": policy.version,
                "since": policy.version_ids[:1].date,
            }
            for policy in policies
        )

    @api.model
    @tools.ormcache("model")
    def _governs(self, model):
        """Return whether any policy, archived ones included, exists for ``model``."""
        policies = self._for_engine().with_context(active_test=False)
        return bool(policies.search_count([("res_model", "=", model)], limit=1))

    @api.model
    @tools.ormcache("model")
    def _material_names(self, model):
        """Return all field names that any policy of ``model`` calls material."""
        policies = self._for_engine().search([("res_model", "=", model)])
        return frozenset(policies.material_field_ids.mapped("name"))

    # -- actions ------------------------------------------------------------------

    def action_simulate(self):
        """Return the action that opens the simulation for this policy."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Simulate"),
            "res_model": "approval.policy.simulate",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_policy_id": self.id,
                "default_model_id": self.model_id.id,
                "default_operation": self.operation,
            },
        }

    def action_versions(self):
        """Return the action that lists the versions of this policy."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Versions"),
            "res_model": "approval.policy.version",
            "view_mode": "list,form",
            "domain": [("policy_id", "=", self.id)],
        }
