from odoo import fields, models
from odoo.tools import SQL

from .erp_access_report import STEP
from .erp_access_report_use import CLOSURE


class ErpAccessReportRight(models.Model):
    """Who can do what: people, kinds of documents and operations, in effect."""

    _name = "erp.access.report.right"
    _description = "Who Can Do What"
    _auto = False
    _log_access = False
    _order = "model_id, user_id"
    _rec_name = "model_id"

    user_id = fields.Many2one("res.users", string="Person", readonly=True)
    model_id = fields.Many2one("ir.model", string="Kind of document", readonly=True)
    model = fields.Char(string="Technical name", readonly=True)
    can_read = fields.Boolean(string="See", readonly=True)
    can_create = fields.Boolean(string="Create", readonly=True)
    can_write = fields.Boolean(string="Change", readonly=True)
    can_unlink = fields.Boolean(string="Delete", readonly=True)
    number = fields.Integer(string="Operations", readonly=True)
    group_ids = fields.Many2many(
        "res.groups", string="Because of", compute="_compute_group_ids"
    )

    @property
    def _table_query(self):
        self.env.flush_all()
        return SQL(
            """WITH RECURSIVE %s,
               has(uid, gid) AS (
                   SELECT DISTINCT r.uid, c.hid FROM res_groups_users_rel r
                     JOIN closure c ON c.gid = r.gid
                     JOIN res_users u ON u.id = r.uid AND u.active
                    UNION ALL
                   SELECT u.id, NULL FROM res_users u WHERE u.active),
               access(uid, model_id, r, c, w, d) AS (
                   SELECT h.uid, a.model_id, bool_or(a.perm_read),
                          bool_or(a.perm_create), bool_or(a.perm_write),
                          bool_or(a.perm_unlink)
                     FROM ir_model_access a
                     JOIN has h ON h.gid IS NOT DISTINCT FROM a.group_id
                    WHERE a.active GROUP BY h.uid, a.model_id)
               SELECT a.uid::bigint * %s + a.model_id AS id, a.uid AS user_id,
                      a.model_id, m.model, a.r AS can_read, a.c AS can_create,
                      a.w AS can_write, a.d AS can_unlink,
                      a.r::int + a.c::int + a.w::int + a.d::int AS number
                 FROM access a JOIN ir_model m ON m.id = a.model_id
                WHERE NOT m.transient AND NOT m.abstract
                  AND (a.r OR a.c OR a.w OR a.d)""",
            SQL(CLOSURE),
            STEP,
        )

    def _compute_group_ids(self):
        """Name the groups of each person that open the model."""
        # sudo: access lists, shown to those who may read this report
        access = self.env["ir.model.access"].sudo()
        closures = self.env["erp.access.rights"]._closures(self.user_id)
        by_model = {
            model: groups
            for model, groups in access._read_group(
                [("model_id", "in", self.model_id.ids), ("group_id", "!=", False)],
                ["model_id"],
                ["group_id:recordset"],
            )
        }
        for right in self:
            # sudo: as above
            groups = by_model.get(right.model_id.sudo(), self.env["res.groups"])
            ids = closures.get(right.user_id.id, ())
            right.group_ids = [item for item in groups.ids if item in ids]
