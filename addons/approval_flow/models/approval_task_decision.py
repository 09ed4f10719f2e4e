import psycopg2

from odoo import fields, models
from odoo.exceptions import UserError

NEEDS_COMMENT = ("rejected", "returned")


class ApprovalTask(models.Model):
    """What approvers do. Every public method takes the actor from ``env.uid``."""

    _inherit = "approval.task"

    # -- decide -----------------------------------------------------------------------

    def action_approve(self, comment=None, seen_digest=None):
        """Approve tasks of the current user.

        :param str comment: remark for the history
        :param str seen_digest: digest of the content that was shown to the approver
        :return: a notification with the result of all of them
        :raise UserError: if none of the tasks could be decided
        """
        return self._decide("approved", comment, seen_digest)

    def action_reject(self, comment=None, seen_digest=None):
        """Reject tasks of the current user; a comment is needed.

        Without a comment the form that asks for it is opened. See
        :meth:`action_approve`.
        """
        if not (comment or "").strip():
            return self._action_decide("rejected")
        return self._decide("rejected", comment, seen_digest)

    def action_return(self, comment=None, step_key=None):
        """Give documents back to the requester, or to an earlier step.

        :param str comment: what is to be mended; needed
        :param str step_key: key of the step to go back to; None is the requester
        """
        if not (comment or "").strip():
            return self._action_decide("returned")
        return self._decide("returned", comment, step_key=step_key)

    def _action_decide(self, decision):
        """Return the action that asks for a comment, a person or a confirmation."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Decide"),
            "res_model": "approval.task.decide",
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_task_ids": self.ids,
                "default_decision": decision,
            },
        }

    def action_decide_many(self):
        """Open the form that approves many tasks at once, with count and total."""
        return self._action_decide("approved")

    def action_ask_transfer(self):
        """Open the form that passes the tasks on to somebody else."""
        return self._action_decide("transferred")

    def action_ask_add(self):
        """Open the form that adds an approver."""
        return self._action_decide("added")

    def _decide(
        self, decision, comment=None, seen_digest=None, step_key=None, files=()
    ):
        """Decide tasks, each for itself; tell in one message what happened."""
        # sudo: the actor's right to decide is checked task by task
        tasks = self.sudo()
        tasks.instance_id._lock()
        refused = {}
        for task in tasks:
            if reason := task._refusal(decision, comment, seen_digest):
                refused[task] = reason
        good = tasks.filtered(lambda task: task not in refused)
        valid = good.instance_id._matching_content()
        stale = good.instance_id - valid
        stale._make_stale()
        good = good.filtered(lambda task: task.instance_id in valid)
        if not good and not stale:
            raise UserError("\n".join(dict.fromkeys(refused.values())))
        values = (decision, comment, step_key, files)
        try:
            with self.env.cr.savepoint():
                good._record(*values)
        except psycopg2.OperationalError:
            raise  # a conflict with another transaction: the request runs again
        except Exception:
            if len(good) <= 1:
                raise
            good = good._record_each(values, refused)
        return self._decided_notification(decision, good, stale, refused)

    def _record_each(self, values, refused):
        """Decide one by one after deciding all together failed."""
        done = self.browse()
        for task in self:
            try:
                with self.env.cr.savepoint():
                    task._record(*values)
                done |= task
            except psycopg2.OperationalError:
                raise
            except UserError as error:
                refused[task] = str(error)
        return done

    def _refusal(self, decision, comment, seen_digest):
        """Return why the current user may not decide the task so, or None."""
        self.ensure_one()
        _ = self.env._
        user, instance = self.env.user, self.instance_id
        if (
            user not in (self.user_id, self.acting_for_id)
            or user.share
            or not user.active
        ):
            return _("This is not yours to decide.")
        if self.state != "pending" or instance.state != "pending":
            return self._already_decided()
        step = self._step()
        if user.id in self._not_allowed(step):
            return _(
                "%s: you have a part in this document and may not decide it yourself.",
                self.document_name,
            )
        if decision in NEEDS_COMMENT and not (comment or "").strip():
            return _("Say why, so that the requester knows what to do.")
        if seen_digest and seen_digest not in (
            instance.digest,
            instance.accepted_digest,
        ):
            return _(
                "%s was changed while you were reading. Reload the page to see what "
                "is to be decided now.",
                self.document_name,
            )
        return None

    def _not_allowed(self, step):
        """Return the ids of users whom the segregation of duties keeps out."""
        excluded = self.env["approval.router"]._excluded(step, self.instance_id.people)
        return excluded | self._prior(self.instance_id).get(self.res_id, set())

    def _already_decided(self):
        _ = self.env._
        done = self.instance_id.task_ids.filtered("decided_by_id").sorted(
            "decided_date"
        )
        last = done[-1:]
        if last and self.instance_id.state in (
            "pending",
            "approved",
            "executed",
            "rejected",
            "returned",
        ):
            return _(
                "%(document)s: %(person)s has decided already (%(decision)s).",
                document=self.document_name,
                person=last._who(),
                decision=dict(self._fields["state"]._description_selection(self.env))[
                    last.state
                ],
            )
        return _(
            "%(document)s does not wait for a decision any more (%(state)s).",
            document=self.document_name,
            state=dict(
                self.instance_id._fields["state"]._description_selection(self.env)
            )[self.instance_id.state],
        )

    def _record(self, decision, comment, step_key, files):
        """Write decisions that were found to be allowed, and move the approvals on."""
        if not self:
            return
        for task in self._engine():
            task.write(
                {
                    "state": decision,
                    "decided_by_id": self.env.uid,
                    "decided_date": fields.Datetime.now(),
                    "comment": comment,
                    "seen_digest": task.instance_id.accepted_digest
                    or task.instance_id.digest,
                    "mail_pending": False,
                }
            )
        if files:
            self._engine().write({"attachment_ids": [fields.Command.set(list(files))]})
        self.env["approval.event"]._log_tasks(self, decision, comment=comment)
        self._drop_activities()
        self._release_blocked()
        self.instance_id._tell(self.user_id | self.acting_for_id)
        if decision == "returned":
            self.instance_id._go_back(step_key)
        else:
            self.instance_id._advance()

    def _decided_notification(self, decision, done, stale, refused):
        _ = self.env._
        words = {
            "approved": _("approved"),
            "rejected": _("rejected"),
            "returned": _("returned"),
        }
        parts = []
        if done:
            parts.append(f"{self._names_or_count(done)} {words[decision]}")
        failed = done.instance_id.filtered(lambda item: item.state == "failed")
        parts += [f"{item.document_name}: {item.error}" for item in failed[:3]]
        if stale:
            parts.append(
                _(
                    "%s changed since it was submitted: the requester submits it again",
                    ", ".join(stale[:5].mapped("document_name")),
                )
            )
        parts += list(dict.fromkeys(refused.values()))[:5]
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": _("Approvals"),
                "message": "; ".join(parts),
                "type": "warning" if stale or refused or failed else "success",
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _names_or_count(self, tasks):
        if len(tasks) <= 3:
            return ", ".join(tasks.mapped("document_name"))
        return self.env._("%s documents", len(tasks))

    # -- pass on ------------------------------------------------------------------------

    def action_transfer(self, user_id, comment=None):
        """Pass tasks of the current user on to another person.

        :param int user_id: id of the person who decides instead
        :raise UserError: if the step does not allow it, or the person may not decide
        """
        person = self.env["res.users"].browse(user_id)
        # sudo: the actor's right is checked task by task
        for task in self.sudo():
            task._check_pass_on("transfer")
            task._check_person(person)
            new = task._engine().create(
                {
                    **task._copied(),
                    "user_id": person.id,
                    "acting_for_id": False,
                    "origin": "transfer",
                    "state": "pending",
                }
            )
            followers = task.search([("blocked_by_id", "=", task.id)])
            followers._engine().write({"blocked_by_id": new.id})
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
        people = self.env["res.users"].browse(user_ids)
        # sudo: the actor's right is checked task by task
        for task in self.sudo():
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
        if reason := self._refusal(what, None, None):
            raise UserError(reason)
        if not self._step()[what]:
            raise UserError(
                self.env._(
                    "The policy does not allow this in step “%s”.", self.step_name
                )
            )

    def _check_person(self, person):
        """Refuse people who cannot decide the task, with the reason."""
        _ = self.env._
        document = self.instance_id._document().sudo()  # sudo: the company only
        person = person.sudo()  # sudo: may this colleague decide
        if not self.env["approval.router"]._eligible(person, document, set()):
            raise UserError(
                _(
                    "%s cannot decide this: no active employee of the company.",
                    person.name,
                )
            )
        if person.id in self._not_allowed(self._step()):
            raise UserError(
                _("%s has a part in this document and may not decide it.", person.name)
            )
        open_tasks = self.instance_id.open_task_ids.filtered(
            lambda task: task.step_key == self.step_key
        )
        if person in open_tasks.user_id | open_tasks.acting_for_id:
            raise UserError(_("%s is already asked in this step.", person.name))
