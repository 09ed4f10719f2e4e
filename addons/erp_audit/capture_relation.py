"""What is recorded of the table of a many2many relation."""

from .capture_table import Capture
from .sqltext import CONTEXT, PERSON, PREFIX, REST, literal, quoted


class RelationCapture(Capture):
    """What is recorded of the table of a many2many relation, for both its sides.

    The columns are looked up by name in each row, so that a table that somebody
    changed does not make a business write fail.

    :param first, second: ``(column, source id, field name)`` of each side; the field
        name is what the record shows; the first side is always audited
    """

    operations = frozenset("cdw")
    events = {
        "l": "AFTER INSERT ON {table} REFERENCING NEW TABLE AS new_rows"
        " FOR EACH STATEMENT",
        "u": "AFTER DELETE ON {table} REFERENCING OLD TABLE AS old_rows"
        " FOR EACH STATEMENT",
        "w": "AFTER UPDATE ON {table} REFERENCING OLD TABLE AS old_rows"
        " NEW TABLE AS new_rows FOR EACH STATEMENT",
        "t": "BEFORE TRUNCATE ON {table} FOR EACH STATEMENT",
    }

    def __init__(self, table, first, second, schema="public"):
        self.table = table
        self.first = first
        self.second = second
        self.schema = quoted(schema)

    def triggers(self):
        """Return ``{name: definition}`` of the triggers of the table."""
        return {
            f"{PREFIX}{op}": definition.format(table=quoted(self.table))
            for op, definition in self.events.items()
        }

    def body(self):
        """Return the body of the function."""
        pairs = "SELECT {0}->>{1} AS mine, {0}->>{2} AS others FROM {3} r"
        old, new, every = (
            pairs.format(
                "to_jsonb(r)", literal(self.first[0]), literal(self.second[0]), table
            )
            for table in (
                "old_rows",
                "new_rows",
                f"{self.schema}.{quoted(self.table)}",
            )
        )
        return f"""
DECLARE
    {CONTEXT}
BEGIN
    IF TG_OP = 'INSERT' THEN
        {self._insert("l", new)}
    ELSIF TG_OP = 'DELETE' THEN
        {self._insert("u", old)}
    ELSIF TG_OP = 'UPDATE' THEN
        {self._insert("u", f"{old} EXCEPT ALL {new}")}
        {self._insert("l", f"{new} EXCEPT ALL {old}")}
    ELSE
        {self._insert("u", every)}
    END IF;
    RETURN NULL;
END
"""

    def _insert(self, op, pairs):
        _column, source, name = self.first
        _other_column, other, _other_name = self.second
        pair = "NULL, p.others::integer" if op == "l" else "p.others::integer, NULL"
        who = "(c->>'e')::integer"
        return f"""INSERT INTO {self.schema}.erp_audit_log
            (op, source, res_id, other, other_id, uid, company, real_uid, login,
             {REST[0]}, diff)
        SELECT '{op}', {source}, p.mine::integer, {other}, p.others::integer, {who},
               (c->>'c')::integer, {PERSON.format(who=who)}, c->>'l', {REST[1]},
               jsonb_build_object({literal(name)}, jsonb_build_array({pair}))
          FROM ({pairs}) p ORDER BY p.mine::integer, p.others::integer;"""
