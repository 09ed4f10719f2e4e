from odoo import fields, models
from odoo.exceptions import UserError


class ApprovalTask(models.Model):
    """Passing tasks on, and adding approvers (转审, 加签)."""

    _inherit = "approval.task"

    def action_transfer(self, user_id, comment=None):
        """Pass tasks of the current user on to another person.

        :param int user_id: id of the person who decides instead
        :raise UserError: if the step does not allow it, or the person may not decide
        """
        person = self.env["res.users"].browse(user_id)
        # sudo: the actor's right is checked task by task
        tasks = self.sudo()
        tasks.instance_id._lock()
        for task in tasks:
            task._check_pass_on("transfer")
            task._check_person(person)
            new = task._engine().create(
                {
                    **task._copied(),
                    "user_id": person.id,
                    "acting_for_id": False,
                    "origin": "transfer",
                    "added": task.added,
                    "before_id": task.before_id.id,
                    "state": "pending",
                }
            )
            followers = task.search([("blocked_by_id", "=", task.id)])
            followers._engine().write({"blocked_by_id": new.id})
            earlier = task.search([("before_id", "=", task.id)])
            earlier._engine().write({"before_id": new.id})
            task._engine().write(
                {
                    "state": "transferred",
                    "decided_by_id": self.env.uid,
                    "decided_date": fields.Datetime.now(),
                    "comment": comment,
                    "mail_pending": False,
                }
            )
            task._drop_activities()
            self.env["approval.event"]._log_tasks(
                task, "transferred", comment=comment, target_user_id=person.id
            )
            new.with_env(task.env)._after_asking()
            task.instance_id._tell(task.user_id)
        return True

    def action_add_approver(self, user_ids, position="parallel", comment=None):
        """Ask further people to decide as well (加签).

        :param list user_ids: ids of the people
        :param str position: ``before`` the current user, ``after`` him, or
            ``parallel`` to him
        :raise UserError: if the step does not allow it, or a person may not decide
        """
        if isinstance(user_ids, int):
            user_ids = [user_ids]
        if position not in ("before", "after", "parallel"):
            raise UserError(self.env._("Choose before, after or parallel."))
        people = self.env["res.users"].browse(dict.fromkeys(user_ids))
        if not people:
            raise UserError(self.env._("Choose who decides as well."))
        # sudo: the actor's right is checked task by task
        tasks = self.sudo()
        tasks.instance_id._lock()
        for task in tasks:
            task._check_pass_on("add")
            for person in people:
                task._check_person(person)
            task._add(people, position, comment)
        return True

    def _add(self, people, position, comment):
        waiting = position == "after"
        new = (
            self._engine()
            .create(
                [
                    {
                        **self._copied(),
                        "user_id": person.id,
                        "acting_for_id": False,
                        "origin": "added",
                        "added": True,
                        "before_id": self.id if position == "before" else False,
                        "state": "waiting" if waiting else "pending",
                        "blocked_by_id": self.id if waiting else False,
                    }
                    for person in people
                ]
            )
            .with_env(self.env)
        )
        if position == "before":
            self._drop_activities()
            self._engine().write({"state": "waiting", "blocked_by_id": new[-1:].id})
        for person in people:
            self.env["approval.event"]._log_tasks(
                self, "added", comment=comment, target_user_id=person.id
            )
        if not waiting:
            new._after_asking()

    def _copied(self):
        return {
            "instance_id": self.instance_id.id,
            "step_key": self.step_key,
            "level": self.level,
            "due": self.due,
            "ask_date": fields.Datetime.now(),
            "mail_pending": True,
        }

    def _check_pass_on(self, what):
        """Refuse unless the current user may pass the task on."""
        if reason := self._refusal(what, None):
            raise UserError(reason)
        if not self._step()[what]:
            raise UserError(
                self.env._(
                    "The policy does not allow this in step “%s”.", self.step_name
                )
            )

    def _check_person(self, person):
        """Refuse people who cannot decide the task, with the reason."""
        document = self.instance_id._document().sudo()  # sudo: the company only
        person = person.sudo()  # sudo: may this colleague decide
        if not self.env["approval.router"]._eligible(person, document, set()):
            raise UserError(
                self.env._(
                    "%s cannot decide this: no active employee of the company.",
                    person.name,
                )
            )
        if person.id in self._not_allowed(self._step()):
            raise UserError(
                self.env._(
                    "%s has a part in this document and may not decide it.", person.name
                )
            )
        open_tasks = self.instance_id.task_ids.filtered(
            lambda task: task.step_key == self.step_key
            and task.state in ("pending", "waiting")
        )
        if person in open_tasks.user_id | open_tasks.acting_for_id:
            raise UserError(
                self.env._("%s is already asked in this step.", person.name)
            )
