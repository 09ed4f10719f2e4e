from contextlib import nullcontext

from odoo import api, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ..engine import without_computed

# fields of the mixin that only the engine sets
OWN_FIELDS = {"approval_instance_id", "approval_revision", "approval_editor_id"}


class ApprovalDocumentGate(models.AbstractModel):
    """The gate: a covered operation happens only with a matching approval.

    It is asked where data changes. Nothing that a caller sends opens it: not the
    context, not ``sudo()``, not a value written into the document.
    """

    _inherit = "approval.document.mixin"

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
            ),
            log_exceptions=False,  # a conflict is nothing to worry about
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
        """Override to gate documents created in a state that needs approval."""
        for vals in vals_list:
            self._approval_protect(vals)
        vals_list = [without_computed(self, vals) for vals in vals_list]
        env = self.env
        self = self._approval_without_defaults()
        operations = self._approval_operations().values()
        if any(
            vals.get(operation.state_field, default) in operation.targets
            for operation in operations
            for default in [self._approval_default(operation)]
            for vals in vals_list
        ):
            documents = self._approval_create_gated(vals_list, super().create)
        else:
            documents = super().create(vals_list)
            documents._approval_demand_entered(operations)
        return documents.with_env(env)

    @api.model
    def _approval_without_defaults(self):
        """Return the model without a caller's ``default_…`` for the engine's fields."""
        forged = {f"default_{name}" for name in OWN_FIELDS}
        if forged.isdisjoint(self.env.context):
            return self
        context = {
            key: value for key, value in self.env.context.items() if key not in forged
        }
        return self.with_env(self.env(context=context))

    @api.model
    def _approval_default(self, operation):
        """Return the state of new documents, whoever sets the default and how."""
        name = operation.state_field
        if not self.env["approval.policy"]._compiled(self._name, operation.code):
            return None
        return self.default_get([name]).get(name)

    def _approval_demand_entered(self, operations):
        """Gate documents that are in a target state without having been written so."""
        for operation in operations:
            if self.env["approval.policy"]._compiled(self._name, operation.code):
                self.filtered(
                    lambda document, op=operation: document[op.state_field]
                    in op.targets
                )._approval_demand(operation.code)

    def _approval_create_gated(self, vals_list, create):
        """Create documents of which some want to be in a target state at once.

        They are created as asked, judged, and if a policy covers one, all is undone
        and the covered ones are refused, or created as drafts and submitted.
        """
        savepoint = self.env.cr.savepoint()
        try:
            documents = create(vals_list)
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
        return self._approval_create_drafts(vals_list, positions, create)

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

    def _approval_create_drafts(self, vals_list, positions, create):
        vals_list = [dict(vals) for vals in vals_list]
        for index, (operation, _policy) in positions.items():
            vals_list[index][operation.state_field] = operation.sources[0]
        documents = create(vals_list)
        documents._approval_demand_entered(self._approval_operations().values())
        by_operation = {}
        for index, (operation, _policy) in positions.items():
            by_operation.setdefault(operation.code, []).append(documents.ids[index])
        for code, ids in by_operation.items():
            self.browse(ids)._approval_submit(code)._raise_refused()
        return documents

    def write(self, vals):
        """Override to gate state changes, and to see changes of approved content."""
        self._approval_protect(vals)
        vals = without_computed(self, vals)
        entering = self._approval_entering(vals)
        if entering:

            def write(documents):
                return super().write(vals)  # of the documents it is given

            return self._approval_write_gated(vals, entering, write)
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
            documents = self.filtered(
                lambda document, op=operation: document[op.state_field]
                not in op.targets
            )
            policies = self.env["approval.policy"]._compiled(self._name, operation.code)
            # an approval may be open though its policy was archived since
            # sudo: whether there is one, for whoever writes
            if documents and (policies or documents.sudo().approval_instance_id):
                entering.append((operation, documents))
        return entering

    def _approval_write_gated(self, vals, entering, write):
        instances, submit = self.env["approval.instance"], {}
        for operation, documents in entering:
            used, blocked = documents._approval_gate(operation.code)
            instances |= used
            ready = self._approval_in_source(operation)
            for res_id, (policy, _steps) in blocked.items():
                if policy["api_policy"] == "reject" or res_id not in ready._ids:
                    self.browse(blocked)._approval_refuse(operation.code)
                submit.setdefault(operation.code, []).append(res_id)
        waiting = self.browse(res_id for ids in submit.values() for res_id in ids)
        through = self - waiting
        if through:
            states = {operation.state_field for operation, _documents in entering}
            mixed = not vals.keys() <= states.union(self._approval_by_operation)
            with self.env.cr.savepoint() if mixed or instances else nullcontext():
                write(through)
                instances = through._approval_demand_again(entering, instances, mixed)
            through._approval_went_through(vals, entering, instances)
        self._approval_submit_instead(vals, entering, submit)
        return True

    def _approval_demand_again(self, entering, instances, mixed):
        """Judge once more what the same call may have changed meanwhile.

        :return: the approvals that cover what was written
        """
        if not mixed:
            spoilt = instances.filtered(
                lambda item: item.state not in ("approved", "failed")
            )
            for operation, documents in entering:
                if operation.code in spoilt.mapped("operation"):
                    documents._approval_refuse(operation.code)
            return instances
        used = instances.browse()
        for operation, documents in entering:
            used |= (documents & self)._approval_demand(operation.code)
        return used

    def _approval_went_through(self, vals, entering, instances):
        """The operation happened: approvals are used up, others are pointless."""
        instances._mark_executed()
        for operation, documents in entering:
            unused = (
                (documents & self)
                ._approval_open_instances()
                .filtered(lambda item, op=operation: item.operation == op.code)
            )
            # granted under a policy that asks for it no more
            granted = unused.filtered(lambda item: item.state != "pending")
            granted = granted._matching_content()
            granted._mark_executed()
            (unused - granted)._close_needless()
        if self._approval_touches(vals):
            self._approval_content_changed()
        self._approval_close(vals)

    def _approval_submit_instead(self, vals, entering, submit):
        """Write all but the state, and submit, as the policies of these calls say."""
        states = {operation.state_field for operation, _documents in entering}
        rest = {name: value for name, value in vals.items() if name not in states}
        for code, ids in submit.items():
            documents = self.browse(ids)
            documents.check_access("write")
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
