"""What is recorded of one table, and the function that does it."""

import json

from .secret import PARAMETER
from .sqltext import (
    COMPARED,
    CONTEXT,
    LOGIN,
    MASKED,
    PERSON,
    PREFIX,
    REST,
    SHAPE,
    TEXTS,
    array,
    joined,
    literal,
    quoted,
)


class Capture:
    """What is recorded of a table; see the subclasses."""

    table = ""
    operations = frozenset()
    # name of the trigger's last letter: what it waits for
    events = {}

    def triggers(self):
        """Return ``{name: definition}`` of the triggers of the table."""
        return {
            f"{PREFIX}{op}": definition.format(table=quoted(self.table))
            for op, definition in self.events.items()
            if op in self.operations or op in "it"
        }


class TableCapture(Capture):
    """What is recorded of one table.

    :param table: name of the table
    :param source: id of the model in ``erp.audit.source``
    :param columns: ``{column: type}`` of the table, see :func:`columns_of`
    :param left_out: columns that are not recorded
    :param masked: columns of which only is recorded that they changed
    :param operations: subset of ``{"c", "w", "d"}``
    :param schema: schema of the table and of the trail
    :param shape: see :func:`shape_of`
    """

    events = {
        "c": "AFTER INSERT ON {table} REFERENCING NEW TABLE AS new_rows"
        " FOR EACH STATEMENT",
        "w": "AFTER UPDATE ON {table} REFERENCING OLD TABLE AS old_rows"
        " NEW TABLE AS new_rows FOR EACH STATEMENT",
        "d": "AFTER DELETE ON {table} REFERENCING OLD TABLE AS old_rows"
        " FOR EACH STATEMENT",
        # a row that is given another number is another record
        "i": "AFTER UPDATE OF id ON {table} FOR EACH ROW"
        " WHEN (OLD.id IS DISTINCT FROM NEW.id)",
        "t": "BEFORE TRUNCATE ON {table} FOR EACH STATEMENT",
    }

    def __init__(
        self,
        table,
        source,
        columns,
        left_out,
        masked,
        operations,
        schema="public",
        shape=0,
    ):
        self.table = table
        self.source = source
        self.columns = columns
        self.left_out = {*left_out, "id"} & set(columns)
        self.masked = set(masked) & set(columns)
        self.operations = set(operations)
        self.schema = quoted(schema)
        self.shape = shape
        self.recorded = [name for name in columns if name not in self.left_out]

    def merge(self, other):
        """Record what either of two models on the same table wants recorded."""
        self.operations |= other.operations
        self.masked |= other.masked
        self.left_out &= other.left_out
        self.recorded = [name for name in self.columns if name not in self.left_out]

    def body(self):
        """Return the body of the function."""
        truncate = ""
        if "d" in self.operations:
            truncate = self._insert("d", "o", self._values_whole("o"), self._table())
        return f"""
DECLARE
    {CONTEXT}
    started timestamp := now() AT TIME ZONE 'UTC';
    known boolean;
BEGIN
    IF TG_LEVEL = 'ROW' THEN
        {self._insert_row("d", "OLD")}
        {self._insert_row("c", "NEW")}
        RETURN NULL;
    ELSIF TG_OP = 'TRUNCATE' THEN
        {truncate}
        {self._insert_truncate()}
        RETURN NULL;
    END IF;
    known := ({SHAPE.format(table="TG_RELID")}) = {self.shape};
    IF TG_OP = 'UPDATE' THEN
        IF known THEN
            {self._update()}
        ELSE
            {self._update(whole=True)}
        END IF;
    ELSIF TG_OP = 'INSERT' THEN
        IF known THEN
            {self._insert("c", "n", self._values("n"), "new_rows n")}
        ELSE
            {self._insert("c", "n", self._values_whole("n"), "new_rows n", True)}
        END IF;
    ELSIF TG_OP = 'DELETE' THEN
        IF known THEN
            {self._insert("d", "o", self._values("o"), "old_rows o")}
        ELSE
            {self._insert("d", "o", self._values_whole("o"), "old_rows o", True)}
        END IF;
    END IF;
    RETURN NULL;
END
"""

    # -- statements --------------------------------------------------------------------

    def _into(self):
        return (
            f"INSERT INTO {self.schema}.erp_audit_log (op, source, res_id, uid,"
            f" company, real_uid, login, {REST[0]}, diff)"
        )

    def _selected(self, op, row):
        who = f"coalesce({row}.who, (c->>'e')::integer)"
        return (
            f"SELECT '{op}', {self.source}, {row}.id, {who},"
            f" coalesce({row}.company, (c->>'c')::integer),"
            f" {PERSON.format(who=who)},"
            f" {LOGIN.format(who=who, schema=self.schema)}, {REST[1]},"
            f" ('{{' || {row}.diff || '}}')::jsonb"
        )

    def _update(self, whole=False):
        # FULL JOIN: never a nested loop, however few rows the plan was made for.
        # OFFSET 0: the difference is computed once, not in each place that names it.
        changed = self._changed_whole() if whole else self._changed()
        return f"""{self._into()}
            {self._selected("w", "d")}
              FROM (SELECT n.id, o.id AS old_id, {self._who("n", whole, "w")} AS who,
                           {self._company("n", whole)} AS company, {changed} AS diff
                      FROM new_rows n FULL JOIN old_rows o ON n.id = o.id
                    OFFSET 0) d
             WHERE d.diff <> '' AND d.id = d.old_id
             ORDER BY d.id;"""

    def _insert(self, op, row, values, rows, whole=False):
        return f"""{self._into()}
            {self._selected(op, "d")}
              FROM (SELECT {row}.id, {self._who(row, whole, op)} AS who,
                           {self._company(row, whole)} AS company, {values} AS diff
                      FROM {rows} OFFSET 0) d
             ORDER BY d.id;"""

    def _insert_row(self, op, row):
        values = self._values_whole(row)
        return f"""{self._into()}
            {self._selected(op, "d")}
              FROM (SELECT {row}.id, NULL::integer AS who,
                           (to_jsonb({row})->>'company_id')::integer AS company,
                           {values} AS diff) d;"""

    def _insert_truncate(self):
        return f"""INSERT INTO {self.schema}.erp_audit_log
                (op, event, source, uid, company, real_uid, login, {REST[0]}, diff)
            SELECT 'e', 'truncate', {self.source}, (c->>'e')::integer,
                   (c->>'c')::integer,
                   {PERSON.format(who="(c->>'e')::integer")}, c->>'l', {REST[1]},
                   jsonb_build_object('table', {literal(self.table)});"""

    def _table(self):
        return f"{self.schema}.{quoted(self.table)} o"

    def _who(self, row, whole, op):
        """Return who the row says changed it, if that can be believed.

        Raw SQL leaves the last writer where he was: he is believed only if the time
        of writing is that of this transaction, or one of both has changed.
        """
        if op == "d":
            return "NULL::integer"
        if whole:
            name = "create_uid" if op == "c" else "write_uid"
            return f"(to_jsonb({row})->>'{name}')::integer"
        if op == "c":
            return f"{row}.create_uid" if "create_uid" in self.columns else "NULL::int"
        if not {"write_uid", "write_date"} <= set(self.columns):
            return "NULL::integer"
        return (
            f"CASE WHEN {row}.write_date = started"
            f" OR {row}.write_date IS DISTINCT FROM o.write_date"
            f" OR {row}.write_uid IS DISTINCT FROM o.write_uid"
            f" THEN {row}.write_uid END"
        )

    def _company(self, row, whole):
        if whole:
            return f"(to_jsonb({row})->>'company_id')::integer"
        if self.columns.get("company_id") == "integer":
            return f"{row}.company_id"
        return "NULL::integer"

    # -- compiled for the columns ------------------------------------------------------

    def _shown(self, row, name):
        """Return the SQL of a value as JSON text."""
        value = f"{row}.{quoted(name)}"
        kind = self.columns[name]
        if name in self.masked or kind == "bytea":
            return f"CASE WHEN {value} IS NULL THEN 'null' ELSE {literal(MASKED)} END"
        shown = f"coalesce(to_jsonb({value})::text, 'null')"
        if kind in TEXTS:
            shown = f"{self.schema}.erp_audit_json({value})"
        elif kind not in COMPARED:
            shown = f"{self.schema}.erp_audit_json({value}::text)"
        if (self.table, name) == PARAMETER.column:
            condition = PARAMETER.condition(row)
            return f"CASE WHEN {condition} THEN {literal(MASKED)} ELSE {shown} END"
        return shown

    def _compared(self, row, name):
        cast = "" if self.columns[name] in COMPARED else "::text"
        return f"{row}.{quoted(name)}{cast}"

    def _is_plain(self, name):
        """Return whether the values are shown as they are, whatever they are."""
        kind = self.columns[name]
        return (
            kind in COMPARED
            and kind not in TEXTS
            and kind != "bytea"
            and name not in self.masked
            and (self.table, name) != PARAMETER.column
        )

    # What an expression costs is mostly that PostgreSQL prepares it for each
    # statement, whether it is needed or not: the fewer functions in it the better.

    def _value(self, row, name):
        """Return the SQL of ``"column":value``."""
        shown = self._shown(row, name)
        if self._is_plain(name):
            shown = f"to_jsonb({row}.{quoted(name)})"
        return f"concat({literal(json.dumps(name) + ':')}, {shown})"

    def _pair(self, name):
        """Return the SQL of ``"column":[old,new]``."""
        key = json.dumps(name)
        old, new = (f"{row}.{quoted(name)}" for row in "on")
        if self._is_plain(name):
            return f"concat({literal(key + ':')}, jsonb_build_array({old}, {new}))"
        masked = name in self.masked or (self.table, name) == PARAMETER.column
        if self.columns[name] in TEXTS and not masked:
            pair = f"{self.schema}.erp_audit_pair({old}, {new})"
            return f"concat({literal(key + ':')}, {pair})"
        old, new = (self._shown(row, name) for row in "on")
        return f"concat({literal(key + ':[')}, {old}, ',', {new}, ']')"

    def _values(self, row):
        return joined(
            [
                f"CASE WHEN {row}.{quoted(name)} IS NOT NULL THEN"
                f" {self._value(row, name)} END"
                for name in self.recorded
            ]
        )

    def _changed(self):
        return joined(
            [
                f"CASE WHEN {self._compared('o', name)} IS DISTINCT FROM"
                f" {self._compared('n', name)} THEN {self._pair(name)} END"
                for name in self.recorded
            ]
        )

    # -- for any columns ---------------------------------------------------------------

    def _whole(self, row):
        return f"(to_jsonb({row}) - {array(self.left_out)})"

    def _shown_whole(self, key, value):
        # a column that has come since may be a secret as well
        return (
            f"CASE WHEN {value} = 'null' THEN 'null'"
            f" WHEN {key} = ANY ({array(self.masked)}) OR {key} ~* {PARAMETER.pattern}"
            f" THEN {literal(MASKED)}"
            f" ELSE {self.schema}.erp_audit_json({value}) END"
        )

    def _values_whole(self, row):
        return (
            "coalesce((SELECT string_agg(to_jsonb(e.key)::text || ':' ||"
            f" {self._shown_whole('e.key', 'e.value')}, ',')"
            f" FROM jsonb_each({self._whole(row)}) e WHERE e.value <> 'null'), '')"
        )

    def _changed_whole(self):
        return (
            "coalesce((SELECT string_agg(to_jsonb(f.key)::text || ':[' ||"
            f" {self._shown_whole('e.key', 'e.value')} || ',' ||"
            f" {self._shown_whole('f.key', 'f.value')} || ']', ',')"
            f" FROM jsonb_each({self._whole('o')}) e"
            f" JOIN jsonb_each({self._whole('n')}) f USING (key)"
            " WHERE e.value IS DISTINCT FROM f.value), '')"
        )
