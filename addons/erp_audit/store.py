"""The table of the trail: partitioned by month, append-only.

Odoo's ORM does not know partitioned tables; it reads them through a view, see
``erp.audit.record``.
"""

from dateutil.relativedelta import relativedelta

from odoo.tools import SQL

TABLE = "erp_audit_log"
# partitions that are made ahead
MONTHS_AHEAD = 3

COLUMNS = """
    id bigint NOT NULL DEFAULT nextval('erp_audit_log_id_seq'),
    ts timestamp NOT NULL DEFAULT (clock_timestamp() AT TIME ZONE 'UTC'),
    tx bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
    op text NOT NULL,
    source integer NOT NULL DEFAULT 0,
    res_id integer,
    other integer,
    other_id integer,
    uid integer,
    real_uid integer,
    login text,
    company integer,
    ip text,
    session text,
    route text,
    action text,
    event text,
    diff jsonb NOT NULL DEFAULT '{}'
"""

REFUSE = """
CREATE OR REPLACE FUNCTION erp_audit_refuse() RETURNS trigger
LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION 'The audit trail is append-only: % is refused.', TG_OP
        USING ERRCODE = 'insufficient_privilege';
END
$body$
"""


def create(cr):
    """Create the table, its indexes and its guards, if they are not there."""
    cr.execute("SELECT to_regclass(%s)", [TABLE])
    if not cr.fetchone()[0]:
        cr.execute("CREATE SEQUENCE IF NOT EXISTS erp_audit_log_id_seq")
        cr.execute(
            f"CREATE TABLE {TABLE} ({COLUMNS}, PRIMARY KEY (id, ts))"
            " PARTITION BY RANGE (ts)"
        )
        for name, columns in (
            ("document", "source, res_id, id"),
            ("other", "other, other_id, id"),
            ("person", "real_uid, ts"),
            ("operation", "tx, id"),
            ("event", "event, ts"),
        ):
            where = " WHERE other IS NOT NULL" if name == "other" else ""
            where = " WHERE event IS NOT NULL" if name == "event" else where
            cr.execute(f"CREATE INDEX {TABLE}_{name} ON {TABLE} ({columns}){where}")
        cr.execute(f"CREATE TABLE {TABLE}_default PARTITION OF {TABLE} DEFAULT")
    guard(cr)
    make_partitions(cr)


def guard(cr):
    """Refuse updates, deletions and truncation of the table and its partitions."""
    cr.execute(REFUSE)
    _trigger(cr, TABLE, "erp_audit_keep", "BEFORE UPDATE OR DELETE", "ROW")
    _trigger(cr, TABLE, "erp_audit_keep_all", "BEFORE TRUNCATE", "STATEMENT")
    for name in partitions(cr):
        _trigger(cr, name, "erp_audit_keep_all", "BEFORE TRUNCATE", "STATEMENT")


def _trigger(cr, table, name, events, level):
    cr.execute(
        "SELECT 1 FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname = %s",
        [table, name],
    )
    if not cr.fetchone():
        cr.execute(
            SQL(
                "CREATE TRIGGER %s %s ON %s FOR EACH %s"
                " EXECUTE FUNCTION erp_audit_refuse()",
                SQL.identifier(name),
                SQL(events),
                SQL.identifier(table),
                SQL(level),
            )
        )


def partitions(cr):
    """Return the names of the partitions, the default one included, oldest first."""
    cr.execute(
        "SELECT inhrelid::regclass::text FROM pg_inherits"
        " WHERE inhparent = %s::regclass ORDER BY 1",
        [TABLE],
    )
    return [name for (name,) in cr.fetchall()]


def partition_name(month):
    """Return the name of the partition of a month, given by any of its days."""
    return f"{TABLE}_y{month.year:04d}m{month.month:02d}"


def make_partitions(cr, ahead=MONTHS_AHEAD):
    """Make the partitions of this month and of the months to come.

    :return: names of those that are new
    """
    cr.execute("SELECT (now() AT TIME ZONE 'UTC')::date")
    start = cr.fetchone()[0].replace(day=1)
    known, made = set(partitions(cr)), []
    for number in range(ahead + 1):
        month = start + relativedelta(months=number)
        name = partition_name(month)
        if name in known:
            continue
        cr.execute(
            SQL(
                "CREATE TABLE %s PARTITION OF %s FOR VALUES FROM (%s) TO (%s)",
                SQL.identifier(name),
                SQL.identifier(TABLE),
                str(month),
                str(month + relativedelta(months=1)),
            )
        )
        _trigger(cr, name, "erp_audit_keep_all", "BEFORE TRUNCATE", "STATEMENT")
        made.append(name)
    return made
