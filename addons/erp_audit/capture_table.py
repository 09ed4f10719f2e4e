"""What is recorded of one table, and the function that does it."""

import json

from .secret import PARAMETER
from .sqltext import (
    COMPARED,
    CONTEXT,
    LOGIN,
    MASKED,
    MOVED,
    NOT_MOVED,
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

# old and new rows in the order in which they were changed
NUMBERED = """(SELECT to_jsonb(r.*) AS whole, r.id, row_number() OVER () AS place
          FROM new_rows r) n
  FULL JOIN (SELECT to_jsonb(r.*) AS whole, r.id, row_number() OVER () AS place
               FROM old_rows r) o USING (place)"""


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
            truncate = self._insert_whole("d", "o", self._table())
        shape = f"({SHAPE.format(table='TG_RELID')}) = {self.shape}"
        # Foreign keys that empty columns in passing change one row several times, and a
        # row may get the number of another one: then old and new are paired by place.
        return f"""
#variable_conflict use_variable
DECLARE
    {CONTEXT}
    started timestamp := now() AT TIME ZONE 'UTC';
    known boolean;
    changes bigint;
    changed bigint;
BEGIN
    IF TG_LEVEL = 'ROW' THEN
        {self._insert_row("d", "OLD")}
        {self._insert_row("c", "NEW")}
        {MOVED}
        RETURN NULL;
    ELSIF TG_OP = 'TRUNCATE' THEN
        {truncate}
        {self._insert_truncate()}
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        SELECT {shape}, count(*), count(DISTINCT n.id)
          INTO known, changes, changed FROM new_rows n;
        IF known AND changes = 1 THEN
            {self._update("new_rows n, old_rows o")}
        ELSIF known AND changes = changed AND {NOT_MOVED} THEN
            {self._update("new_rows n FULL JOIN old_rows o ON n.id = o.id")}
        ELSE
            {self._update_whole()}
        END IF;
        RETURN NULL;
    END IF;
    known := {shape};
    IF TG_OP = 'INSERT' THEN
        IF known THEN
            {self._insert("c", "n", "new_rows n")}
        ELSE
            {self._insert_whole("c", "n", "new_rows n")}
        END IF;
    ELSIF TG_OP = 'DELETE' THEN
        IF known THEN
            {self._insert("d", "o", "old_rows o")}
        ELSE
            {self._insert_whole("d", "o", "old_rows o")}
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

    def _update(self, pairs):
        # FULL JOIN: never a nested loop, however few rows the plan was made for.
        return self._updated(
            self._who("n", "w"), self._company("n"), self._changed(), pairs
        )

    def _update_whole(self):
        return self._updated(
            self._who_whole("n.whole", "w"),
            self._number("n.whole", "company_id"),
            self._changed_whole(),
            NUMBERED,
        )

    def _updated(self, who, company, changed, pairs):
        # OFFSET 0: the difference is computed once, not in each place that names it.
        return f"""{self._into()}
            {self._selected("w", "d")}
              FROM (SELECT n.id, o.id AS old_id, {who} AS who, {company} AS company,
                           {changed} AS diff
                      FROM {pairs}
                    OFFSET 0) d
             WHERE d.diff <> '' AND d.id = d.old_id
             ORDER BY d.id;"""

    def _insert(self, op, row, rows):
        return self._inserted(
            op, row, self._who(row, op), self._company(row), self._values(row), rows
        )

    def _insert_whole(self, op, row, rows):
        # with the star: a column may have the name of the row
        whole = f"to_jsonb({row}.*)"
        who, company = self._who_whole(whole, op), self._number(whole, "company_id")
        return self._inserted(op, row, who, company, self._values_whole(whole), rows)

    def _inserted(self, op, row, who, company, values, rows):
        return f"""{self._into()}
            {self._selected(op, "d")}
              FROM (SELECT {row}.id, {who} AS who, {company} AS company,
                           {values} AS diff
                      FROM {rows} OFFSET 0) d
             ORDER BY d.id;"""

    def _insert_row(self, op, row):
        whole = f"to_jsonb({row})"
        return f"""{self._into()}
            {self._selected(op, "d")}
              FROM (SELECT {row}.id, NULL::integer AS who,
                           {self._number(whole, "company_id")} AS company,
                           {self._values_whole(whole)} AS diff) d;"""

    def _insert_truncate(self):
        return f"""INSERT INTO {self.schema}.erp_audit_log
                (op, event, source, uid, company, real_uid, login, {REST[0]}, diff)
            SELECT 'e', 'truncate', {self.source}, (c->>'e')::integer,
                   (c->>'c')::integer,
                   {PERSON.format(who="(c->>'e')::integer")}, c->>'l', {REST[1]},
                   jsonb_build_object('table', {literal(self.table)});"""

    def _table(self):
        return f"{self.schema}.{quoted(self.table)} o"

    def _who(self, row, op):
        """Return who the row says changed it, if that can be believed.

        Raw SQL leaves the last writer where he was: he is believed only if the time
        of writing is that of this transaction, or one of both has changed.
        """
        kinds = self.columns
        if op == "c" and kinds.get("create_uid") == "integer":
            return f"{row}.create_uid"
        if (
            op != "w"
            or kinds.get("write_uid") != "integer"
            or kinds.get("write_date") != "timestamp without time zone"
        ):
            return "NULL::integer"
        return (
            f"CASE WHEN {row}.write_date = started"
            f" OR {row}.write_date IS DISTINCT FROM o.write_date"
            f" OR {row}.write_uid IS DISTINCT FROM o.write_uid"
            f" THEN {row}.write_uid END"
        )

    def _company(self, row):
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

    # ``whole`` is the SQL of a row as jsonb.

    def _who_whole(self, whole, op):
        """Return the same as :meth:`_who`."""
        if op == "c":
            return self._number(whole, "create_uid")
        if op == "d":
            return "NULL::integer"
        changed = " OR ".join(
            f"n.whole->'{name}' IS DISTINCT FROM o.whole->'{name}'"
            for name in ("write_date", "write_uid")
        )
        return (
            f"CASE WHEN n.whole->'write_date' = to_jsonb(started) OR {changed}"
            f" THEN {self._number(whole, 'write_uid')} END"
        )

    @staticmethod
    def _number(whole, name):
        # whatever the column holds meanwhile, the write goes on
        return f"substring({whole}->>'{name}' FROM '^[0-9]{{1,9}}$')::integer"

    def _recorded_whole(self, whole):
        return f"({whole} - {array(self.left_out)})"

    def _shown_whole(self, key, value, whole):
        hidden = {name for name, kind in self.columns.items() if kind == "bytea"}
        # a column that has come since may be a secret as well
        secret = (
            f"{key} = ANY ({array(self.masked | hidden)})"
            f" OR {key} ~* {PARAMETER.pattern}"
        )
        table, column = PARAMETER.column
        if self.table == table:
            secret += f" OR {key} = '{column}' AND {PARAMETER.condition_whole(whole)}"
        return (
            f"CASE WHEN {value} = 'null' THEN 'null'"
            f" WHEN {secret} THEN {literal(MASKED)}"
            f" ELSE {self.schema}.erp_audit_json({value}) END"
        )

    def _values_whole(self, whole):
        return (
            "coalesce((SELECT string_agg(to_jsonb(e.key)::text || ':' ||"
            f" {self._shown_whole('e.key', 'e.value', whole)}, ',')"
            f" FROM jsonb_each({self._recorded_whole(whole)}) e"
            " WHERE e.value <> 'null'), '')"
        )

    def _changed_whole(self):
        return (
            "coalesce((SELECT string_agg(to_jsonb(f.key)::text || ':[' ||"
            f" {self._shown_whole('e.key', 'e.value', 'o.whole')} || ',' ||"
            f" {self._shown_whole('f.key', 'f.value', 'n.whole')} || ']', ',')"
            f" FROM jsonb_each({self._recorded_whole('o.whole')}) e"
            f" JOIN jsonb_each({self._recorded_whole('n.whole')}) f USING (key)"
            " WHERE e.value IS DISTINCT FROM f.value), '')"
        )
