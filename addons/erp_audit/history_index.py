"""The index that finds the lines which have left a document: deleted, or moved away.

The lines that a document has are found in their own table, by its number. Those that
it had are found by the records of their leaving, which name it: a deletion with what
the row held, a change with what it held before. Only these records are in the index,
so that it costs nothing where nobody leaves.
"""

import hashlib
import json

from odoo.fields import Domain
from odoo.tools import SQL

from . import store

NAME = f"{store.TABLE}_left"
# a change of a number by which rows point at others: Odoo names such columns like this
MOVED = SQL(r"""(op = 'w' AND diff::text LIKE '%%\_id": [%%')""")
ENDING = "_id"


def create(cr, columns=()):
    """Create the index, if it is not there.

    :param columns: by which rows point at their documents; those with a name of
        another kind, as Studio gives them, get an index of their own
    """
    _create(cr, NAME, SQL("op = 'd' OR %s", MOVED))
    for column in columns:
        if not column.endswith(ENDING):
            name = f"{NAME}_{hashlib.sha256(column.encode()).hexdigest()[:12]}"
            _create(cr, name, _moved(column))


def _create(cr, name, condition):
    cr.execute("SELECT to_regclass(%s)", [name])
    if not cr.fetchone()[0]:
        cr.execute(
            SQL(
                "CREATE INDEX %s ON %s USING gin (diff jsonb_path_ops) WHERE %s",
                SQL.identifier(name),
                SQL.identifier(store.TABLE),
                condition,
            )
        )


def _moved(column):
    """Return the condition of the records with which a row may have moved away."""
    if column.endswith(ENDING):
        return MOVED
    return SQL("(op = 'w' AND diff ? %s)", column)


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
        moved=_moved(column),
    )
    found = {}
    for res_id, gone, last in env.execute_query(query):
        if gone or res_id not in found:
            found[res_id] = None if gone else last
    return found


def pointing(columns, numbers):
    """Return the domain of deletions of rows that pointed at one of some rows.

    :param columns: names of the columns by which they pointed
    :param numbers: of the rows that they pointed at
    """
    # one question to the index, however many columns and rows
    parts = [
        f"@.{json.dumps(column)} == {int(number)}"
        for column in columns
        for number in numbers
    ]
    if not parts:
        return Domain.FALSE
    path = f"$ ? ({' || '.join(parts)})"

    def to_sql(model, alias, query):
        return SQL("%s @? %s::jsonpath", SQL.identifier(alias, "diff"), path)

    return Domain.custom(to_sql=to_sql)
