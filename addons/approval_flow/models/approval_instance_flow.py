import logging

import psycopg2
import pytz

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, plaintext2html

_logger = logging.getLogger(__name__)

# more approvals than this at once are carried out in the background
EXECUTE_AT_ONCE = 10


class ApprovalInstance(models.Model):
    """The life of an approval: levels, outcome, staleness, execution."""

    _inherit = "approval.instance"

    def _lock(self):
        """Let decisions on the same approval happen one after the other.

        The rows are locked in a fixed order and written, though nothing changes in
        them: a second transaction waits here, and once the first one has committed
        PostgreSQL reports a serialization failure, so that Odoo runs the request
        again on what is true then. A mere lock would let it go on with what it had
        read before.
        """
        if self.ids:
            self.env.cr.execute(
                SQL(
                    """UPDATE approval_instance SET level = level
                        WHERE id IN (SELECT id FROM approval_instance
                                      WHERE id IN %s ORDER BY id FOR UPDATE)""",
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
        """Create the tasks of a level; return the approvals it does not hold up."""
        now = fields.Datetime.now()
        engine = self._engine()
        engine.write({"level": level, "level_since": now})
        self.env["approval.task"]._ask(self, level)
        self._set_due()
        self._return_dead_ends()
        self._close_satisfied()
        return self.filtered(
            lambda instance: instance.state == "pending"
            and instance._level_outcome() == "approved"
        )

    def _set_due(self):
        """The deadline of an approval is the first one of its open tasks."""
        engine = self._engine()
        for instance in engine:
            due = min((t.due for t in instance.open_task_ids if t.due), default=False)
            if instance.due != due:
                instance.due = due

    def _return_dead_ends(self):
        """Nobody at all can decide the level: give the document back with the reason.

        Refused at submission; it happens when people leave while an approval runs.
        """
        for instance in self.filtered(lambda item: item.state == "pending"):
            tasks = instance.task_ids.grouped("step_key")
            for step in instance._level_steps():
                mine = tasks.get(step["key"], instance.task_ids.browse())
                if instance._step_outcome(step, mine) == "nobody":
                    instance._finish("returned")
                    self.env["approval.event"]._log(
                        instance, "returned", comment=instance._nobody(step)
                    )
                    break

    def _level_steps(self):
        """Return the steps that are asked at the present level."""
        return [
            step
            for step in self.steps
            if step["level"] == self.level and not step.get("kept")
        ]

    def _level_outcome(self):
        """Return ``approved``, ``rejected`` or ``open`` for the present level."""
        tasks = self.task_ids.grouped("step_key")
        outcomes = [
            self._step_outcome(step, tasks.get(step["key"], self.env["approval.task"]))
            for step in self._level_steps()
        ]
        if "rejected" in outcomes:
            return "rejected"
        return "approved" if set(outcomes) <= {"approved"} else "open"

    @api.model
    def _step_outcome(self, step, tasks):
        """Return the outcome of one step from the tasks of its last asking.

        :return: ``approved``, ``rejected``, ``added`` (only people added by others
            are still waited for), ``nobody`` (it can never be approved) or ``open``
        """
        tasks = tasks.filtered(lambda task: not task.superseded)
        by_state = tasks.grouped("state")
        none = tasks.browse()
        rejected = by_state.get("rejected", none)
        if rejected and (step["veto"] or step["mode"] == "all"):
            return "rejected"
        if rejected.filtered("added"):
            return "rejected"
        waiting = by_state.get("pending", none) | by_state.get("waiting", none)
        extra = waiting.filtered("added")
        asked = waiting - extra
        count = len(by_state.get("approved", none).filtered(lambda t: not t.added))
        needed = self._needed(step)
        if count + len(asked) < needed:
            return "rejected" if rejected else "nobody"
        if count < needed or (step["mode"] == "all" and asked):
            return "open"
        return "added" if extra else "approved"

    @api.model
    def _needed(self, step):
        """Return how many people must approve a step at least."""
        return step["quorum"] if step["mode"] == "quorum" else 1

    def _advance(self):
        """Move approvals on after decisions: next level, granted or rejected."""
        moved, rejected = self.browse(), self.browse()
        running = self.filtered(lambda item: item.state == "pending")
        running._refill()
        for instance in running.filtered(lambda item: item.state == "pending"):
            outcome = instance._level_outcome()
            if outcome == "approved":
                moved |= instance
            elif outcome == "rejected":
                rejected |= instance
        going_on = running - rejected
        going_on._close_satisfied()
        (going_on - moved)._set_due()
        rejected._finish("rejected")
        moved._open_next_level()

    def _refill(self):
        """Ask others where too few are left; if there are none, give back."""
        Task = self.env["approval.task"]
        for instance in self:
            tasks = instance.task_ids.grouped("step_key")
            for step in instance._level_steps():
                mine = tasks.get(step["key"], Task).filtered(lambda t: not t.superseded)
                if self._step_outcome(step, mine) != "nobody":
                    continue
                asked = {*mine.user_id.ids, *mine.acting_for_id.ids}
                vals_list = Task._prepare_step([(instance, step)], asked)
                new = Task._engine().create(vals_list).with_env(self.env)
                new.filtered(lambda task: task.state == "pending")._after_asking()
                instance._return_dead_ends()

    def _close_satisfied(self):
        """Take the task away from those whose step needs them no more."""
        surplus = self.env["approval.task"]
        for instance in self.filtered(lambda item: item.state == "pending"):
            tasks = instance.task_ids.grouped("step_key")
            for step in instance._level_steps():
                mine = tasks.get(step["key"])
                outcome = mine and instance._step_outcome(step, mine)
                if outcome in ("approved", "added"):
                    surplus |= mine.filtered(
                        lambda t, all_=outcome == "approved": t.state
                        in ("pending", "waiting")
                        and (all_ or not t.added)
                    )
        surplus._close("skipped")

    # -- ends -------------------------------------------------------------------------

    def _finish(self, state):
        """End approvals: write state and duration, close tasks, tell the requester."""
        if not self:
            return
        now = fields.Datetime.now()
        engine = self._engine()
        # all at once: each write of a state looks for the documents that show it
        engine.write(
            {
                "state": state,
                "decision_date": now,
                "due": False,
                "mail_pending": state in ("approved", "rejected", "returned"),
            }
        )
        for instance in engine:
            seconds = (now - instance.request_date).total_seconds()
            instance.cycle_hours = seconds / 3600.0
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

    # -- execution ---------------------------------------------------------------------

    def _mark_executed(self):
        """The gate let the operation through: the approvals are used up."""
        if self:
            self.filtered("error")._drop_failed()
            self._engine().write(
                {
                    "error": False,
                    "state": "executed",
                    "execution_date": fields.Datetime.now(),
                }
            )
            self.env["approval.event"]._log(self, "executed")

    def _execute(self):
        """Carry out approved operations, each all or nothing, as its requester."""
        for instance in self:
            if not instance._matching_content():
                instance._make_stale()
                continue
            # sudo: judged by the engine
            document = instance._document().sudo()
            if not document._approval_ready(instance.operation):
                continue
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
        person = self._who_minds()
        self._tell(person)
        self._drop_failed()
        document = self._document().sudo()  # sudo: the note is the engine's
        if hasattr(document, "activity_schedule") and document.exists():
            # quick: the engine sends its own mail of it
            document.with_context(mail_activity_quick_update=True).activity_schedule(
                "approval_flow.mail_activity_type_failed",
                user_id=person.id,
                summary=self.env._("Approved, but not carried out"),
                note=plaintext2html(message),
            )

    def _who_minds(self):
        """Return who is told of a failure: the requester, or who is there instead."""
        document = self._document().sudo().exists()  # sudo: its people only
        responsible = document._approval_responsible_field if document else None
        # sudo: members of a group
        managers = self.env.ref("approval_flow.group_approval_manager").sudo()
        people = self.requester_id
        people |= document[responsible] if responsible else people.browse()
        people |= managers.all_user_ids
        return people.filtered(
            lambda user: user.active and not user.share and user.id != SUPERUSER_ID
        )[:1] or people.browse(SUPERUSER_ID)

    def _drop_failed(self):
        """Take back the activity of an earlier failure."""
        for documents, _instances in self._documents():
            if hasattr(documents, "activity_unlink"):
                documents.activity_unlink(["approval_flow.mail_activity_type_failed"])

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

    # -- deadlines ---------------------------------------------------------------------

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
