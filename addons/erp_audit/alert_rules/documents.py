"""How much somebody takes out, reads, prints or removes."""

# values are always parameters: what is put together are constants of ours
# pylint: disable=sql-injection

from bisect import bisect_left, insort
from collections import defaultdict
from datetime import timedelta
from statistics import median

from odoo.tools import SQL
from odoo.tools.misc import formatLang

from .kind import MANY, Kind, SingleKind, WindowKind, model_name, people

COUNT = "greatest(coalesce((f.diff->>'count')::integer, 1), 1)"


class ExportLarge(SingleKind):
    """An export of many records, or of far more than this person ever exports."""

    code = "export_large"
    thresholds = {"records": 1000, "factor": 5.0}
    events = frozenset({"export"})
    # a hundred records are the least to be worth a word
    where = f"f.event = 'export' AND {COUNT} >= least(%(records)s, 100)"
    key = "coalesce(f.real_uid, 0)::text || ' ' || coalesce(s.name, '')"
    facts = f"jsonb_build_object('model', s.name, 'count', {COUNT})"
    # what the same people exported before, read once
    earlier = """
    SELECT h.real_uid, h.ts, (h.diff->>'count')::integer
      FROM erp_audit_log h
     WHERE h.event = 'export' AND h.real_uid = ANY(%s)
       AND h.ts >= %s::timestamp - interval '30 days' AND h.ts < %s
     ORDER BY h.ts
    """

    def sift(self, rule, hits):
        """Override to compare with what a person usually exports."""
        people_ = defaultdict(list)
        for hit in hits:
            people_[hit["person"]].append(hit)
        earlier = self._earlier(rule.env.cr, hits)
        for person, some in people_.items():
            self._add_usual(some, earlier.get(person, []))
        return [hit for hit in hits if self._is_large(rule, hit["facts"])]

    def _is_large(self, rule, facts):
        if facts["count"] >= rule.records:
            return True
        return bool(facts["median"]) and facts["count"] > rule.factor * facts["median"]

    def _earlier(self, cr, hits):
        """Return ``{person: [(time, number of records)]}``, oldest first."""
        found = defaultdict(list)
        if hits:
            persons = {hit["person"] for hit in hits} - {None}
            cr.execute(
                self.earlier, [list(persons), hits[0]["first"], hits[-1]["first"]]
            )
            for person, moment, count in cr.fetchall():
                found[person].append((moment, count))
        return found

    def _add_usual(self, hits, exports):
        """Add to hits of one person the middle of the 30 days before.

        Five exports are the least to say what is usual.
        """
        # numbers of records within the days, in their order
        counts, left, right = [], 0, 0
        for hit in hits:
            while right < len(exports) and exports[right][0] < hit["first"]:
                if exports[right][1] is not None:
                    insort(counts, exports[right][1])
                right += 1
            since = hit["first"] - timedelta(days=30)
            while left < right and exports[left][0] < since:
                if exports[left][1] is not None:
                    counts.pop(bisect_left(counts, exports[left][1]))
                left += 1
            hit["facts"]["median"] = (
                (counts[(len(counts) - 1) // 2] + counts[len(counts) // 2]) / 2
                if counts and right - left >= 5
                else None
            )

    def words(self, alert):
        """Override: who, what, how much."""
        env, facts = alert.env, alert.facts
        parts = {
            "person": people(alert.person_id),
            "number": facts.get("count", 0),
            "model": model_name(env, facts.get("model")),
        }
        if facts.get("median"):
            return env._(
                "%(person)s exported %(number)s records of %(model)s; usually it is "
                "%(median)s",
                median=round(facts["median"]),
                **parts,
            )
        return env._("%(person)s exported %(number)s records of %(model)s", **parts)


class ExportSensitive(SingleKind):
    """An export of documents of which each reading is recorded."""

    code = "export_sensitive"
    events = frozenset({"export"})
    where = """f.event = 'export' AND EXISTS (
        SELECT 1 FROM erp_audit_rule r
         WHERE r.model_name = s.name AND r.log_reads AND r.state = 'confirmed')"""
    key = "coalesce(f.real_uid, 0)::text || ' ' || coalesce(s.name, '')"
    facts = f"jsonb_build_object('model', s.name, 'count', {COUNT})"

    def words(self, alert):
        """Override: who, what."""
        env, facts = alert.env, alert.facts
        return env._(
            "%(person)s exported sensitive documents: %(number)s of %(model)s",
            person=people(alert.person_id),
            number=facts.get("count", 0),
            model=model_name(env, facts.get("model")),
        )


class ReadsAbovePeers(Kind):
    """Somebody reads far more sensitive documents in a day than others do."""

    code = "reads_above_peers"
    thresholds = {"records": 200, "factor": 5.0}
    events = frozenset({"read"})
    text = f"""
    WITH busy AS MATERIALIZED (
        SELECT f.real_uid, f.source, f.ts::date AS day, sum({COUNT}) AS n,
               bool_or(%(fresh)s) AS touched, max(f.company) AS company,
               (array_agg(f.id ORDER BY f.ts DESC) FILTER (WHERE %(fresh)s))[1:{MANY}]
                   AS hits,
               (array_agg(f.id ORDER BY f.ts DESC))[1:{MANY}] AS evidence,
               min(f.ts) AS first, max(f.ts) AS last
          FROM erp_audit_log f
         WHERE f.event = 'read' AND f.real_uid IS NOT NULL AND %(ours)s
           AND f.ts >= date_trunc('day', %(low)s::timestamp)
           AND f.ts < date_trunc('day', %(high)s::timestamp) + interval '1 day'
         GROUP BY 1, 2, 3
        HAVING sum({COUNT}) >= %(records)s AND bool_or(%(fresh)s)
    )
    SELECT b.real_uid || ' ' || b.source AS key, b.company, b.real_uid AS person,
           b.real_uid AS actor, b.first, b.last, b.hits, b.evidence, b.source, b.day,
           jsonb_build_object('model', s.name, 'number', b.n) AS facts
      FROM busy b JOIN erp_audit_source s ON s.id = b.source
     ORDER BY b.last
    """
    # what everybody read of these kinds in a day, read once
    days = f"""
    SELECT f.source, f.ts::date AS day, f.real_uid, sum({COUNT})
      FROM erp_audit_log f
     WHERE f.event = 'read' AND f.source = ANY(%s) AND f.real_uid IS NOT NULL
       AND f.ts >= %s::date - 30 AND f.ts < %s::date + 1
     GROUP BY 1, 2, 3
    """

    def query(self, rule, span):
        """Override: days of readers beside those of the others."""
        return SQL(
            self.text,
            fresh=span.fresh,
            low=span.low,
            high=span.high,
            **self.values(rule),
        )

    def sift(self, rule, hits):
        """Override to compare with the days of others, of the 30 days before."""
        days = self._days(rule.env.cr, hits)
        alike, found = {}, []
        for hit in hits:
            source, day = hit.pop("source"), hit.pop("day")
            if (source, day) not in alike:
                alike[source, day] = [
                    item
                    for number in range(31)
                    for item in days.get((source, day - timedelta(days=number)), ())
                ]
            others = [n for who, n in alike[source, day] if who != hit["person"]]
            if others and hit["facts"]["number"] > rule.factor * median(others):
                hit["facts"]["median"] = float(median(others))
                found.append(hit)
        return found

    def _days(self, cr, hits):
        """Return ``{(kind of document, day): [(person, number read)]}``."""
        found = defaultdict(list)
        if hits:
            days = [hit["day"] for hit in hits]
            sources = list({hit["source"] for hit in hits})
            cr.execute(self.days, [sources, min(days), max(days)])
            for source, day, person, number in cr.fetchall():
                found[source, day].append((person, int(number)))
        return found

    def words(self, alert):
        """Override: who, how many, how many others."""
        env, facts = alert.env, alert.facts
        return env._(
            "%(person)s looked at %(number)s records in a day (%(model)s); others look "
            "at about %(median)s",
            person=people(alert.person_id),
            number=formatLang(env, facts.get("number", 0), digits=0),
            model=model_name(env, facts.get("model")),
            median=formatLang(env, round(facts.get("median") or 0), digits=0),
        )


class TakenOutMuch(WindowKind):
    """Somebody prints or downloads one document after the other."""

    code = "taken_out_much"
    thresholds = {"records": 100, "minutes": 60}
    least = "records"
    events = frozenset({"print", "download"})
    rows = f"""
    SELECT f.real_uid::text AS key, f.id, f.ts, f.company, f.real_uid AS person,
           f.real_uid AS actor, {COUNT} AS weight, (%(fresh)s) AS fresh,
           jsonb_build_object('model', s.name) AS facts
      FROM erp_audit_log f LEFT JOIN erp_audit_source s ON s.id = f.source
     WHERE f.event IN ('print', 'download') AND f.ts BETWEEN %(low)s AND %(high)s
       AND f.real_uid IS NOT NULL AND %(ours)s
    """

    def words(self, alert):
        """Override: who, how many."""
        env, facts = alert.env, alert.facts
        return env._(
            "%(person)s printed or downloaded %(number)s documents within %(minutes)s "
            "minutes, last: %(model)s",
            person=people(alert.person_id),
            number=facts.get("number", 0),
            minutes=alert.rule_id.minutes,
            model=model_name(env, facts.get("model")),
        )


class MassRemoval(WindowKind):
    """Somebody deletes or archives many records of one kind in a short time."""

    code = "mass_removal"
    thresholds = {"records": 50, "minutes": 10}
    least = "records"
    changes = {"*": "da"}
    # the name is looked up afterwards: joined, the trail was read in the order of kinds
    rows = """
    SELECT coalesce(f.real_uid, 0) || ' ' || f.source AS key, f.id, f.ts, f.company,
           f.real_uid AS person, f.real_uid AS actor, 1 AS weight,
           (%(fresh)s) AS fresh,
           jsonb_build_object('archived', f.op = 'w', 'model', (
               SELECT s.name FROM erp_audit_source s WHERE s.id = f.source)) AS facts
      FROM erp_audit_log f
     WHERE f.source > 0 AND f.ts BETWEEN %(low)s AND %(high)s
       AND (f.op = 'd' OR (f.op = 'w' AND f.diff->'active' = '[true, false]'))
       AND f.action IS DISTINCT FROM 'install' AND %(ours)s
    """

    def words(self, alert):
        """Override: who, what, how many."""
        env, facts = alert.env, alert.facts
        return env._(
            "%(person)s deleted or archived %(number)s of %(model)s within %(minutes)s "
            "minutes",
            person=people(alert.person_id) or env._("Somebody"),
            number=facts.get("number", 0),
            model=model_name(env, facts.get("model")),
            minutes=alert.rule_id.minutes,
        )
