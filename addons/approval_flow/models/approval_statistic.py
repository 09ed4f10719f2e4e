import psycopg2
from psycopg2.extras import Json

from odoo import api, fields, models
from odoo.tools import SQL

# transactions that began this long before the last refresh may still have committed
# after it without having been seen: their days are counted again
OVERLAP_HOURS = 6

# averages and shares by what they are made of: in a group it is the sums that are
# divided, never the averages that are averaged
RATIOS = {
    "cycle_average": ("cycle_hours", ("approved", "rejected", "returned")),
    "reject_rate": ("rejected", ("finished",)),
    "return_rate": ("returned", ("finished",)),
    "stale_rate": ("stale", ("finished",)),
    "wait_average": ("wait_hours", ("decisions",)),
    "late_rate": ("late", ("decisions",)),
}
COUNTS = (
    "submitted",
    "finished",
    "approved",
    "rejected",
    "returned",
    "recalled",
    "stale",
    "cycle_hours",
    "decisions",
    "wait_hours",
    "late",
)
KEYS = (
    "day",
    "company_id",
    "res_model",
    "operation",
    "policy_id",
    "requester_id",
    "user_id",
)


class ApprovalStatistic(models.Model):
    """Approvals in figures: one row for a day, a policy and a person.

    Rows with a requester count his approvals, rows with an approver count his
    decisions. They are kept up to date by :meth:`_refresh`, in SQL, for the days in
    which something changed only.
    """

    _name = "approval.statistic"
    _description = "Approval Statistics"
    _log_access = False
    _order = "day desc, id desc"
    _rec_name = "day"

    day = fields.Date(
        readonly=True,
        required=True,
        help="Day of submission for what was submitted, of the end or of the decision "
        "for all else; in the time zone of the company's working hours.",
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade"
    )
    res_model = fields.Selection(
        selection="_selection_res_model", string="Document", readonly=True
    )
    operation = fields.Selection(
        selection=lambda self: self.env["approval.policy"]._selection_operation(),
        readonly=True,
    )
    policy_id = fields.Many2one(
        "approval.policy",
        string="Policy",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    requester_id = fields.Many2one(
        "res.users", string="Requested by", readonly=True, ondelete="cascade"
    )
    user_id = fields.Many2one(
        "res.users", string="Approver", readonly=True, ondelete="cascade"
    )
    submitted = fields.Integer(readonly=True)
    finished = fields.Integer(
        string="Ended", readonly=True, help="With whatever result."
    )
    approved = fields.Integer(readonly=True)
    rejected = fields.Integer(readonly=True)
    returned = fields.Integer(readonly=True)
    recalled = fields.Integer(readonly=True)
    stale = fields.Integer(
        string="Content changed", readonly=True, help="Ended by a change of content."
    )
    cycle_hours = fields.Float(
        string="Hours to the result", readonly=True, digits=(16, 1)
    )
    cycle_average = fields.Float(
        string="Average hours to the result",
        readonly=True,
        aggregator="avg",
        digits=(16, 1),
        help="From submission to approved, rejected or returned.",
    )
    reject_rate = fields.Float(
        string="Rejected (share)", readonly=True, aggregator="avg", digits=(16, 4)
    )
    return_rate = fields.Float(
        string="Returned (share)", readonly=True, aggregator="avg", digits=(16, 4)
    )
    stale_rate = fields.Float(
        string="Content changed (share)",
        readonly=True,
        aggregator="avg",
        digits=(16, 4),
    )
    decisions = fields.Integer(
        readonly=True, help="Taken or passed on by the approver."
    )
    wait_hours = fields.Float(
        string="Hours until decided", readonly=True, digits=(16, 1)
    )
    wait_average = fields.Float(
        string="Average hours until decided",
        readonly=True,
        aggregator="avg",
        digits=(16, 1),
        help="From asking the approver to the decision.",
    )
    late = fields.Integer(string="Decided late", readonly=True)
    late_rate = fields.Float(
        string="Decided late (share)", readonly=True, aggregator="avg", digits=(16, 4)
    )

    _company_day = models.Index("(company_id, day)")
    _user_day = models.Index("(user_id, day) WHERE user_id IS NOT NULL")
    _requester_day = models.Index("(requester_id, day) WHERE requester_id IS NOT NULL")

    @api.model
    def _selection_res_model(self):
        # sudo: names of document types
        models_ = self.env["ir.model"].sudo()
        return [
            (name, models_._get(name).name)
            for name in self.env["approval.document.mixin"]._approval_models()
        ]

    def _read_group_select(self, aggregate_spec, query):
        """Override to weigh averages: the sums of a group are divided."""
        name, _colon, function = aggregate_spec.partition(":")
        if name not in RATIOS or function != "avg":
            return super()._read_group_select(aggregate_spec, query)
        part, whole = RATIOS[name]
        return SQL(
            "SUM(%s)::float / NULLIF(SUM(%s), 0)",
            self._field_to_sql(self._table, part, query),
            SQL(" + ").join(
                self._field_to_sql(self._table, field, query) for field in whole
            ),
        )

    # -- refresh ----------------------------------------------------------------------

    @api.model
    def _action_open(self):
        """Bring the figures up to date and return the action that shows them."""
        self._refresh()
        return self.env["ir.actions.act_window"]._for_xml_id(
            "approval_flow.approval_statistic_action"
        )

    @api.model
    def _cron_refresh(self):
        """Scheduled: keep the figures up to date, so that the page has little to do."""
        self._refresh()

    @api.model
    def _refresh(self):
        """Count the days again in which something changed since the last time.

        :return: whether it was done; False if somebody else is just doing it
        """
        # sudo: figures are counted from all approvals, whoever looks at his own
        self = self.sudo()
        self.env.flush_all()
        mark = self.env["approval.statistic.refresh"]._take()
        if not mark:
            return False
        zones = self._zones()
        known = mark["zones"] or {}
        anew = [key for key in zones if known.get(str(key)) != zones[key]]
        ranges = [(key, zones[key], "-infinity", "infinity") for key in anew]
        if mark["since"]:
            ranges += [
                row for row in self._changed_days(mark["since"]) if row[0] not in anew
            ]
        if ranges:
            self._count_again(ranges)
        self.env["approval.statistic.refresh"]._put(mark["id"], zones)
        self.invalidate_model()
        return True

    @api.model
    def _zones(self):
        """Return {company id: time zone of its working hours}."""
        return dict(
            self.env.execute_query(
                SQL(
                    """SELECT c.id, COALESCE(r.tz, 'UTC')
                         FROM res_company c
                         LEFT JOIN resource_calendar r ON r.id = c.resource_calendar_id
                        ORDER BY c.id"""
                )
            )
        )

    @api.model
    def _changed_days(self, since):
        """Return the days to count again, as (company, zone, first, next moment).

        A day counts if something was submitted, ended or decided in it; and the day
        of an approval that was taken back later, as it counts no more.
        """
        return self.env.execute_query(
            SQL(
                """
        WITH changed AS (
            SELECT id, company_id, create_date, request_date, decision_date, state
              FROM approval_instance WHERE write_date >= %(since)s
        ), moments AS (
            SELECT company_id, request_date AS moment
              FROM changed WHERE create_date >= %(since)s
             UNION SELECT company_id, decision_date FROM changed
             UNION SELECT c.company_id, e.date
                     FROM changed c JOIN approval_event e ON e.instance_id = c.id
                    WHERE c.state IN ('stale', 'recalled') AND e.kind = 'granted'
             UNION SELECT company_id, decided_date FROM approval_task
                    WHERE decided_by_id IS NOT NULL AND write_date >= %(since)s
        ), days AS (
            SELECT DISTINCT m.company_id, z.tz,
                   (m.moment AT TIME ZONE 'UTC' AT TIME ZONE z.tz)::date AS day
              FROM moments m
              JOIN (SELECT c.id, COALESCE(r.tz, 'UTC') AS tz
                      FROM res_company c LEFT JOIN resource_calendar r
                        ON r.id = c.resource_calendar_id) z ON z.id = m.company_id
             WHERE m.moment IS NOT NULL
        )
        SELECT company_id, tz,
               (day::timestamp AT TIME ZONE tz AT TIME ZONE 'UTC')::text,
               ((day + 1)::timestamp AT TIME ZONE tz AT TIME ZONE 'UTC')::text
          FROM days""",
                since=since,
            )
        )

    @api.model
    def _count_again(self, ranges):
        """Replace the rows of the given companies and days."""
        span = SQL(
            """SELECT *
                 FROM unnest(%s::int[], %s::text[], %s::timestamp[], %s::timestamp[])
                      AS d (company, tz, since, until)""",
            *(list(column) for column in zip(*ranges, strict=True)),
        )
        self.env.cr.execute(
            SQL(
                """DELETE FROM approval_statistic s USING (%s) d
                    WHERE s.company_id = d.company
                      AND (d.since = '-infinity' OR s.day =
                           (d.since AT TIME ZONE 'UTC' AT TIME ZONE d.tz)::date)""",
                span,
            )
        )
        names = (*KEYS, *COUNTS, *RATIOS)
        self.env.cr.execute(
            SQL(
                """
        WITH d AS (%(span)s), facts AS (%(facts)s)
        INSERT INTO approval_statistic (%(names)s)
        SELECT %(keys)s, %(counts)s, %(ratios)s
          FROM facts GROUP BY %(keys)s""",
                span=span,
                facts=self._facts_query(),
                names=SQL(", ").join(SQL.identifier(name) for name in names),
                keys=SQL(", ").join(SQL.identifier(name) for name in KEYS),
                counts=SQL(", ").join(
                    SQL("SUM(%s)", SQL.identifier(name)) for name in COUNTS
                ),
                ratios=SQL(", ").join(
                    SQL(
                        "SUM(%s)::float / NULLIF(SUM(%s), 0)",
                        SQL.identifier(part),
                        SQL(" + ").join(SQL.identifier(name) for name in whole),
                    )
                    for part, whole in RATIOS.values()
                ),
            )
        )

    @api.model
    def _facts_query(self):
        """Return the rows to add up: submissions, ends and decisions in the days d."""
        return SQL(
            """
        SELECT (i.request_date AT TIME ZONE 'UTC' AT TIME ZONE d.tz)::date AS day,
               i.company_id, i.res_model, i.operation, i.policy_id, i.requester_id,
               NULL::int AS user_id,
               1 AS submitted, 0 AS finished, 0 AS approved, 0 AS rejected,
               0 AS returned, 0 AS recalled, 0 AS stale, 0.0 AS cycle_hours,
               0 AS decisions, 0.0 AS wait_hours, 0 AS late
          FROM d JOIN approval_instance i
            ON i.company_id = d.company
           AND i.request_date >= d.since AND i.request_date < d.until
         UNION ALL
        SELECT (i.decision_date AT TIME ZONE 'UTC' AT TIME ZONE d.tz)::date,
               i.company_id, i.res_model, i.operation, i.policy_id, i.requester_id,
               NULL, 0, 1,
               (i.state IN ('approved', 'executed', 'failed'))::int,
               (i.state = 'rejected')::int, (i.state = 'returned')::int,
               (i.state = 'recalled')::int, (i.state = 'stale')::int,
               CASE WHEN i.state IN ('stale', 'recalled') THEN 0
                    ELSE COALESCE(i.cycle_hours, 0) END,
               0, 0, 0
          FROM d JOIN approval_instance i
            ON i.company_id = d.company AND i.state != 'pending'
           AND i.decision_date >= d.since AND i.decision_date < d.until
         UNION ALL
        SELECT (t.decided_date AT TIME ZONE 'UTC' AT TIME ZONE d.tz)::date,
               t.company_id, i.res_model, i.operation, i.policy_id, NULL,
               t.decided_by_id, 0, 0, 0, 0, 0, 0, 0, 0, 1,
               EXTRACT(EPOCH FROM t.decided_date - COALESCE(t.ask_date, t.create_date))
                   / 3600.0,
               COALESCE(t.decided_date > t.due, FALSE)::int
          FROM d JOIN approval_task t
            ON t.company_id = d.company AND t.decided_by_id IS NOT NULL
           AND t.origin != 'once'
           AND t.decided_date >= d.since AND t.decided_date < d.until
          JOIN approval_instance i ON i.id = t.instance_id"""
        )


class ApprovalStatisticRefresh(models.Model):
    """How far the statistics have been counted: one row, which is also the lock."""

    _name = "approval.statistic.refresh"
    _description = "Progress of Approval Statistics"
    _log_access = False

    since = fields.Datetime(readonly=True)
    zones = fields.Json(readonly=True)

    @api.model
    def _take(self):
        """Lock the row until the end of the transaction and return it.

        :return: ``{"id", "since", "zones"}``, or None if another transaction counts
        """
        query = SQL(
            "SELECT id, since, zones FROM approval_statistic_refresh "
            "ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"
        )
        try:
            with self.env.cr.savepoint(flush=False):
                self.env.cr.execute(query, log_exceptions=False)
                rows = self.env.cr.dictfetchall()
        except psycopg2.errors.SerializationFailure:
            return None  # counted by another transaction a moment ago
        return rows[0] if rows else None

    @api.model
    def _put(self, row_id, zones):
        """Remember from when on changes are looked at next time.

        That is the beginning of the oldest transaction still under way, with a margin
        for those that ended while this one was counting.
        """
        self.env.cr.execute(
            SQL(
                """UPDATE approval_statistic_refresh SET zones = %s, since = (
                       SELECT LEAST(now(), MIN(xact_start)) AT TIME ZONE 'UTC'
                              - make_interval(hours => %s)
                         FROM pg_stat_activity
                        WHERE datname = current_database()
                          AND backend_xid IS NOT NULL)
                    WHERE id = %s""",
                Json({str(key): zone for key, zone in zones.items()}),
                OVERLAP_HOURS,
                row_id,
            )
        )


class ApprovalInstance(models.Model):
    _inherit = "approval.instance"

    _ended = models.Index("(decision_date) WHERE decision_date IS NOT NULL")


class ApprovalTask(models.Model):
    _inherit = "approval.task"

    _when_decided = models.Index("(decided_date) WHERE decided_by_id IS NOT NULL")
    _when_changed = models.Index("(write_date) WHERE decided_by_id IS NOT NULL")
