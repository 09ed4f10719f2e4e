from datetime import timedelta

from odoo import api, models
from odoo.tools import SQL

from .approval_statistic import COUNTS, KEYS, RATIOS

# more changed days of a company than this are counted as one span
SINGLE_DAYS = 40
# with more approvals than this, counting all anew is left to the scheduled action
ANEW_AT_ONCE = 20000


class Span:
    """Some days of one company, in the time zone of its working hours."""

    def __init__(self, company, zone, first, after):
        self.company = company
        self.zone = zone
        self.first = str(first)
        self.after = str(after)

    def moment(self, day):
        """Return the SQL of the moment in UTC at which a day begins."""
        return SQL(
            "(%s::date::timestamp AT TIME ZONE %s AT TIME ZONE 'UTC')", day, self.zone
        )

    def within(self, column):
        """Return the SQL condition that a moment is in these days."""
        return SQL(
            "%(at)s >= %(first)s AND %(at)s < %(after)s",
            at=column,
            first=self.moment(self.first),
            after=self.moment(self.after),
        )

    def day(self, column):
        """Return the SQL of the day of a moment."""
        return SQL("(%s AT TIME ZONE 'UTC' AT TIME ZONE %s)::date", column, self.zone)


class ApprovalStatistic(models.Model):
    """Counting: from approvals and tasks to one row for a day, a policy, a person."""

    _inherit = "approval.statistic"

    @api.model
    def _cron_refresh(self):
        """Scheduled: keep the figures up to date, so that the page has little to do."""
        self._refresh()

    @api.model
    def _refresh(self, at_once=False):
        """Count the days again in which something changed since the last time.

        :param bool at_once: somebody waits: what takes long is left to the
            scheduled action
        :return: whether it was done; False if somebody else is just doing it
        """
        # sudo: figures are counted from all approvals, whoever looks at his own
        self = self.sudo()
        self.env.flush_all()
        progress = self.env["approval.statistic.refresh"]
        mark = progress._take()
        if not mark:
            return False
        zones, known = self._zones(), mark["zones"] or {}
        anew = [key for key in zones if known.get(str(key)) != zones[key]]
        if anew and at_once and self._takes_long():
            self.env.ref("approval_flow.ir_cron_statistic")._trigger()
            return False
        spans = [Span(key, zones[key], "-infinity", "infinity") for key in anew]
        if mark["since"]:
            changed = self._changed_days(mark["since"])
            spans += [span for span in changed if span.company not in anew]
        for span in spans:
            self._count_again(span)
        progress._put(mark["id"], zones)
        self.invalidate_model()
        return True

    @api.model
    def _takes_long(self):
        query = SQL("SELECT 1 FROM approval_instance OFFSET %s LIMIT 1", ANEW_AT_ONCE)
        return bool(self.env.execute_query(query))

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
        """Return the days to count again, as spans.

        A day counts if something was submitted, ended or decided in it; and the day
        of an approval that was taken back later, as it counts no more. Very many days
        of a company become one span.
        """
        days = self.env.execute_query(
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
        )
        SELECT m.company_id, z.tz,
               ARRAY_AGG(DISTINCT
                   (m.moment AT TIME ZONE 'UTC' AT TIME ZONE z.tz)::date)
          FROM moments m
          JOIN (SELECT c.id, COALESCE(r.tz, 'UTC') AS tz
                  FROM res_company c LEFT JOIN resource_calendar r
                    ON r.id = c.resource_calendar_id) z ON z.id = m.company_id
         WHERE m.moment IS NOT NULL
         GROUP BY m.company_id, z.tz""",
                since=since,
            )
        )
        one = timedelta(days=1)
        spans = []
        for company, zone, dates in days:
            if len(dates) > SINGLE_DAYS:
                spans.append(Span(company, zone, min(dates), max(dates) + one))
            else:
                spans += [Span(company, zone, date, date + one) for date in dates]
        return spans

    @api.model
    def _count_again(self, span):
        """Replace the rows of some days of a company.

        One statement for each span, with constants in it: PostgreSQL then knows how
        few rows it is about, and takes the indexes.
        """
        self.env.cr.execute(
            SQL(
                """DELETE FROM approval_statistic
                    WHERE company_id = %s AND day >= %s::date AND day < %s::date""",
                span.company,
                span.first,
                span.after,
            )
        )
        sums = [SQL("SUM(%s)", SQL.identifier(name)) for name in COUNTS]
        ratios = [
            SQL(
                "SUM(%s)::float / NULLIF(SUM(%s), 0)",
                SQL.identifier(part),
                SQL(" + ").join(SQL.identifier(name) for name in whole),
            )
            for part, whole in RATIOS.values()
        ]
        keys = [SQL.identifier(name) for name in KEYS]
        names = [SQL.identifier(name) for name in (*KEYS, *COUNTS, *RATIOS)]
        self.env.cr.execute(
            SQL(
                """INSERT INTO approval_statistic (%(names)s)
                   SELECT %(values)s FROM (%(facts)s) facts GROUP BY %(keys)s""",
                names=SQL(", ").join(names),
                values=SQL(", ").join([*keys, *sums, *ratios]),
                keys=SQL(", ").join(keys),
                facts=SQL(" UNION ALL ").join(
                    [self._submissions(span), self._ends(span), self._decisions(span)]
                ),
            )
        )

    @api.model
    def _submissions(self, span):
        """Return the SQL of what was submitted, a row for each approval."""
        column = SQL.identifier("i", "request_date")
        return SQL(
            """
        SELECT %s AS day,
               i.company_id, i.res_model, i.operation, i.policy_id, i.requester_id,
               NULL::int AS user_id,
               1 AS submitted, 0 AS finished, 0 AS approved, 0 AS rejected,
               0 AS returned, 0 AS recalled, 0 AS stale, 0.0 AS cycle_hours,
               0 AS decisions, 0.0 AS wait_hours, 0 AS late
          FROM approval_instance i
         WHERE i.company_id = %s AND %s""",
            span.day(column),
            span.company,
            span.within(column),
        )

    @api.model
    def _ends(self, span):
        """Return the SQL of the results, a row for each approval that has ended."""
        column = SQL.identifier("i", "decision_date")
        return SQL(
            """
        SELECT %s,
               i.company_id, i.res_model, i.operation, i.policy_id, i.requester_id,
               NULL, 0, 1,
               (i.state IN ('approved', 'executed', 'failed'))::int,
               (i.state = 'rejected')::int, (i.state = 'returned')::int,
               (i.state = 'recalled')::int, (i.state = 'stale')::int,
               CASE WHEN i.state IN ('stale', 'recalled') THEN 0
                    ELSE COALESCE(i.cycle_hours, 0) END,
               0, 0, 0
          FROM approval_instance i
         WHERE i.company_id = %s AND i.state != 'pending' AND %s""",
            span.day(column),
            span.company,
            span.within(column),
        )

    @api.model
    def _decisions(self, span):
        """Return the SQL of what people decided, a row for each task."""
        column = SQL.identifier("t", "decided_date")
        return SQL(
            """
        SELECT %s,
               t.company_id, i.res_model, i.operation, i.policy_id, NULL,
               t.decided_by_id, 0, 0, 0, 0, 0, 0, 0, 0, 1,
               EXTRACT(EPOCH FROM t.decided_date - COALESCE(t.ask_date, t.create_date))
                   / 3600.0,
               COALESCE(t.decided_date > t.due, FALSE)::int
          FROM approval_task t
          JOIN approval_instance i ON i.id = t.instance_id
         WHERE t.company_id = %s AND t.decided_by_id IS NOT NULL
           AND t.origin != 'once' AND %s""",
            span.day(column),
            span.company,
            span.within(column),
        )


class ApprovalInstance(models.Model):
    _inherit = "approval.instance"

    _ended = models.Index("(decision_date) WHERE decision_date IS NOT NULL")


class ApprovalTask(models.Model):
    _inherit = "approval.task"

    _when_decided = models.Index("(decided_date) WHERE decided_by_id IS NOT NULL")
    _when_changed = models.Index("(write_date) WHERE decided_by_id IS NOT NULL")
