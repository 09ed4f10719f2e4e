import ast

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class ApprovalDocumentMatch(models.AbstractModel):
    """Which policy covers a document, and which of its steps apply."""

    _inherit = "approval.document.mixin"

    # -- which policy covers what ----------------------------------------------------

    def _approval_match(self, operation):
        """Return the policy and its applicable steps for each covered document.

        :param str operation: code of the operation
        :return: ``{id: (policy, steps)}`` of the covered documents only, policies and
            steps as plain data, see ``approval.policy._compiled``
        :raise UserError: if a condition cannot be evaluated: the gate stays shut
        """
        policies = self.env["approval.policy"]._compiled(self._name, operation)
        found = {}
        if not policies or not self:
            return found
        for company, documents in self._approval_clean().grouped("company_id").items():
            todo = documents.with_company(company)
            amounts = todo._approval_amounts()
            ours = [
                policy
                for policy in policies
                if policy["company_id"] in (False, company.id)
            ]
            for policy in ours:
                if policy["supplement"]:
                    continue
                steps_of = todo._approval_covered(policy, amounts)
                found.update((key, (policy, steps)) for key, steps in steps_of.items())
                todo = todo.filtered(lambda document: document.id not in found)
                if not todo:
                    break
            documents = documents.with_company(company)
            for policy in ours:
                if policy["supplement"]:
                    steps_of = documents._approval_covered(policy, amounts)
                    self._approval_add_steps(found, policy, steps_of)
        return found

    def _approval_covered(self, policy, amounts):
        """Return {id: applicable steps} of the documents that a policy covers."""
        hits = self._approval_meets(policy, amounts, policy["amount_max"])
        return hits._approval_steps(policy, amounts)

    @api.model
    def _approval_add_steps(self, found, policy, steps_of):
        """Put the steps of a supplementary policy after those found before."""
        for key, steps in steps_of.items():
            if key not in found:
                found[key] = (policy, steps)
                continue
            first, earlier = found[key]
            last = max(step["level"] for step in earlier)
            later = [{**step, "level": step["level"] + last} for step in steps]
            found[key] = (first, earlier + later)

    def _approval_steps(self, policy, amounts):
        """Return {id: applicable steps} of the documents that have any."""
        steps_of = {document.id: [] for document in self}
        for step in policy["steps"]:
            rule = {**step, "currency_id": policy["currency_id"]}
            for document in self._approval_meets(rule, amounts):
                steps_of[document.id].append(step)
        return {key: steps for key, steps in steps_of.items() if steps}

    def _approval_meets(self, rule, amounts, amount_max=0):
        """Return the documents that meet amount limits and condition of a rule.

        :param dict rule: a policy or step as plain data
        :param dict amounts: amounts in company currency by document id
        """
        if rule.get("join") == "or" and rule["amount_min"] and rule["domain"] != "[]":
            return self._approval_above(rule, amounts) | self._approval_filter(rule)
        documents = self
        if rule["amount_min"] or amount_max:
            documents = documents._approval_above(rule, amounts, amount_max)
        return documents._approval_filter(rule) if documents else documents

    def _approval_above(self, rule, amounts, amount_max=0):
        currency = self.env["res.currency"].browse(rule["currency_id"])

        def within(document):
            amount = document._approval_in_currency(amounts[document.id], currency)
            low, high = rule["amount_min"], amount_max
            return (not low or currency.compare_amounts(amount, low) > 0) and (
                not high or currency.compare_amounts(amount, high) <= 0
            )

        return self.filtered(within)

    def _approval_in_currency(self, amount, currency):
        """Convert an amount of the document's company at today's rate."""
        company = self.company_id or self.env.company
        if company.currency_id == currency:
            return amount
        return company.currency_id._convert(
            amount, currency, company, fields.Date.today()
        )

    def _approval_filter(self, rule):
        if rule["domain"] in ("[]", False, ""):
            return self
        try:
            return self.filtered_domain(Domain(ast.literal_eval(rule["domain"])))
        except UserError:
            raise
        except Exception as error:
            raise UserError(
                self.env._(
                    "The approval policy “%(name)s” cannot be evaluated: %(error)s. "
                    "Ask an administrator to mend its condition.",
                    name=self.env["approval.words"]._label(rule["names"]),
                    error=error,
                )
            ) from error
