import hashlib
import logging
import time
from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.tools import SQL

from .. import store

_logger = logging.getLogger(__name__)
# after so many days nothing comes into a month any more
DAYS = 1
# a month with fewer records is read as a whole as quickly
SMALL = 10_000
# how long one run of the job goes on
SECONDS = 45


def keys_of(column):
    """Return what a record tells of, as the index of closed months has it.

    :param SQL column: with the values
    """
    return SQL(
        "(CASE jsonb_typeof(%(column)s) WHEN 'object' THEN"
        " jsonb_path_query_array(%(column)s, '$.keyvalue().key', '{}', true)"
        " ELSE %(column)s END)",
        column=column,
    )


class ErpAuditClosed(models.AbstractModel):
    """Indexes that only months have which are over: nobody who writes pays for them.

    They answer what is asked rarely, and would be read from whole months otherwise.
    What is found is the same with and without them.
    """

    _name = "erp.audit.closed"
    _description = "Indexes of Closed Months"

    @api.model
    def _wanted(self):
        """Return the indexes of a closed month, as what follows its name.

        Override to add some.

        :return: list of :class:`SQL`
        """
        found = [
            # who made something first, without a look at the records themselves
            SQL("(source, res_id, real_uid, uid, ts) WHERE op = 'c'"),
            SQL("(ip text_pattern_ops)"),
            SQL("USING gin (%s)", keys_of(SQL("diff"))),
        ]
        if schema := self._trigrams():
            kind = SQL.identifier(schema, "gin_trgm_ops")
            found += [
                SQL("USING gin (action %s)", kind),
                SQL("USING gin ((diff::text) %s)", kind),
            ]
        return found

    @api.model
    def _trigrams(self):
        """Return the schema of the extension that indexes parts of texts, or None."""
        rows = self.env.execute_query(
            SQL(
                "SELECT extnamespace::regnamespace::text FROM pg_extension"
                " WHERE extname = 'pg_trgm'"
            )
        )
        return rows[0][0] if rows else None

    @api.model
    def _months(self):
        """Return the partitions of the months that are over, the newest first."""
        today = (fields.Datetime.now() - timedelta(days=DAYS)).date()
        rows = self.env.execute_query(
            SQL(
                """SELECT c.relname FROM pg_inherits i
                     JOIN pg_class c ON c.oid = i.inhrelid
                    WHERE i.inhparent = %s::regclass
                      AND greatest(c.reltuples, c.relpages * 8) >= %s""",
                store.TABLE,
                SMALL,
            )
        )
        names = [name for (name,) in rows if store.month_of(name)]
        return sorted(
            (n for n in names if store.month_after(store.month_of(n)) <= today),
            reverse=True,
        )

    @api.model
    def _index(self):
        """Make the indexes that closed months lack, as long as one run may take.

        :return: how many steps were done, 0 if all is there
        """
        wanted = {
            hashlib.sha256(self.env.cr.mogrify(item)).hexdigest()[:12]: item
            for item in self._wanted()
        }
        number, deadline = 0, time.monotonic() + SECONDS
        for name in self._months():
            for statement in self._statements(name, wanted):
                if time.monotonic() > deadline or not self._run(name, statement):
                    break
                number += 1
        if number:
            _logger.info(
                "Closed months of the audit trail indexed, in %s steps", number
            )
        return number

    @api.model
    def _statements(self, name, wanted):
        """Return what a month needs, to be run one after the other.

        :param str name: of the partition
        :param dict wanted: what follows the name of an index, by its last part
        """
        prefix = f"{name}_closed_"
        rows = self.env.execute_query(
            SQL(
                "SELECT indexrelid::regclass::text FROM pg_index"
                " WHERE indrelid = to_regclass(%s)",
                name,
            )
        )
        present = {index for (index,) in rows if index.startswith(prefix)}
        missing = [key for key in wanted if prefix + key not in present]
        old = sorted(present - {prefix + key for key in wanted})
        table = SQL.identifier(name)
        statements = [
            SQL(
                "CREATE INDEX %s ON %s %s", SQL.identifier(prefix + k), table, wanted[k]
            )
            for k in missing
        ]
        statements += [SQL("DROP INDEX %s", SQL.identifier(index)) for index in old]
        # what is in them, for the planner
        return [*statements, SQL("ANALYZE %s", table)] if statements else []

    @api.model
    def _run(self, name, statement):
        """Run one statement, in a transaction of its own: sealing waits for it.

        :return: whether it was run
        """
        with self.env.registry.cursor() as cr:
            # whoever takes the month away, or reads it, goes first
            cr.execute("SET LOCAL lock_timeout = '5s'")
            try:
                with cr.savepoint():
                    cr.execute(statement, log_exceptions=False)
            except (
                psycopg2.errors.LockNotAvailable,
                psycopg2.errors.UndefinedTable,
            ):
                _logger.info("The month %s is used otherwise: indexed later", name)
                return False
        return True
