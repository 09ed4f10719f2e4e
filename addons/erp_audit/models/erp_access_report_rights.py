from odoo import fields, models
from odoo.tools import SQL

from .erp_access_report import MACHINE, SHARED, STEP, UNUSED


class ErpAccessReport(models.Model):
    """The branches of the query about models and about who has which group."""

    _inherit = "erp.access.report"

    def _of_models(self):
        business = SQL("NOT m.transient AND m.model !~ %s", MACHINE)
        return {
            "no_access": {
                "source": SQL(
                    """FROM ir_model m WHERE NOT m.transient AND NOT m.abstract
                        AND NOT EXISTS (SELECT 1 FROM ir_model_access a
                                         WHERE a.model_id = m.id AND a.active)"""
                ),
                "row": "m.id",
                "model_id": "m.id",
                "detail": "m.model",
            },
            "open_model": {
                "source": SQL(
                    """FROM ir_model_access a JOIN ir_model m ON m.id = a.model_id
                      WHERE a.active AND a.group_id IS NULL AND %s
                        AND (a.perm_create OR a.perm_write OR a.perm_unlink
                             OR a.perm_read)""",
                    business,
                ),
                "row": "a.id",
                "model_id": "m.id",
                "detail": "a.name",
                "grave": "a.perm_create OR a.perm_write OR a.perm_unlink",
            },
            "open_rule": {
                "source": SQL(
                    """FROM ir_rule r JOIN ir_model m ON m.id = r.model_id
                      WHERE r.active AND %s AND regexp_replace(
                            coalesce(r.domain_force, '[]'), '\\s', '', 'g')
                            IN ('[(1,''='',1)]', '[(1,"=",1)]', '[]')""",
                    business,
                ),
                "row": "r.id",
                "model_id": "m.id",
                "rule_id": "r.id",
                "detail": """(SELECT string_agg(g.name->>'en_US', ', ')
                                FROM rule_group_rel x JOIN res_groups g
                                  ON g.id = x.group_id WHERE x.rule_group_id = r.id)""",
                "number": """(SELECT count(DISTINCT y.uid) FROM rule_group_rel x
                                JOIN closure c ON c.hid = x.group_id
                                JOIN res_groups_users_rel y ON y.gid = c.gid
                               WHERE x.rule_group_id = r.id)""",
                "grave": '"global"',
            },
        }

    def _of_rights(self):
        pair = f"r.uid::bigint * {STEP} + r.gid"
        people = "JOIN res_users u ON u.id = r.uid AND u.active"
        return {
            "unused": self._unused(pair, people),
            "portal": {
                "source": SQL(
                    """FROM res_groups_users_rel r %s AND u.share
                      WHERE EXISTS (
                            SELECT 1 FROM res_groups_users_rel i
                              JOIN res_users o ON o.id = i.uid
                             WHERE i.gid = r.gid AND o.active AND NOT o.share)""",
                    SQL(people),
                ),
                "row": pair,
                "user_id": "r.uid",
                "group_id": "r.gid",
                "grave": "TRUE",
            },
            "shared": self._shared(),
            "export": {
                "source": SQL(
                    """FROM (SELECT DISTINCT r.uid, c.hid
                               FROM res_groups_users_rel r
                               JOIN closure c ON c.gid = r.gid
                               JOIN ir_model_data d ON d.model = 'res.groups'
                                AND d.res_id = c.hid AND d.module = 'base'
                                AND d.name = 'group_allow_export') r
                       %s AND NOT u.share""",
                    SQL(people),
                ),
                "row": f"r.uid::bigint * {STEP} + r.hid",
                "user_id": "r.uid",
                "group_id": "r.hid",
            },
            "empty_group": {
                "source": SQL(
                    """FROM res_groups g WHERE g.privilege_id IS NOT NULL
                        AND g.privilege_id IS DISTINCT FROM %s
                        AND NOT EXISTS (
                            SELECT 1 FROM closure c
                              JOIN res_groups_users_rel r ON r.gid = c.gid
                              JOIN res_users u ON u.id = r.uid AND u.active
                             WHERE c.hid = g.id)""",
                    # tiers come with roles: without people, nothing is left over
                    self.env.ref("erp_audit.privilege_tier").id,
                ),
                "row": "g.id",
                "group_id": "g.id",
                "number": "(SELECT count(*) FROM ir_model_access a"
                " WHERE a.group_id = g.id)",
            },
            "direct": self._direct_grants(pair, people),
        }

    def _unused(self, pair, people):
        """Return rights that opened something that nobody did for a long time."""
        before = fields.Datetime.subtract(fields.Datetime.now(), days=UNUSED)
        return {
            "source": SQL(
                """FROM res_groups_users_rel r %s AND NOT u.share
                   JOIN (SELECT r.uid, r.gid, max(l.last_on) AS last_on
                           FROM res_groups_users_rel r JOIN opens o ON o.gid = r.gid
                           LEFT JOIN erp_access_report_use l
                             ON l.user_id = r.uid AND l.source_id = o.source_id
                          GROUP BY r.uid, r.gid) x ON x.uid = r.uid AND x.gid = r.gid
                  WHERE u.create_date < %s AND (x.last_on IS NULL OR x.last_on < %s)""",
                SQL(people),
                before,
                before,
            ),
            "row": pair,
            "user_id": "r.uid",
            "group_id": "r.gid",
            "since": "u.create_date",
            "last_on": "x.last_on",
            "grave": f"r.gid IN ({self._administrators_sql()})",
        }

    def _shared(self):
        """Return accounts that were used from several addresses at the same time."""
        since = fields.Datetime.subtract(fields.Datetime.now(), days=30)
        return {
            "source": SQL(
                """FROM (SELECT a.user_id, max(a.number) AS number,
                                max(a.last_activity) AS last_on,
                                (array_agg(a.places ORDER BY a.number DESC))[1] places
                           FROM (SELECT a.user_id, a.id, a.last_activity,
                                        count(DISTINCT b.ip_address) AS number,
                                        string_agg(DISTINCT b.ip_address, ', ')
                                            AS places
                                   FROM res_device_log a JOIN res_device_log b
                                     ON b.user_id = a.user_id
                                    AND b.first_activity <= a.last_activity
                                    AND b.last_activity >= a.first_activity
                                  WHERE a.last_activity >= %s
                                  GROUP BY a.user_id, a.id, a.last_activity) a
                          GROUP BY a.user_id) s
                   JOIN res_users u ON u.id = s.user_id AND u.active
                  WHERE s.number >= %s""",
                since,
                SHARED,
            ),
            "row": "s.user_id",
            "user_id": "s.user_id",
            "last_on": "s.last_on",
            "number": "s.number",
            "detail": "s.places",
            "grave": "s.number > 5",
        }

    def _direct_grants(self, pair, people):
        """Return rights that people with a role have besides it.

        Without roles, there is nothing to compare with.
        """
        from_role = self._role_rights()
        return {
            "source": SQL(
                """FROM res_groups_users_rel r %s AND NOT u.share
                   JOIN res_groups g ON g.id = r.gid AND g.privilege_id IS NOT NULL
                  WHERE %s""",
                SQL(people),
                from_role or SQL("FALSE"),
            ),
            "row": pair,
            "user_id": "r.uid",
            "group_id": "r.gid",
        }

    def _role_rights(self):
        """Return the condition that ``r`` (uid, gid) is given besides a role.

        :return: SQL, or None if there are no roles
        """
        return None
