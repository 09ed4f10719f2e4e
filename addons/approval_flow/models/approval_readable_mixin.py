from odoo import models
from odoo.fields import Domain
from odoo.tools import OrderedSet

# values of a condition that are records somebody named, not a search
GIVEN = (list, tuple, set, frozenset, OrderedSet)


class ApprovalReadableMixin(models.AbstractModel):
    """Lets an approver open what he is to decide, as long as his task is open.

    Record rules cannot say this: a rule for all employees would take rights away from
    groups that have none today, and people without the access list would still be
    refused. So exactly two doors are widened, for reading only: the check of given
    records, and the fetch of given ids. Lists and searches show nothing more.
    """

    _name = "approval.readable.mixin"
    _description = "Readable by its Approvers"

    # field that leads from this record to the document to approve, or None
    _approval_parent = None

    def _approval_grants_exist(self):
        """Return whether the current user has any open task on these documents."""
        # sudo: own tasks only, asked before access is known
        tasks = self.env["approval.task"].sudo()
        mine = Domain("res_model", "=", self._approval_document_model())
        mine &= Domain("state", "=", "pending") & tasks._domain_mine()
        return bool(tasks.search_count(mine, limit=1))

    def _approval_document_model(self):
        if self._approval_parent:
            return self._fields[self._approval_parent].comodel_name
        return self._name

    def _approval_grant_domain(self):
        """Return the domain of the records that an open task opens for the user."""
        tasks = self.env["approval.task"]
        found = tasks._select_documents(
            self._approval_document_model(), tasks._domain_mine()
        )
        return Domain(self._approval_parent or "id", "in", found)

    def _check_access(self, operation):
        """Override to let approvers read the documents they are to decide."""
        result = super()._check_access(operation)
        if result is None or operation != "read" or self.env.su:
            return result
        if not self:
            return None if self._approval_grants_exist() else result
        forbidden, make_error = result
        # sudo: the search is by the user's own open tasks
        forbidden_ = forbidden.sudo().with_context(active_test=False)
        granted = forbidden_.search(
            Domain("id", "in", forbidden.ids) & self._approval_grant_domain()
        )
        forbidden -= self.browse(granted.ids)
        return (forbidden, make_error) if forbidden else None

    def _search(
        self,
        domain,
        offset=0,
        limit=None,
        order=None,
        *,
        active_test=True,
        bypass_access=False,
    ):
        """Override to fetch given records, or the lines of given ones."""
        access = None
        if not self.env.su and not bypass_access:
            access = self._approval_read_domain(domain)
        if access is None:
            return super()._search(
                domain,
                offset,
                limit,
                order,
                active_test=active_test,
                bypass_access=bypass_access,
            )
        # what the caller asks for is still judged by the caller's own rights
        query = super()._search(
            domain,
            offset,
            limit,
            order,
            active_test=active_test,
            bypass_access=True,
        )
        if not query.is_empty():
            # sudo: the right to read, as the ORM itself would add it
            model = self.sudo().with_context(active_test=False)
            access = access.optimize_full(model)
            query.add_where(access._to_sql(model, self._table, query))
        return query

    def _approval_read_domain(self, domain):
        """Return the records that the user may read, or None for the usual rules."""
        granted = self._approval_grant_domain()
        if not self.env["ir.model.access"].check(
            self._name, "read", raise_exception=False
        ):
            # no right on the model at all: the documents of open tasks, nothing else
            return granted if self._approval_grants_exist() else None
        if not self._approval_names_records(domain):
            return None
        rule = self.env["ir.rule"]._compute_domain(self._name, "read")
        return None if rule.is_true() else rule | granted

    def _approval_names_records(self, domain):
        """Return whether the domain asks for given records or lines of given ones."""
        names = {"id", self._approval_parent}
        items = list(Domain(domain))
        return not {"|", "!"}.intersection(
            item for item in items if isinstance(item, str)
        ) and any(
            item[0] in names and item[1] == "in" and isinstance(item[2], GIVEN)
            for item in items
            if isinstance(item, tuple)
        )
