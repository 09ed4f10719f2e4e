"""The trail itself: whether it records, is sealed, holds, and is kept."""

from .kind import CheckKind, SingleKind, named, people
from .rights import NOT_INSTALLING

# what decides when an alert rule speaks, and to whom
HOW = (
    "'attempts', 'minutes', 'hours', 'days', 'records', 'factor', 'percent',"
    " 'addresses', 'fold_hours', 'severity', 'at_once', 'company_id', 'owner_id',"
    " 'by_email'"
)


class RecordingOff(SingleKind):
    """Less is recorded than before, or an alert rule is switched off or made deaf."""

    code = "recording_off"
    changes = {
        "erp.audit.rule": "wdla",
        "erp.audit.alert.rule": "wdua",
        "ir.cron": "wda",
    }
    joins = """
    LEFT JOIN ir_model_data d ON s.name = 'ir.cron' AND d.model = 'ir.cron'
          AND d.res_id = f.res_id AND d.module = 'erp_audit'
    """
    where = f"""{NOT_INSTALLING} AND (
        (s.name = 'erp.audit.rule' AND (
            (f.op = 'd' AND f.diff->>'state' = 'confirmed')
            OR f.op = 'l'
            OR (f.op = 'w' AND (f.diff->'state'->>1 = 'draft'
                OR f.diff->'log_create'->>1 = 'false'
                OR f.diff->'log_write'->>1 = 'false'
                OR f.diff->'log_unlink'->>1 = 'false'
                OR f.diff->'log_relations'->>1 = 'false'
                OR f.diff->'log_reads'->>1 = 'false'
                OR f.diff->'log_files'->>1 = 'false'
                OR f.diff ? 'retention_months'))))
        OR (s.name = 'erp.audit.alert.rule' AND (
            f.op IN ('d', 'u') OR (f.op = 'w' AND (
                f.diff->'active'->>1 = 'false'
                OR jsonb_exists_any(f.diff, ARRAY[{HOW}])))))
        OR (s.name = 'ir.cron' AND d.id IS NOT NULL
            AND (f.op = 'd' OR (f.op = 'w' AND f.diff->'active'->>1 = 'false'))))"""
    key = "s.name || ' ' || f.res_id"
    facts = """jsonb_build_object('kind', s.name, 'id', f.res_id,
        'changed', f.op = 'u'
            OR (f.op = 'w' AND f.diff->'active'->>1 IS DISTINCT FROM 'false'), 'name',
        coalesce((SELECT r.model_name FROM erp_audit_rule r
                   WHERE s.name = 'erp.audit.rule' AND r.id = f.res_id),
                 f.diff->>'model_name'))"""

    def words(self, alert):
        """Override: what, by whom."""
        env, facts = alert.env, alert.facts
        person = people(alert.person_id) or env._("Somebody")
        kind = facts.get("kind")
        if kind == "erp.audit.rule":
            # sudo: the name of a kind of document
            model = env["ir.model"].sudo()._get(facts.get("name"))
            return env._(
                "%(person)s changed what is recorded of: %(name)s",
                person=person,
                name=model.name or facts.get("name") or "?",
            )
        record = named(alert, kind, "id")
        if kind == "ir.cron":
            return env._(
                "%(person)s switched a job of the audit off: %(name)s",
                person=person,
                name=record.name or "?",
            )
        if facts.get("changed"):
            return env._(
                "%(person)s changed when an alert rule speaks, or to whom: %(name)s",
                person=person,
                name=record.name or "?",
            )
        return env._(
            "%(person)s switched an alert rule off: %(name)s",
            person=person,
            name=record.name or "?",
        )


class TriggerOff(SingleKind):
    """What records the changes of a table was missing, off or changed."""

    code = "trigger_off"
    events = frozenset({"trigger", "truncate"})
    where = "f.event IN ('trigger', 'truncate')"
    key = "coalesce(f.diff->>'table', '')"
    facts = """jsonb_build_object('table', f.diff->>'table', 'what',
                   coalesce(f.diff->>'what', f.event))"""

    def words(self, alert):
        """Override: of what, and how."""
        env, table = alert.env, alert.facts.get("table") or "?"
        what = alert.facts.get("what")
        if what == "missing":
            return env._("Changes of the table %s were not recorded", table)
        if what == "disabled":
            return env._("The recording of the table %s was switched off", table)
        if what == "truncate":
            return env._("The table %s was emptied at one stroke", table)
        return env._("The recording of the table %s was tampered with", table)


class TrailAttacked(SingleKind):
    """Code tells the database that somebody else is at work, or is after the trail."""

    code = "trail_attacked"
    events = frozenset({"code_on_trail", "context_forged"})
    where = "f.event IN ('code_on_trail', 'context_forged')"
    key = "f.event || ' ' || coalesce(f.diff->>'action', '')"
    facts = """jsonb_build_object('forged', f.event = 'context_forged',
        'name', f.diff->>'name', 'words', f.diff->'words')"""

    def words(self, alert):
        """Override: whose code, by whom it was run, what it speaks of."""
        env, facts = alert.env, alert.facts
        parts = {
            "person": people(alert.person_id) or env._("somebody"),
            "name": facts.get("name") or "?",
        }
        if facts.get("forged"):
            return env._(
                "Code told the database that somebody else is at work: “%(name)s”, run "
                "by %(person)s",
                **parts,
            )
        return env._(
            "Code that speaks of the audit trail was run by %(person)s: “%(name)s” "
            "(%(words)s)",
            words=", ".join(facts.get("words") or []) or "?",
            **parts,
        )


class VerificationFailed(SingleKind):
    """A check of the trail found what is not as it was sealed."""

    code = "verification_failed"
    events = frozenset({"audit_verification_failed"})
    where = "f.event = 'audit_verification_failed'"
    key = "'verification'"
    person = "NULL::integer"
    facts = "jsonb_build_object('number', f.diff->'findings')"

    def words(self, alert):
        """Override: how much."""
        return alert.env._(
            "A check of the audit trail found what is not as it was sealed: %s "
            "findings",
            alert.facts.get("number", 0),
        )


class DefaultPartition(SingleKind):
    """Records came into no month of their own."""

    code = "default_partition"
    events = frozenset({"audit_default_partition"})
    where = "f.event = 'audit_default_partition'"
    key = "'partition'"
    person = "NULL::integer"
    facts = "jsonb_build_object('number', f.diff->'records')"

    def words(self, alert):
        """Override: how many."""
        return alert.env._(
            "%s records of the trail have no month of their own: the job that makes "
            "the months did not run",
            alert.facts.get("number", 0),
        )


class SealLag(CheckKind):
    """Records wait for their seal."""

    code = "seal_lag"
    thresholds = {"minutes": 5}

    def hits(self, rule, span=None):
        """Override to ask how long the oldest record waits."""
        status = rule.env["erp.audit.seal"]._status()
        if status["lag"] <= rule.minutes * 60 and not status["problem"]:
            return []
        return [
            self.hit(
                rule,
                minutes=round(status["lag"] / 60),
                number=status["unsealed"],
                stopped=bool(status["problem"]),
            )
        ]

    def words(self, alert):
        """Override: how long, how many."""
        env, facts = alert.env, alert.facts
        parts = {
            "number": facts.get("number", 0),
            "minutes": facts.get("minutes", 0),
        }
        if facts.get("stopped"):
            return env._(
                "Sealing has stopped: the chain cannot go on. %(number)s records wait, "
                "the oldest for %(minutes)s minutes",
                **parts,
            )
        return env._(
            "%(number)s records wait for their seal, the oldest for %(minutes)s "
            "minutes",
            **parts,
        )


class Silence(CheckKind):
    """Nobody does anything at a time when people always do."""

    code = "silence"
    thresholds = {"hours": 2, "records": 20}
    # the same hours of the last four weeks; by the index of each person's records
    text = """
    SELECT w.week, (SELECT count(*) FROM (
               SELECT 1 FROM res_users u, LATERAL (
                   SELECT 1 FROM erp_audit_log l
                    WHERE l.real_uid = u.id AND l.ts <= w.until
                      AND l.ts > w.until - make_interval(hours => %(hours)s)
                    LIMIT %(records)s) r
                WHERE u.id > 1 LIMIT %(records)s) found) AS number
      FROM (SELECT n AS week, (%(now)s::timestamp - n * interval '7 days') AS until
              FROM generate_series(0, 4) n) w
     ORDER BY w.week
    """

    def hits(self, rule, span=None):
        """Override to compare with the same time of the last four weeks."""
        env = rule.env
        env.cr.execute(
            self.text,
            {"hours": rule.hours, "records": rule.records, "now": env.cr.now()},
        )
        now, *weeks = [number for _week, number in env.cr.fetchall()]
        if now or min(weeks) < rule.records:
            return []
        return [self.hit(rule, hours=rule.hours)]

    def words(self, alert):
        """Override: how long."""
        return alert.env._(
            "For %s hours nothing was recorded of anybody, though people always work "
            "at this time",
            alert.facts.get("hours", 0),
        )


class BackupMissing(CheckKind):
    """No backup was made for days."""

    code = "backup_missing"
    thresholds = {"days": 2}

    def hits(self, rule, span=None):
        """Override to look for the last backup that the trail knows of."""
        env = rule.env
        env.cr.execute("SELECT max(ts) FROM erp_audit_log WHERE event = 'backup'")
        last = env.cr.fetchone()[0]
        since = last or rule.create_date
        days = (env.cr.now() - since).days
        if days < rule.days:
            return []
        return [self.hit(rule, days=days, never=not last)]

    def words(self, alert):
        """Override: since when."""
        env, days = alert.env, alert.facts.get("days", 0)
        if alert.facts.get("never"):
            return env._("No backup has ever been made, for %s days", days)
        return env._("The last backup was made %s days ago", days)


class RuleFailed(CheckKind):
    """An alert rule could not be evaluated: raised by the engine itself."""

    code = "rule_failed"

    def hits(self, rule, span=None):
        """Override: the engine says so when it happens."""
        return []

    def words(self, alert):
        """Override: which, and why."""
        env, facts = alert.env, alert.facts
        rule = named(alert, "erp.audit.alert.rule", "failed")
        return env._(
            "The alert rule “%(name)s” could not be evaluated; what it missed is made "
            "up for. %(error)s",
            name=rule.name or "?",
            error=facts.get("error") or "",
        )
