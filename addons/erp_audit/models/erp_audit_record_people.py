from odoo import api, models, tools
from odoo.tools import SQL


class ResUsers(models.Model):
    """What the record rules of the trail ask about a reader.

    The answers are cached as the ORM caches the rules themselves, until somebody's
    rights change: pages ask once for each record.
    """

    _inherit = "res.users"

    @tools.ormcache("self.id")
    def _erp_audit_team(self):
        """Return the ids of all people below somebody, and his own."""
        self.ensure_one()
        self.flush_model(["approval_manager_id"])
        rows = self.env.execute_query(
            SQL(
                """WITH RECURSIVE team AS (
                       SELECT id FROM res_users WHERE id = %s
                       UNION
                       SELECT u.id FROM res_users u
                         JOIN team t ON u.approval_manager_id = t.id)
                   SELECT id FROM team""",
                self.id,
            )
        )
        return [number for (number,) in rows]

    @tools.ormcache("self.id")
    def _erp_audit_sources(self):
        """Return the numbers of the models whose trail somebody reads by a rule."""
        self.ensure_one()
        # sudo: who reads what is set by auditors
        rules = self.env["erp.audit.rule"].sudo()
        rules = rules.search([("reader_group_ids", "in", self.all_group_ids.ids)])
        # sudo: numbers of models
        sources = self.env["erp.audit.source"].sudo()
        return sources.search([("name", "in", rules.mapped("model_name"))]).ids

    @api.model_create_multi
    def create(self, vals_list):
        """Override: the record rules know who is below whom."""
        users = super().create(vals_list)
        if users.approval_manager_id:
            self.env.registry.clear_cache()
        return users

    def write(self, vals):
        """Override: the record rules know who is below whom."""
        result = super().write(vals)
        if "approval_manager_id" in vals:
            self.env.registry.clear_cache()
        return result

    def action_erp_audit_person(self):
        """Open the page of what somebody did, as far as the reader may see it.

        :return: action
        """
        self.ensure_one()
        return self.env["erp.audit.person"].action_open(self.id)
