from odoo import models
from odoo.fields import Domain
from odoo.tools import SQL

from .erp_role_tier_mixin import DECISION


class ApprovalReadableMixin(models.AbstractModel):
    """The decision tier opens what it has decided, too: it has no other way to it."""

    _inherit = "approval.readable.mixin"

    def _approval_grants_exist(self):
        """Override: tasks that are done count for the decision tier."""
        result = super()._approval_grants_exist()
        if result or not self.env.user._has_group(DECISION):
            return result
        # sudo: own tasks only, asked before access is known
        tasks = self.env["approval.task"].sudo()
        return bool(tasks.search_count(self._tier_done_tasks(), limit=1))

    def _approval_grant_domain(self):
        """Override: tasks that are done count for the decision tier."""
        domain = super()._approval_grant_domain()
        if not self.env.user._has_group(DECISION):
            return domain
        # sudo: own tasks only
        tasks = self.env["approval.task"].sudo()
        query = tasks._search(self._tier_done_tasks())
        done = query.subselect(
            SQL.identifier(query.table, "res_id", to_flush=tasks._fields["res_id"])
        )
        return domain | Domain(self._approval_parent or "id", "in", done)

    def _tier_done_tasks(self):
        uid = self.env.uid
        mine = Domain("user_id", "=", uid) | Domain("decided_by_id", "=", uid)
        return mine & Domain("res_model", "=", self._approval_document_model())
