from odoo import api, fields, models


class ApprovalTask(models.Model):
    """What happens when a deadline has passed: remind, pass on, return, approve."""

    _inherit = "approval.task"

    @api.model
    def _cron_deadlines(self):
        """Handle the tasks whose deadline has passed, one by one."""
        now = fields.Datetime.now()
        domain = [("state", "=", "pending"), ("due", "<", now)]
        late = self.search(domain, order="due, id").filtered(
            lambda task: not task.reminded_date or task._next_reminder() <= now
        )
        progress = self.env["ir.cron"]
        progress._commit_progress(remaining=len(late))
        for task in late:
            task = task[0]  # no prefetch across commits
            if task.instance_id.try_lock_for_update() and task.state == "pending":
                task._time_is_up()
            if not progress._commit_progress(1):
                break

    def _next_reminder(self):
        """Return when a late task is handled again: after its time limit once more."""
        hours = (self._step() or {}).get("hours") or 8.0
        return self.instance_id._deadline(self.company_id, hours, self.reminded_date)

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
        amount = instance.currency_id._convert(
            instance.amount, currency, instance.company_id, fields.Date.today()
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
        self._engine().write(
            {
                "reminded_date": fields.Datetime.now(),
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
        Users = self.env["res.users"]
        person = Users.browse(step["escalate_user_id"]) or self.env[
            "approval.router"
        ]._manager(self.user_id, 1)
        if not person:
            return
        router = self.env["approval.router"]
        document = self.instance_id._document().sudo()  # sudo: the company only
        asked = self.instance_id.open_task_ids
        excluded = self._not_allowed(step) | set(
            (asked.user_id | asked.acting_for_id).ids
        )
        if not router._eligible(person, document, excluded):
            return
        self._hand_over(person, "escalation", acting_for=self.user_id)
        self.env["approval.event"]._log_tasks(
            self, "escalated", target_user_id=person.id
        )

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
