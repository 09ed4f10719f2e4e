"""What somebody does to keys and second factors, and who looks where he may not."""

from .kind import SingleKind, WindowKind, model_name, people


class SecondFactorRemoved(SingleKind):
    """The second factor or a passkey of somebody is taken away."""

    code = "second_factor_removed"
    events = frozenset({"second_factor"})
    changes = {"auth.passkey.key": "d"}
    where = """((f.event = 'second_factor' AND f.diff->>'on' = 'false')
                OR (f.op = 'd' AND s.name = 'auth.passkey.key'))"""
    person = """CASE WHEN f.event = 'second_factor' THEN f.res_id
                     ELSE coalesce((f.diff->>'create_uid')::integer, f.real_uid) END"""
    key = """CASE WHEN f.event = 'second_factor' THEN f.res_id
                  ELSE f.real_uid END::text"""
    facts = "jsonb_build_object('passkey', f.event IS NULL)"

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
    joins = """
    JOIN LATERAL (
        SELECT bool_or(h.ip = f.ip) AS ip
          FROM erp_audit_log h
         WHERE h.event = 'key_used' AND h.real_uid = f.real_uid AND h.ts < f.ts
           AND h.ts >= f.ts - make_interval(days => %(days)s)
    ) known ON known.ip = false
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
    # one row for each minute of a person at an address
    rows = """
    SELECT DISTINCT ON (f.real_uid, f.ip, date_trunc('minute', f.ts))
           f.real_uid::text AS key, f.id, f.ts, f.company, f.real_uid AS person,
           f.real_uid AS actor, 1 AS weight, (%(fresh)s) AS fresh,
           jsonb_build_object('ip', f.ip) AS facts
      FROM erp_audit_log f
     WHERE f.real_uid = ANY(ARRAY(
               SELECT f.real_uid FROM erp_audit_log f
                WHERE %(fresh)s AND f.ip IS NOT NULL AND f.real_uid > 0
                  AND f.event IS DISTINCT FROM 'login_failed'
                GROUP BY f.real_uid))
       AND f.ts BETWEEN %(low)s AND %(high)s AND f.ip IS NOT NULL
       AND f.event IS DISTINCT FROM 'login_failed'
     ORDER BY f.real_uid, f.ip, date_trunc('minute', f.ts), (%(fresh)s) DESC, f.id
    """
    counted = """
    SELECT r.*, o.n, o.touched
      FROM rows r
      JOIN (SELECT key FROM rows GROUP BY key
            HAVING count(DISTINCT facts->>'ip') >= %(least)s) k USING (key)
     CROSS JOIN LATERAL (
           SELECT count(DISTINCT o.facts->>'ip') AS n, bool_or(o.fresh) AS touched
             FROM rows o
            WHERE o.key = r.key AND o.ts BETWEEN r.ts - %(window)s AND r.ts) o
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
       AND f.real_uid IS NOT NULL
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
