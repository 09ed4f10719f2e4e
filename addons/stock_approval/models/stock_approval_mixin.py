from contextlib import contextmanager

from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.approval_flow.models.approval_document_mixin import OPEN_STATES

from ..beside import beside

JUDGED = "stock_approval_judged"


class StockApprovalMixin(models.AbstractModel):
    """What transfers, scrap and inventory adjustments under approval have in common."""

    _name = "stock.approval.mixin"
    _description = "Stock Document under Approval"
    _inherit = ["approval.document.mixin"]

    _approval_amount_field = "approval_value"

    approval_goods = fields.Json(
        string="Goods",
        compute="_compute_approval_goods",
        compute_sudo=True,
        # for forms of approvers, who may not read the lines themselves
    )

    @api.depends_context("lang")
    def _compute_approval_goods(self):
        for document in self:
            columns, rows = document._approval_line_facts()
            document.approval_goods = {
                "columns": columns,
                "rows": [[{"value": cell, "tone": ""} for cell in row] for row in rows],
            }

    @api.model
    def _approval_stock_models(self):
        """Return the stock documents that policies exist for."""
        return [
            name
            for name in ("stock.picking", "stock.scrap", "stock.inventory.approval")
            if self.env["approval.policy"]._governs(name)
        ]

    @api.model
    def _approval_any_policy(self):
        """Return the active policies for all stock documents."""
        return [
            policy
            for name in self._approval_stock_models()
            for policy in self.env[name]._approval_policies()
        ]

    @api.model
    def _approval_any_reaches(self, company, value):
        """Return whether any policy for stock could ask about goods of this value.

        For what has no document, and of which no condition can be told.
        """
        return any(
            policy["company_id"] in (False, company.id)
            and self._approval_reaches(policy, company, value)
            for policy in self._approval_any_policy()
        )

    @api.model
    def _approval_reaches(self, policy, company, value):
        limit = policy["amount_min"]
        currency = self.env["res.currency"].browse(policy["currency_id"])
        if company.currency_id != currency:
            value = company.currency_id._convert(
                value, currency, company, fields.Date.today()
            )
        return not limit or currency.compare_amounts(value, limit) > 0

    def _approval_amounts(self):
        """Override: the value of the goods, in company currency."""
        return {document.id: document.approval_value for document in self}

    @api.model
    def _approval_is_governed(self):
        """Return whether any policy, archived ones included, is for these documents."""
        return self.env["approval.policy"]._governs(self._name)

    @api.model
    def _approval_policies(self):
        """Return the active policies for the operation of these documents."""
        code = self._approval_main_operation().code
        return self.env["approval.policy"]._compiled(self._name, code)

    # -- valuation -----------------------------------------------------------------

    def _approval_valued_content(self):
        """Return the content of the open approval, with the costs of the request.

        The value that people approve is the one of the moment they were asked: as
        long as the approval is open, a cost that changes meanwhile changes nothing.
        """
        self.ensure_one()
        # sudo: figures of the document's own approval
        instance = self.sudo().approval_instance_id
        if (
            instance.state in OPEN_STATES
            and instance.res_model == self._name
            and instance.res_id == self._origin.id
        ):
            return instance.content
        return None

    # -- judged already ------------------------------------------------------------

    @api.model
    def _approval_judged(self):
        """Return the documents and moves being carried out, as {(model, id)}.

        It is kept beside the transaction, where no caller of a method can put
        anything.
        """
        return beside(self.env.cr).setdefault(JUDGED, set())

    @contextmanager
    def _approval_carrying_out(self):
        """Let what belongs to these documents happen: they went through the gate."""
        judged = self._approval_judged()
        added = {(self._name, res_id) for res_id in self.ids} - judged
        judged |= added
        try:
            with self._approval_editing():
                yield
        finally:
            judged -= added

    def _approval_not_judged(self):
        judged = self._approval_judged()
        return self.filtered(lambda item: (self._name, item.id) not in judged)

    # -- search --------------------------------------------------------------------

    @api.model
    def _approval_search_open(self, name, operator, value):
        """Return the domain of the open documents of which a computed fact is true.

        A document that is done is not judged any more.
        """
        # Odoo asks for the right to read a field only where it is stored
        self._check_field_access(self._fields[name], "read")
        operations = self._approval_operations().values()
        sources = [state for operation in operations for state in operation.sources]
        fact = Domain(name, operator, value)
        # sudo: narrowed to readable documents by the search this domain is part of
        documents = self.sudo().search([("state", "in", sources)])
        return Domain("id", "in", documents.filtered_domain(fact).ids)

    @api.model
    def _approval_search_categories(self, name, path, operator, value):
        """Return the domain of documents with products of some categories."""
        self._check_field_access(self._fields[name], "read")
        if operator == "in" and False not in value:
            domain = Domain("id", "in", value)
        elif operator in ("ilike", "=ilike", "like", "=like"):
            domain = Domain("display_name", operator, value)
        elif operator == "any":
            domain = Domain(value)
        else:
            return NotImplemented
        categories = self.env["product.category"].search(domain)
        return Domain(f"{path}.categ_id", "child_of", categories.ids)
