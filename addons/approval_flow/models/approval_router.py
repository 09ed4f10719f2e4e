from odoo import SUPERUSER_ID, api, fields, models


class ApprovalRouter(models.AbstractModel):
    """Finds the people to ask: sources, segregation of duties, fallback, delegation."""

    _name = "approval.router"
    _description = "Approval Routing"

    @api.model
    def _approvers(self, step, documents, people, prior=None):
        """Return who may decide a step, for each document.

        :param dict step: frozen step
        :param documents: recordset of one model
        :param dict people: see ``_approval_people``, with ``requester``
        :param dict prior: ``{document id: ids of users who decided earlier steps}``,
            to be left out; None if they may decide again
        :return: ``{document id: (users, used_fallback)}``
        """
        sources = self._sources(step, documents, people)
        result = {}
        for document in documents:
            excluded = self._excluded(step, people[document.id])
            if prior:
                excluded |= prior.get(document.id, set())
            users = self._eligible(sources[document.id], document, excluded)
            used_fallback = False
            if not users and step["fallback_user_id"]:
                fallback = self.env["res.users"].browse(step["fallback_user_id"])
                users = self._eligible(fallback, document, excluded)
                used_fallback = bool(users)
            result[document.id] = (users, used_fallback)
        return result

    @api.model
    def _sources(self, step, documents, people):
        """Return {document id: users} that the source of a step names."""
        # sudo: who is asked does not depend on what the submitter may read
        Users = self.env["res.users"].sudo()
        if step["source"] == "users":
            return dict.fromkeys(documents.ids, Users.browse(step["user_ids"]))
        if step["source"] == "group":
            # sudo: implied members included
            group = self.env["res.groups"].sudo().browse(step["group_id"])
            return dict.fromkeys(documents.ids, group.exists().all_user_ids)
        if step["source"] == "field":
            return {
                # sudo: the path may lead over records of other people
                document.id: document.sudo().mapped(step["path"])
                for document in documents
            }
        return {
            document.id: self._manager(
                Users.browse(people[document.id]["requester"]), step["manager_level"]
            )
            for document in documents
        }

    @api.model
    def _manager(self, user, level):
        """Return the manager ``level`` steps up the chain, skipping inactive ones."""
        for _i in range(level):
            user = user.approval_manager_id
            while user and not user.active:
                user = user.approval_manager_id
        return user

    @api.model
    def _excluded(self, step, people):
        """Return the ids of users whom the segregation of duties leaves out."""
        excluded = set()
        for role in step["exclude"]:
            excluded.update(people.get(role, ()))
        if "creator" in step["exclude"]:
            excluded.update(people["requester"])
        return excluded

    @api.model
    def _eligible(self, users, document, excluded):
        company = document.company_id
        return users.filtered(
            lambda user: user.active
            and not user.share
            and user.id not in excluded
            and user.id != SUPERUSER_ID
            and (not company or company in user.company_ids)
        )

    # -- delegation ---------------------------------------------------------------

    @api.model
    def _delegations(self, users):
        """Return {user id: delegations in force now}, in one query."""
        now = fields.Datetime.now()
        found = (
            self.env["approval.delegation"]
            # sudo: delegations of other people
            .sudo()
            .search(
                [
                    ("user_id", "in", users.ids),
                    ("date_from", "<=", now),
                    ("date_to", ">", now),
                ]
            )
        )
        return {user.id: items for user, items in found.grouped("user_id").items()}

    @api.model
    def _delegate(self, user, instance, delegations, taken, excluded):
        """Return the delegation that sends a task to somebody else, if any.

        Never to the requester or somebody whom the segregation of duties excludes,
        never to somebody who decides the same step himself, never on to a further
        delegate.

        :param taken: ids of users who are asked in the same step
        :param excluded: ids of users who may not decide
        """
        for delegation in delegations.get(user.id, ()):
            person = delegation.delegate_id
            if (
                person.active
                and person.id not in excluded
                and person.id not in taken
                and person != instance.requester_id
                and instance.company_id in person.company_ids
                and delegation._covers(instance)
            ):
                return delegation
        return None
