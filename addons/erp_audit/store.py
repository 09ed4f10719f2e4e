"""The tables of the trail and of its seals: append-only, the trail by months.

Odoo's ORM does not know partitioned tables; it reads them through a view, see
``erp.audit.record``. The seals are read through a view as well, so that they outlive
the addon like the trail itself.
"""

# Names of tables and columns are constants of ours, values are parameters.
# pylint: disable=sql-injection

import re
from datetime import date

from dateutil.relativedelta import relativedelta

from odoo.tools import SQL

TABLE = "erp_audit_log"
CHAIN = "erp_audit_chain"
# numbers of the models while the addon is away
SOURCES = "erp_audit_source_kept"
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

# see seal.py
CHAIN_COLUMNS = """
    seq bigint PRIMARY KEY,
    header text NOT NULL,
    signature bytea NOT NULL,
    hash bytea NOT NULL,
    kind text NOT NULL,
    number integer NOT NULL,
    epoch integer NOT NULL,
    min_ts timestamp,
    max_ts timestamp,
    last_tx bigint NOT NULL,
    last_id bigint NOT NULL,
    names text,
    leaves bytea NOT NULL,
    entries bytea NOT NULL
"""

# what PostgreSQL says of the defaults above
DEFAULTS = {
    "id": "nextval('erp_audit_log_id_seq'::regclass)",
    "ts": "(clock_timestamp() AT TIME ZONE 'UTC'::text)",
    "tx": "((pg_current_xact_id())::text)::bigint",
    "source": "0",
    "diff": "'{}'::jsonb",
}

# what people read
VIEW = "erp_audit_record"
VIEW_QUERY = (
    "SELECT id, ts AS date, tx AS operation, op, source AS source_id, res_id,"
    " other AS other_source_id, other_id, real_uid AS user_id,"
    " uid AS effective_user_id, login, company AS company_id, ip, session, route,"
    f" action, event, diff FROM {TABLE}"
)

REFUSE_BODY = """
BEGIN
    RAISE EXCEPTION 'The audit trail is append-only: % is refused.', TG_OP
        USING ERRCODE = 'insufficient_privilege';
END
"""
REFUSE = f"""
CREATE OR REPLACE FUNCTION erp_audit_refuse() RETURNS trigger
LANGUAGE plpgsql AS $body${REFUSE_BODY}$body$
"""
KEEP = ("erp_audit_keep", "BEFORE UPDATE OR DELETE", "ROW")
KEEP_ALL = ("erp_audit_keep_all", "BEFORE TRUNCATE", "STATEMENT")
# as pg_trigger.tgtype has it: for each row 1, before 2, delete 8, update 16,
# truncate 32
TYPES = {KEEP[0]: 1 + 2 + 8 + 16, KEEP_ALL[0]: 2 + 32}


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
    _create_chain(cr)
    guard(cr)
    make_partitions(cr)


def _create_chain(cr):
    """Create the table of the seals."""
    cr.execute("SELECT to_regclass(%s)", [CHAIN])
    if cr.fetchone()[0]:
        return
    cr.execute(f"CREATE TABLE {CHAIN} ({CHAIN_COLUMNS})")
    # hashes cannot be compressed, and entries are already
    for column in ("leaves", "entries"):
        cr.execute(f"ALTER TABLE {CHAIN} ALTER {column} SET STORAGE EXTERNAL")
    cr.execute(f"CREATE INDEX {CHAIN}_time ON {CHAIN} (min_ts, max_ts)")
    cr.execute(f"CREATE INDEX {CHAIN}_position ON {CHAIN} (epoch, last_tx, last_id)")
    cr.execute(f"CREATE INDEX {CHAIN}_names ON {CHAIN} (seq) WHERE names IS NOT NULL")
    cr.execute(
        f"CREATE INDEX {CHAIN}_kind ON {CHAIN} (kind, seq) WHERE kind <> 'block'"
    )


def keep_sources(cr):
    """Keep the numbers of the models: the table of the addon goes with it."""
    cr.execute(f"DROP TABLE IF EXISTS {SOURCES}")
    cr.execute(f"CREATE TABLE {SOURCES} AS SELECT id, name FROM erp_audit_source")


def restore_sources(cr):
    """Give the models the numbers back that records and seals know them by."""
    cr.execute("SELECT to_regclass(%s)", [SOURCES])
    if not cr.fetchone()[0]:
        return
    cr.execute(
        f"INSERT INTO erp_audit_source (id, name) SELECT id, name FROM {SOURCES}"
        " ON CONFLICT DO NOTHING"
    )
    cr.execute(
        "SELECT setval('erp_audit_source_id_seq',"
        " (SELECT coalesce(max(id), 0) + 1 FROM erp_audit_source), false)"
    )
    cr.execute(f"DROP TABLE {SOURCES}")


def guard(cr):
    """Refuse updates, deletions and truncation of the tables and the partitions."""
    cr.execute(REFUSE)
    for table, trigger in _guards(cr):
        _trigger(cr, table, trigger)


def _guards(cr):
    """Return the triggers that must be there, as ``(table, (name, events, level))``.

    Those for rows are handed down to partitions by PostgreSQL.
    """
    return [
        (table, trigger) for table in (TABLE, CHAIN) for trigger in (KEEP, KEEP_ALL)
    ] + [(name, KEEP_ALL) for name in partitions(cr)]


def _trigger(cr, table, trigger):
    name, events, level = trigger
    cr.execute(
        "SELECT 1 FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname = %s",
        [table, name],
    )
    if cr.fetchone():
        return
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
    # also for those who set session_replication_role
    cr.execute(
        SQL(
            "ALTER TABLE %s ENABLE ALWAYS TRIGGER %s",
            SQL.identifier(table),
            SQL.identifier(name),
        )
    )


def guard_view(cr, view):
    """Refuse all writing through a view, which PostgreSQL would hand to its table."""
    cr.execute(
        SQL(
            "CREATE TRIGGER erp_audit_keep INSTEAD OF INSERT OR UPDATE OR DELETE ON %s"
            " FOR EACH ROW EXECUTE FUNCTION erp_audit_refuse()",
            SQL.identifier(view),
        )
    )


def guard_findings(cr):
    """Return which guards are not what they must be.

    :return: list of ``(table, what)``; what is ``missing``, ``disabled`` or
        ``changed``
    """
    cr.execute(
        """SELECT g.tgrelid::regclass::text, g.tgname, g.tgenabled, g.tgtype,
                  p.proname = 'erp_audit_refuse' AND p.prosrc = %s
                  AND g.tgqual IS NULL AND g.tgattr = ''
             FROM pg_trigger g JOIN pg_proc p ON p.oid = g.tgfoid
            WHERE g.tgname = ANY(%s)""",
        [REFUSE_BODY, list(TYPES)],
    )
    present = {(table, name): rest for table, name, *rest in cr.fetchall()}
    wanted = [(table, trigger[0]) for table, trigger in _guards(cr)]
    wanted += [(name, KEEP[0]) for name in partitions(cr)]
    found = []
    for table, name in wanted:
        enabled, kind, right = present.get((table, name), (None, None, None))
        if enabled is None:
            found.append((table, "missing"))
        elif enabled not in "OA":
            found.append((table, "disabled"))
        elif kind != TYPES[name] or not right:
            found.append((table, "changed"))
    found += [(table, "foreign") for table in _foreign(cr)]
    if not _view_is_whole(cr):
        found.append((VIEW, "view"))
    return sorted(set(found))


def _foreign(cr):
    """Return the tables with something that may change or keep out what is written."""
    cr.execute(
        """SELECT t.oid::regclass::text
             FROM pg_class t
            WHERE t.oid::regclass::text = ANY(%s)
              AND (t.relrowsecurity
                   OR EXISTS (SELECT 1 FROM pg_rewrite r WHERE r.ev_class = t.oid)
                   OR EXISTS (SELECT 1 FROM pg_trigger g
                               WHERE g.tgrelid = t.oid AND NOT g.tgisinternal
                                 AND g.tgname <> ALL(%s)))""",
        [[TABLE, CHAIN, *partitions(cr)], list(TYPES)],
    )
    found = [table for (table,) in cr.fetchall()]
    cr.execute(
        "SELECT a.attname, pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d"
        " JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum"
        " WHERE d.adrelid = %s::regclass",
        [TABLE],
    )
    return found if dict(cr.fetchall()) == DEFAULTS else [*found, TABLE]


def _view_is_whole(cr):
    """Return whether the view that people read has all records, as they are."""
    cr.execute("SELECT pg_get_viewdef(to_regclass(%s))", [VIEW])
    text = " ".join((cr.fetchone()[0] or "").replace(f"{TABLE}.", "").split())
    return text.rstrip(";") == VIEW_QUERY


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


def month_of(name):
    """Return the first day of a partition's month; None for the default partition."""
    match = re.fullmatch(rf"{TABLE}_y(\d{{4}})m(\d\d)", name)
    return date(int(match[1]), int(match[2]), 1) if match else None


def month_after(month):
    """Return the first day of the month after a month's first day."""
    return month + relativedelta(months=1)


def make_partitions(cr, ahead=MONTHS_AHEAD):
    """Make the partitions of this month and of the months to come.

    A month of which the default partition has records already stays there: they
    cannot be moved, see :func:`strays`.

    :return: names of those that are new
    """
    cr.execute("SELECT (now() AT TIME ZONE 'UTC')::date")
    start = cr.fetchone()[0].replace(day=1)
    known, made = set(partitions(cr)), []
    for number in range(ahead + 1):
        month = start + relativedelta(months=number)
        name = partition_name(month)
        if name not in known and not strays(cr, month):
            _make_partition(cr, month)
            made.append(name)
    return made


def _make_partition(cr, month):
    name = partition_name(month)
    cr.execute(
        SQL(
            "CREATE TABLE %s PARTITION OF %s FOR VALUES FROM (%s) TO (%s)",
            SQL.identifier(name),
            SQL.identifier(TABLE),
            str(month),
            str(month_after(month)),
        )
    )
    _trigger(cr, name, KEEP_ALL)


def strays(cr, month=None):
    """Return how many records are in the default partition, 1,000 at most.

    :param month: first day of the month to look at, all if not given
    """
    cr.execute("SELECT to_regclass(%s)", [f"{TABLE}_default"])
    if not cr.fetchone()[0]:
        return 0
    start = month or date.min
    end = month_after(month) if month else date.max
    cr.execute(
        f"SELECT count(*) FROM (SELECT 1 FROM {TABLE}_default"
        " WHERE ts >= %s AND ts < %s LIMIT 1000) AS rows",
        [start, end],
    )
    return cr.fetchone()[0]


def drop_partition(cr, name):
    """Take a month away: the only way, used after it was exported and signed off.

    :param str name: name of a partition, not the default one
    """
    if name not in partitions(cr) or not month_of(name):
        raise ValueError(f"{name} is no month of the trail")
    # whoever writes waits for us; we do not wait long for whoever reads
    cr.execute("SET LOCAL lock_timeout = '5s'")
    cr.execute(
        SQL(
            "ALTER TABLE %s DETACH PARTITION %s",
            SQL.identifier(TABLE),
            SQL.identifier(name),
        )
    )
    cr.execute(SQL("DROP TABLE %s", SQL.identifier(name)))
