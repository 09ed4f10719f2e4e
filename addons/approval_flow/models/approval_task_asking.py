from odoo import api, fields, models

from ..seats import leave_enough

# what decides who is asked: the same step of two policy versions may differ in it
ROUTING = (
    "key",
    "source",
    "user_ids",
    "group_id",
    "path",
    "manager_level",
    "exclude",
    "fallback_user_id",
    "hours",
)


class ApprovalTask(models.Model):
    """Asking people: who is asked in a step, and how they are told."""

    _inherit = "approval.task"

    @api.model
    def _ask(self, instances, level):
        """Create the tasks of one level for approvals, in batch.

        :param instances: approvals that have reached ``level``
        :return: the created tasks
        """
        by_step = {}
        for instance in instances:
            for step in instance.steps:
                if step["level"] == level and not step.get("kept"):
                    key = str([step[name] for name in ROUTING])
                    by_step.setdefault(key, []).append((instance, step))
        vals_list = []
        for items in by_step.values():
            vals_list += self._prepare_step(items)
        tasks = self._engine().create(vals_list).with_env(self.env)
        tasks.filtered(lambda task: task.state == "pending")._after_asking()
        return tasks

    def _prepare_step(self, items, asked=()):
        """Return the values of the tasks of one step for several approvals.

        :param items: list of ``(approval, step)``, the steps alike in all of them
        :param asked: ids of users who are not asked (again)
        """
        found = self._find_approvers(items, asked)
        users = self.env["res.users"].union(*(value[0] for value in found.values()))
        delegations = self.env["approval.router"]._delegations(users)
        vals_list, due = [], {}
        for instance, step in items:
            company = instance.company_id
            if company not in due:
                due[company] = instance._deadline(company, step["hours"])
            candidates, fallback = found[instance.id]
            if not candidates:
                candidates = self._last_resort(instance, step, asked)
                fallback = True
            vals_list += self._prepare_tasks(
                instance, step, candidates, fallback, delegations, due[company]
            )
        return vals_list

    def _find_approvers(self, items, asked):
        """Return {approval id: (users, used_fallback)} for one step."""
        router, step = self.env["approval.router"], items[0][1]
        found = {instance.id: (self.env["res.users"], False) for instance, _s in items}
        union = self.env["approval.instance"].union(*(item for item, _s in items))
        prior = self._prior(union)
        left_out = {key: prior.get(key, set()) | {*asked} for key in union.ids}
        for documents, group in union._documents():
            existing = group.filtered(
                lambda item, docs=documents: item.res_id in docs._ids
            )
            people = {item.res_id: item.people for item in existing}
            users = router._approvers(
                step,
                documents,
                people,
                {item.res_id: left_out[item.id] for item in existing},
            )
            found.update((item.id, users[item.res_id]) for item in existing)
        for instance, own_step in items:
            users, fallback = found[instance.id]
            if instance.policy["same_person"] == "exclude":
                users = self._spare(instance, own_step, users, prior[instance.id])
            found[instance.id] = (users, fallback)
        return found

    @api.model
    def _prior(self, instances):
        """Return {approval id: ids of users who decided already}, if left out."""
        return {
            instance.id: set(
                instance.task_ids.filtered(
                    lambda t: t.state == "approved" and not t.superseded
                ).decided_by_id.ids
            )
            | {uid for step in instance.steps for uid in step.get("kept") or ()}
            for instance in instances
            if instance.policy["same_person"] == "exclude"
        }

    @api.model
    def _spare(self, instance, step, users, prior):
        """Leave out people without whom another step would find nobody."""
        if step["mode"] == "all" or not users:
            return users
        tasks = instance.task_ids.grouped("step_key")
        rest = []
        for other in instance.steps:
            if (
                other["key"] == step["key"]
                or other["level"] < step["level"]
                or other.get("kept")
                or "planned" not in other
            ):
                continue
            mine = tasks.get(other["key"], self.browse())
            if instance._step_outcome(other, mine) == "approved":
                continue
            people = [uid for uid in other["planned"] if uid not in prior]
            rest.append((people, instance._needed(other)))
        return users.browse(leave_enough(users.ids, instance._needed(step), rest))

    def _last_resort(self, instance, step, asked=()):
        """Nobody is left in mid-flow: ask the administrators of policies."""
        router = self.env["approval.router"]
        group = self.env.ref("approval_flow.group_approval_manager")
        excluded = router._excluded(step, instance.people)
        excluded |= self._prior(instance).get(instance.id, set())
        # sudo: the document's company only
        document = instance._document().sudo()
        # sudo: members of a group
        people = group.sudo().all_user_ids
        if not document.exists():
            return people.browse()
        self.env["approval.event"]._log(
            instance,
            "reassigned",
            comment=self.env._("Nobody else is left to decide this step."),
        )
        return router._eligible(people, document, excluded | {*asked})

    def _prepare_tasks(self, instance, step, users, fallback, delegations, due):
        now = fields.Datetime.now()
        router = self.env["approval.router"]
        excluded = router._excluded(step, instance.people)
        excluded |= self._prior(instance).get(instance.id, set())
        once = set()
        if instance.policy["same_person"] == "once":
            once = self._voices(instance)
        done, ask, taken = [], [], set(users.ids)
        for user in users:
            vals = {
                "instance_id": instance.id,
                "user_id": user.id,
                "origin": "fallback" if fallback else "rule",
                "step_key": step["key"],
                "level": step["level"],
                "due": due,
                "ask_date": now,
                "mail_pending": True,
            }
            if user.id in once:
                done.append({**vals, **self._decided_before(user, now)})
            elif delegation := router._delegate(
                user, instance, delegations, taken, excluded
            ):
                taken.add(delegation.delegate_id.id)
                ask.append({**vals, **self._delegated(delegation)})
            else:
                ask.append(vals)
        if step["mode"] != "all" and len(done) >= instance._needed(step):
            return done
        return done + ask

    @api.model
    def _voices(self, instance):
        """Return the ids of users who approved in this round, or for whom it was."""
        approved = instance.task_ids.filtered(
            lambda t: t.state == "approved" and not t.superseded
        )
        return {*approved.decided_by_id.ids, *approved.acting_for_id.ids}

    def _decided_before(self, user, now):
        return {
            "state": "approved",
            "origin": "once",
            "decided_by_id": user.id,
            "decided_date": now,
            "comment": self.env._("Approved in an earlier step."),
            "mail_pending": False,
        }

    @api.model
    def _delegated(self, delegation):
        return {
            "user_id": delegation.delegate_id.id,
            "acting_for_id": delegation.user_id.id,
            "delegation_id": delegation.id,
            "origin": "delegation",
        }

    # -- telling -----------------------------------------------------------------------

    def _after_asking(self):
        """Tell the people who are asked: activity, live notice, e-mail."""
        if not self:
            return
        self._create_activities()
        for user, tasks in self.grouped("user_id").items():
            tasks.instance_id._tell(user)
        self.instance_id._wake_mail()
        delegated = self.filtered("delegation_id")
        if delegated:
            self.env["approval.event"]._log_each(
                delegated,
                "delegated",
                lambda task: {
                    "target_user_id": task.user_id.id,
                    "acting_for_id": task.acting_for_id.id,
                },
            )

    def _create_activities(self):
        """Give each person an activity, so that counters, phone and digests show it."""
        model_id = self.env["ir.model"]._get_id(self._name)
        kind = self.env.ref("approval_flow.mail_activity_type_approval")
        today = fields.Date.context_today(self)
        # sudo: activities for other people; quick: the engine sends its own mails
        self.env["mail.activity"].sudo().with_context(
            mail_activity_quick_update=True
        ).create(
            [
                {
                    "res_model_id": model_id,
                    "res_id": task.id,
                    "activity_type_id": kind.id,
                    "res_name": task.document_name,
                    "summary": task.document_name,
                    "user_id": task.user_id.id,
                    # from today on: the counter counts only what is due, and an
                    # approval can be decided at once
                    "date_deadline": today,
                }
                for task in self
            ]
        )

    def _drop_activities(self):
        if self:
            # sudo: activities of other people
            self.env["mail.activity"].sudo().search(
                [("res_model", "=", self._name), ("res_id", "in", self.ids)]
            ).with_context(mail_activity_quick_update=True).write({"active": False})

    # -- closing -----------------------------------------------------------------------

    def _close(self, state):
        """Close open tasks that nobody needs to decide any more."""
        if self:
            self._engine().write({"state": state, "mail_pending": False})
            self._drop_activities()
            self.instance_id._tell(self.user_id)
            self._release_blocked()

    def _release_blocked(self):
        """Ask those who were to decide after these tasks."""
        candidates = self.before_id | self.search([("blocked_by_id", "in", self.ids)])
        waiting = candidates.filtered(
            lambda task: task.state == "waiting"
            and task.instance_id.state == "pending"
            and not self._still_before(task)
        )
        if waiting:
            waiting._engine().write({"state": "pending", "mail_pending": True})
            waiting._after_asking()

    def _still_before(self, task):
        """Return whether somebody is still to decide before ``task``."""
        return bool(
            task.instance_id.task_ids.filtered(
                lambda other: other.before_id == task
                and other.state in ("pending", "waiting")
            )
        )
