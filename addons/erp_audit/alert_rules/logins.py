"""Who logs in, how, and when."""

from collections import defaultdict
from datetime import timedelta

import pytz

from .kind import EARLIER, SingleKind, WindowKind, people


class BruteForce(WindowKind):
    """Somebody tries passwords: of one person, or from one address."""

    code = "brute_force"
    thresholds = {"attempts": 10, "minutes": 10}
    least = "attempts"
    events = frozenset({"login_failed"})
    rows = """
    SELECT k.key, f.id, f.ts, f.company,
           CASE WHEN k.by = 'login' THEN f.res_id END AS person,
           NULL::integer AS actor,
           1 + coalesce((f.diff->>'left_out')::integer, 0) AS weight,
           (%(fresh)s) AS fresh,
           jsonb_build_object('by', k.by, 'what', k.what) AS facts
      FROM erp_audit_log f,
           LATERAL (VALUES ('login:' || lower(f.diff->>'login'), 'login',
                            f.diff->>'login'),
                           ('ip:' || f.ip, 'ip', f.ip)) AS k (key, by, what)
     WHERE f.event = 'login_failed' AND f.ts BETWEEN %(low)s AND %(high)s
       AND k.what <> '' AND %(ours)s
    """

    def words(self, alert):
        """Override: how often, for whom or from where."""
        env, facts = alert.env, alert.facts
        if facts.get("by") == "ip":
            return env._(
                "%(number)s failed logins from the address %(what)s within "
                "%(minutes)s minutes",
                **self._parts(alert),
            )
        return env._(
            "%(number)s failed logins as %(what)s within %(minutes)s minutes",
            **self._parts(alert),
        )

    def _parts(self, alert):
        facts = alert.facts
        return {
            "number": facts.get("number", 0),
            "what": facts.get("what", ""),
            "minutes": alert.rule_id.minutes,
        }


class SuccessAfterFailures(SingleKind):
    """A login that succeeds after many that did not."""

    code = "success_after_failures"
    thresholds = {"attempts": 5, "minutes": 60}
    events = frozenset({"login"})
    # failures since the login before, of all logins in one pass
    joins = """
    JOIN (
        WITH failed AS MATERIALIZED (
        SELECT l.id, l.ts, sum(1 + coalesce((h.diff->>'left_out')::integer, 0)) AS n,
               (array_agg(h.id ORDER BY h.ts DESC))[1:%(many)s] AS ids
          FROM (SELECT p.id, p.ts, p.res_id, max(p.ts) OVER (
                           PARTITION BY p.res_id ORDER BY p.ts
                           RANGE BETWEEN UNBOUNDED PRECEDING
                                     AND interval '1 microsecond' PRECEDING) AS before
                  FROM erp_audit_log p
                 WHERE p.event = 'login' AND p.ts <= %(high)s
                   AND p.ts >= %(low)s::timestamp - make_interval(mins => %(minutes)s)
               ) l
          JOIN erp_audit_log h ON h.res_id = l.res_id AND h.ts < l.ts
               AND h.ts >= l.ts - make_interval(mins => %(minutes)s)
               AND h.ts > coalesce(l.before, '-infinity')
         WHERE h.event = 'login_failed' AND h.ts <= %(high)s
           AND h.ts >= %(low)s::timestamp - make_interval(mins => %(minutes)s)
         GROUP BY 1, 2
        HAVING sum(1 + coalesce((h.diff->>'left_out')::integer, 0)) >= %(attempts)s
        ) SELECT * FROM failed
    ) failed ON failed.id = f.id AND failed.ts = f.ts
    """
    where = "f.event = 'login'"
    evidence = "failed.ids"
    facts = "jsonb_build_object('number', failed.n, 'ip', f.ip)"

    def words(self, alert):
        """Override: who got in at last."""
        return alert.env._(
            "%(person)s logged in from %(ip)s after %(number)s failed attempts",
            person=people(alert.person_id),
            ip=alert.facts.get("ip") or "?",
            number=alert.facts.get("number", 0),
        )


class NewPlace(SingleKind):
    """Somebody with far-reaching rights logs in from where he never did."""

    code = "new_place"
    thresholds = {"days": 90}
    events = frozenset({"login"})
    # each login is looked at once, not once for each later one
    joins = f"""
    JOIN (
        WITH known AS MATERIALIZED (
        SELECT h.id, h.ts, count(h.ip) OVER person AS ips, count(h.ip) OVER ip AS ip,
               count(h.diff->'device') OVER person AS devices,
               count(h.diff->>'device') OVER device AS device
          FROM erp_audit_log h
         WHERE h.event = 'login' AND h.real_uid = ANY(%(privileged)s)
           AND h.ts >= %(low)s::timestamp - make_interval(days => %(days)s)
           AND h.ts <= %(high)s
        WINDOW person AS (PARTITION BY h.real_uid ORDER BY h.ts {EARLIER}),
               ip AS (PARTITION BY h.real_uid, h.ip ORDER BY h.ts {EARLIER}),
               device AS (PARTITION BY h.real_uid, h.diff->>'device'
                          ORDER BY h.ts {EARLIER})
        ), strange AS MATERIALIZED (
            SELECT * FROM known WHERE ip = 0 OR device = 0
        ) SELECT * FROM strange
    ) known ON known.id = f.id AND known.ts = f.ts AND (
        (f.ip IS NOT NULL AND known.ips > 0 AND known.ip = 0)
        OR (f.diff ? 'device' AND known.devices > 0 AND known.device = 0))
    """
    where = "f.event = 'login' AND f.real_uid = ANY(%(privileged)s)"
    key = "f.real_uid::text || ' ' || coalesce(f.ip, '')"
    facts = """jsonb_build_object('ip', f.ip, 'device', f.diff->>'device',
                                  'new_ip', known.ip = 0)"""

    def values(self, rule):
        """Override to name the people with far-reaching rights."""
        return super().values(rule) | {"privileged": rule._privileged()}

    def words(self, alert):
        """Override: who, and what is new."""
        env, facts = alert.env, alert.facts
        person = people(alert.person_id)
        if facts.get("new_ip"):
            return env._(
                "%(person)s, who has far-reaching rights, logged in from an address "
                "never used before: %(ip)s",
                person=person,
                ip=facts.get("ip") or "?",
            )
        return env._(
            "%(person)s, who has far-reaching rights, logged in with a device never "
            "used before: %(device)s",
            person=person,
            device=facts.get("device") or "?",
        )


class ImpossibleTravel(SingleKind):
    """Logins of one person in two countries, sooner than anybody travels."""

    code = "impossible_travel"
    thresholds = {"hours": 4}
    events = frozenset({"login"})
    joins = """
    JOIN LATERAL (
        SELECT h.id, h.ts, h.ip, h.diff->>'country' AS country
          FROM erp_audit_log h
         WHERE h.event = 'login' AND h.real_uid = f.real_uid
           AND (h.ts, h.id) < (f.ts, f.id)
           AND h.ts >= f.ts - make_interval(hours => %(hours)s)
           AND h.diff ? 'country'
         ORDER BY h.ts DESC, h.id DESC LIMIT 1
    ) before ON before.country <> f.diff->>'country'
    """
    where = "f.event = 'login' AND f.real_uid > 1 AND f.diff ? 'country'"
    evidence = "ARRAY[before.id]"
    facts = """jsonb_build_object('from', before.country, 'ip', f.ip,
        'to', f.diff->>'country', 'minutes',
        round(extract(epoch FROM f.ts - before.ts) / 60))"""

    def words(self, alert):
        """Override: who, where and where, how long between."""
        env, facts = alert.env, alert.facts
        return env._(
            "%(person)s logged in from two countries within %(minutes)s minutes: "
            "%(before)s, then %(after)s (%(ip)s)",
            person=people(alert.person_id),
            minutes=facts.get("minutes", 0),
            before=self._country(env, facts.get("from")),
            after=self._country(env, facts.get("to")),
            ip=facts.get("ip") or "?",
        )

    def _country(self, env, code):
        # sudo: names of countries
        countries = env["res.country"].sudo()
        return countries.search([("code", "=", code)], limit=1).name or code or "?"


class OutsideHours(SingleKind):
    """A login when the person does not work, by the clock of where he is."""

    code = "outside_hours"
    thresholds = {"minutes": 60}
    events = frozenset({"login"})
    where = "f.event = 'login' AND f.real_uid IS NOT NULL"
    key = "f.real_uid::text"

    def sift(self, rule, hits):
        """Override to look at the working hours."""
        # sudo: working hours and time zones of people
        users = rule.env["res.users"].sudo().with_context(active_test=False)
        users = users.browse({hit["person"] for hit in hits}).exists()
        groups = defaultdict(list)
        people_ = {}
        # customers have no working hours
        for user in users.filtered(lambda user: not user.share):
            calendar = user.resource_calendar_id or user.company_id.resource_calendar_id
            zone = user.tz or user.resource_ids[:1].tz or calendar.tz or "UTC"
            people_[user.id] = calendar, zone
        for hit in hits:
            if hit["person"] in people_:
                groups[people_[hit["person"]]].append(hit)
        found = [
            hit
            for (calendar, zone), some in groups.items()
            for hit in self._outside(calendar, pytz.timezone(zone), some, rule.minutes)
        ]
        return sorted(found, key=lambda hit: hit["last"])

    def _outside(self, calendar, zone, hits, tolerance):
        if not calendar or calendar.flexible_hours:
            return
        margin = timedelta(minutes=tolerance)
        moments = [pytz.utc.localize(hit["last"]) for hit in hits]
        day = timedelta(days=1)
        work = calendar._work_intervals_batch(
            min(moments) - day, max(moments) + day, tz=zone
        )[False]
        spans = [(start - margin, stop + margin) for start, stop, _meta in work]
        for moment, hit in zip(moments, hits, strict=True):
            if not any(start <= moment <= stop for start, stop in spans):
                local = moment.astimezone(zone)
                hit["facts"] = {"at": f"{local:%Y-%m-%d %H:%M}", "zone": zone.zone}
                yield hit

    def words(self, alert):
        """Override: who, when by his own clock."""
        return alert.env._(
            "%(person)s logged in outside working hours: %(time)s (%(zone)s)",
            person=people(alert.person_id),
            time=alert.facts.get("at", ""),
            zone=alert.facts.get("zone", ""),
        )


class DormantUser(SingleKind):
    """Somebody comes back who was away for long."""

    code = "dormant_user"
    thresholds = {"days": 60}
    events = frozenset({"login"})
    # what the trail does not reach back to, nobody knows
    joins = """
    JOIN LATERAL (
        SELECT coalesce(
                   (SELECT max(h.ts) FROM erp_audit_log h
                     WHERE h.real_uid = f.real_uid AND h.ts < f.ts
                       AND h.event IS DISTINCT FROM 'login_failed'),
                   (SELECT greatest(u.create_date,
                                    (SELECT o.ts FROM erp_audit_log o
                                      ORDER BY o.id LIMIT 1))
                      FROM res_users u WHERE u.id = f.real_uid)) AS ts
    ) seen ON seen.ts < f.ts - make_interval(days => %(days)s)
    """
    where = "f.event = 'login'"
    facts = """jsonb_build_object('since', seen.ts::date::text,
                                  'days', f.ts::date - seen.ts::date, 'ip', f.ip)"""

    def words(self, alert):
        """Override: who, after how long."""
        return alert.env._(
            "%(person)s logged in after %(days)s days without any activity",
            person=people(alert.person_id),
            days=alert.facts.get("days", 0),
        )


class Superuser(SingleKind):
    """Somebody becomes superuser, or logs in as the superuser."""

    code = "superuser"
    events = frozenset({"become_superuser", "login"})
    where = "(f.event = 'become_superuser' OR (f.event = 'login' AND f.real_uid = 1))"
    facts = "jsonb_build_object('login', f.event = 'login', 'ip', f.ip)"

    def words(self, alert):
        """Override: who."""
        if alert.facts.get("login"):
            return alert.env._(
                "Somebody logged in as superuser from %s", alert.facts.get("ip") or "?"
            )
        return alert.env._(
            "%s became superuser: no access rights hold him back",
            people(alert.person_id),
        )


class NoSecondFactor(SingleKind):
    """Somebody with far-reaching rights logs in with a password alone."""

    code = "no_second_factor"
    events = frozenset({"login"})
    where = """f.event = 'login' AND f.real_uid = ANY(%(privileged)s)
               AND f.diff->>'type' = 'password'"""
    facts = "jsonb_build_object('ip', f.ip)"

    def values(self, rule):
        """Override to name the people with far-reaching rights."""
        return super().values(rule) | {"privileged": rule._privileged()}

    def sift(self, rule, hits):
        """Override to look who has a second factor."""
        # sudo: who has a second factor is kept from others
        users = rule.env["res.users"].sudo().with_context(active_test=False)
        users = users.browse({hit["person"] for hit in hits}).exists()
        safe = set()
        for name in ("totp_enabled", "auth_passkey_key_ids"):
            if name in users._fields:
                safe.update(users.filtered(name).ids)
        return [hit for hit in hits if hit["person"] not in safe]

    def words(self, alert):
        """Override: who."""
        return alert.env._(
            "%s has far-reaching rights, and logs in with a password alone",
            people(alert.person_id),
        )
