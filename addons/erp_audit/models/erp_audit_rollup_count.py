import logging
import time

from odoo import api, models
from odoo.tools import SQL

from .. import sealer
from ..seal import Seal

_logger = logging.getLogger(__name__)
# how long one run of the job goes on counting
SECONDS = 45
# seals counted in one transaction: 100,000 records at most
SEALS = 10

COUNT = """
INSERT INTO erp_audit_rollup AS r
       (day, company_id, source_id, op, event, user_id, login, action, count)
SELECT (l.ts AT TIME ZONE 'UTC' AT TIME ZONE coalesce(k.tz, 'UTC'))::date,
       l.company, nullif(l.source, 0), l.op, l.event, l.real_uid, l.login, l.action,
       count(*)
  FROM erp_audit_log l
  LEFT JOIN res_company c ON c.id = l.company
  LEFT JOIN resource_calendar k ON k.id = c.resource_calendar_id
 WHERE l.id = ANY(%(ids)s) AND l.ts BETWEEN %(start)s AND %(end)s
 GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
    ON CONFLICT (day, coalesce(company_id, 0), coalesce(source_id, 0), op,
                 coalesce(event, ''), coalesce(user_id, 0), coalesce(login, ''),
                 coalesce(action, ''))
    DO UPDATE SET count = r.count + excluded.count
"""


class ErpAuditRollup(models.Model):
    """Counting: each sealed record once, whatever happens in between."""

    _inherit = "erp.audit.rollup"

    @api.model
    def _cron_count(self):
        """Count the blocks that were sealed since the last time."""
        number, deadline = 0, time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            # the mark and the figures are written together or not at all
            with self.env.registry.cursor() as cr:
                done = self._count(cr)
            number += done
            if not done:
                break
        if number:
            _logger.info("%s seals of the audit trail counted", number)

    @api.model
    def _count(self, cr, seals=SEALS):
        """Count the next blocks, in the transaction of a cursor.

        The mark is locked first: nobody else counts the same seals.

        :return: how many seals were counted, 0 also if somebody else is counting
        """
        cr.execute("SELECT seq FROM erp_audit_rollup_mark FOR UPDATE SKIP LOCKED")
        mark = cr.fetchone()
        if not mark:
            return 0
        found = Seal.select(cr, "seq > %s ORDER BY seq LIMIT %s", [mark[0], seals])
        blocks = [seal for seal in found if seal.number and seal.raw]
        if blocks:
            cr.execute(
                COUNT,
                {
                    "ids": [entry.id for seal in blocks for entry in self._of(seal)],
                    "start": min(seal.min_ts for seal in blocks),
                    "end": max(seal.max_ts for seal in blocks),
                },
            )
        if found:
            cr.execute("UPDATE erp_audit_rollup_mark SET seq = %s", [found[-1].seq])
        return len(found)

    @staticmethod
    def _of(seal):
        """Return the entries of the records under a seal."""
        return sealer.unpack(seal.raw)

    @api.model
    def _people_named(self, operator, texts):
        """Return the ids of people by their logins, also of those who were deleted.

        :param str operator: as in a domain
        """
        exact = operator in ("=", "in")
        patterns = [text if exact else f"%{text}%" for text in texts]
        rows = self.env.execute_query(
            SQL(
                """SELECT p.value FROM (%s) p
                     JOIN LATERAL (SELECT login FROM erp_audit_rollup r
                                    WHERE r.user_id = p.value
                                    ORDER BY day DESC LIMIT 1) l ON true
                    WHERE l.login ILIKE ANY(%s)""",
                self._distinct("user_id"),
                patterns,
            )
        )
        return {number for (number,) in rows}

    @api.model
    def _sources_counted(self):
        """Return the kinds of documents of which records were counted."""
        rows = self.env.execute_query(self._distinct("source_id"))
        # sudo: names of models
        return self.env["erp.audit.source"].sudo().browse([row[0] for row in rows])

    @api.model
    def _distinct(self, column):
        """Return the query of the different values of a column that has an index.

        One look into the index for each, instead of reading all days.
        """
        return SQL(
            """WITH RECURSIVE p AS (
                   (SELECT %(column)s AS value FROM erp_audit_rollup
                     WHERE %(column)s IS NOT NULL ORDER BY 1 LIMIT 1)
                   UNION ALL
                   SELECT (SELECT %(column)s FROM erp_audit_rollup
                            WHERE %(column)s > p.value ORDER BY 1 LIMIT 1)
                     FROM p WHERE p.value IS NOT NULL)
               SELECT value FROM p WHERE value IS NOT NULL""",
            column=SQL.identifier(column),
        )
