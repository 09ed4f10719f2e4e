"""The words that the functions of the triggers are written with."""

import hashlib
import json

PREFIX = "erp_audit_"
MASK = "•••"
# concat_ws takes 100 arguments at most
CHUNK = 90
# values beyond this many bytes are recorded by their beginning and their SHA-256
LONG = 65536
BEGINNING = 1000

# what context.py told the database, nothing if nobody told it
CONTEXT = (
    "c jsonb := coalesce(nullif(current_setting('erp_audit.ctx', true), ''),"
    " '{}')::jsonb;"
)
# who it was: the person of the request or job; else whoever the row says, provided
# that somebody told the database about him at all
PERSON = "coalesce((c->>'u')::integer, CASE WHEN c ? 'a' THEN {who} END)"
LOGIN = (
    "CASE WHEN c ? 'u' OR {who} = (c->>'e')::integer THEN c->>'l'"
    " WHEN c ? 'a' THEN {schema}.erp_audit_login({who}) END"
)
# the rest of the context: columns of erp_audit_log, and their values
REST = ("ip, session, route, action", "c->>'ip', c->>'s', c->>'r', c->>'a'")

# types with an equality of their own; others are compared as text
COMPARED = frozenset(
    "bigint boolean bytea character date inet integer interval jsonb name numeric oid"
    " real smallint text uuid".split()
) | {
    "character varying",
    "double precision",
    "timestamp without time zone",
    "timestamp with time zone",
    "time without time zone",
    "integer[]",
    "text[]",
    "character varying[]",
}
# types whose values may be long
TEXTS = frozenset({"text", "character varying", "character", "jsonb"})

SHAPE = (
    "SELECT bit_xor(hashtextextended(attname::text, attnum)) FROM pg_attribute"
    " WHERE attrelid = {table} AND attnum > 0 AND NOT attisdropped"
)

HELPERS = (
    # outside of requests and jobs several users may write in one transaction
    """CREATE OR REPLACE FUNCTION erp_audit_login(uid integer) RETURNS text
LANGUAGE plpgsql STABLE AS $body$
BEGIN
    RETURN (SELECT u.login FROM res_users u WHERE u.id = uid);
END
$body$""",
    # two values as JSON; a very long one by its beginning and its checksum
    f"""CREATE OR REPLACE FUNCTION erp_audit_json(v text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $body$
BEGIN
    IF v IS NULL THEN
        RETURN 'null';
    ELSIF octet_length(v) > {LONG} THEN
        RETURN to_jsonb(left(v, {BEGINNING}) || '… (' || octet_length(v)
            || ' bytes, sha256 ' || encode(sha256(convert_to(v, 'UTF8')), 'hex')
            || ')')::text;
    END IF;
    RETURN to_jsonb(v)::text;
END
$body$""",
    f"""CREATE OR REPLACE FUNCTION erp_audit_json(v jsonb) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $body$
DECLARE
    t text := v::text;
BEGIN
    IF t IS NULL THEN
        RETURN 'null';
    ELSIF octet_length(t) > {LONG} THEN
        RETURN to_jsonb(left(t, {BEGINNING}) || '… (' || octet_length(t)
            || ' bytes, sha256 ' || encode(sha256(convert_to(t, 'UTF8')), 'hex')
            || ')')::text;
    END IF;
    RETURN t;
END
$body$""",
)
# a masked value as JSON text
MASKED = json.dumps(MASK, ensure_ascii=False)


def literal(text):
    """Return a text as SQL literal, for the body of a function."""
    return "'" + str(text).replace("'", "''") + "'"


def quoted(name):
    """Return a name as SQL identifier, for the body of a function."""
    return '"' + name.replace('"', '""') + '"'


def array(names):
    """Return names as SQL array, for the body of a function."""
    return "ARRAY[" + ", ".join(literal(name) for name in sorted(names)) + "]::text[]"


def joined(parts):
    """Return the SQL that joins texts with commas and leaves out NULL."""
    chunks = [
        "concat_ws(',', " + ", ".join(parts[start : start + CHUNK]) + ")"
        for start in range(0, len(parts), CHUNK)
    ]
    if len(chunks) < 2:
        return "".join(chunks) or "''"
    return "concat_ws(',', " + ", ".join(f"nullif({c}, '')" for c in chunks) + ")"


def function_name(table):
    """Return the name of the function of a table; long names are shortened."""
    name = f"{PREFIX}f_{table}"
    if len(name.encode()) <= 63:
        return name
    return name[:40] + "_" + hashlib.sha256(table.encode()).hexdigest()[:12]
