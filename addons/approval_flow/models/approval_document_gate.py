import ast
from contextlib import contextmanager, nullcontext

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

from .approval_result import ApprovalResult

# fields of the mixin that only the engine sets
OWN_FIELDS = {"approval_instance_id", "approval_revision"}


class ApprovalDocumentGate(models.AbstractModel):
    """The gate: a covered operation happens only with a matching approval.

    It is asked where data changes. Nothing that a caller sends opens it: not the
    context, not ``sudo()``, not a value written into the document.
    """

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
            for policy in policies:
                if policy["company_id"] and policy["company_id"] != company.id:
                    continue
                hits = todo._approval_meets(policy, amounts, policy["amount_max"])
                steps_of = hits._approval_steps(policy, amounts)
                found.update((key, (policy, steps)) for key, steps in steps_of.items())
                todo = todo.filtered(lambda document: document.id not in found)
                if not todo:
                    break
        return found

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

    # -- the gate ----------------------------------------------------------------------

    def _approval_gate(self, operation):
        """Tell which documents may go through, by what the database holds.

        :param str operation: code of the operation
        :return: ``(instances, blocked)``: the approvals that open the gate, and
            ``{id: (policy, steps)}`` of the documents that have none
        """
        documents = self._origin
        blocked = documents._approval_match(operation)
        Instance = self.env["approval.instance"]
        if not blocked:
            return Instance, blocked
        covered = documents.browse(blocked)
        covered._approval_lock()
        # sudo: the gate asks for everybody
        instances = Instance.sudo().search(
            [
                ("res_model", "=", self._name),
                ("res_id", "in", covered.ids),
                ("operation", "=", operation),
                ("state", "in", ("approved", "failed")),
            ]
        )
        valid = instances._matching_content(blocked)
        for instance in valid:
            blocked.pop(instance.res_id, None)
        return valid, blocked

    def _approval_lock(self):
        """Lock the rows of the documents until the end of the transaction."""
        if not self.ids:
            return
        self.flush_recordset(list(OWN_FIELDS))
        self.env.cr.execute(
            SQL(
                "SELECT id FROM %s WHERE id IN %s ORDER BY id FOR NO KEY UPDATE",
                SQL.identifier(self._table),
                tuple(self.ids),
            )
        )

    def _approval_demand(self, operation):
        """Raise unless all documents may go through; return the used approvals.

        :raise UserError: naming the documents that need approval first
        """
        instances, blocked = self._approval_gate(operation)
        if blocked:
            self.browse(blocked)._approval_refuse(operation)
        return instances

    def _approval_refuse(self, operation):
        # an import asks for each row alone and wants the reason of that row
        count = 1 if self.env.cr.cache.get("approval_import") else 10
        # sudo: the names of the documents that the caller tried to move
        names = ", ".join(self.sudo()[:count].mapped("display_name"))
        raise UserError(
            self.env._(
                "%(names)s: “%(operation)s” needs an approval first. Submit it for "
                "approval; it is carried out after the last approval.",
                names=names,
                operation=str(self._approval_operations()[operation].label),
            )
        )

    # -- create and write --------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        """Override to gate documents that are created in a state that needs approval."""
        for vals in vals_list:
            self._approval_protect(vals)
        operations = self._approval_operations().values()
        if any(
            vals.get(operation.state_field) in operation.targets
            for vals in vals_list
            for operation in operations
        ):
            return self._approval_create_gated(vals_list)
        documents = super().create(vals_list)
        documents._approval_demand_entered(operations)
        return documents

    def _approval_demand_entered(self, operations):
        """Gate documents that are in a target state without having been written so."""
        for operation in operations:
            if self.env["approval.policy"]._compiled(self._name, operation.code):
                self.filtered(
                    lambda document, op=operation: document[op.state_field]
                    in op.targets
                )._approval_demand(operation.code)

    def _approval_create_gated(self, vals_list):
        """Create documents of which some want to be in a target state at once.

        They are created as asked, judged, and if a policy covers one, all is undone
        and the covered ones are refused, or created as drafts and submitted.
        """
        savepoint = self.env.cr.savepoint()
        try:
            documents = super().create(vals_list)
            held = documents._approval_held()
            if not held:
                savepoint.close(rollback=False)
                return documents
            positions = {documents.ids.index(res_id): held[res_id] for res_id in held}
            for operation, policy in held.values():
                if policy["api_policy"] == "reject":
                    documents.browse(held)._approval_refuse(operation.code)
        except Exception:
            savepoint.close(rollback=True)
            raise
        savepoint.close(rollback=True)
        return self._approval_create_drafts(vals_list, positions)

    @api.model
    def load(self, fields, data):
        """Override to give each imported row its own reason, once.

        Odoo tries all rows together first, and puts the error of that attempt, as if
        it were the first row's, before those of the single rows.
        """
        self.env.cr.cache["approval_import"] = True
        try:
            result = super().load(fields, data)
        finally:
            self.env.cr.cache.pop("approval_import", None)
        messages = result.get("messages") or []
        texts = [message.get("message") for message in messages]
        if texts and texts[0] in texts[1:]:
            result["messages"] = messages[1:]
        return result

    def _approval_held(self):
        """Return {id: (operation, policy)} of new documents that need approval."""
        held = {}
        for operation in self._approval_operations().values():
            entered = self.filtered(
                lambda document, op=operation: document[op.state_field] in op.targets
            )
            for res_id, (policy, _steps) in entered._approval_match(
                operation.code
            ).items():
                held[res_id] = (operation, policy)
        return held

    def _approval_create_drafts(self, vals_list, positions):
        vals_list = [dict(vals) for vals in vals_list]
        for index, (operation, _policy) in positions.items():
            vals_list[index][operation.state_field] = operation.sources[0]
        documents = super().create(vals_list)
        by_operation = {}
        for index, (operation, _policy) in positions.items():
            by_operation.setdefault(operation.code, []).append(documents.ids[index])
        for code, ids in by_operation.items():
            self.browse(ids)._approval_submit(code)._raise_refused()
        return documents

    def write(self, vals):
        """Override to gate state changes, and to see changes of approved content."""
        self._approval_protect(vals)
        entering = self._approval_entering(vals)
        if entering:
            return self._approval_write_gated(vals, entering)
        if not self._approval_touches(vals):
            result = super().write(vals)
        else:
            with self._approval_editing():
                result = super().write(vals)
            self._approval_content_changed()
        self._approval_close(vals)
        return result

    def _approval_protect(self, vals):
        if OWN_FIELDS.intersection(vals):
            raise AccessError(
                self.env._("The approval of a document cannot be set by hand.")
            )

    def _approval_entering(self, vals):
        """Return [(operation, documents)] that a write would carry out."""
        entering = []
        for operation in self._approval_operations().values():
            if vals.get(operation.state_field) not in operation.targets:
                continue
            if not self.env["approval.policy"]._compiled(self._name, operation.code):
                continue
            documents = self.filtered(
                lambda document, op=operation: document[op.state_field]
                not in op.targets
            )
            if documents:
                entering.append((operation, documents))
        return entering

    def _approval_write_gated(self, vals, entering):
        instances, submit = self.env["approval.instance"], {}
        for operation, documents in entering:
            used, blocked = documents._approval_gate(operation.code)
            instances |= used
            for res_id, (policy, _steps) in blocked.items():
                if policy["api_policy"] == "reject":
                    self.browse(blocked)._approval_refuse(operation.code)
                submit.setdefault(operation.code, []).append(res_id)
        waiting = self.browse(res_id for ids in submit.values() for res_id in ids)
        through = self - waiting
        if through:
            with self.env.cr.savepoint() if len(vals) > 1 else nullcontext():
                super(ApprovalDocumentGate, through).write(vals)
                # the same call may have changed what was approved
                for operation, documents in entering:
                    (documents & through)._approval_demand(operation.code)
            instances._mark_executed()
        self._approval_submit_instead(vals, entering, submit)
        return True

    def _approval_submit_instead(self, vals, entering, submit):
        """Write all but the state, and submit, as the policies of these calls say."""
        states = {operation.state_field for operation, _documents in entering}
        rest = {name: value for name, value in vals.items() if name not in states}
        for code, ids in submit.items():
            documents = self.browse(ids)
            if rest:
                documents.write(rest)
            documents._approval_submit(code)._raise_refused()

    def _approval_close(self, vals):
        """End the open approvals of documents that were cancelled."""
        operations = self._approval_operations().values()
        if any(
            vals.get(operation.state_field) in self._approval_closing
            for operation in operations
        ):
            self._approval_open_instances()._close_with_document()

    def unlink(self):
        """Override to end the open approvals of deleted documents."""
        self._approval_open_instances()._close_with_document()
        return super().unlink()

    # -- changed content -----------------------------------------------------------------

    @contextmanager
    def _approval_editing(self):
        """Let the document look at its content once, not at each of its lines."""
        editing = self.env.cr.cache.setdefault("approval_editing", {})
        added = {(self._name, res_id) for res_id in self.ids} - set(editing)
        editing.update(dict.fromkeys(added, True))
        try:
            yield
        finally:
            for key in added:
                editing.pop(key, None)

    def _approval_touches(self, vals):
        if not self.env["approval.policy"]._governs(self._name):
            return False
        names = {*self._approval_material, self._approval_lines}
        return not names.isdisjoint(vals) or not (
            self.env["approval.policy"]._material_names(self._name).isdisjoint(vals)
        )

    def _approval_content_changed(self):
        """Look again at the open approvals of documents whose content was changed."""
        editing = self.env.cr.cache.get("approval_editing") or {}
        documents = self._origin.exists() if len(self) == 1 else self._origin
        documents = documents.filtered(
            lambda document: (self._name, document.id) not in editing
        )
        # sudo: bookkeeping of the gate, for whoever may change the content
        documents = documents.sudo()
        field = self._fields["approval_revision"]
        for document in documents:
            field._update_cache(document, document.approval_revision + 1, dirty=True)
        documents._approval_open_instances()._recheck_content()

    # -- submit --------------------------------------------------------------------------

    def _approval_run(self, operation, run):
        """Carry out an operation, or submit the documents that a policy covers.

        :param str operation: code of the operation
        :param run: function that carries it out for the documents it is given
        :return: what ``run`` returns, or a notification about the submitted ones
        """
        description = self._approval_operations()[operation]
        candidates = self.filtered(
            lambda document: document[description.state_field] in description.sources
        )
        _instances, blocked = candidates._approval_gate(operation)
        if not blocked:
            return run(self)
        waiting = self.browse(blocked)
        free = self - waiting
        result = ApprovalResult(self.env, self._name)
        if free:
            run(free)
            result.done = free
        result.add(waiting._approval_submit(operation))
        if self._approval_unattended():
            result._hold()
            return True
        return result._notification()

    def _approval_unattended(self):
        """Return whether no employee is there to read a message: customer or system."""
        return self.env.su or self.env.user.share

    def _approval_submit(self, operation, note=None):
        """Submit documents for approval of an operation.

        Documents that no policy covers, or that wait already, are left as they are.

        :param str operation: code of the operation
        :param str note: remark of the requester
        :return: :class:`ApprovalResult`: what was submitted, refused and why
        """
        return self.env["approval.instance"]._submit(self, operation, note)
