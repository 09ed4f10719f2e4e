from odoo import api, fields, models
from odoo.tools import SQL

# groups, and all that they bring along, themselves included
CLOSURE = """
closure(gid, hid) AS (
    SELECT id, id FROM res_groups
     UNION
    SELECT c.gid, r.hid FROM closure c JOIN res_groups_implied_rel r ON r.gid = c.hid
)"""

# models that a group lets somebody write to: those that neither everybody nor what
# the group brings along opens; all of them, if there are none
OPENS = """
direct(gid, model_id) AS (
    SELECT DISTINCT a.group_id, a.model_id FROM ir_model_access a
     WHERE a.active AND a.group_id IS NOT NULL
       AND (a.perm_create OR a.perm_write OR a.perm_unlink)
),
everyone(model_id) AS (
    SELECT a.model_id FROM ir_model_access a
     WHERE a.active AND (a.perm_create OR a.perm_write OR a.perm_unlink)
       AND (a.group_id IS NULL OR a.group_id IN (
            SELECT c.hid FROM closure c JOIN ir_model_data d
                ON d.model = 'res.groups' AND d.res_id = c.gid
             WHERE d.module = 'base' AND d.name = 'group_user'))
),
brought(gid, model_id) AS (
    SELECT c.gid, d.model_id FROM closure c JOIN direct d ON d.gid = c.hid
     WHERE c.hid <> c.gid
),
own(gid, model_id) AS (
    SELECT gid, model_id FROM direct EXCEPT SELECT gid, model_id FROM brought
),
opened(gid, model_id) AS (
    SELECT gid, model_id FROM own
     UNION
    SELECT b.gid, b.model_id FROM brought b
     WHERE NOT EXISTS (SELECT 1 FROM own o WHERE o.gid = b.gid)
     UNION
    SELECT d.gid, d.model_id FROM direct d
     WHERE NOT EXISTS (SELECT 1 FROM own o WHERE o.gid = d.gid)
),
opens(gid, source_id) AS (
    SELECT o.gid, s.id FROM opened o
      JOIN ir_model m ON m.id = o.model_id
      JOIN erp_audit_source s ON s.name = m.model
     WHERE NOT m.transient AND o.model_id NOT IN (SELECT model_id FROM everyone)
)"""

# when somebody was last here, by his login or by his browser
LAST_LOGIN = """
last_login(user_id, at) AS (
    SELECT u.id, greatest(
        (SELECT max(l.create_date) FROM res_users_log l WHERE l.create_uid = u.id),
        (SELECT max(d.last_activity) FROM res_device_log d WHERE d.user_id = u.id))
      FROM res_users u
)"""


class ErpAccessReportUse(models.Model):
    """When somebody last changed something of a model: kept up from the trail.

    The trail is long; what it says about use is gathered once, and then added to.
    """

    _name = "erp.access.report.use"
    _description = "Last Use"
    _log_access = False

    user_id = fields.Many2one("res.users", required=True, ondelete="cascade")
    source_id = fields.Many2one("erp.audit.source", required=True, ondelete="cascade")
    last_on = fields.Datetime(required=True)

    _person = models.UniqueIndex("(user_id, source_id)")

    @api.model
    def _refresh(self):
        """Take over what the trail has got since the last time.

        A day is read twice: what was not committed then is there now.
        """
        self.env.flush_all()
        self.env.cr.execute(
            """INSERT INTO erp_access_report_use (user_id, source_id, last_on)
               SELECT u.id, l.source, max(l.ts)
                 FROM erp_audit_log l
                 JOIN res_users u ON u.id = coalesce(l.real_uid, l.uid)
                 JOIN erp_audit_source s ON s.id = l.source
                WHERE l.op <> 'e' AND l.ts >= coalesce(
                      (SELECT max(last_on) - interval '1 day'
                         FROM erp_access_report_use), '-infinity'::timestamp)
                GROUP BY u.id, l.source
               ON CONFLICT (user_id, source_id) DO UPDATE
                  SET last_on = greatest(
                      excluded.last_on, erp_access_report_use.last_on)"""
        )
        self.invalidate_model()

    @api.model
    def _last_used(self, users):
        """Return ``{(user id, group id): (whether one can tell, last use)}``.

        One cannot tell of groups that open no model.
        """
        rows = self.env.execute_query(
            SQL(
                """WITH RECURSIVE %s, %s
                   SELECT r.uid, r.gid, max(u.last_on)
                     FROM res_groups_users_rel r
                     JOIN opens o ON o.gid = r.gid
                     LEFT JOIN erp_access_report_use u
                       ON u.user_id = r.uid AND u.source_id = o.source_id
                    WHERE r.uid = ANY(%s) GROUP BY r.uid, r.gid""",
                SQL(CLOSURE),
                SQL(OPENS),
                users.ids,
            )
        )
        return {
            (uid, gid): (True, last and last.replace(microsecond=0))
            for uid, gid, last in rows
        }

    @api.model
    def _granted(self, users):
        """Return ``{(user id, group id): since when}``, as far as the trail knows."""
        number = self.env["erp.audit.source"]._number
        users_number, groups_number = number("res.users"), number("res.groups")
        found = {}
        for swapped in (False, True):
            side = SQL("other_id, res_id") if swapped else SQL("res_id, other_id")
            person = SQL("other_id") if swapped else SQL("res_id")
            for uid, gid, since in self.env.execute_query(
                SQL(
                    """SELECT %s, max(ts) FROM erp_audit_log
                        WHERE op = 'l' AND source = %s AND other = %s
                          AND %s = ANY(%s) GROUP BY 1, 2""",
                    side,
                    groups_number if swapped else users_number,
                    users_number if swapped else groups_number,
                    person,
                    users.ids,
                )
            ):
                since = since.replace(microsecond=0)
                found[uid, gid] = max(since, found.get((uid, gid), since))
        return found

    @api.model
    def _last_logins(self, users):
        """Return ``{user id: last login or None}``."""
        return {
            uid: at and at.replace(microsecond=0)
            for uid, at in self.env.execute_query(
                SQL(
                    "WITH %s SELECT user_id, at FROM last_login"
                    " WHERE user_id = ANY(%s)",
                    SQL(LAST_LOGIN),
                    users.ids,
                )
            )
        }
