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

# rows have got other numbers in this transaction: their numbers pair nothing any more
MOVED = "PERFORM set_config('erp_audit.moved', '1', true);"
NOT_MOVED = "coalesce(current_setting('erp_audit.moved', true), '') = ''"

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

# names, places and types of the columns; types of extensions have other numbers in
# each database
SHAPE = (
    "SELECT bit_xor(hashtextextended(attname::text,"
    " attnum + (least(atttypid, 16384::oid)::bigint << 16))) FROM pg_attribute"
    " WHERE attrelid = {table} AND attnum > 0 AND NOT attisdropped"
)

# of a text that is too long: its beginning and its checksum
SHORTENED = (
    f"left({{v}}, {BEGINNING}) || '… (' || octet_length({{v}}) || ' bytes, sha256 '"
    " || encode(sha256(convert_to({v}, 'UTF8')), 'hex') || ')'"
)

HELPERS = (
    # outside of requests and jobs several users may write in one transaction
    """CREATE OR REPLACE FUNCTION erp_audit_login(uid integer) RETURNS text
LANGUAGE plpgsql STABLE AS $body$
BEGIN
    RETURN (SELECT u.login FROM res_users u WHERE u.id = uid);
END
$body$""",
    # a value as JSON text; a very long one by its beginning and its checksum
    f"""CREATE OR REPLACE FUNCTION erp_audit_json(v text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $body$
BEGIN
    IF v IS NULL THEN
        RETURN 'null';
    ELSIF octet_length(v) > {LONG} THEN
        RETURN to_jsonb({SHORTENED.format(v="v")})::text;
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
        RETURN to_jsonb({SHORTENED.format(v="t")})::text;
    END IF;
    RETURN t;
END
$body$""",
    # the old and the new value
    f"""CREATE OR REPLACE FUNCTION erp_audit_pair(o text, n text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $body$
BEGIN
    IF octet_length(o) > {LONG} THEN
        o := {SHORTENED.format(v="o")};
    END IF;
    IF octet_length(n) > {LONG} THEN
        n := {SHORTENED.format(v="n")};
    END IF;
    RETURN jsonb_build_array(o, n)::text;
END
$body$""",
    f"""CREATE OR REPLACE FUNCTION erp_audit_pair(o jsonb, n jsonb) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $body$
BEGIN
    IF octet_length(o::text) > {LONG} THEN
        o := to_jsonb({SHORTENED.format(v="o::text")});
    END IF;
    IF octet_length(n::text) > {LONG} THEN
        n := to_jsonb({SHORTENED.format(v="n::text")});
    END IF;
    RETURN jsonb_build_array(o, n)::text;
END
$body$""",
    # who does what, see context.py: what is stored of the person is looked up here
    """CREATE OR REPLACE FUNCTION erp_audit_told(v jsonb, wish integer, who integer)
RETURNS text LANGUAGE plpgsql AS $body$
DECLARE
    name text;
    own integer;
BEGIN
    SELECT u.login, u.company_id INTO name, own FROM res_users u WHERE u.id = who;
    IF wish <> own AND EXISTS (SELECT 1 FROM res_company_users_rel r
                                WHERE r.user_id = who AND r.cid = wish) THEN
        own := wish;
    END IF;
    RETURN set_config('erp_audit.ctx', (v || jsonb_strip_nulls(jsonb_build_object(
        'l', name, 'c', own)))::text, false);
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
