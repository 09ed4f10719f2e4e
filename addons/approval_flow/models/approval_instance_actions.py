from odoo import fields, models
from odoo.exceptions import UserError

from .approval_document_mixin import OPEN_STATES


class ApprovalInstance(models.Model):
    """What requesters do, and going back. The actor is always ``env.user``."""

    _inherit = "approval.instance"

    def _check_requester(self):
        manager = self.env.user.has_group("approval_flow.group_approval_manager")
        for instance in self:
            if instance.requester_id != self.env.user and not manager:
                raise UserError(
                    self.env._(
                        "Only %s, who submitted it, can do this.",
                        instance.requester_id.name,
                    )
                )

    def action_recall(self, comment=None):
        """Withdraw approvals, as their requester, until they are carried out.

        :raise UserError: if somebody else submitted, or it is carried out already
        """
        # sudo: the right to do so is checked first
        instances = self.sudo()
        instances._check_requester()
        instances._lock()
        if not instances or any(item.state not in OPEN_STATES for item in instances):
            raise UserError(
                self.env._("There is nothing to recall: it is decided already.")
            )
        instances._finish("recalled")
        self.env["approval.event"]._log(instances, "recalled", comment=comment)
        return True

    def action_urge(self):
        """Remind the approvers, at most once per cool-down of the company.

        :return: a notification that says who was reminded
        :raise UserError: if they were urged too short a time ago
        """
        # sudo: the right to do so is checked first
        instances = self.sudo()
        instances._check_requester()
        instances._lock()
        now = fields.Datetime.now()
        for instance in instances:
            instance._check_urge(now)
        instances._engine().write({"last_urged": now})
        tasks = instances.open_task_ids
        tasks._engine().write({"mail_pending": True})
        self.env["approval.event"]._log(instances, "urged")
        instances._tell(tasks.user_id)
        instances._wake_mail()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "Reminded: %s", ", ".join(tasks.user_id.mapped("name"))
                ),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _check_urge(self, now):
        if self.state != "pending":
            raise UserError(self.env._("Nobody is asked any more."))
        pause = self.company_id.approval_urge_hours
        if not self.last_urged:
            return
        again = fields.Datetime.add(self.last_urged, hours=pause)
        if now < again:
            raise UserError(
                self.env._(
                    "They were reminded already. You can urge again from %s.",
                    self._local(again),
                )
            )

    def action_retry(self):
        """Carry out again what was approved but failed.

        :raise UserError: if it fails again nothing is lost; the reason is shown
        """
        # sudo: the right to do so is checked first
        instances = self.sudo()
        instances._check_requester()
        instances._lock()
        for instance in instances:
            if instance.state not in ("failed", "approved"):
                raise UserError(self.env._("There is nothing to carry out again."))
        self.env["approval.event"]._log(instances, "retried")
        instances._execute()
        failed = instances.filtered(lambda item: item.state == "failed")
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if failed else "success",
                "message": "; ".join(failed.mapped("error"))
                or self.env._("Carried out."),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _go_back(self, step_key=None):
        """Return approvals to the requester, or to an earlier step."""
        if not step_key:
            self._finish("returned")
            return
        for instance in self:
            target = [step for step in instance.steps if step["key"] == step_key]
            if not target or target[0]["level"] >= instance.level:
                raise UserError(self.env._("Choose an earlier step to return to."))
            instance._restart_from(target[0]["level"])

    def _restart_from(self, level):
        tasks = self.task_ids
        tasks.filtered(lambda t: t.state in ("pending", "waiting"))._close("skipped")
        tasks.filtered(lambda t: t.level >= level)._engine().write({"superseded": True})
        steps = [
            {**step, "kept": None} if step["level"] >= level else step
            for step in self.steps
        ]
        self._engine().write({"steps": steps, "level": level - 1})
        self._open_next_level()
