import logging

import psycopg2
import pytz

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .approval_document_content import canonical_digest
from .approval_document_mixin import OPEN_STATES

_logger = logging.getLogger(__name__)

# more approvals than this at once are carried out in the background
EXECUTE_AT_ONCE = 10


class ApprovalInstance(models.Model):
    """The life of an approval: levels, outcome, staleness, execution."""

    _inherit = "approval.instance"

    def _lock(self):
        """Lock the approvals until the end of the transaction, in a fixed order.

        A second decision waits here; if the first one commits, PostgreSQL reports a
        serialization failure and Odoo runs the request again on what is true then.
        """
        if self.ids:
            self.env.cr.execute(
                SQL(
                    "SELECT id FROM approval_instance WHERE id IN %s "
                    "ORDER BY id FOR UPDATE",
                    tuple(self.ids),
                )
            )

    # -- levels -----------------------------------------------------------------------

    def _open_next_level(self):
        """Ask the next level of each approval; grant those that have none left."""
        todo = self
        granted = self.browse()
        while todo:
            moving = {}
            for instance in todo:
                level = instance._next_level()
                if level is None:
                    granted |= instance
                else:
                    moving.setdefault(level, []).append(instance.id)
            todo = self.browse()
            for level, ids in moving.items():
                todo |= self.browse(ids)._ask_level(level)
        granted._grant()

    def _next_level(self):
        levels = [
            step["level"]
            for step in self.steps
            if step["level"] > (self.level or -1) and not step.get("kept")
        ]
        return min(levels) if levels else None

    def _ask_level(self, level):
        """Create the tasks of a level; return the approvals that it does not hold up."""
        now = fields.Datetime.now()
        engine = self._engine()
        engine.write({"level": level, "level_since": now})
        tasks = self.env["approval.task"]._ask(self, level)
        for instance in self:
            due = min(
                (t.due for t in tasks if t.instance_id == instance and t.due),
                default=False,
            )
            if engine.browse(instance.id).due != due:
                engine.browse(instance.id).due = due
        self._return_dead_ends(tasks)
        return self.filtered(
            lambda instance: instance.state == "pending"
            and instance._level_outcome() == "approved"
        )

    def _return_dead_ends(self, tasks):
        """Nobody at all can decide the level: give the document back with the reason.

        Refused at submission; it happens when people leave while an approval runs.
        """
        asked = {(task.instance_id.id, task.step_key) for task in tasks}
        for instance in self:
            for step in instance.steps:
                if (
                    step["level"] == instance.level
                    and not step.get("kept")
                    and (instance.id, step["key"]) not in asked
                ):
                    instance._finish("returned")
                    self.env["approval.event"]._log(
                        instance, "returned", comment=instance._nobody(step)
                    )
                    break

    def _level_outcome(self):
        """Return ``approved``, ``rejected`` or ``open`` for the present level."""
        tasks = self.task_ids.grouped("step_key")
        outcomes = [
            self._step_outcome(step, tasks.get(step["key"], self.env["approval.task"]))
            for step in self.steps
            if step["level"] == self.level and not step.get("kept")
        ]
        if "rejected" in outcomes:
            return "rejected"
        return "open" if "open" in outcomes else "approved"

    @api.model
    def _step_outcome(self, step, tasks):
        """Return the outcome of one step from the tasks of its last asking."""
        tasks = tasks.filtered(lambda task: not task.superseded)
        by_state = tasks.grouped("state")
        none = tasks.browse()
        waiting = by_state.get("pending", none) | by_state.get("waiting", none)
        if by_state.get("rejected") and (step["veto"] or step["mode"] != "quorum"):
            return "rejected"
        extra = waiting.filtered(lambda task: task.origin == "added")
        asked = len(waiting - extra)
        count = len(
            by_state.get("approved", none).filtered(lambda t: t.origin != "added")
        )
        needed = step["quorum"] if step["mode"] == "quorum" else 1
        enough = count >= needed and not (step["mode"] == "all" and asked)
        if not enough:
            return (
                "rejected"
                if by_state.get("rejected") and count + asked < needed
                else "open"
            )
        return "open" if extra else "approved"

    def _advance(self):
        """Move approvals on after decisions: next level, granted or rejected."""
        moved, rejected = self.browse(), self.browse()
        for instance in self.filtered(lambda item: item.state == "pending"):
            outcome = instance._level_outcome()
            if outcome == "approved":
                moved |= instance
            elif outcome == "rejected":
                rejected |= instance
        self._close_satisfied()
        rejected._finish("rejected")
        moved._open_next_level()

    def _close_satisfied(self):
        """Take the task away from those whose step needs them no more."""
        surplus = self.env["approval.task"]
        for instance in self:
            tasks = instance.task_ids.grouped("step_key")
            for step in instance.steps:
                mine = tasks.get(step["key"])
                if mine and instance._step_outcome(step, mine) == "approved":
                    surplus |= mine.filtered(
                        lambda t: t.state in ("pending", "waiting")
                    )
        surplus._close("skipped")

    # -- ends -------------------------------------------------------------------------

    def _finish(self, state):
        """End approvals: write state and duration, close tasks, tell the requester."""
        if not self:
            return
        now = fields.Datetime.now()
        for instance in self._engine():
            hours = (now - instance.request_date).total_seconds() / 3600.0
            instance.write(
                {
                    "state": state,
                    "decision_date": now,
                    "cycle_hours": hours,
                    "due": False,
                    "mail_pending": state in ("approved", "rejected", "returned"),
                }
            )
        self.task_ids.filtered(lambda t: t.state in ("pending", "waiting"))._close(
            "skipped"
        )
        self._tell(self.requester_id | self.cc_user_ids)
        self._log_on_documents(state)
        self._wake_mail()

    def _grant(self):
        """All levels have approved: carry out, at once or in the background."""
        if not self:
            return
        self._finish("approved")
        self.env["approval.event"]._log(self, "granted")
        ready = self.filtered("auto_execute")
        if len(ready) > EXECUTE_AT_ONCE:
            # sudo: waking a scheduled action of the engine
            self.env.ref("approval_flow.ir_cron_execute").sudo()._trigger()
        else:
            ready._execute()

    def _close_with_document(self):
        """End what is open because the document was cancelled or deleted."""
        opened = self.filtered(lambda instance: instance.state in OPEN_STATES)
        if opened:
            opened._finish("recalled")
            self.env["approval.event"]._log(
                opened, "recalled", comment=self.env._("The document was cancelled.")
            )

    # -- content ----------------------------------------------------------------------

    def _matching_content(self, matched=None):
        """Return the approvals that fit the present content of their documents.

        A change within the tolerance is accepted and recorded on the way.

        :param dict matched: what ``_approval_match`` says of the documents now
        """
        valid = self.browse()
        for documents, instances in self._documents():
            for names, group in instances._by_names():
                contents = documents.browse(group.mapped("res_id"))._approval_contents(
                    names
                )
                for instance in group:
                    content = contents.get(instance.res_id)
                    if content and instance._fits(content, matched):
                        valid |= instance
        return valid

    def _by_names(self):
        groups = {}
        for instance in self:
            names = instance._names()
            groups.setdefault(str(names), (names, self.browse()))
            groups[str(names)] = (names, groups[str(names)][1] | instance)
        return groups.values()

    def _fits(self, content, matched):
        digest = canonical_digest(content)
        if digest in (self.digest, self.accepted_digest):
            return True
        # sudo: judged by the engine
        document = self._document().sudo()
        if not document._approval_within_tolerance(self.policy, self.content, content):
            return False
        if matched is None or document.id not in matched:
            matched = document._approval_match(self.operation)
        _policy, steps = matched.get(document.id, (None, []))
        if not {step["key"] for step in steps} <= {step["key"] for step in self.steps}:
            return False  # the small change would ask somebody new
        self._engine().write({"accepted_digest": digest})
        changes = document._approval_diff(self.content, content)
        self.env["approval.event"]._log(self, "carried", detail=changes)
        return True

    def _recheck_content(self):
        """Look at open approvals again after their documents were changed."""
        opened = self.filtered(lambda instance: instance.state in OPEN_STATES)
        if opened:
            (opened - opened._matching_content())._make_stale()

    def _make_stale(self):
        """The content is not what was submitted any more: nothing approved counts."""
        for instance in self:
            document = instance._document().sudo()  # sudo: for the history only
            changes = []
            if document.exists():
                now = document._approval_contents(instance._names())[document.id]
                changes = document._approval_diff(instance.content, now)
            self.env["approval.event"]._log(instance, "stale", detail=changes)
        self._finish("stale")

    # -- execution ----------------------------------------------------------------------

    def _mark_executed(self):
        """The gate let the operation through: the approvals are used up."""
        if self:
            self._engine().write(
                {
                    "state": "executed",
                    "execution_date": fields.Datetime.now(),
                    "error": False,
                }
            )
            self.env["approval.event"]._log(self, "executed")

    def _execute(self):
        """Carry out approved operations, each all or nothing, as its requester."""
        for instance in self:
            try:
                with self.env.cr.savepoint():
                    instance._execute_one()
            except psycopg2.OperationalError:
                raise  # a conflict with another transaction: the request runs again
            except Exception as error:
                if not isinstance(error, UserError):
                    _logger.exception("Approval %s cannot be carried out", instance.id)
                instance._fail(error)

    def _execute_one(self):
        requester = self.requester_id
        env = self.env(
            user=requester.id, su=False, context=dict(requester.context_get())
        )
        document = env[self.res_model].with_company(self.company_id).browse(self.res_id)
        getattr(document, self._operation().execute)()
        if self.state != "executed":
            raise UserError(self.env._("The operation did not take place."))

    def _fail(self, error):
        message = str(error) or type(error).__name__
        self._engine().write({"state": "failed", "error": message})
        self.env["approval.event"]._log(self, "failed", comment=message)
        self._tell(self.requester_id)
        document = self._document().sudo()  # sudo: the note is the engine's
        if hasattr(document, "activity_schedule") and document.exists():
            document.activity_schedule(
                "mail.mail_activity_data_warning",
                user_id=self.requester_id.id,
                summary=self.env._("Approved, but not carried out"),
                note=message,
            )

    @api.model
    def _cron_execute(self):
        """Carry out what was approved and not carried out yet, one by one."""
        domain = [("state", "=", "approved"), ("auto_execute", "=", True)]
        todo = self.search(domain, order="id")
        progress = self.env["ir.cron"]
        progress._commit_progress(remaining=len(todo))
        for instance in todo:
            instance = instance[0]  # no prefetch across commits
            if instance.try_lock_for_update() and instance.state == "approved":
                instance._execute()
            if not progress._commit_progress(1):
                break

    # -- telling people -------------------------------------------------------------------

    def _tell(self, users):
        """Send a live notice, so that open pages and counters follow."""
        for user in users:
            user._bus_send("approval_flow/changed", {"instances": self.ids[:100]})

    def _wake_mail(self):
        # sudo: waking a scheduled action of the engine
        self.env.ref("approval_flow.ir_cron_mail").sudo()._trigger()

    def _log_on_documents(self, state):
        """Leave a line in the chatter of the documents."""
        words = {
            "approved": self.env._("Approved"),
            "rejected": self.env._("Approval rejected"),
            "returned": self.env._("Returned to the requester"),
            "recalled": self.env._("Approval recalled"),
            "stale": self.env._("Changed: needs a new approval"),
        }
        for documents, _instances in self._documents():
            if hasattr(documents, "_message_log_batch"):
                documents._message_log_batch(
                    bodies=dict.fromkeys(documents.ids, words[state])
                )

    # -- deadlines ------------------------------------------------------------------------

    @api.model
    def _deadline(self, company, hours, start=None):
        """Return when a number of working hours is over, in the company's calendar."""
        if not hours:
            return False
        start = start or fields.Datetime.now()
        calendar = company.resource_calendar_id
        if not calendar:
            return fields.Datetime.add(start, hours=hours)
        end = calendar.plan_hours(hours, pytz.utc.localize(start), compute_leaves=True)
        if not end:
            return fields.Datetime.add(start, hours=hours)
        return end.astimezone(pytz.utc).replace(tzinfo=None)
