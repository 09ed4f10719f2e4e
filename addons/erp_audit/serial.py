"""Decisions about the same thing, made one after the other."""

from odoo.tools import SQL


def claim(records):
    """Let transactions that decide by the same records happen one after the other.

    A lock alone would let whoever waited for it go on with what he saw before. Rows
    that were written make the database refuse him, and Odoo makes his request again,
    with what is there by then. Nothing is changed, so nothing is recorded.
    """
    if not records.ids:
        return
    records.env.cr.execute(
        SQL(
            """UPDATE %(table)s SET write_uid = %(table)s.write_uid
                 FROM (SELECT id FROM %(table)s WHERE id IN %(ids)s
                        ORDER BY id FOR NO KEY UPDATE) claimed
                WHERE %(table)s.id = claimed.id""",
            table=SQL.identifier(records._table),
            ids=tuple(records.ids),
        ),
        log_exceptions=False,  # a conflict is nothing to worry about
    )
