from markupsafe import Markup

from odoo import api, fields, models


class ApprovalPolicySimulate(models.TransientModel):
    """Shows for a document which policy would match and why, and who would be asked."""

    _name = "approval.policy.simulate"
    _description = "Simulate Approval"

    policy_id = fields.Many2one("approval.policy")
    model_id = fields.Many2one(
        "ir.model",
        string="Document type",
        required=True,
        domain=lambda self: [
            ("model", "in", self.env["approval.document.mixin"]._approval_models())
        ],
    )
    res_model = fields.Char(related="model_id.model", string="Document model")
    operation = fields.Selection(
        selection=lambda self: self.env["approval.policy"]._selection_operation(),
        required=True,
        default="confirm",
    )
    document = fields.Reference(
        selection="_selection_document", compute="_compute_document", readonly=False
    )
    result = fields.Html(compute="_compute_result", sanitize=False)

    @api.model
    def _selection_document(self):
        names = self.env["approval.document.mixin"]._approval_models()
        return [(name, self.env[name]._description) for name in names]

    @api.depends("model_id")
    def _compute_document(self):
        for wizard in self:
            name = wizard.model_id.model
            if name in self.env and (
                not wizard.document or wizard.document._name != name
            ):
                last = self.env[name].search([], order="id desc", limit=1)
                wizard.document = f"{name},{last.id}" if last else False

    @api.depends("document", "operation", "policy_id")
    def _compute_result(self):
        for wizard in self:
            document = wizard.document
            wizard.result = (
                self.env["ir.qweb"]._render(
                    "approval_flow.approval_policy_simulation",
                    {"rows": wizard._explain(document)},
                )
                if document and document.exists()
                else Markup("")
            )

    def _explain(self, document):
        """Return what each policy says of a document, the deciding one first.

        :return: list of ``{"name", "decides", "matches", "why", "steps"}`` with
            ``steps`` as ``{"name", "asked", "people", "why"}``
        """
        Policy = self.env["approval.policy"].with_context(active_test=False)
        policies = Policy.search(
            [("res_model", "=", document._name), ("operation", "=", self.operation)]
        )
        decided = document._approval_match(self.operation).get(document.id)
        rows = []
        for policy in policies:
            frozen = policy._freeze()
            row = self._explain_policy(policy, frozen, document)
            row["decides"] = bool(decided) and decided[0]["id"] == policy.id
            rows.append(row)
        return sorted(rows, key=lambda row: not row["decides"])

    def _explain_policy(self, policy, frozen, document):
        clean = document._approval_clean()
        company = document.company_id
        clean = clean.with_company(company)
        amounts = clean._approval_amounts()
        right_company = frozen["company_id"] in (False, company.id)
        meets = bool(clean._approval_meets(frozen, amounts, frozen["amount_max"]))
        applicable = {
            step["key"]
            for steps in clean._approval_steps(frozen, amounts).values()
            for step in steps
        }
        return {
            "name": policy.name,
            "active": policy.active,
            "matches": right_company and meets and bool(applicable),
            "why": self._why(policy, document, right_company, meets, applicable),
            "steps": [
                self._explain_step(step, frozen_step, document, applicable)
                for step, frozen_step in zip(
                    policy.step_ids.sorted(), frozen["steps"], strict=True
                )
            ],
        }

    def _why(self, policy, document, right_company, meets, applicable):
        if not right_company:
            return self.env._("It is for another company.")
        words = self.env["approval.words"]._conditions(
            policy.res_model,
            policy.amount_min,
            policy.amount_max,
            policy.domain,
            policy.currency_id,
        )
        if not meets:
            return self.env._("The condition does not hold: %s", words)
        if not applicable:
            return self.env._("None of its steps applies to this document.")
        return (
            self.env._("The condition holds: %s", words)
            if words
            else self.env._("It is for all.")
        )

    def _explain_step(self, step, frozen, document, applicable):
        # sudo: roles are read from the document as it is
        people = document.sudo()._approval_people()
        # sudo: as above
        requester = self.env["approval.instance"]._requester(document.sudo())
        people[document.id]["requester"] = requester.ids
        users, fallback = self.env["approval.router"]._approvers(
            frozen, document, people
        )[document.id]
        return {
            "name": step.name,
            "level": step.sequence,
            "asked": frozen["key"] in applicable,
            "people": ", ".join(users.mapped("name")),
            "fallback": fallback,
            "summary": step.summary,
        }
