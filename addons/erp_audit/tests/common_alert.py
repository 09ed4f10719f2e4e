import json
from contextlib import contextmanager

from odoo.tools import SQL

from ..alert_rules import Span


class AlertMixin:
    """Records as if they had been at a time, and rules that look at them."""

    def _last(self):
        self.env.flush_all()
        self.env.cr.execute("SELECT coalesce(max(id), 0) FROM erp_audit_log")
        return self.env.cr.fetchone()[0]

    def _rule_of(self, code, **values):
        """Return the rule of a kind, with thresholds."""
        rules = self.env["erp.audit.alert.rule"].sudo()
        rule = rules.search([("code", "=", code)], limit=1)
        rule.write(values)
        return rule

    @contextmanager
    def _doing(self, code, **values):
        """Let a rule look at what is recorded in the block; yield its new alerts."""
        rule = self._rule_of(code, **values)
        before, known = self._last(), self._alerts(rule)
        found = _Found()
        yield found
        self._look(rule, before)
        found.alerts = self._alerts(rule) - known

    def _look(self, rule, after):
        """Let rules look at everything recorded after a record."""
        self.env.flush_all()
        engine = self.env["erp.audit.alert.engine"].sudo()
        return engine._evaluate(rule, Span(SQL("f.id > %s", after)))

    def _alerts(self, rule):
        alerts = self.env["erp.audit.alert"].sudo()
        return alerts.search([("rule_id", "in", rule.ids)])

    def _record_event(self, event, user=None, ts="2026-03-02 10:00:00", **values):
        """Record an event as if it had been then; return its number."""
        diff = values.pop("diff", {})
        model = values.pop("model", "res.users")
        row = {
            "op": "e",
            "event": event,
            "ts": ts,
            "source": self.env["erp.audit.source"]._number(model),
            "real_uid": user.id if user else None,
            "uid": user.id if user else None,
            "res_id": user.id if user else None,
            "login": user.login if user else None,
            "company": user.company_id.id if user else None,
            "diff": json.dumps(diff),
            **values,
        }
        self.env.cr.execute(
            SQL(
                "INSERT INTO erp_audit_log (%s) VALUES %s RETURNING id",
                SQL(", ").join(SQL.identifier(name) for name in row),
                tuple(row.values()),
            )
        )
        return self.env.cr.fetchone()[0]


class _Found:
    """Alerts that were raised since."""

    alerts = None
