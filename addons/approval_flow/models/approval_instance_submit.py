from odoo import SUPERUSER_ID, api, fields, models

from ..seats import first_unmet
from .approval_document_content import canonical_digest
from .approval_document_mixin import OPEN_STATES
from .approval_result import ApprovalResult


class _Seats:
    """Who would be left for the further steps of one document."""

    def __init__(self, plan):
        self.alone = plan["policy"]["same_person"] == "exclude"
        # people who have decided in any case, so that no later step can ask them
        self.gone = set()
        self.steps, self.demands = [], []
        if self.alone:
            for step in plan["steps"]:
                self.gone.update(step.get("kept") or ())

    def take(self, step, people, needed):
        """Note who is asked in a step."""
        if self.alone:
            self.steps.append(step)
            self.demands.append((people, needed))
            if step["mode"] == "all" or len(people) == needed:
                self.gone.update(people)

    def unmet(self):
        """Return the first step for which nobody would be left, or None."""
        index = first_unmet(self.demands)
        return None if index is None else self.steps[index]


class ApprovalInstance(models.Model):
    """Submission: from documents to running approvals, in batch."""

    _inherit = "approval.instance"

    @api.model
    def _submit(self, documents, operation, note=None):
        """Submit documents; see ``approval.document.mixin._approval_submit``."""
        result = ApprovalResult(self.env, documents._name)
        documents = documents._origin
        covered = documents._approval_match(operation)
        documents = documents.browse(covered)
        documents._approval_lock()
        documents, result.waiting = self._without_open(documents, operation, covered)
        documents, checks = self._pass_checks(documents, operation, result)
        plans = self._plan(documents, operation, covered, result)
        if plans:
            result.submitted = self._open(plans, operation, checks, note)
        return result

    @api.model
    def _without_open(self, documents, operation, covered):
        """Leave out documents whose open approval still fits their content."""
        # sudo: approvals of other people count as well
        opened = self.sudo().search(
            [
                ("res_model", "=", documents._name),
                ("res_id", "in", documents.ids),
                ("operation", "=", operation),
                ("state", "in", OPEN_STATES),
            ]
        )
        valid = opened._matching_content(covered)
        (opened - valid)._make_stale()
        busy = set(valid.mapped("res_id"))
        return documents.filtered(lambda document: document.id not in busy), valid

    @api.model
    def _pass_checks(self, documents, operation, result):
        """Run the automatic checks; documents with a blocked check are refused."""
        checks = {}
        obstacles = documents._approval_obstacles(operation)
        for document in documents.browse(obstacles):
            result.refused.append((document, obstacles[document.id]))
        documents = documents.filtered(lambda document: document.id not in obstacles)
        for company_documents in (
            documents._approval_clean().grouped("company_id").values()
        ):
            checked = company_documents.with_context(lang=self.env.lang)
            checks.update(
                self.env["approval.check"]
                .with_context(lang=self.env.lang)
                ._run_all(checked)
            )
        passed = documents.browse()
        for document in documents:
            blocked = [
                check["reason"]
                for check in checks[document.id]
                if check["status"] == "block"
            ]
            if blocked:
                result.refused.append((document, "\n".join(blocked)))
            else:
                passed |= document
        return passed, checks

    # -- plan -------------------------------------------------------------------------

    @api.model
    def _plan(self, documents, operation, covered, result):
        """Find who is asked for each document; refuse what would be a dead end.

        :return: list of dicts with all that an approval is created from
        """
        people = self._people(documents)
        contents = self._contents(documents, covered)
        plans = []
        for document in documents:
            policy, steps = covered[document.id]
            previous = document._approval_previous(operation)
            plans.append(
                {
                    "document": document,
                    "policy": policy,
                    "steps": [dict(step) for step in steps],
                    "people": people[document.id],
                    "content": contents[document.id],
                    "previous": previous,
                }
            )
        for plan in plans:
            self._keep_earlier(plan)
        refusals = self._dead_ends(plans)
        for plan in plans:
            if reason := refusals.get(plan["document"].id):
                result.refused.append((plan["document"], reason))
        return [plan for plan in plans if plan["document"].id not in refusals]

    @api.model
    def _people(self, documents):
        # sudo: roles are read from the documents as they are
        people = documents.sudo()._approval_people()
        for document in documents:
            # sudo: as above
            requester = self._requester(document.sudo())
            people[document.id]["requester"] = requester.ids
        return people

    @api.model
    def _requester(self, document):
        """Return who asks: the employee at work, else the document's own person."""
        user = self.env.user
        root = user.browse(SUPERUSER_ID)
        if user.share or user == root:
            responsible = document[document._approval_responsible_field or "create_uid"]
            user = responsible if responsible.active and not responsible.share else root
        return user

    @api.model
    def _contents(self, documents, covered):
        contents = {}
        by_names = {}
        for document in documents:
            names = covered[document.id][0]["fields"]
            by_names.setdefault(str(names), (names, []))[1].append(document.id)
        for names, ids in by_names.values():
            contents.update(documents.browse(ids)._approval_contents(names))
        return contents

    @api.model
    def _keep_earlier(self, plan):
        """On a further round, keep the approvals that the change does not touch."""
        previous = plan["previous"]
        if previous.state not in ("stale", "returned"):
            return
        document = plan["document"]
        changes = document._approval_diff(previous.content, plan["content"])
        names = document._approval_changed_names(changes)
        approved = previous._approved_steps()
        earlier = {step["key"]: step for step in previous.steps}
        for step in plan["steps"]:
            people = approved.get(step["key"])
            touched = names & set(step["retrigger"]) if step["retrigger"] else names
            if (
                people
                and not touched
                and self._same_step(step, earlier[step["key"]])
                and not self.env["approval.router"]
                ._excluded(step, plan["people"])
                .intersection(people)
            ):
                step["kept"] = people

    @api.model
    def _same_step(self, step, earlier):
        """Return whether a step asks the same as in the round before."""
        return all(
            value == earlier.get(name)
            for name, value in step.items()
            if name not in ("names", "kept", "planned")
        )

    @api.model
    def _dead_ends(self, plans):
        """Return {document id: reason} of the documents that nobody could decide."""
        reasons, seats = {}, {}
        by_step = {}
        for plan in plans:
            seats[plan["document"].id] = _Seats(plan)
            for step in plan["steps"]:
                key = (step["level"], step["mode"] != "all", step["key"])
                by_step.setdefault(key, []).append((plan, step))
        for _key, items in sorted(by_step.items()):
            self._check_step(items, seats, reasons)
        for plan in plans:
            key = plan["document"].id
            if key not in reasons and (step := seats[key].unmet()):
                reasons[key] = self._nobody(step)
        return reasons

    def _check_step(self, items, seats, reasons):
        """Find the people of one step, and refuse where there are too few."""
        router = self.env["approval.router"]
        documents = items[0][0]["document"].browse(
            [plan["document"].id for plan, _step in items]
        )
        people = {plan["document"].id: plan["people"] for plan, _step in items}
        gone = {key: seats[key].gone for key in people}
        found = router._approvers(items[0][1], documents, people, gone)
        for plan, step in items:
            key = plan["document"].id
            users = found[key][0]
            step["planned"] = users.ids
            if step.get("kept"):
                continue
            needed = self._needed(step)
            if len(users) < needed:
                reasons.setdefault(key, self._nobody(step))
            seats[key].take(step, users.ids, needed)

    def _nobody(self, step):
        return self.env._(
            "Nobody may decide the step “%(step)s”: its approvers are missing, "
            "inactive, or have a part in the document themselves. Ask an administrator "
            "to name who is asked instead.",
            step=self.env["approval.words"]._label(step["names"]),
        )

    # -- open --------------------------------------------------------------------------

    @api.model
    def _open(self, plans, operation, checks, note):
        """Create the approvals, ask the first level, tell everybody, in batch."""
        now = fields.Datetime.now()
        vals_list = [
            self._prepare_instance(plan, operation, checks, note, now) for plan in plans
        ]
        # what has just ended makes room for the new round
        self.flush_model(["state"])
        # sudo: from here on the engine acts, whoever submitted
        instances = self._engine().create(vals_list).with_env(self.sudo().env)
        for plan, instance in zip(plans, instances, strict=True):
            plan["document"]._approval_set_instance(instance)
        instances._tell_documents()
        self.env["approval.event"]._log(instances, "submitted", comment=note)
        copied = instances.filtered("cc_user_ids")
        if copied:
            self.env["approval.event"]._log(copied, "cc")
        kept = instances.filtered(lambda item: any(s.get("kept") for s in item.steps))
        if kept:
            self.env["approval.event"]._log(kept, "kept")
        instances._open_next_level()
        instances._tell(instances.cc_user_ids | instances.requester_id)
        return instances.with_env(self.env)

    def _prepare_instance(self, plan, operation, checks, note, now):
        # sudo: the facts are frozen as they are, whoever submits
        document = plan["document"].sudo()
        policy, previous = plan["policy"], plan["previous"]
        company = document.company_id or self.env.company
        partner = (
            document[document._approval_partner_field].id
            if document._approval_partner_field
            else False
        )
        amount = document.with_company(company)._approval_amounts()[document.id]
        found = checks.get(document.id, [])
        return {
            "res_model": document._name,
            "res_id": document.id,
            "document_name": document.display_name,
            "operation": operation,
            "company_id": company.id,
            "amount": amount,
            "partner_id": partner,
            "requester_id": plan["people"]["requester"][0],
            "request_date": now,
            "note": note,
            "round": previous.round + 1,
            "previous_id": previous.id,
            "policy_id": policy["id"],
            "policy_version": policy["version"],
            "policy": {
                key: val for key, val in policy.items() if key not in ("steps", "since")
            },
            "steps": plan["steps"],
            "people": plan["people"],
            "content": plan["content"],
            "digest": canonical_digest(plan["content"]),
            "checks": found,
            "risk": self._risk(found),
            "reasons": "; ".join(
                check["reason"] for check in found if check["status"] == "warn"
            ),
            "auto_execute": policy["auto_execute"],
            "level_since": now,
            "cc_user_ids": [fields.Command.set(policy["cc"])],
        }

    @api.model
    def _risk(self, checks):
        """Return the risk shown on cards: by the number of points to note."""
        warnings = sum(check["status"] == "warn" for check in checks)
        return "low" if not warnings else "medium" if warnings == 1 else "high"

    def _approved_steps(self):
        """Return {step key: ids of the people} of the steps approved in this round."""
        self.ensure_one()
        approved = {
            step["key"]: step["kept"] for step in self.steps or () if step.get("kept")
        }
        tasks = self.task_ids.grouped("step_key")
        for step in self.steps or ():
            done = tasks.get(step["key"], self.env["approval.task"])
            if done and self._step_outcome(step, done) == "approved":
                approved[step["key"]] = done.filtered(
                    lambda task: task.state == "approved"
                ).decided_by_id.ids
        return approved

    @api.model
    def _note_held(self, document, reason):
        """Tell the responsible person that a customer's order cannot go on."""
        # sudo: on behalf of a customer or of the system
        document = document.sudo()
        responsible = document[document._approval_responsible_field or "create_uid"]
        if hasattr(document, "activity_schedule"):
            document.activity_schedule(
                "mail.mail_activity_data_todo",
                user_id=(responsible or self.env.ref("base.user_root")).id,
                summary=self.env._("Accepted by the customer, cannot be submitted"),
                note=reason,
            )
