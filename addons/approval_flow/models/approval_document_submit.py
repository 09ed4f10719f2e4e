from contextlib import contextmanager

from odoo import SUPERUSER_ID, models

from .approval_result import ApprovalResult


class ApprovalDocumentSubmit(models.AbstractModel):
    """Submitting documents, and seeing when their approved content is changed."""

    _inherit = "approval.document.mixin"

    # -- changed content ---------------------------------------------------------------

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
        names = {*self._approval_material, self._approval_lines, "company_id"}
        return not names.isdisjoint(vals) or not (
            self.env["approval.policy"]._material_names(self._name).isdisjoint(vals)
        )

    def _approval_content_changed(self):
        """Look again at the open approvals of documents whose content was changed."""
        editing = self.env.cr.cache.get("approval_editing") or {}
        documents = self._origin.filtered(
            lambda document: (self._name, document.id) not in editing
        )
        # sudo: bookkeeping of the gate, for whoever may change the content
        documents = documents.sudo()
        revision = self._fields["approval_revision"]
        editor = self._fields["approval_editor_id"]
        for document in documents:
            number = document.approval_revision + 1
            revision._update_cache(document, number, dirty=True)
            if self.env.uid != SUPERUSER_ID:
                editor._update_cache(document, self.env.uid, dirty=True)
        documents._approval_open_instances()._recheck_content()

    # -- submit ------------------------------------------------------------------------

    def _approval_run(self, operation, run):
        """Carry out an operation, or submit the documents that a policy covers.

        :param str operation: code of the operation
        :param run: function that carries it out for the documents it is given
        :return: what ``run`` returns, or a notification about the submitted ones
        """
        self.check_access("write")
        candidates = self._approval_in_source(self._approval_operations()[operation])
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

    def _approval_in_source(self, operation):
        """Return the documents in a state from which a person starts the operation."""
        return self.filtered(
            lambda document: document[operation.state_field] in operation.sources
        )

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
