import logging
import time

import psycopg2

from odoo import api, models, tools
from odoo.tools import SQL

from .. import store
from ..alert_rules import Span
from ..sealer import START

_logger = logging.getLogger(__name__)
# how long one run of the job goes on
SECONDS = 240
# records that are looked at in one transaction, about
RECORDS = 50000
DAYS_TRIED = 30
# what is not the fault of a rule: the run is made again
AGAIN = (psycopg2.errors.SerializationFailure, psycopg2.errors.DeadlockDetected)


class ErpAuditAlertEngine(models.AbstractModel):
    """Runs the alert rules on the sealed stream; each record is looked at once.

    A position is the number of a seal: what is sealed later comes later, however late
    its transaction was committed. Positions move on in the transaction that raises the
    alerts. A rule that fails stays where it is, and the others go on.

    Rules that may not wait look at what is not sealed yet as well; since an alert
    knows its records, what they found is not raised again when it is sealed.
    """

    _name = "erp.audit.alert.engine"
    _description = "Alert Engine"

    def init(self):
        """Create the index that tells what a person did before: logins, exports."""
        store.create(self.env.cr)
        self.env.cr.execute(
            "CREATE INDEX IF NOT EXISTS erp_audit_log_event_person"
            " ON erp_audit_log (event, real_uid, ts) WHERE event IS NOT NULL"
        )

    @api.model
    def _cron_run(self):
        """Look at everything that is new."""
        deadline = time.monotonic() + SECONDS
        self._look_at_once()
        self._look_at_state()
        cron = self.env["ir.cron"]
        while self._look_at_sealed():
            if not cron._commit_progress() or time.monotonic() > deadline:
                self._wake()
                break

    @api.model
    def _wake(self):
        """Let the job run as soon as possible."""
        job = self.env.ref("erp_audit.ir_cron_alert", raise_if_not_found=False)
        if job:
            # sudo: starting the job is all that can be done with it
            job.sudo()._trigger()

    # -- what is looked at -------------------------------------------------------------

    @api.model
    def _look_at_sealed(self):
        """Look at the next blocks of the rules that are furthest behind.

        :return: whether there may be more
        """
        groups = self._rules_by_position()
        end = self._last_seal()
        for seq, since in sorted(groups):
            rules = groups[seq, since]
            # seals may be gone with a restored database
            after = min(seq, end)
            if after == end and seq == end:
                continue
            span, last = self._next_span(after, since)
            done = self._evaluate(rules, span) if span else rules
            # sudo: where the rules stand is bookkeeping of the engine
            self.env["erp.audit.alert.position"].sudo()._advance(done, last)
            if done:
                return True
        return False

    @api.model
    def _look_at_once(self):
        """Let the rules that may not wait look at what is not sealed yet."""
        self.env.cr.execute(
            """SELECT last_tx, last_id, (header::json->>'base')::bigint
                 FROM erp_audit_chain ORDER BY seq DESC LIMIT 1"""
        )
        tx, number, base = self.env.cr.fetchone() or (*START, -1)
        for (_seq, since), rules in self._rules_by_position().items():
            rules = rules.filtered("at_once")
            if rules:
                fresh = self._between((tx, number), None, max(base or -1, since))
                self._evaluate(rules, Span(fresh))

    @api.model
    def _look_at_state(self):
        """Let the rules look that have no records to look at."""
        checks = self._rules().filtered(lambda rule: rule._kind().is_check)
        for rule in checks:
            self._guarded(rule, None)

    # -- one stretch -------------------------------------------------------------------

    @api.model
    def _evaluate(self, rules, span):
        """Run rules on what is new, and raise the alerts.

        :return: the rules that could be evaluated
        """
        present = span.present(self.env.cr)
        done = rules.browse()
        for rule in rules:
            if not rule._kind().concerns(present) or self._guarded(rule, span):
                done += rule
        return done

    @api.model
    def _guarded(self, rule, span):
        """Run one rule; an error of its own stops only itself.

        :return: whether it went well
        """
        cr = self.env.cr
        try:
            with cr.savepoint():
                hits = rule._kind().hits(rule, span)
                if hits:
                    self.env["erp.audit.alert"]._raise(rule, hits)
                    self.env.flush_all()
        except AGAIN:
            raise
        except Exception as error:  # noqa: BLE001 whatever a rule does wrong
            self._tell_failure(rule, error)
            return False
        return True

    @api.model
    def _tell_failure(self, rule, error):
        """Note why a rule stands still; raise an alert about it, once."""
        text = str(error).strip().split("\n")[0][:200] or type(error).__name__
        # sudo: where the rules stand is bookkeeping of the engine
        positions = self.env["erp.audit.alert.position"].sudo()
        position = positions.search([("rule_id", "=", rule.id)])
        if position.problem == text:
            return
        _logger.error("The alert rule %s fails: %s", rule.code, text, exc_info=True)
        position.problem = text
        # sudo: the rule of the engine itself
        rules = self.env["erp.audit.alert.rule"].sudo()
        about = rules.search([("code", "=", "rule_failed")], limit=1)
        if about and about != rule:
            kind = about._kind()
            hit = kind.hit(about, about=str(rule.id), failed=rule.id, error=text)
            self.env["erp.audit.alert"]._raise(about, [hit])

    # -- trial -------------------------------------------------------------------------

    @api.model
    def _try(self, rule, days=DAYS_TRIED):
        """Return the hits of the last days; raises no alert.

        :return: list of hits, see ``alert_rules``
        """
        now = self.env.cr.now()
        low = tools.date_utils.subtract(now, days=days)
        if rule._kind().is_check:
            return rule._kind().hits(rule, None)
        # what is recorded while it runs belongs to it
        high = tools.date_utils.add(now, hours=1)
        fresh = SQL("f.ts >= %s AND f.ts <= %s", low, high)
        return rule._kind().hits(rule, Span(fresh, low, high))

    # -- positions ---------------------------------------------------------------------

    @api.model
    def _rules(self):
        """Return the rules that are on and whose addons are there."""
        # sudo: rules of all companies
        rules = self.env["erp.audit.alert.rule"].sudo()
        return rules.search([("active", "=", True)]).filtered(lambda rule: rule._kind())

    @api.model
    def _rules_by_position(self):
        """Return ``{(seal, last record before): rules}``; normally one stretch."""
        # sudo: where the rules stand is bookkeeping of the engine
        positions = self.env["erp.audit.alert.position"].sudo()
        rules = self._rules().filtered(lambda rule: not rule._kind().is_check)
        stands = {
            item.rule_id.id: (item.seq, int(item.since))
            for item in positions.search([("rule_id", "in", rules.ids)])
        }
        groups = {}
        for rule in rules:
            if rule.id in stands:
                seq, since = stands[rule.id]
                groups.setdefault((seq, since), rule.browse())
                groups[seq, since] += rule
        return groups

    @api.model
    def _last_seal(self):
        self.env.cr.execute("SELECT coalesce(max(seq), 0) FROM erp_audit_chain")
        return self.env.cr.fetchone()[0]

    @api.model
    def _next_span(self, seq, since):
        """Return the records of the next blocks, and the number of the last seal.

        Blocks of one epoch: the numbers of transactions begin anew with the next.
        """
        self.env.cr.execute(
            """SELECT seq, kind, epoch, number, last_tx, last_id, min_ts, max_ts,
                      header::json->'after' AS after,
                      (header::json->>'base')::bigint AS base
                 FROM erp_audit_chain WHERE seq > %s ORDER BY seq LIMIT 50""",
            [seq],
        )
        blocks, number, last = [], 0, seq
        for seal in self.env.cr.dictfetchall():
            if seal["kind"] == "block":
                if blocks and (
                    number >= RECORDS or seal["epoch"] != blocks[0]["epoch"]
                ):
                    break
                blocks.append(seal)
                number += seal["number"]
            last = seal["seq"]
        if not blocks:
            return None, last
        first, end = blocks[0], blocks[-1]
        fresh = SQL(
            "%s AND f.ts BETWEEN %s AND %s",
            self._between(
                tuple(first["after"]),
                (end["last_tx"], end["last_id"]),
                max(first["base"] or -1, since),
            ),
            min(block["min_ts"] for block in blocks),
            max(block["max_ts"] for block in blocks),
        )
        return Span(fresh), last

    @api.model
    def _between(self, after, end, since):
        """Return the condition on the record ``f`` to be between two positions."""
        condition = SQL("(f.tx, f.id) > (%s, %s) AND f.id > %s", *after, since)
        if end:
            condition = SQL("%s AND (f.tx, f.id) <= (%s, %s)", condition, *end)
        return condition
