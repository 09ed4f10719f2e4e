from odoo import api, models
from odoo.exceptions import AccessError
from odoo.fields import Domain

# states of the latest approval that tell the state of the document
TOLD_STATES = ("pending", "approved", "rejected", "returned", "stale", "failed")


class ApprovalDocumentState(models.AbstractModel):
    """What screens and filters show of a document's approval."""

    _inherit = "approval.document.mixin"

    # -- state ---------------------------------------------------------------------

    @api.model
    def _approval_state_depends(self):
        operations = self._approval_operations().values()
        return [
            "approval_instance_id.state",
            *{item.state_field for item in operations},
        ]

    @api.depends(lambda self: self._approval_state_depends())
    @api.depends_context("uid")
    def _compute_approval_state(self):
        if self._approval_hides_from_user():
            self.approval_state = False
            return
        states = self._approval_instance_states()
        undecided = self.filtered(lambda document: document.id not in states)
        needed = undecided._approval_needed()
        for document in self:
            document.approval_state = states.get(document.id) or (
                "required" if document.id in needed else "not_required"
            )

    @api.model
    def _approval_hides_from_user(self):
        """Return whether a customer asks, who learns nothing of the approval."""
        return self.env.user.share and not self.env.su

    def _approval_instance_states(self):
        """Return {id: state} of the documents whose state an instance tells."""
        states = {}
        for document in self:
            # sudo: the state of the document's own approval
            instance = document.approval_instance_id.sudo()
            if not instance or instance.state == "recalled":
                continue
            if instance.state == "executed":
                operation = self._approval_main_operation()
                if (
                    instance.operation == operation.code
                    and document[operation.state_field] in operation.targets
                ):
                    states[document.id] = "approved"
                continue
            states[document.id] = instance.state
        return states

    def _approval_needed(self):
        """Return the ids of documents whose next operation a policy covers."""
        ids = set()
        for operation in self._approval_operations().values():
            waiting = self._origin._approval_in_source(operation)
            ids.update(waiting._approval_match(operation.code))
        return ids

    def _search_approval_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        if self._approval_hides_from_user():
            raise AccessError(self.env._("You cannot search for approvals."))
        domain = Domain.FALSE
        if states := [state for state in TOLD_STATES if state in value]:
            domain |= self._approval_last_in(states)
        if "approved" in value:
            domain |= self._approval_carried_out()
        if {"required", "not_required"} & set(value):
            domain |= self._search_approval_needed(value)
        return domain

    @api.model
    def _approval_last_in(self, states, **values):
        """Return the domain of documents whose latest approval is in ``states``."""
        # sudo: narrowed to readable documents by the search this domain is part of
        instances = self.env["approval.instance"].sudo()
        domain = [("res_model", "=", self._name), ("state", "in", states)]
        domain += [(name, "=", value) for name, value in values.items()]
        return Domain("approval_instance_id", "in", instances._search(domain))

    @api.model
    def _approval_carried_out(self):
        operation = self._approval_main_operation()
        return Domain(
            operation.state_field, "in", list(operation.targets)
        ) & self._approval_last_in(["executed"], operation=operation.code)

    def _search_approval_needed(self, value):
        told = self._approval_last_in(list(TOLD_STATES))
        sources = Domain.OR(
            Domain(operation.state_field, "in", list(operation.sources))
            for operation in self._approval_operations().values()
        )
        # sudo: narrowed to readable documents by the search this domain is part of
        candidates = self.sudo().search(sources & ~told)
        needed = Domain("id", "in", list(candidates._approval_needed()))
        domain = Domain.FALSE
        if "required" in value:
            domain |= needed
        if "not_required" in value:
            domain |= ~needed & ~told & ~self._approval_carried_out()
        return domain

    @api.depends("approval_instance_id.task_ids.state")
    def _compute_approval_approver_ids(self):
        for document in self:
            document.approval_approver_ids = (
                # sudo: names of the people asked, for those who may read the document
                document.approval_instance_id.sudo().open_task_ids.user_id
            )

    def _search_approval_approver_ids(self, operator, value):
        if operator not in ("in", "any"):
            return NotImplemented
        self._check_field_access(self._fields["approval_approver_ids"], "read")
        return self._approval_asked(Domain("user_id", operator, value))

    @api.model
    def _approval_asked(self, who):
        """Return the domain of documents with an open task of the given people."""
        found = self.env["approval.task"]._select_documents(self._name, who)
        return Domain("id", "in", found)

    @api.depends("approval_instance_id.task_ids.state")
    @api.depends_context("uid")
    def _compute_approval_can_decide(self):
        mine = set(self._approval_my_tasks().mapped("res_id"))
        for document in self:
            document.approval_can_decide = document._origin.id in mine

    def _search_approval_can_decide(self, operator, value):
        if operator != "in" or True not in value:
            return NotImplemented
        return self._approval_asked(self.env["approval.task"]._domain_mine())

    def _approval_my_tasks(self):
        """Return the open tasks of the current user on these documents."""
        return self.env["approval.task"].search(
            [
                ("res_model", "=", self._name),
                ("res_id", "in", self._origin.ids),
                ("state", "=", "pending"),
                "|",
                ("user_id", "=", self.env.uid),
                ("acting_for_id", "=", self.env.uid),
            ]
        )

    @api.depends("approval_instance_id", "approval_state")
    @api.depends_context("uid", "lang")
    def _compute_approval_status(self):
        hidden = self._approval_hides_from_user()
        for document in self:
            document.approval_status = False if hidden else document._approval_strip()

    @api.depends("approval_instance_id")
    @api.depends_context("uid", "lang")
    def _compute_approval_timeline(self):
        hidden = self._approval_hides_from_user()
        for document in self:
            # sudo: shown to employees who may read the document
            instance = document.sudo().approval_instance_id
            document.approval_timeline = False if hidden else instance.view_timeline

    def _approval_strip(self):
        """Return what the status strip of the form shows, as plain data."""
        # sudo: shown to whoever may read the document
        instance = self.sudo().approval_instance_id
        state = self.approval_state
        if state == "not_required":
            return False
        if state == "required" or not instance:
            return {"state": "required", "why": self._approval_why()}
        return instance._strip(state, self.env.user)

    def _approval_why(self):
        """Return in words which policy asks for approval of this document."""
        for operation in self._approval_operations().values():
            ready = self._origin._approval_in_source(operation)
            for policy, _steps in ready._approval_match(operation.code).values():
                return self.env["approval.words"]._label(policy["names"])
        return ""
