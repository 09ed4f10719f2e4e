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
        if not tasks:
            raise UserError(self.env._("There is nothing to decide."))
        tasks.instance_id._lock()
        refused = {}
        for task in tasks:
            if reason := task._refusal(decision, comment):
                refused[task] = reason
        good = tasks.filtered(lambda task: task not in refused)
        valid = good.instance_id._matching_content()
        stale = good.instance_id - valid
        stale._make_stale()
        good = good.filtered(lambda task: task.instance_id in valid)
        for task in good:
            if reason := task._not_seen(seen_digest):
                refused[task] = reason
        good = good.filtered(lambda task: task not in refused)
        if decision == "approved":
            good = good._one_voice()
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

    def _one_voice(self):
        """Leave out further steps of the same approval, which ask other people."""
        seen, voices = set(), self.browse()
        for task in self:
            instance = task.instance_id
            if instance.policy["same_person"] == "again" or instance.id not in seen:
                voices |= task
            seen.add(instance.id)
        return voices

    def _refusal(self, decision, comment, seen_digest=None):
        """Return why the current user may not decide the task so, or None."""
        self.ensure_one()
        user, instance = self.env.user, self.instance_id
        if (
            user not in (self.user_id, self.acting_for_id)
            or user.share
            or not user.active
        ):
            return self.env._("This is not yours to decide.")
        if self.state != "pending" or instance.state != "pending":
            return self._already_decided()
        step = self._step()
        if user.id in self._not_allowed(step):
            return self.env._(
                "%s: you have a part in this document and may not decide it yourself.",
                self.document_name,
            )
        if decision in NEEDS_COMMENT and not (comment or "").strip():
            return self.env._("Say why, so that the requester knows what to do.")
        return self._not_seen(seen_digest)

    def _not_seen(self, seen_digest):
        """Return why what the approver saw is not what he would decide, or None."""
        instance = self.instance_id
        if not seen_digest or seen_digest == (
            instance.accepted_digest or instance.digest
        ):
            return None
        return self.env._(
            "%s was changed while you were reading. Reload the page to see what "
            "is to be decided now.",
            self.document_name,
        )

    def _not_allowed(self, step):
        """Return the ids of users whom the segregation of duties keeps out."""
        excluded = self.env["approval.router"]._excluded(step, self.instance_id.people)
        instance = self.instance_id
        return excluded | self._prior(instance).get(instance.id, set())

    def _already_decided(self):
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
            return self.env._(
                "%(document)s: %(person)s has decided already (%(decision)s).",
                document=self.document_name,
                person=last._who(),
                decision=dict(self._fields["state"]._description_selection(self.env))[
                    last.state
                ],
            )
        return self.env._(
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
        self.instance_id._tell(self.user_id | self.acting_for_id)
        if decision == "returned":
            self.instance_id._go_back(step_key)
            return
        if decision == "approved":
            self._release_blocked()
            self._same_person()
        self.instance_id._advance()

    def _same_person(self):
        """See to the other steps that are asked at the same time.

        Who has approved is asked there no more; with ``once`` he has approved there
        as well. With ``exclude`` nobody keeps a task without whom a later step would
        find nobody.
        """
        for instance in self.instance_id:
            rule = instance.policy["same_person"]
            if rule != "again" and len(instance._level_steps()) > 1:
                getattr(instance.task_ids, f"_same_person_{rule}")(instance)

    def _same_person_once(self, instance):
        voices = self._voices(instance)
        for task in instance.open_task_ids.filtered(lambda t: not t.added):
            if task.user_id.id in voices or task.acting_for_id.id in voices:
                task._engine().write(
                    self._decided_before(
                        task.acting_for_id or task.user_id, fields.Datetime.now()
                    )
                )
                task._drop_activities()

    def _same_person_exclude(self, instance):
        prior = self._prior(instance)[instance.id]
        for step in instance._level_steps():
            tasks = instance.open_task_ids.filtered(
                lambda t, key=step["key"]: t.step_key == key and not t.added
            )
            users = tasks.user_id.filtered(lambda user: user.id not in prior)
            allowed = self._spare(instance, step, users, prior)
            for task in tasks.filtered(lambda t, who=allowed: t.user_id not in who):
                task._give_up(prior)

    def _give_up(self, prior):
        """Take the task from a person who may not decide it (any more)."""
        owner = self.acting_for_id
        if owner and owner.active and owner.id not in prior:
            self._hand_over(owner, "rule")
        else:
            self._close("skipped")

    def _decided_notification(self, decision, done, stale, refused):
        words = {
            "approved": self.env._("approved"),
            "rejected": self.env._("rejected"),
            "returned": self.env._("returned"),
        }
        parts = []
        if done:
            parts.append(f"{self._names_or_count(done)} {words[decision]}")
        failed = done.instance_id.filtered(lambda item: item.state == "failed")
        parts += [f"{item.document_name}: {item.error}" for item in failed[:3]]
        if stale:
            parts.append(
                self.env._(
                    "%s changed since it was submitted: the requester submits it again",
                    ", ".join(stale[:5].mapped("document_name")),
                )
            )
        parts += list(dict.fromkeys(refused.values()))[:5]
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": self.env._("Approvals"),
                "message": "; ".join(parts),
                "type": "warning" if stale or refused or failed else "success",
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _names_or_count(self, tasks):
        if len(tasks) <= 3:
            return ", ".join(tasks.mapped("document_name"))
        return self.env._("%s documents", len(tasks))
