import psycopg2
from psycopg2.extras import Json

from odoo import api, fields, models
from odoo.tools import SQL

# transactions that began this long before the last refresh may still have committed
# after it without having been seen: their days are counted again
OVERLAP_HOURS = 6


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
