"""What an alert rule looks for: one query each, on what is new in the trail.

A kind is stateless: it is asked with a rule, which has the thresholds, and a
:class:`.Span`, which says what is new. It answers with hits.

A hit is a dict

* ``key``: what the alert is about; hits with the same key are folded into one alert
* ``hits``: ids of the records that set it off: none is counted twice
* ``evidence``: ids of further records that belong to it
* ``first``, ``last``: times of the first and the last of these records
* ``company``, ``person`` (whom it concerns), ``actor`` (who did it): ids or None
* ``facts``: plain data, for the words

All times are of the trail: in UTC.
"""

# values are always parameters: what is put together are constants of ours
# pylint: disable=sql-injection

from dataclasses import dataclass

from odoo.exceptions import MissingError
from odoo.tools import SQL

# changes of "active" from true to false, among the operations of the trail
ARCHIVED = "a"
# records that an alert names at most
MANY = 1000

# what is known to be gone in a transaction
GONE = "erp_audit_gone"

PRESENT = """
SELECT CASE WHEN f.op = 'w' AND f.diff->'active' = '[true, false]' THEN 'a'
            ELSE f.op END AS op,
       f.event, s.name AS model, min(f.ts) AS low, max(f.ts) AS high,
       count(*) AS number
  FROM erp_audit_log f LEFT JOIN erp_audit_source s ON s.id = f.source
 WHERE %(fresh)s
 GROUP BY 1, 2, 3
"""

# the steps from rows to episodes; a row is (key, id, ts, company, person, actor,
# weight, fresh, facts)
WINDOW = """
WITH rows AS MATERIALIZED (%(rows)s),
counted AS (%(counted)s
), hit AS (
    SELECT c.*, c.ts - lag(c.ts) OVER (PARTITION BY key ORDER BY ts) <= %(window)s
                AS goes_on
      FROM counted c WHERE n >= %(least)s AND touched
), numbered AS (
    SELECT h.*, count(*) FILTER (WHERE goes_on IS NOT TRUE)
                OVER (PARTITION BY key ORDER BY ts, id) AS episode
      FROM hit h
), episode AS (
    SELECT key, episode, min(ts) - %(window)s AS low, max(ts) AS last,
           max(company) AS company, max(person) AS person, max(actor) AS actor,
           max(n) AS n, (array_agg(id ORDER BY ts DESC))[1:%(many)s] AS hits,
           (array_agg(facts ORDER BY ts DESC))[1] AS facts
      FROM numbered GROUP BY key, episode
)
SELECT e.key, e.company, e.person, e.actor, min(r.ts) AS first, e.last, e.hits,
       (array_agg(r.id ORDER BY r.ts DESC))[1:%(many)s] AS evidence,
       e.facts || jsonb_build_object('number', e.n) AS facts
  FROM episode e JOIN rows r ON r.key = e.key AND r.ts BETWEEN e.low AND e.last
 GROUP BY e.key, e.episode, e.company, e.person, e.actor, e.last, e.hits, e.n, e.facts
 ORDER BY e.last
"""

COUNTED = """
    SELECT r.*, sum(weight) OVER w AS n, bool_or(fresh) OVER w AS touched
      FROM rows r
    WINDOW w AS (PARTITION BY key ORDER BY ts
                 RANGE BETWEEN %(window)s PRECEDING AND CURRENT ROW)
"""

SINGLE = """
SELECT %(key)s AS key, f.company, %(person)s AS person, %(actor)s AS actor,
       f.ts AS first, f.ts AS last, ARRAY[f.id] AS hits,
       %(evidence)s AS evidence, %(facts)s AS facts
  FROM erp_audit_log f
  LEFT JOIN erp_audit_source s ON s.id = f.source
  %(joins)s
 WHERE %(fresh)s AND %(among)s AND %(where)s
 ORDER BY f.ts
"""


# how often something was there in the days before, by the record ``h``
EARLIER = """
    RANGE BETWEEN make_interval(days => %(days)s) PRECEDING
              AND interval '1 microsecond' PRECEDING"""


@dataclass
class Span:
    """What is new in the trail.

    :param fresh: SQL condition on the record ``f``
    :param low, high: times between which these records are, as SQL
    """

    fresh: SQL
    low: object = None
    high: object = None

    def present(self, cr):
        """Return which records are new, as set of ``(op, event, model)``.

        Finds the times of the first and the last as well.
        """
        cr.execute(SQL(PRESENT, fresh=self.fresh))
        rows = cr.dictfetchall()
        if rows:
            self.low = min(row["low"] for row in rows)
            self.high = max(row["high"] for row in rows)
        return {(row["op"], row["event"], row["model"]) for row in rows}


class Kind:
    """What a rule looks for."""

    # name in the database
    code = ""
    # {name of a field of the rule: value that makes sense}
    thresholds = {}
    # what must be new for the rule to look at all
    events = frozenset()
    changes = {}
    # looks at the state of things rather than at records
    is_check = False
    # something was done to the person, who is told as well
    tells_person = False

    def concerns(self, present):
        """Return whether there is anything new to look at.

        :param set present: see :meth:`.Span.present`
        """
        return any(self._concerns(*item) for item in present)

    def _concerns(self, op, event, model):
        if event:
            return event in self.events
        return op in self.changes.get(model, "") or op in self.changes.get("*", "")

    def values(self, rule):
        """Return the values that the query names, besides those of the span."""
        return {
            **{name: rule[name] for name in self.thresholds},
            "many": MANY,
            "ours": self._ours(rule),
        }

    def _ours(self, rule):
        """Return the condition on a record to be of the company of the rule.

        Where records are counted: the engine looks at the company of hits only.
        """
        if not rule.company_id:
            return SQL("true")
        return SQL("(f.company IS NULL OR f.company = %s)", rule.company_id.id)

    def query(self, rule, span):
        """Return the SQL of the hits."""
        raise NotImplementedError

    def hits(self, rule, span):
        """Return the hits, oldest first."""
        cr = rule.env.cr
        cr.execute(self.query(rule, span))
        return self.sift(rule, cr.dictfetchall())

    def sift(self, rule, hits):
        """Return those of the hits that count, where SQL cannot tell."""
        return hits

    def words(self, alert):
        """Return what happened, in the language of the reader."""
        raise NotImplementedError


class SingleKind(Kind):
    """Each record that fulfils a condition is a hit.

    The attributes are SQL on the record ``f`` and its kind of document ``s``.
    """

    where = "false"
    joins = ""
    key = "f.real_uid::text"
    person = "f.real_uid"
    actor = "f.real_uid"
    evidence = "ARRAY[]::bigint[]"
    facts = "'{}'::jsonb"

    def query(self, rule, span):
        """Override to make the query of the attributes."""
        values = self.values(rule) | {
            "fresh": span.fresh,
            "low": span.low,
            "high": span.high,
        }
        parts = {
            name: SQL(getattr(self, name), **values)
            for name in (
                "key",
                "person",
                "actor",
                "evidence",
                "facts",
                "joins",
                "where",
            )
        }
        return SQL(SINGLE, **parts, fresh=span.fresh, among=self._among(rule.env.cr))

    def _among(self, cr):
        """Return the condition on the kinds of documents, see :meth:`concerns`.

        With their numbers the records are found by an index, however large the trail.
        """
        if self.events or not self.changes or "*" in self.changes:
            return SQL("true")
        cr.execute(
            "SELECT id FROM erp_audit_source WHERE name = ANY(%s)", [list(self.changes)]
        )
        return SQL(
            "f.source = ANY(%s::integer[])", [number for (number,) in cr.fetchall()]
        )


class WindowKind(Kind):
    """A number of records of one key within some minutes is a hit.

    The rows are those around what is new, so that no window is cut by the end of a
    run; those whose window holds nothing new were counted before.
    """

    # SQL of the rows: key, id, ts, company, person, actor, weight, fresh, facts
    rows = ""
    # SQL that counts them: adds n and touched
    counted = COUNTED
    # the threshold that must be reached
    least = "number"

    def query(self, rule, span):
        """Override to count the rows in their windows."""
        window = SQL("make_interval(mins => %s)", rule.minutes)
        values = self.values(rule) | {
            "fresh": span.fresh,
            "low": SQL("(%s - %s)", SQL("%s::timestamp", span.low), window),
            "high": SQL("(%s + %s)", SQL("%s::timestamp", span.high), window),
        }
        return SQL(
            WINDOW,
            rows=SQL(self.rows, **values),
            counted=SQL(self.counted, window=window, least=rule[self.least]),
            window=window,
            least=rule[self.least],
            many=MANY,
        )


class CheckKind(Kind):
    """Looks at the state of things, with each run."""

    is_check = True

    def hit(self, rule, *, about="", **facts):
        """Return a hit of now, with its facts."""
        now = rule.env.cr.now()
        return {
            "key": about or self.code,
            "company": None,
            "person": None,
            "actor": None,
            "first": now,
            "last": now,
            "hits": [],
            "evidence": [],
            "facts": facts,
        }

    def hits(self, rule, span=None):
        """Override to look at the state of things."""
        raise NotImplementedError


def named(alert, model, key):
    """Return the records that an alert names in its facts, without those that are gone.

    What the alerts that are read together name is read at once.

    :param str key: of the number, or of the list of numbers, in the facts
    """
    # sudo: names of what it is about; who may read the alert may know them
    records = alert.env[model].sudo().with_context(active_test=False)
    together = alert.browse(alert._prefetch_ids)
    every = {
        number
        for other in together
        if other.rule_id == alert.rule_id and _what(other) == _what(alert)
        for number in _numbers(other, key)
    }
    # numbers never come back: who is gone is asked once in a transaction
    gone = alert.env.cr.cache.setdefault(GONE, set())
    known = tuple(number for number in every if (model, number) not in gone)
    mine = [number for number in _numbers(alert, key) if number in known]
    try:
        found = records.browse(mine).with_prefetch(known)
        found.mapped("display_name")
    except MissingError:
        there = records.browse(known).exists()
        gone.update((model, number) for number in set(known) - set(there._ids))
        found = there.filtered(lambda record: record.id in mine)
    return found


def _what(alert):
    """Return the fact that says of which model the others speak, if it differs."""
    facts = alert.facts or {}
    return facts.get("kind") or facts.get("model")


def _numbers(alert, key):
    found = (alert.facts or {}).get(key)
    return [
        number for number in (found if isinstance(found, list) else [found]) if number
    ]


def people(users):
    """Return the names of users, as text."""
    # sudo: names of people; who may read the alert may know whom it is about
    return ", ".join(users.sudo().mapped("name"))


def model_name(env, name):
    """Return what a kind of document is called."""
    # sudo: the name of a kind of document
    return env["ir.model"].sudo()._get(name).name or name or ""
