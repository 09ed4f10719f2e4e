"""The index that finds the lines which have left a document: deleted, or moved away.

The lines that a document has are found in their own table, by its number. Those that
it had are found by the records of their leaving, which name it: a deletion with what
the row held, a change with what it held before. Only these records are in the index,
so that it costs nothing where nobody leaves.
"""

import hashlib
import json

from odoo.tools import SQL

from . import store
from .sqltext import literal

NAME = f"{store.TABLE}_left"
# a change of a number by which rows point at others: Odoo names such columns like this
MOVED = r"""(op = 'w' AND diff::text LIKE '%\_id": [%')"""
CREATE = f"""
CREATE INDEX {NAME} ON {store.TABLE} USING gin (diff jsonb_path_ops)
 WHERE op = 'd' OR {MOVED}
"""
ENDING = "_id"


def create(cr, columns=()):
    """Create the index, if it is not there.

    :param columns: by which rows point at their documents; those with a name of
        another kind, as Studio gives them, get an index of their own
    """
    if not _is_there(cr, NAME):
        cr.execute(CREATE)
    for column in columns:
        name = f"{NAME}_{hashlib.sha256(column.encode()).hexdigest()[:12]}"
        if not column.endswith(ENDING) and not _is_there(cr, name):
            # a name of our own, and a column of the database as a literal
            cr.execute(
                f"CREATE INDEX {name} ON {store.TABLE} USING gin (diff jsonb_path_ops)"
                f" WHERE {_moved(column)}"
            )


def _is_there(cr, name):
    cr.execute("SELECT to_regclass(%s)", [name])
    return bool(cr.fetchone()[0])


def _moved(column):
    """Return the condition of the records with which a row may have moved away."""
    if column.endswith(ENDING):
        return MOVED
    return f"(op = 'w' AND diff ? {literal(column)})"


def left(env, source, column, number):
    """Return the rows that have pointed at a row, and were deleted or moved away.

    :param int source: number of the kind of document of the rows, see
        ``erp.audit.source``
    :param str column: by which they pointed
    :param int number: of the row that they pointed at
    :return: ``{number of the row: number of the record with which it moved away}``;
        None for a row that was deleted
    """
    query = SQL(
        """SELECT res_id, op = 'd', max(id) FROM (
            SELECT res_id, op, id FROM erp_audit_log
             WHERE op = 'd' AND source = %(source)s AND diff @> %(gone)s
            UNION ALL
            SELECT res_id, op, id FROM erp_audit_log
             WHERE %(moved)s AND source = %(source)s AND diff @> %(old)s
               AND diff->%(column)s->0 = %(number)s) rows
            WHERE res_id IS NOT NULL GROUP BY res_id, op""",
        source=source,
        column=column,
        number=SQL("%s::jsonb", json.dumps(number)),
        gone=SQL("%s::jsonb", json.dumps({column: number})),
        old=SQL("%s::jsonb", json.dumps({column: [number]})),
        moved=SQL(_moved(column).replace("%", "%%")),
    )
    found = {}
    for res_id, gone, last in env.execute_query(query):
        if gone or res_id not in found:
            found[res_id] = None if gone else last
    return found
