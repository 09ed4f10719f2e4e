"""What somebody does to keys and second factors, and who looks where he may not."""

from .kind import EARLIER, SingleKind, WindowKind, model_name, people

# spells of a person at several addresses that are looked at, the newest; there are
# fewer in what is new of one run
SLOTS = 50_000


class SecondFactorRemoved(SingleKind):
    """The second factor or a passkey of somebody is taken away."""

    code = "second_factor_removed"
    events = frozenset({"second_factor"})
    changes = {"auth.passkey.key": "d", "res.users": "w"}
    # a secret that goes without the event in words was taken in the database itself
    where = """((f.event = 'second_factor' AND f.diff->>'on' = 'false')
                OR (f.op = 'd' AND s.name = 'auth.passkey.key')
                OR (f.op = 'w' AND s.name = 'res.users'
                    AND f.diff->'totp_secret'->0 <> 'null'
                    AND f.diff->'totp_secret'->1 = 'null'
                    AND NOT EXISTS (
                        SELECT 1 FROM erp_audit_log e
                         WHERE e.tx = f.tx AND e.event = 'second_factor'
                           AND e.res_id = f.res_id)))"""
    person = """CASE WHEN s.name = 'res.users' THEN f.res_id
                     ELSE coalesce((f.diff->>'create_uid')::integer, f.real_uid) END"""
    key = """CASE WHEN s.name = 'res.users' THEN f.res_id
                  ELSE coalesce(f.real_uid, 0) END::text"""
    facts = "jsonb_build_object('passkey', s.name = 'auth.passkey.key')"

    def words(self, alert):
        """Override: whose, and by whom."""
        env = alert.env
        parts = {
            "person": people(alert.person_id),
            "actor": people(alert.actor_id) or "?",
        }
        if alert.facts.get("passkey"):
            return env._("A passkey of %(person)s was removed by %(actor)s", **parts)
        return env._(
            "The second factor of %(person)s was removed by %(actor)s", **parts
        )


class KeyWithoutEnd(SingleKind):
    """A key for programs that is good for ever."""

    code = "key_without_end"
    changes = {"res.users.apikeys": "c"}
    where = """f.op = 'c' AND s.name = 'res.users.apikeys'
               AND f.diff->>'expiration_date' IS NULL"""
    person = "coalesce((f.diff->>'user_id')::integer, f.real_uid)"
    key = "coalesce(f.diff->>'user_id', f.real_uid::text)"
    facts = "jsonb_build_object('name', f.diff->>'name')"

    def words(self, alert):
        """Override: whose."""
        return alert.env._(
            "An API key of %(person)s never ends: %(name)s",
            person=people(alert.person_id),
            name=alert.facts.get("name") or "?",
        )


class KeyNewAddress(SingleKind):
    """A key or password of a program is used from where it never was."""

    code = "key_new_address"
    thresholds = {"days": 90}
    events = frozenset({"key_used"})
    # each use is looked at once, not once for each later one
    joins = f"""
    JOIN (
        WITH known AS MATERIALIZED (
        SELECT h.id, h.ts, count(h.ip) OVER person AS ips, count(h.ip) OVER ip AS ip
          FROM erp_audit_log h
         WHERE h.event = 'key_used' AND h.real_uid = ANY(ARRAY(
                   SELECT f.real_uid FROM erp_audit_log f
                    WHERE %(fresh)s AND f.event = 'key_used' GROUP BY f.real_uid))
           AND h.ts >= %(low)s::timestamp - make_interval(days => %(days)s)
           AND h.ts <= %(high)s
        WINDOW person AS (PARTITION BY h.real_uid ORDER BY h.ts {EARLIER}),
               ip AS (PARTITION BY h.real_uid, h.ip ORDER BY h.ts {EARLIER})
        ), strange AS MATERIALIZED (
            SELECT * FROM known WHERE ip = 0
        ) SELECT * FROM strange
    ) known ON known.id = f.id AND known.ts = f.ts
           AND f.ip IS NOT NULL AND known.ips > 0 AND known.ip = 0
    """
    where = "f.event = 'key_used'"
    key = "f.real_uid::text || ' ' || coalesce(f.ip, '')"
    facts = "jsonb_build_object('ip', f.ip, 'scope', f.diff->>'scope')"

    def words(self, alert):
        """Override: whose, from where."""
        return alert.env._(
            "A program that acts as %(person)s calls from an address never used "
            "before: %(ip)s",
            person=people(alert.person_id),
            ip=alert.facts.get("ip") or "?",
        )


class ManyAddresses(WindowKind):
    """One person works from several addresses at the same time."""

    code = "many_addresses"
    thresholds = {"addresses": 3, "minutes": 10}
    least = "addresses"
    events = frozenset({"login", "key_used", "export", "read", "print", "download"})
    changes = {"*": "cwdlua"}
    # time is cut into slots as long as the window: a window lies in two of them, and
    # only slots with enough addresses are looked at closely; then one row for each
    # minute of a person at an address
    slot = "extract(epoch FROM f.ts)::bigint / (%(minutes)s * 60)"
    rows = f"""
    WITH slots AS MATERIALIZED (
        SELECT f.real_uid, f.ip, {slot} AS slot, bool_or(%(fresh)s) AS touched
          FROM erp_audit_log f
         WHERE f.ts BETWEEN %(low)s AND %(high)s AND f.ip IS NOT NULL
           AND f.real_uid > 0 AND f.event IS DISTINCT FROM 'login_failed' AND %(ours)s
         GROUP BY 1, 2, 3
    ), busy AS (
        SELECT b.real_uid, b.slot
          FROM (SELECT s.real_uid, s.ip, s.slot, s.touched FROM slots s
                 UNION ALL
                SELECT s.real_uid, s.ip, s.slot + 1, s.touched FROM slots s) b
         GROUP BY 1, 2
        HAVING bool_or(b.touched) AND count(DISTINCT b.ip) >= %(addresses)s
         ORDER BY b.slot DESC LIMIT {SLOTS}
    ), needed AS MATERIALIZED (
        SELECT b.real_uid, b.slot FROM busy b
         UNION
        SELECT b.real_uid, b.slot - 1 FROM busy b
    )
    SELECT DISTINCT ON (f.real_uid, f.ip, date_trunc('minute', f.ts))
           f.real_uid::text AS key, f.id, f.ts, f.company, f.real_uid AS person,
           f.real_uid AS actor, 1 AS weight, (%(fresh)s) AS fresh, n.slot,
           jsonb_build_object('ip', f.ip) AS facts
      FROM needed n CROSS JOIN LATERAL (
           SELECT f.* FROM erp_audit_log f
            WHERE f.real_uid = n.real_uid AND {slot} = n.slot
              AND f.ts >= timestamp 'epoch'
                          + make_interval(secs => n.slot * %(minutes)s * 60 - 1)
              AND f.ts < timestamp 'epoch'
                         + make_interval(secs => (n.slot + 1) * %(minutes)s * 60)
              AND f.ts BETWEEN %(low)s AND %(high)s AND f.ip IS NOT NULL
              AND f.event IS DISTINCT FROM 'login_failed' AND %(ours)s) f
     ORDER BY f.real_uid, f.ip, date_trunc('minute', f.ts), (%(fresh)s) DESC, f.id
    """
    counted = """
    SELECT r.*, o.n, o.touched
      FROM rows r JOIN (
           SELECT r.id, count(DISTINCT o.facts->>'ip') AS n,
                  bool_or(o.fresh) AS touched
             FROM rows r JOIN (
                  SELECT key, slot, ts, fresh, facts FROM rows
                   UNION ALL
                  SELECT key, slot + 1, ts, fresh, facts FROM rows) o
               ON o.key = r.key AND o.slot = r.slot
              AND o.ts BETWEEN r.ts - %(window)s AND r.ts
            GROUP BY r.id) o USING (id)
    """

    def words(self, alert):
        """Override: who, from how many."""
        return alert.env._(
            "%(person)s works from %(number)s addresses within %(minutes)s minutes",
            person=people(alert.person_id),
            number=alert.facts.get("number", 0),
            minutes=alert.rule_id.minutes,
        )


class Probing(WindowKind):
    """Somebody tries what he may not, again and again."""

    code = "probing"
    thresholds = {"attempts": 20, "minutes": 10}
    least = "attempts"
    events = frozenset({"denied"})
    rows = """
    SELECT f.real_uid::text AS key, f.id, f.ts, f.company, f.real_uid AS person,
           f.real_uid AS actor,
           1 + coalesce((f.diff->>'left_out')::integer, 0) AS weight,
           (%(fresh)s) AS fresh, jsonb_build_object('model', s.name) AS facts
      FROM erp_audit_log f LEFT JOIN erp_audit_source s ON s.id = f.source
     WHERE f.event = 'denied' AND f.ts BETWEEN %(low)s AND %(high)s
       AND f.real_uid IS NOT NULL AND %(ours)s
    """

    def words(self, alert):
        """Override: who, how often, at what last."""
        return alert.env._(
            "%(person)s was refused %(number)s times within %(minutes)s minutes, last "
            "at: %(model)s",
            person=people(alert.person_id),
            number=alert.facts.get("number", 0),
            minutes=alert.rule_id.minutes,
            model=model_name(alert.env, alert.facts.get("model")),
        )
