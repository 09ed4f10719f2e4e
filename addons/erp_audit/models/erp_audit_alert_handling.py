from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from ..serial import claim

AUDITOR = "erp_audit.group_audit_auditor"


class ErpAuditAlert(models.Model):
    """Who may decide about an alert, and that he did."""

    _inherit = "erp.audit.alert"

    @api.depends("owner_id", "person_id", "actor_id")
    @api.depends_context("uid")
    def _compute_can_handle(self):
        for alert in self:
            alert.can_handle = not alert._refusal()

    def _refusal(self):
        """Return why the present user may not handle the alert, "" if he may."""
        user = self.env.user
        if user in self.person_id | self.actor_id:
            return self.env._(
                "This alert is about you, or about what you did: somebody else has to "
                "handle it."
            )
        if user != self.owner_id and not user.has_group(AUDITOR):
            return self.env._("Only auditors and the owner of an alert can handle it.")
        return ""

    def _check_handler(self):
        """Check that the present user may handle the alerts, and lock them.

        :raise AccessError: if he may not
        """
        self.check_access("read")
        for alert in self:
            if message := alert._refusal():
                raise AccessError(message)
        claim(self)

    def _of_choice(self):
        """Return those of several alerts that wait, and that the user may handle.

        One alone stays: whoever asks for it is told why not.
        """
        todo = self.filtered(
            lambda alert: alert.state in ("new", "review") and alert.can_handle
        )
        return todo if todo and len(self) > 1 else self

    def action_review(self):
        """Take the alerts: from now on the user owns them."""
        if (todo := self._of_choice()) != self:
            return todo.action_review()
        self._check_handler()
        todo = self.filtered(lambda alert: alert.state == "new")
        if self - todo - self.filtered(lambda alert: alert.state == "review"):
            raise UserError(
                self.env._("This alert is decided already. Open it again first.")
            )
        self._handle("review", owner_id=self.env.uid)
        return None

    def action_confirm(self, reason=""):
        """Say that something was wrong.

        :param str reason: what was found, and what was done about it
        """
        self._decide("confirmed", reason)

    def action_dismiss(self, reason=""):
        """Say that nothing was wrong.

        :param str reason: why; must be given
        :raise UserError: without a reason
        """
        if not isinstance(reason, str) or not reason.strip():
            raise UserError(
                self.env._("Say why nothing is wrong: a reason must be given.")
            )
        self._decide("dismissed", reason)

    def action_reopen(self):
        """Take a decision back."""
        self._check_handler()
        if self.filtered(lambda alert: alert.state in ("new", "review")):
            raise UserError(self.env._("This alert is open already."))
        self._handle(
            "review",
            owner_id=self.env.uid,
            decided_by_id=False,
            decided_date=False,
            reason=False,
        )

    def _decide(self, state, reason):
        reason = reason.strip() if isinstance(reason, str) else ""
        self._check_handler()
        if self.filtered(lambda alert: alert.state not in ("new", "review")):
            raise UserError(
                self.env._("This alert is decided already. Open it again first.")
            )
        self._handle(
            state,
            decided_by_id=self.env.uid,
            decided_date=fields.Datetime.now(),
            reason=reason or False,
        )
        for alert in self:
            # sudo: the note belongs to the decision
            alert.sudo().message_post(body=reason) if reason else None

    def _handle(self, state, **values):
        """Write a state, and record who did it in the trail."""
        # sudo: nobody writes alerts but these methods, which have checked the rights
        alerts = self.sudo()
        alerts.write({"state": state, **values})
        for alert in self:
            self.env["erp.audit.event"]._log(
                f"alert_{state}",
                self._name,
                alert.id,
                {"rule": alert.rule_id.code, "reason": values.get("reason") or ""},
            )
        done = alerts.activity_ids
        if state == "review":
            done = done.filtered(lambda activity: activity.user_id != self.env.user)
        done.unlink()

    # -- screens -----------------------------------------------------------------------

    def action_ask(self):
        """Ask for the reason of a decision.

        :return: action of the form
        """
        todo = self._of_choice()
        todo._check_handler()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Decide"),
            "res_model": "erp.audit.alert.decision",
            "views": [[False, "form"]],
            "target": "new",
            "context": {
                "default_alert_ids": todo.ids,
                "default_left_out": len(self - todo),
                "default_decision": self.env.context.get("decision"),
            },
        }

    def action_evidence(self):
        """Open the records that show what happened, as far as the reader may.

        :return: action
        """
        self.ensure_one()
        self.check_access("read")
        return self._evidence_action(self._evidence_ids())

    def _evidence_ids(self):
        self.env.cr.execute(
            "SELECT record_id FROM erp_audit_alert_record_rel WHERE alert_id = %s",
            [self.id],
        )
        return [number for (number,) in self.env.cr.fetchall()]

    @api.model
    def _evidence_action(self, ids):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Evidence"),
            "res_model": "erp.audit.record",
            "views": [[False, "list"], [False, "form"]],
            "domain": list(Domain("id", "in", ids)),
            "context": {"create": False},
        }
