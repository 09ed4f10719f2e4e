import ast

from odoo import api, fields, models
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
    is_supplement = fields.Boolean(
        string="In addition to others",
        help="Its steps are asked after those of the policy that covers the document, "
        "or alone if there is none.",
    )
    ask_partner = fields.Boolean(
        string="The other side must agree",
        help="For change requests: after the last approval the customer or vendor is "
        "asked to accept in the portal, and only then the change is applied.",
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
        help="These people find each submission under Copied to me, and get its "
        "result by e-mail.",
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
        "is_supplement",
        "ask_partner",
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

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if (
            self.env["approval.instance"]
            # sudo: running approvals count whoever is looking
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
