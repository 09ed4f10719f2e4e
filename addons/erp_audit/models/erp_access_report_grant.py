from odoo import models
from odoo.tools import SQL


class ErpAccessReport(models.Model):
    _inherit = "erp.access.report"

    def _role_rights(self):
        """Override: people with a role, and groups that no grant has given."""
        return SQL(
            """EXISTS (SELECT 1 FROM erp_access_grant k
                        WHERE k.user_id = r.uid AND k.state = 'active'
                          AND k.role_id IS NOT NULL)
               AND NOT EXISTS (
                       SELECT 1 FROM erp_access_grant k
                         JOIN erp_access_grant_added_rel x
                           ON x.erp_access_grant_id = k.id
                        WHERE k.user_id = r.uid AND k.state = 'active'
                          AND x.res_groups_id = r.gid)
               AND NOT EXISTS (
                       SELECT 1 FROM ir_model_data d
                        WHERE d.model = 'res.groups' AND d.res_id = r.gid
                          AND d.module = 'base' AND d.name = 'group_user')"""
        )
