from collections import deque
from datetime import timedelta

from babel.dates import format_timedelta

from odoo import api, fields, models
from odoo.tools.misc import babel_locale_parse, get_lang

from .approval_display import file_data

DECISIONS = ("approved", "rejected", "returned", "transferred")


class ApprovalInstance(models.Model):
    """The history of all rounds, as plain data for its widget."""

    _inherit = "approval.instance"

    view_timeline = fields.Json(compute="_compute_view_timeline", string="History")

    @api.depends("state", "task_ids.state", "event_ids")
    @api.depends_context("lang", "uid")
    def _compute_view_timeline(self):
        for instance in self:
            # sudo: colleagues' tasks of an approval that the reader may read
            rounds = instance.sudo() | instance._earlier_rounds()
            instance.view_timeline = [item._timeline_round() for item in rounds]

    def _timeline_round(self):
        states = dict(self._fields["state"]._description_selection(self.env))
        return {
            "id": self.id,
            "round": self.round,
            "state": self.state,
            "label": states[self.state],
            "date": fields.Datetime.to_string(self.request_date),
            "took": self._span(self.request_date, self.decision_date),
            "items": self._timeline_items() + self._timeline_ahead(),
        }

    def _timeline_items(self):
        """Return what has happened: the events, and decisions taken over."""
        decided = {}
        for task in self.task_ids.sorted(
            lambda task: (task.decided_date or task.ask_date, task.id)
        ):
            if task.state in DECISIONS and task.origin != "once":
                key = (task.state, task.decided_by_id.id)
                decided.setdefault(key, deque()).append(task)
        items = []
        for event in self.event_ids:
            if event.kind in ("cc", "reminded") and not event.comment:
                continue  # of no interest to those who decide
            queue = decided.get((event.kind, event.user_id.id))
            task = queue.popleft() if queue else self.env["approval.task"]
            items.append(event._timeline_item(task))
        once = self.task_ids.filtered(lambda task: task.origin == "once")
        items += [task._timeline_once() for task in once]
        return sorted(items, key=lambda item: item["date"])

    def _timeline_ahead(self):
        """Return what is still to come: open tasks, then further levels."""
        if self.state != "pending":
            return []
        waiting = self.task_ids.filtered(lambda t: t.state in ("pending", "waiting"))
        items = [task._timeline_open() for task in waiting.sorted("state")]
        words = self.env["approval.words"]
        for step in sorted(self.steps or (), key=lambda step: step["level"]):
            if step["level"] > self.level and not step.get("kept"):
                # sudo: names of the people who will be asked
                users = self.env["res.users"].sudo().browse(step.get("planned") or ())
                items.append(
                    {
                        "kind": "next",
                        "who": ", ".join(users.exists()[:5].mapped("name")),
                        "what": self.env._("will be asked"),
                        "step": words._label(step["names"]),
                    }
                )
        return items

    def _span(self, start, end):
        """Return the time between two moments in words."""
        if not start or not end:
            return ""
        locale = babel_locale_parse(get_lang(self.env).code)
        seconds = max((end - start).total_seconds(), 60)
        return format_timedelta(
            timedelta(seconds=seconds),
            granularity="minute",
            threshold=1.5,
            locale=locale,
        )


class ApprovalTask(models.Model):
    """A task as a line of the history."""

    _inherit = "approval.task"

    def _timeline_once(self):
        """Return the history item of a decision taken over from an earlier step."""
        return {
            **self._timeline_common(),
            "kind": "kept",
            "what": self.env._("approved in an earlier step"),
            "date": fields.Datetime.to_string(self.decided_date),
        }

    def _timeline_open(self):
        what = self.env._("is to decide")
        if self.state == "waiting":
            what = self.env._(
                "decides after %s", self.blocked_by_id._who() or self.env._("others")
            )
        return {
            **self._timeline_common(),
            "kind": self.state,
            "what": what,
            "since": fields.Datetime.to_string(self.ask_date),
            "due": fields.Datetime.to_string(self.due) or False,
        }

    def _timeline_common(self):
        return {"who": self._who(), "user": self.user_id.id, "step": self.step_name}


class ApprovalEvent(models.Model):
    """The history in sentences."""

    _inherit = "approval.event"

    def _timeline_item(self, task):
        """Return the event as one item of the history.

        :param task: the decided task that the event tells of, or the empty set
        """
        sources = dict(self._fields["source"]._description_selection(self.env))
        person = self.user_id
        who = person.name
        if self.acting_for_id and self.acting_for_id != person:
            who = self.env._(
                "%(person)s for %(other)s", person=who, other=self.acting_for_id.name
            )
        return {
            "kind": self.kind,
            "user": person.id,
            "who": who,
            "what": self._timeline_words(),
            "step": task.step_name or self.step_name or "",
            "comment": self.comment or task.comment or "",
            "date": fields.Datetime.to_string(self.date),
            "took": self.instance_id._span(task.ask_date, task.decided_date),
            "source": sources[self.source]
            if self.source not in ("web", "system")
            else "",
            "changes": self._timeline_changes(),
            "files": [file_data(item) for item in task.attachment_ids],
        }

    def _timeline_changes(self):
        instance = self.instance_id
        if not self.detail or self.kind not in ("carried", "stale"):
            return []
        if not self.env["approval.document.mixin"]._approval_knows(instance.res_model):
            return []
        return instance._document()._approval_diff_rows(self.detail)

    def _timeline_words(self):
        """Return what the person did, to be read after the name."""
        other = self.target_user_id.name or ""
        return {
            "submitted": self.env._("submitted it for approval"),
            "approved": self.env._("approved"),
            "rejected": self.env._("rejected"),
            "returned": self.env._("returned it"),
            "recalled": self.env._("recalled it"),
            "transferred": self.env._("passed it on to %s", other),
            "added": self.env._("asked %s as well", other),
            "delegated": self.env._("%s decides instead, by delegation", other),
            "undelegated": self.env._("the delegation has ended"),
            "urged": self.env._("urged"),
            "reminded": self.env._("the approvers were reminded"),
            "escalated": self.env._("passed on to %s, the time was up", other),
            "reassigned": self.env._("somebody else is asked"),
            "skipped": self.env._("no further decision needed"),
            "kept": self.env._("earlier approvals stay valid"),
            "carried": self.env._("a small change within the tolerance was accepted"),
            "stale": self.env._("the content was changed: needs a new approval"),
            "granted": self.env._("fully approved"),
            "executed": self.env._("carried out"),
            "failed": self.env._("could not be carried out"),
            "retried": self.env._("tried again"),
            "cc": self.env._("copies were sent"),
        }[self.kind]
