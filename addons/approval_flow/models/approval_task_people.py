from odoo import api, fields, models

OPEN_TASKS = ("pending", "waiting")


class ApprovalTask(models.Model):
    """Open tasks follow the people: delegations that begin or end, people who leave."""

    _inherit = "approval.task"

    @api.model
    def _apply_delegations(self):
        """Hand open tasks over to delegates in force, and back from those over."""
        now = fields.Datetime.now()
        delegated = self.search(
            [("state", "in", OPEN_TASKS), ("delegation_id", "!=", False)]
        )
        delegated.filtered(lambda task: not task._delegation_holds(now))._undelegate()
        running = self.env["approval.delegation"].search(
            [("date_from", "<=", now), ("date_to", ">", now)]
        )
        if running:
            self._begin_delegations(running)

    def _delegation_holds(self, now):
        """Return whether the task is still with the right person."""
        delegation = self.delegation_id
        return (
            delegation.active
            and delegation.date_from <= now < delegation.date_to
            and delegation.user_id == self.acting_for_id
            and delegation.delegate_id == self.user_id
            and delegation._covers(self.instance_id)
        )

    def _begin_delegations(self, running):
        by_user = {user.id: items for user, items in running.grouped("user_id").items()}
        tasks = self.search(
            [
                ("state", "=", "pending"),
                ("user_id", "in", list(by_user)),
                ("acting_for_id", "=", False),
            ]
        )
        for task in tasks:
            asked = task.instance_id.task_ids.filtered(
                lambda other, key=task.step_key: other.step_key == key
                and not other.superseded
            )
            delegation = self.env["approval.router"]._delegate(
                task.user_id,
                task.instance_id,
                by_user,
                set((asked.user_id | asked.acting_for_id).ids),
                task._not_allowed(task._step()),
            )
            if delegation:
                task._hand_over(
                    delegation.delegate_id,
                    "delegation",
                    acting_for=task.user_id,
                    delegation=delegation,
                )

    @api.model
    def _end_delegations(self, delegations):
        self.search(
            [("state", "in", OPEN_TASKS), ("delegation_id", "in", delegations.ids)]
        )._undelegate()

    def _undelegate(self):
        """Give delegated tasks back to those whose they are."""
        for task in self:
            self.env["approval.event"]._log_tasks(
                task, "undelegated", target_user_id=task.acting_for_id.id
            )
            if task.acting_for_id.active:
                task._hand_over(task.acting_for_id, "rule")
            else:
                task._leave()

    @api.model
    def _cron_people(self):
        """Scheduled: delegations that began or ended since the last run."""
        self._apply_delegations()

    @api.model
    def _replace_person(self, users):
        """People were archived: their open tasks go to whoever can decide instead.

        A task acted on for somebody goes back to him; one whose step others can still
        satisfy is closed; otherwise the step is asked again, with its substitute.
        Who decides for an archived person by delegation has nothing to decide either.
        """
        tasks = self.search(
            [
                ("state", "in", OPEN_TASKS),
                "|",
                ("user_id", "in", users.ids),
                "&",
                ("acting_for_id", "in", users.ids),
                ("delegation_id", "!=", False),
            ]
        )
        tasks.instance_id._lock()
        for task in tasks:
            if task.state not in OPEN_TASKS:
                continue  # closed with the one before
            owner = task.acting_for_id
            if owner.active and owner not in users:
                task._hand_over(owner, "rule")
            else:
                task._leave()

    def _leave(self):
        """Close the task of a person who left, and ask others where that is needed."""
        self.env["approval.event"]._log_tasks(
            self, "reassigned", target_user_id=self.user_id.id
        )
        self._close("skipped")
        self.instance_id._advance()
