"""Entries that are opened again, and periods that were closed."""

from odoo.addons.erp_audit.alert_rules import SingleKind, named, people

LOCK_DATES = (
    "fiscalyear_lock_date",
    "tax_lock_date",
    "sale_lock_date",
    "purchase_lock_date",
    "hard_lock_date",
)


def entry(alert):
    """Return the name of the entry that an alert is about."""
    move = named(alert, "account.move", "move")
    return move.display_name or alert.facts.get("name") or "?"


class BackToDraft(SingleKind):
    """A posted entry is taken back to draft."""

    code = "back_to_draft"
    changes = {"account.move": "w"}
    where = """f.op = 'w' AND s.name = 'account.move'
               AND f.diff->'state' = '["posted", "draft"]'"""
    key = "coalesce(f.real_uid, 0)::text"
    facts = "jsonb_build_object('move', f.res_id)"

    def words(self, alert):
        """Override: which, by whom."""
        return alert.env._(
            "%(person)s took a posted entry back to draft: %(move)s",
            person=people(alert.person_id) or "?",
            move=entry(alert),
        )


class BeforeLock(SingleKind):
    """An entry is posted or changed with a date that is locked."""

    code = "before_lock"
    changes = {"account.move": "cw"}
    joins = """
    JOIN account_move m ON s.name = 'account.move' AND m.id = f.res_id
    JOIN (
        WITH closed AS MATERIALIZED (
            SELECT own.id, array_agg(p.id) AS ids,
                   max(greatest(p.fiscalyear_lock_date, p.hard_lock_date)) AS until
              FROM res_company own
              JOIN res_company p ON p.id = ANY(string_to_array(
                   trim(BOTH '/' FROM own.parent_path), '/')::integer[])
             GROUP BY own.id
        )
        SELECT c.id, c.until, (
               SELECT max(l.ts) FROM erp_audit_log l
                WHERE l.source = (SELECT o.id FROM erp_audit_source o
                                   WHERE o.name = 'res.company')
                  AND l.res_id = ANY(c.ids) AND l.op = 'w'
                  AND (l.diff ? 'fiscalyear_lock_date' OR l.diff ? 'hard_lock_date')
               ) AS moved
          FROM closed c WHERE c.until IS NOT NULL
    ) closed ON closed.id = m.company_id
    """
    # the dates and the state as they are now: what was locked since is none of it; a
    # branch is locked with the companies above it
    where = """f.op IN ('c', 'w') AND m.date <= closed.until
        AND ((f.op = 'c' AND f.diff->>'state' = 'posted')
             OR (f.op = 'w' AND (f.diff->'state'->>1 = 'posted'
                 OR (m.state = 'posted' AND (f.diff ? 'date'
                     OR f.diff ? 'amount_total' OR f.diff ? 'partner_id')))))
        AND f.ts >= coalesce(closed.moved, '-infinity')"""
    key = "coalesce(f.real_uid, 0)::text"
    facts = "jsonb_build_object('move', m.id, 'name', m.name, 'date', m.date)"

    def words(self, alert):
        """Override: which, by whom."""
        return alert.env._(
            "%(person)s posted or changed an entry of a locked period: %(move)s of "
            "%(date)s",
            person=people(alert.person_id) or "?",
            move=entry(alert),
            date=alert.facts.get("date") or "?",
        )


def _loosened(name):
    """Return the SQL that tells whether a lock date was moved back or taken away."""
    return (
        f"(f.diff ? '{name}' AND f.diff->'{name}'->>0 IS NOT NULL"
        f" AND (f.diff->'{name}'->>1 IS NULL"
        f" OR f.diff->'{name}'->>1 < f.diff->'{name}'->>0))"
    )


class LockLoosened(SingleKind):
    """A lock date is moved back, or somebody gets an exception of it."""

    code = "lock_loosened"
    changes = {"res.company": "w", "account.lock_exception": "c"}
    where = f"""((s.name = 'account.lock_exception' AND f.op = 'c')
        OR (s.name = 'res.company' AND f.op = 'w'
            AND ({" OR ".join(map(_loosened, LOCK_DATES))})))"""
    key = "s.name || ' ' || coalesce(f.company, f.res_id)"
    person = """CASE WHEN s.name = 'account.lock_exception'
                     THEN coalesce((f.diff->>'user_id')::integer, f.real_uid)
                     ELSE f.real_uid END"""
    facts = """jsonb_build_object('exception', s.name = 'account.lock_exception',
        'reason', f.diff->>'reason')"""

    def words(self, alert):
        """Override: what, by whom."""
        env = alert.env
        if alert.facts.get("exception"):
            return env._(
                "%(actor)s made an exception of the lock dates for %(person)s: "
                "%(reason)s",
                actor=people(alert.actor_id) or "?",
                person=people(alert.person_id) or "?",
                reason=alert.facts.get("reason") or env._("no reason given"),
            )
        return env._(
            "%s moved a lock date back: entries of that time can be changed again",
            people(alert.person_id) or "?",
        )
