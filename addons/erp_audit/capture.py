"""The triggers that record changes: one function per audited table.

They run once per statement, whoever sends it (ORM, import, cascade, raw SQL), compare
the audited columns of all changed rows in one query, and insert one record per row
that differs. What they cost is one insert inside the database, and no query more.

A function is written for the columns that the table has. When they change behind its
back it notices, and compares whole rows instead, slower but complete, until it is
written anew: a business write never fails because of the audit.
"""

import hashlib
import re

from odoo.tools import SQL

PREFIX = "erp_audit_"
MASK = "•••"
# one call of jsonb_build_object takes 100 arguments at most
CHUNK = 45

CONTEXT = f"""
    c jsonb := coalesce(nullif(current_setting('{PREFIX[:-1]}.ctx', true), ''),
                        '{{}}')::jsonb;
"""
# columns of erp_audit_log that the context fills, and their values
FROM_CONTEXT = (
    "real_uid, login, ip, session, route, action",
    "(c->>'u')::integer, c->>'l', c->>'ip', c->>'s', c->>'r', c->>'a'",
)


def columns_of(cr, table):
    """Return ``{column: type}`` of a table as the database has it, in its order."""
    cr.execute(
        "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute"
        " WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped"
        " ORDER BY attnum",
        [f'"{table}"'],
    )
    return dict(cr.fetchall())


def shape(columns):
    """Return what a function remembers of the columns it was written for."""
    return hashlib.md5(",".join(columns).encode(), usedforsecurity=False).hexdigest()


def literal(text):
    """Return a text as SQL literal, for the body of a function."""
    return "'" + str(text).replace("'", "''") + "'"


def quoted(name):
    """Return a name as SQL identifier, for the body of a function."""
    return '"' + name.replace('"', '""') + '"'


def function_name(table):
    """Return the name of the function of a table; long names are shortened."""
    name = f"{PREFIX}f_{table}"
    if len(name) <= 63:
        return name
    return name[:50] + "_" + hashlib.sha256(table.encode()).hexdigest()[:12]


class TableCapture:
    """What is recorded of one table.

    :param table: name of the table
    :param source: id of the model in ``erp.audit.source``
    :param columns: ``{column: type}`` of the table, see :func:`columns_of`
    :param left_out: columns that are not recorded
    :param masked: columns of which only is recorded that they changed
    :param operations: subset of ``{"c", "w", "d"}``
    """

    def __init__(self, table, source, columns, left_out, masked, operations):
        self.table = table
        self.source = source
        self.columns = columns
        self.left_out = {*left_out, "id"} & set(columns)
        self.masked = set(masked) & set(columns)
        self.operations = operations
        self.recorded = [name for name in columns if name not in self.left_out]

    def body(self):
        """Return the body of the function."""
        whole = literal(shape(self.columns))
        return f"""
DECLARE
    {CONTEXT}
    now_shape text;
BEGIN
    SELECT md5(string_agg(attname, ',' ORDER BY attnum)) INTO now_shape
      FROM pg_attribute
     WHERE attrelid = TG_RELID AND attnum > 0 AND NOT attisdropped;
    IF TG_OP = 'UPDATE' THEN
        IF now_shape = {whole} THEN
            {self._insert("w", "n", self._changed(), "JOIN old_rows o USING (id)")}
        ELSE
            {
            self._insert(
                "w",
                "n",
                self._changed_whole(),
                "JOIN old_rows o USING (id)",
                whole=True,
            )
        }
        END IF;
    ELSIF TG_OP = 'INSERT' THEN
        IF now_shape = {whole} THEN
            {self._insert("c", "n", self._values("n"))}
        ELSE
            {self._insert("c", "n", self._values_whole("n"), whole=True)}
        END IF;
    ELSIF TG_OP = 'DELETE' THEN
        IF now_shape = {whole} THEN
            {self._insert("d", "o", self._values("o"))}
        ELSE
            {self._insert("d", "o", self._values_whole("o"), whole=True)}
        END IF;
    END IF;
    RETURN NULL;
END
"""

    def _insert(self, op, row, diff, join="", whole=False):
        table = "old_rows o" if row == "o" else "new_rows n"
        condition = "WHERE d.diff <> '{}'::jsonb" if op == "w" else ""
        return f"""INSERT INTO erp_audit_log
                (op, source, res_id, uid, company, diff, {FROM_CONTEXT[0]})
            SELECT '{op}', {self.source}, {row}.id, {self._uid(op, row, whole)},
                   {self._company(row, whole)}, d.diff, {FROM_CONTEXT[1]}
              FROM {table} {join}
             CROSS JOIN LATERAL (SELECT {diff} AS diff) d
              {condition}
             ORDER BY {row}.id;"""

    def _uid(self, op, row, whole):
        context = "(c->>'u')::integer"
        name = {"c": "create_uid", "w": "write_uid"}.get(op)
        if whole and name:
            return f"coalesce((to_jsonb({row})->>'{name}')::integer, {context})"
        if name in self.columns:
            return f"coalesce({row}.{name}, {context})"
        return context

    def _company(self, row, whole):
        context = "(c->>'c')::integer"
        if whole:
            return f"coalesce((to_jsonb({row})->>'company_id')::integer, {context})"
        if self.columns.get("company_id") == "integer":
            return f"coalesce({row}.company_id, {context})"
        return context

    # -- compiled for the columns ------------------------------------------------------

    def _value(self, row, name):
        value = f"{row}.{quoted(name)}"
        if name in self.masked or self.columns[name] == "bytea":
            return f"CASE WHEN {value} IS NOT NULL THEN {literal(MASK)} END"
        return value

    def _pairs(self, pairs):
        parts = [
            "jsonb_build_object(" + ", ".join(pairs[start : start + CHUNK]) + ")"
            for start in range(0, len(pairs), CHUNK)
        ]
        joined = " || ".join(parts) or "'{}'::jsonb"
        return f"jsonb_strip_nulls({joined})"

    def _values(self, row):
        return self._pairs(
            [f"{literal(name)}, {self._value(row, name)}" for name in self.recorded]
        )

    def _changed(self):
        pairs = []
        for name in self.recorded:
            old, new = self._value("o", name), self._value("n", name)
            differs = f"o.{quoted(name)} IS DISTINCT FROM n.{quoted(name)}"
            pairs.append(
                f"{literal(name)}, CASE WHEN {differs}"
                f" THEN jsonb_build_array({old}, {new}) END"
            )
        return self._pairs(pairs)

    # -- for any columns ---------------------------------------------------------------

    def _whole(self, row):
        left_out = ", ".join(literal(name) for name in sorted(self.left_out))
        return f"(to_jsonb({row}) - ARRAY[{left_out}]::text[])"

    def _masked_value(self, key, value):
        names = ", ".join(literal(name) for name in sorted(self.masked))
        return (
            f"CASE WHEN {key} = ANY (ARRAY[{names}]::text[]) AND {value} <> 'null'"
            f" THEN to_jsonb({literal(MASK)}::text) ELSE {value} END"
        )

    def _values_whole(self, row):
        value = self._masked_value("e.key", "e.value")
        return (
            f"coalesce((SELECT jsonb_object_agg(e.key, {value})"
            f" FROM jsonb_each({self._whole(row)}) e WHERE e.value <> 'null'),"
            " '{}'::jsonb)"
        )

    def _changed_whole(self):
        old = self._masked_value("e.key", "e.value")
        new = self._masked_value("f.key", "f.value")
        return (
            f"coalesce((SELECT jsonb_object_agg(f.key, jsonb_build_array({old}, {new}))"
            f" FROM jsonb_each({self._whole('o')}) e"
            f" JOIN jsonb_each({self._whole('n')}) f USING (key)"
            " WHERE e.value IS DISTINCT FROM f.value), '{}'::jsonb)"
        )

    def triggers(self):
        """Return ``{name: definition}`` of the triggers of the table."""
        every = {
            "w": ("UPDATE", "OLD TABLE AS old_rows NEW TABLE AS new_rows"),
            "c": ("INSERT", "NEW TABLE AS new_rows"),
            "d": ("DELETE", "OLD TABLE AS old_rows"),
        }
        return {
            f"{PREFIX}{op}": f"AFTER {event} ON {quoted(self.table)} REFERENCING"
            f" {tables} FOR EACH STATEMENT"
            for op, (event, tables) in every.items()
            if op in self.operations
        }


class RelationCapture:
    """What is recorded of the table of a many2many relation, for both its sides.

    :param first, second: ``(column, source id, field name)`` of each side; the field
        name is what the record shows; the first side is always audited
    """

    operations = frozenset("cd")

    def __init__(self, table, first, second):
        self.table = table
        self.first = first
        self.second = second

    def body(self):
        """Return the body of the function."""
        return f"""
DECLARE
    {CONTEXT}
BEGIN
    IF TG_OP = 'INSERT' THEN
        {self._insert("l", "n", "new_rows")}
    ELSE
        {self._insert("u", "o", "old_rows")}
    END IF;
    RETURN NULL;
END
"""

    def _insert(self, op, row, table):
        column, source, name = self.first
        other_column, other, _other_name = self.second
        mine, others = f"{row}.{quoted(column)}", f"{row}.{quoted(other_column)}"
        pair = f"NULL, {others}" if op == "l" else f"{others}, NULL"
        return f"""INSERT INTO erp_audit_log
            (op, source, res_id, other, other_id, uid, company, diff,
             {FROM_CONTEXT[0]})
        SELECT '{op}', {source}, {mine}, {other}, {others}, (c->>'e')::integer,
               (c->>'c')::integer,
               jsonb_build_object({literal(name)}, jsonb_build_array({pair})),
               {FROM_CONTEXT[1]}
          FROM {table} {row} ORDER BY {mine}, {others};"""

    def triggers(self):
        """Return ``{name: definition}`` of the triggers of the table."""
        return {
            f"{PREFIX}{op}": f"AFTER {event} ON {quoted(self.table)} REFERENCING"
            f" {side} TABLE AS {side.lower()}_rows FOR EACH STATEMENT"
            for op, event, side in (("l", "INSERT", "NEW"), ("u", "DELETE", "OLD"))
        }


def signature(capture):
    """Return what tells whether the function in the database is the one wanted."""
    text = capture.body() + str(sorted(capture.triggers().items()))
    return hashlib.sha256(text.encode()).hexdigest()


def installed(cr):
    """Return ``{table: (signature, {trigger: enabled})}`` as the database has it."""
    cr.execute(
        """SELECT t.relname, obj_description(p.oid, 'pg_proc'), g.tgname,
                  g.tgenabled <> 'D'
             FROM pg_trigger g
             JOIN pg_class t ON t.oid = g.tgrelid
             JOIN pg_proc p ON p.oid = g.tgfoid
            WHERE starts_with(p.proname, 'erp_audit_f_') AND NOT g.tgisinternal
              AND t.relnamespace = current_schema::regnamespace"""
    )
    found = {}
    for table, comment, trigger, enabled in cr.fetchall():
        found.setdefault(table, (comment or "", {}))[1][trigger] = enabled
    return found


def install(cr, capture):
    """Write the function and the triggers of a table anew."""
    drop(cr, capture.table)
    name = quoted(function_name(capture.table))
    # text of our own: names from the catalogue of the database, quoted above
    statements = [
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql"
        f" AS $erp_audit${capture.body()}$erp_audit$",
        f"COMMENT ON FUNCTION {name}() IS '{signature(capture)}'",
    ]
    for trigger, definition in capture.triggers().items():
        statements.append(
            f"CREATE TRIGGER {quoted(trigger)} {definition} EXECUTE FUNCTION {name}()"
        )
    for statement in statements:
        cr.execute(statement)


def drop(cr, table):
    """Take triggers and function of a table away, if they are there."""
    cr.execute("SELECT to_regclass(%s)", [f'"{table}"'])
    if cr.fetchone()[0]:
        for op in "cwdlu":
            cr.execute(
                SQL(
                    "DROP TRIGGER IF EXISTS %s ON %s",
                    SQL.identifier(f"{PREFIX}{op}"),
                    SQL.identifier(table),
                )
            )
    cr.execute(
        SQL("DROP FUNCTION IF EXISTS %s()", SQL.identifier(function_name(table)))
    )


def drop_all(cr):
    """Take all triggers and functions of the audit away."""
    for table in installed(cr):
        drop(cr, table)


# names of columns that never show their value, whatever a rule says
SECRET = re.compile(
    r"(^|_)(password|passwd|passphrase|secret|token|totp|otp|private_key|api_?key"
    r"|credential|signature_key|acc_number|iban|card_number|cvv|pin)(_|$)"
)


def is_secret(column):
    """Return whether the values of a column are secrets: passwords, tokens, banks."""
    return bool(SECRET.search(column))
