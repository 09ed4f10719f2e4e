"""The triggers that record changes: one function per audited table.

They run once per statement, whoever sends it (ORM, import, cascade, raw SQL), compare
the audited columns of all changed rows in one query, and insert one record per row
that differs. What they cost is one insert inside the database, and no query more.

A function is written for the columns that the table has. When they change behind its
back it notices, and compares whole rows instead, slower but complete, until it is
written anew: a business write never fails because of the audit.
"""

# Names of tables and columns are constants of ours, values are parameters.
# pylint: disable=sql-injection

import hashlib

from odoo.tools import SQL

from .capture_relation import RelationCapture
from .capture_table import TableCapture
from .secret import is_secret
from .sqltext import HELPERS, MASK, PREFIX, SHAPE, function_name, quoted

__all__ = ["MASK", "RelationCapture", "TableCapture", "is_secret"]


def columns_of(cr, table):
    """Return ``{column: type}`` of a table as the database has it, in its order."""
    cr.execute(
        "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute"
        " WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped"
        " ORDER BY attnum",
        [quoted(table)],
    )
    return dict(cr.fetchall())


def shape_of(cr, table):
    """Return what a function remembers of the columns it is written for."""
    cr.execute(SHAPE.format(table="to_regclass(%s)"), [quoted(table)])
    return cr.fetchone()[0] or 0


def schema_of(cr):
    """Return the schema of the tables."""
    cr.execute("SELECT current_schema")
    return cr.fetchone()[0]


def parents_of(cr, table):
    """Return the tables that a table inherits from in PostgreSQL's own sense.

    A statement on the parent changes rows of the child without its triggers.
    """
    cr.execute(
        "SELECT p.relname FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent"
        " WHERE i.inhrelid = to_regclass(%s)",
        [quoted(table)],
    )
    return [name for (name,) in cr.fetchall()]


def is_table(cr, table):
    """Return whether there is an ordinary table of this name."""
    cr.execute(
        "SELECT relkind IN ('r', 'p') FROM pg_class WHERE oid = to_regclass(%s)",
        [quoted(table)],
    )
    return bool((cr.fetchone() or [False])[0])


def signature(capture):
    """Return what tells whether the function in the database is the one wanted."""
    text = capture.body() + str(sorted(capture.triggers().items()))
    return hashlib.sha256(text.encode()).hexdigest()


def installed(cr):
    """Return ``{table: (signature, {trigger: enabled})}`` as the database has it.

    The signature is that of the function's text as it is now, or "" if somebody has
    changed it since it was written.
    """
    cr.execute(
        """SELECT t.relname, obj_description(p.oid, 'pg_proc'), p.prosrc, g.tgname,
                  g.tgenabled = 'A'
             FROM pg_trigger g
             JOIN pg_class t ON t.oid = g.tgrelid
             JOIN pg_proc p ON p.oid = g.tgfoid
            WHERE starts_with(p.proname, 'erp_audit_f_') AND NOT g.tgisinternal
              AND t.relnamespace = current_schema::regnamespace"""
    )
    found = {}
    for table, comment, text, trigger, enabled in cr.fetchall():
        sign, _space, digest = (comment or "").partition(" ")
        known = digest == _digest(text)
        entry = found.setdefault(table, (sign if known else "", {}))
        entry[1][trigger] = enabled
    return found


def _digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def install(cr, capture):
    """Write the function of a table anew, and its triggers if they differ.

    The function can be replaced while others write. Triggers lock the table against
    writers for a moment.
    """
    name = quoted(function_name(capture.table))
    body = capture.body()
    # text of our own: names from the catalogue of the database, quoted above
    cr.execute(
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql"
        f" AS $erp_audit${body}$erp_audit$"
    )
    comment = f"{signature(capture)} {_digest(body)}"
    cr.execute(f"COMMENT ON FUNCTION {name}() IS '{comment}'")
    table, wanted = quoted(capture.table), capture.triggers()
    present = _definitions(cr, capture.table)
    for trigger in present.keys() - wanted.keys():
        cr.execute(f"DROP TRIGGER {quoted(trigger)} ON {table}")
    for trigger, definition in wanted.items():
        mark = _digest(definition)[:16]
        if present.get(trigger) == (mark, True):
            continue
        if trigger in present:
            cr.execute(f"DROP TRIGGER {quoted(trigger)} ON {table}")
        cr.execute(
            f"CREATE TRIGGER {quoted(trigger)} {definition} EXECUTE FUNCTION {name}()"
        )
        # also for a session that plays the part of a replica
        cr.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {quoted(trigger)}")
        cr.execute(f"COMMENT ON TRIGGER {quoted(trigger)} ON {table} IS '{mark}'")


def _definitions(cr, table):
    """Return ``{trigger: (mark, enabled)}`` of our triggers on a table."""
    cr.execute(
        "SELECT tgname, obj_description(oid, 'pg_trigger'), tgenabled = 'A'"
        " FROM pg_trigger WHERE tgrelid = to_regclass(%s) AND NOT tgisinternal"
        " AND tgname = ANY (%s)",
        [quoted(table), [f"{PREFIX}{op}" for op in "cwdlitu"]],
    )
    return {name: (mark, enabled) for name, mark, enabled in cr.fetchall()}


def drop(cr, table):
    """Take triggers and function of a table away, if they are there."""
    for trigger in _definitions(cr, table):
        cr.execute(
            SQL(
                "DROP TRIGGER %s ON %s",
                SQL.identifier(trigger),
                SQL.identifier(table),
            )
        )
    cr.execute(
        SQL("DROP FUNCTION IF EXISTS %s()", SQL.identifier(function_name(table)))
    )


def drop_orphans(cr):
    """Take the functions away whose tables are gone."""
    cr.execute(
        """SELECT p.proname FROM pg_proc p
            WHERE starts_with(p.proname, 'erp_audit_f_')
              AND p.pronamespace = current_schema::regnamespace
              AND NOT EXISTS (SELECT 1 FROM pg_trigger g WHERE g.tgfoid = p.oid)"""
    )
    for (name,) in cr.fetchall():
        cr.execute(SQL("DROP FUNCTION %s()", SQL.identifier(name)))


def drop_all(cr):
    """Take all triggers and functions of the audit away."""
    for table in installed(cr):
        drop(cr, table)
    drop_orphans(cr)


def helpers(cr):
    """Write the functions that the functions of the tables use."""
    for statement in HELPERS:
        cr.execute(statement)


def helper_findings(cr):
    """Return the names of these functions that are gone or that somebody rewrote."""
    cr.execute(
        "SELECT p.prosrc FROM pg_proc p WHERE starts_with(p.proname, 'erp_audit_')"
        " AND p.pronamespace = current_schema::regnamespace"
    )
    present = {text for (text,) in cr.fetchall()}
    found = set()
    for statement in HELPERS:
        head, text, _end = statement.split("$body$")
        if text not in present:
            found.add(head.split("FUNCTION ")[1].split("(")[0])
    return sorted(found)


def has_helpers(cr):
    """Return whether these functions are there, as this version writes them."""
    cr.execute("SELECT to_regprocedure('erp_audit_told(jsonb, integer, integer)')")
    return bool(cr.fetchone()[0])
