from odoo import api, fields, models


class ApprovalTask(models.Model):
    """Open tasks follow the people: delegations that begin or end, people who leave."""

    _inherit = "approval.task"

    @api.model
    def _apply_delegations(self):
        """Hand open tasks over to delegates in force, and back from those over."""
        now = fields.Datetime.now()
        over = self.search(
            [("state", "=", "pending"), ("delegation_id", "!=", False)]
        ).delegation_id.filtered(
            lambda item: not item.active or not item.date_from <= now < item.date_to
        )
        self._end_delegations(over)
        running = self.env["approval.delegation"].search(
            [("date_from", "<=", now), ("date_to", ">", now)]
        )
        if running:
            self._begin_delegations(running)

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
            asked = task.instance_id.open_task_ids.filtered(
                lambda other, key=task.step_key: other.step_key == key
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
        tasks = self.search(
            [("state", "=", "pending"), ("delegation_id", "in", delegations.ids)]
        )
        for task in tasks:
            self.env["approval.event"]._log(
                task.instance_id,
                "undelegated",
                target_user_id=task.acting_for_id.id,
                step_name=task.step_name,
            )
            task._hand_over(task.acting_for_id, "rule")

    @api.model
    def _cron_people(self):
        """Scheduled: delegations that began or ended since the last run."""
        self._apply_delegations()

    @api.model
    def _replace_person(self, users):
        """People were archived: their open tasks go to whoever can decide instead.

        A task acted on for somebody goes back to him; one whose step others can still
        satisfy is closed; otherwise the step is asked again, with its substitute.
        """
        tasks = self.search(
            [("state", "in", ("pending", "waiting")), ("user_id", "in", users.ids)]
        )
        for task in tasks:
            owner = task.acting_for_id
            if owner.active and owner not in users:
                task._hand_over(owner, "rule")
                continue
            task._leave()

    def _leave(self):
        """Close the task of a person who left, and ask others where that is needed."""
        instance, step = self.instance_id, self._step()
        others = instance.task_ids.filtered(
            lambda t: t.step_key == self.step_key and not t.superseded and t != self
        )
        left = others.filtered(lambda t: t.state in ("pending", "waiting", "approved"))
        self._close("skipped")
        self.env["approval.event"]._log_tasks(
            self, "reassigned", target_user_id=self.user_id.id
        )
        needed = {"any": 1, "all": 1, "quorum": step["quorum"]}[step["mode"]]
        if len(left.filtered(lambda t: t.origin != "added")) < needed:
            self._ask_again(instance, step, left)
        else:
            instance._advance()

    def _ask_again(self, instance, step, left):
        vals_list = [
            vals
            for vals in self._prepare_step([(instance, step)])
            if vals["user_id"] not in left.user_id.ids
        ]
        if not vals_list:
            due = instance._deadline(instance.company_id, step["hours"])
            users = self._last_resort(instance, step)
            vals_list = self._prepare_tasks(instance, step, users, True, {}, due)
        new = self._engine().create(vals_list).with_env(self.env)
        new.filtered(lambda task: task.state == "pending")._after_asking()
        if not new and not left:
            instance._return_dead_ends(instance.task_ids.browse())
