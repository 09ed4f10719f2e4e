from odoo import models

from .approval_document_content import canonical_digest
from .approval_document_mixin import OPEN_STATES


class ApprovalInstance(models.Model):
    """Whether the document still is what was submitted."""

    _inherit = "approval.instance"

    def _matching_content(self, matched=None):
        """Return the approvals that fit the present content of their documents.

        A change within the tolerance is accepted and recorded on the way.

        :param dict matched: what ``_approval_match`` says of the documents now, if
            the caller knows; all approvals are of the same operation then
        """
        valid = self.browse()
        for documents, instances in self._documents(exists=matched is not None):
            ids = set(documents.ids)
            existing = instances.filtered(lambda item, ids=ids: item.res_id in ids)
            for operation, group in existing.grouped("operation").items():
                ids = group.mapped("res_id")
                now = matched
                if now is None:
                    now = documents.browse(ids)._approval_match(operation)
                for names, same in group._by_names():
                    contents = documents.browse(
                        same.mapped("res_id")
                    )._approval_contents(names)
                    for instance in same:
                        if instance._fits(contents[instance.res_id], now):
                            valid |= instance
        return valid

    def _by_names(self):
        """Yield ``(material fields, approvals made for them)``."""
        groups = {}
        for instance in self:
            groups.setdefault(str(instance._names()), []).append(instance.id)
        for ids in groups.values():
            instances = self.browse(ids)
            yield instances[0]._names(), instances

    def _fits(self, content, matched):
        """Return whether what was submitted covers the document as it is now."""
        if self._asks_somebody_new(matched.get(self.res_id)):
            return False
        digest = canonical_digest(content)
        if digest == (self.accepted_digest or self.digest):
            return True
        # sudo: judged by the engine
        document = self._document().sudo()
        if digest == self.digest:  # a small change was taken back
            self._accept(False, document)
            return True
        if not document._approval_within_tolerance(self.policy, self.content, content):
            return False
        self._accept(digest, document)
        changes = document._approval_diff(self.content, content)
        self.env["approval.event"]._log(self, "carried", detail=changes)
        return True

    def _asks_somebody_new(self, match):
        """Return whether the document needs a step now that it was not submitted for.

        A policy that was changed after the submission does not touch it.
        """
        policy, steps = match or (None, ())
        if not policy or not self._older_than_request(policy):
            return False
        known = {step["key"] for step in self.steps}
        return not known.issuperset(step["key"] for step in steps)

    def _older_than_request(self, policy):
        if policy["id"] == self.policy["id"]:
            return policy["version"] == self.policy_version
        return policy["since"] <= self.request_date

    def _accept(self, digest, document):
        """Take a small change over: amount and last editors are those of now."""
        company = self.company_id
        amounts = document.with_company(company)._approval_amounts()
        editors = document._approval_people()[document.id]["editor"]
        known = self.people.get("editor") or []
        self._engine().write(
            {
                "accepted_digest": digest,
                "amount": amounts[document.id],
                "people": {**self.people, "editor": sorted({*known, *editors})},
            }
        )

    def _recheck_content(self):
        """Look at open approvals again after their documents were changed."""
        opened = self.filtered(lambda instance: instance.state in OPEN_STATES)
        if opened:
            (opened - opened._matching_content())._make_stale()

    def _make_stale(self):
        """The content is not what was submitted any more: nothing approved counts."""
        for instance in self:
            document = instance._document().sudo()  # sudo: for the history only
            changes = []
            if document.exists():
                now = document._approval_contents(instance._names())[document.id]
                changes = document._approval_diff(instance.content, now)
            comment = (
                False if changes else self.env._("It needs further approvals now.")
            )
            self.env["approval.event"]._log(
                instance, "stale", detail=changes, comment=comment
            )
        self._finish("stale")

    def _close_with_document(self):
        """End what is open because the document was cancelled or deleted."""
        self._withdraw(self.env._("The document was cancelled."))

    def _close_needless(self):
        """End what is open because the operation happened without it."""
        self._withdraw(
            self.env._("It was carried out: no policy asks for it any more.")
        )

    def _withdraw(self, comment):
        opened = self.filtered(lambda instance: instance.state in OPEN_STATES)
        if opened:
            opened._finish("recalled")
            self.env["approval.event"]._log(opened, "recalled", comment=comment)
