from odoo import api, models
from odoo.tools import SQL, ormcache


class ErpAccessGrant(models.Model):
    """Who has emergency access at the moment."""

    _inherit = "erp.access.grant"

    @api.model
    @ormcache()
    def _emergencies(self):
        """Return who has emergency access now, and which documents are audited.

        :return: ``(ids of users, names of models)``; the names are empty while nobody
            has emergency access
        """
        self.flush_model(["state", "origin", "user_id"])
        rows = self.env.execute_query(
            SQL(
                "SELECT user_id FROM erp_access_grant"
                " WHERE state = 'active' AND origin = 'emergency'"
            )
        )
        if not rows:
            return frozenset(), frozenset()
        # sudo: which documents are audited
        rules = self.env["erp.audit.rule"].sudo()
        rules = rules.search([("state", "=", "confirmed")])
        return frozenset(row[0] for row in rows), frozenset(rules.mapped("model_name"))
