import logging

import psycopg2

from odoo import api, fields, models

from .approval_task_people import OPEN_TASKS

_logger = logging.getLogger(__name__)


class ApprovalTask(models.Model):
    """What happens when a deadline has passed: remind, pass on, return, approve."""

    _inherit = "approval.task"

    @api.model
    def _cron_deadlines(self):
        """Handle the tasks whose deadline has passed, one by one."""
        now = fields.Datetime.now()
        late = self.search(
            [
                ("state", "=", "pending"),
                ("due", "<", now),
                "|",
                ("remind_date", "=", False),
                ("remind_date", "<=", now),
            ],
            order="due, id",
        )
        progress = self.env["ir.cron"]
        progress._commit_progress(remaining=len(late))
        for task in late:
            task = task[0]  # no prefetch across commits
            if task.instance_id.try_lock_for_update() and task._is_waited_for():
                task._time_is_up_safely()
            if not progress._commit_progress(1):
                break

    def _is_waited_for(self):
        return self.state == "pending" and self.instance_id.state == "pending"

    def _time_is_up_safely(self):
        """Let one task that cannot be handled not hold up all others."""
        try:
            with self.env.cr.savepoint():
                self._time_is_up()
        except psycopg2.OperationalError:
            raise  # a conflict with another transaction: the next run looks again
        except Exception:
            _logger.exception("The deadline of approval task %s is not handled", self)

    def _time_is_up(self):
        step = self._step()
        instance = self.instance_id
        if step["on_timeout"] == "return":
            comment = self.env._("The time limit of the step was over.")
            self.env["approval.event"]._log(
                instance, "returned", comment=comment, step_name=self.step_name
            )
            instance._finish("returned")
        elif step["on_timeout"] == "approve" and self._within_auto_limit(step):
            self._approve_by_system()
        else:
            self._remind()
            if step["on_timeout"] == "escalate" and self.origin != "escalation":
                self._escalate(step)

    def _within_auto_limit(self, step):
        """Return whether the system may approve: never above the limit of the step."""
        instance = self.instance_id
        currency = self.env["res.currency"].browse(instance.policy["currency_id"])
        document = instance._document().sudo()  # sudo: its amount of now
        if not document.exists():
            return False
        company = instance.company_id
        present = document.with_company(company)._approval_amounts()[document.id]
        amount = instance.currency_id._convert(
            max(present, instance.amount), currency, company, fields.Date.today()
        )
        return currency.compare_amounts(amount, step["auto_limit"]) <= 0

    def _approve_by_system(self):
        instance = self.instance_id
        if not instance._matching_content():
            instance._make_stale()
            return
        comment = self.env._("Approved by the system: the time limit was over.")
        self._engine().write(
            {
                "state": "approved",
                "decided_by_id": self.env.ref("base.user_root").id,
                "decided_date": fields.Datetime.now(),
                "comment": comment,
                "mail_pending": False,
            }
        )
        self._drop_activities()
        self.env["approval.event"]._log_tasks(self, "approved", comment=comment)
        self._release_blocked()
        instance._advance()

    def _remind(self):
        """Remind, and again after the time limit once more."""
        now, instance = fields.Datetime.now(), self.instance_id
        hours = (self._step() or {}).get("hours") or 8.0
        self._engine().write(
            {
                "reminded_date": now,
                "remind_date": instance._deadline(self.company_id, hours, now),
                "reminders": self.reminders + 1,
                "mail_pending": True,
            }
        )
        self.env["approval.event"]._log_tasks(
            self, "reminded", target_user_id=self.user_id.id
        )
        self.instance_id._tell(self.user_id)
        self.instance_id._wake_mail()

    def _escalate(self, step):
        """Pass a late task on; the person who was late may still decide as well."""
        router, instance = self.env["approval.router"], self.instance_id
        late = self.acting_for_id or self.user_id
        asked = instance.task_ids.filtered(
            lambda task: task.step_key == self.step_key and task.state in OPEN_TASKS
        )
        excluded = self._not_allowed(step) | set(
            (asked.user_id | asked.acting_for_id).ids
        )
        document = instance._document().sudo()  # sudo: the company only
        for person in (
            self.env["res.users"].browse(step["escalate_user_id"]),
            router._manager(late, 1),
        ):
            if document.exists() and router._eligible(person, document, excluded):
                due = instance._deadline(self.company_id, step["hours"])
                self._engine().write({"due": due, "remind_date": False})
                self._hand_over(person, "escalation", acting_for=late)
                instance._set_due()
                self.env["approval.event"]._log_tasks(
                    self, "escalated", target_user_id=person.id
                )
                return

    def _hand_over(self, person, origin, acting_for=None, delegation=None):
        """Give an open task to another person, who decides for the first one."""
        self._drop_activities()
        self.instance_id._tell(self.user_id)
        self._engine().write(
            {
                "user_id": person.id,
                "acting_for_id": acting_for.id if acting_for else False,
                "delegation_id": delegation.id if delegation else False,
                "origin": origin,
                "mail_pending": True,
            }
        )
        if self.state == "pending":
            self._after_asking()
