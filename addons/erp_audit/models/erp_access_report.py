from odoo import api, fields, models
from odoo.tools import SQL

from .erp_access_report_use import CLOSURE, LAST_LOGIN, OPENS

KINDS = [
    ("no_factor", "Administrators without second factor"),
    ("sleeping", "Sleeping accounts"),
    ("endless_key", "Keys without end"),
    ("no_access", "Models without access rules"),
    ("open_model", "Models that everybody may change"),
    ("open_rule", "Record rules that let everything through"),
    ("unused", "Unused rights"),
    ("portal", "Portal users with internal rights"),
    ("shared", "Shared accounts"),
    ("export", "People who may export"),
    ("empty_group", "Groups without people"),
    ("direct", "Rights given besides the role"),
    ("duty", "Conflicts of duties"),
]
# days without login after which an account sleeps; days of a right without use
SLEEPING, UNUSED = 30, 90
# addresses at once from which on an account looks shared
SHARED = 3
# rows are numbered by kind, person (or other record), and group
STEP = 10**6
MACHINE = (
    r"^(ir|bus|base|mail|web|discuss|digest|iap|privacy|report|approval|erp|auth|sms"
    r"|properties|gamification|onboarding|web_tour|res\.users|res\.device)\."
)


class ErpAccessReport(models.Model):
    """Rights that somebody should look at, computed when they are asked for.

    One row for each person, group, key, rule or model; each kind is one branch of the
    query, and only the branches that are asked for are computed.
    """

    _name = "erp.access.report"
    _description = "Finding about Rights"
    _auto = False
    _log_access = False
    _order = "kind, user_id, id"
    _rec_name = "kind"

    kind = fields.Selection(KINDS, readonly=True)
    user_id = fields.Many2one("res.users", string="Person", readonly=True)
    group_id = fields.Many2one("res.groups", string="Right", readonly=True)
    model_id = fields.Many2one("ir.model", string="Kind of document", readonly=True)
    rule_id = fields.Many2one("ir.rule", string="Record rule", readonly=True)
    key_id = fields.Many2one("res.users.apikeys", readonly=True)
    conflict_id = fields.Many2one("erp.duty.conflict", readonly=True)
    since = fields.Datetime(readonly=True)
    last_on = fields.Datetime(string="Last time", readonly=True)
    number = fields.Integer(readonly=True)
    detail = fields.Char(readonly=True)
    grave = fields.Boolean(readonly=True)
    level = fields.Selection(
        [("high", "High"), ("notable", "Notable")], compute="_compute_level"
    )

    @api.depends("grave")
    def _compute_level(self):
        for finding in self:
            finding.level = "high" if finding.grave else "notable"

    @property
    def _table_query(self):
        self.env.flush_all()
        branches = [
            SQL(
                """SELECT %s * %s + (f.row)::bigint AS id, %s AS kind,
                          f.user_id, f.group_id, f.model_id, f.rule_id, f.key_id,
                          f.conflict_id, f.since, f.last_on, f.number, f.detail, f.grave
                     FROM (%s) f""",
                number + 1,
                SQL("%s::bigint * %s", STEP, STEP),
                kind,
                self._branch(**columns),
            )
            for number, (kind, columns) in enumerate(self._branches().items())
        ]
        return SQL(
            "WITH RECURSIVE %s, %s, %s %s",
            SQL(CLOSURE),
            SQL(OPENS),
            SQL(LAST_LOGIN),
            SQL(" UNION ALL ").join(branches),
        )

    @api.model
    def _branch(self, source, row, **columns):
        """Return one branch of the query; columns that it does not give are empty."""
        types = {
            **dict.fromkeys(
                ("user_id", "group_id", "model_id", "rule_id", "key_id"), "integer"
            ),
            "conflict_id": "integer",
            "since": "timestamp",
            "last_on": "timestamp",
            "number": "integer",
            "detail": "text",
            "grave": "boolean",
        }
        shown = []
        for name, kind in types.items():
            # columns are written down in these files, nothing comes from outside
            value = columns.get(name, "NULL")
            shown.append(SQL("(%s)::%s AS %s", SQL(value), SQL(kind), SQL(name)))
        return SQL("SELECT %s AS row, %s %s", SQL(row), SQL(", ").join(shown), source)

    @api.model
    def _branches(self):
        """Return ``{kind: columns}`` of the query, in the order of :data:`KINDS`."""
        return {
            "no_factor": self._no_factor(),
            "sleeping": self._sleeping(),
            "endless_key": {
                "source": SQL(
                    "FROM res_users_apikeys k JOIN res_users u ON u.id = k.user_id"
                    " WHERE k.expiration_date IS NULL"
                ),
                "row": "k.id",
                "user_id": "k.user_id",
                "key_id": "k.id",
                "since": "k.create_date",
                "detail": "k.name",
                "grave": "EXISTS (SELECT 1 FROM res_groups_users_rel r JOIN closure c"
                " ON c.gid = r.gid WHERE r.uid = k.user_id AND c.hid IN"
                f" ({self._administrators_sql()}))",
            },
            **self._of_models(),
            **self._of_rights(),
            "duty": self._duties(),
        }

    def _administrators_sql(self):
        groups = self.env["erp.access.review"]._administrators()
        return ", ".join(str(number) for number in groups.ids)

    def _has(self, table, column="id"):
        """Return whether an addon that need not be there has brought a column."""
        rows = self.env.execute_query(
            SQL(
                "SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass(%s)"
                " AND attname = %s AND NOT attisdropped",
                table,
                column,
            )
        )
        return bool(rows)

    def _no_factor(self):
        factor = [SQL("FALSE")]
        if self._has("res_users", "totp_secret"):
            factor.append(SQL("u.totp_secret IS NOT NULL"))
        if self._has("auth_passkey_key"):
            factor.append(
                SQL(
                    "EXISTS (SELECT 1 FROM auth_passkey_key p"
                    " WHERE p.create_uid = u.id)"
                )
            )
        return {
            "source": SQL(
                """FROM res_users u JOIN last_login l ON l.user_id = u.id
                  WHERE u.active AND NOT u.share AND NOT (%s) AND EXISTS (
                        SELECT 1 FROM res_groups_users_rel r
                          JOIN closure c ON c.gid = r.gid
                         WHERE r.uid = u.id AND c.hid IN (%s))""",
                SQL(" OR ").join(factor),
                SQL(self._administrators_sql()),
            ),
            "row": "u.id",
            "user_id": "u.id",
            "last_on": "l.at",
            "grave": "TRUE",
        }

    def _sleeping(self):
        return {
            "source": SQL(
                """FROM res_users u JOIN last_login l ON l.user_id = u.id
                  WHERE u.active AND NOT u.share
                    AND coalesce(l.at, u.create_date) < %s""",
                fields.Datetime.subtract(fields.Datetime.now(), days=SLEEPING),
            ),
            "row": "u.id",
            "user_id": "u.id",
            "since": "u.create_date",
            "last_on": "l.at",
            "number": "extract(day FROM (clock_timestamp() AT TIME ZONE 'UTC')"
            " - coalesce(l.at, u.create_date))",
            "grave": "l.at IS NULL",
        }

    def _duties(self):
        return {
            "source": SQL(
                """FROM (SELECT d.id AS conflict_id, d.severity, r.uid
                           FROM erp_duty_conflict d
                           JOIN erp_duty_conflict_left_rel x
                             ON x.erp_duty_conflict_id = d.id
                           JOIN closure c ON c.hid = x.res_groups_id
                           JOIN res_groups_users_rel r ON r.gid = c.gid
                          WHERE d.active
                      INTERSECT
                         SELECT d.id, d.severity, r.uid
                           FROM erp_duty_conflict d
                           JOIN erp_duty_conflict_right_rel x
                             ON x.erp_duty_conflict_id = d.id
                           JOIN closure c ON c.hid = x.res_groups_id
                           JOIN res_groups_users_rel r ON r.gid = c.gid
                          WHERE d.active) b
                   JOIN res_users u ON u.id = b.uid AND u.active AND NOT u.share
                  WHERE NOT EXISTS (
                        SELECT 1 FROM erp_duty_conflict_exception e
                         WHERE e.conflict_id = b.conflict_id AND e.user_id = b.uid
                           AND e.withdrawn_on IS NULL AND e.until >= %s)""",
                fields.Date.context_today(self),
            ),
            "row": f"b.uid::bigint * {STEP} + b.conflict_id",
            "user_id": "b.uid",
            "conflict_id": "b.conflict_id",
            "detail": "b.severity",
            "grave": "b.severity IN ('high', 'critical')",
        }
