from odoo import fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import plaintext2html

from .erp_access_grant import MANAGER


class ErpAccessRequest(models.Model):
    """The life of a request: sent, decided, granted, ended."""

    _inherit = "erp.access.request"

    # -- sending -----------------------------------------------------------------------

    def action_submit_approval(self):
        """Override: where no policy says who decides, an access manager does.

        :raise UserError: if something is missing, or nobody could decide
        """
        self.check_access("write")
        for request in self:
            reason = request._obstacle()
            if reason:
                raise UserError(reason)
        covered = self._approval_in_source(self._approval_main_operation())
        covered = covered.browse(covered._approval_match("grant"))
        free = (self - covered).filtered(lambda request: request.state == "draft")
        for request in free:
            request._ask_access_managers()
        if covered:
            return super(ErpAccessRequest, covered).action_submit_approval()
        return True

    def _ask_access_managers(self):
        people = self._deciders()
        if not people:
            raise UserError(
                self.env._(
                    "Nobody could decide: there is no access manager besides the "
                    "people of this request. Ask an administrator to name one."
                )
            )
        self._engine().write({"state": "asked"})
        for user in people:
            # sudo: activities of the people who are asked
            self.sudo().activity_schedule(
                "mail.mail_activity_data_todo",
                user_id=user.id,
                summary=self.env._("Decide on an access request"),
            )

    def action_recall(self):
        """Take a request back that was not decided yet, as its requester."""
        for request in self:
            if request.requester_id != self.env.user:
                raise AccessError(self.env._("Only the requester takes it back."))
            if request.state == "asked":
                request._engine().write({"state": "draft"})
                request._drop_activities()
            elif request.approval_state == "pending":
                request.action_recall_approval()
        return True

    def action_cancel(self):
        """Give a request up that was not granted yet, as its requester."""
        for request in self:
            if request.requester_id != self.env.user:
                raise AccessError(self.env._("Only the requester gives it up."))
            if request.state not in ("draft", "asked"):
                raise UserError(
                    self.env._("It is decided: withdraw the access instead.")
                )
            request._engine().write({"state": "cancel"})
            request._drop_activities()
        return True

    def _ask_again(self):
        """Take back requests for a role that is not what was asked for any more."""
        for request in self.filtered(lambda request: request.state == "asked"):
            request._engine().write({"state": "draft"})
            request._drop_activities()
            request._tell(
                self.env._(
                    "The role has been changed in the meantime. Look at what it gives "
                    "now, and send your request again."
                )
            )

    # -- deciding without a policy -----------------------------------------------------

    def action_grant(self):
        """Grant a request that no policy covers, as an access manager.

        :raise AccessError: to whoever asks or profits, or is no access manager
        """
        for request in self:
            request._check_may_decide()
            request._decided()
            request._carry_out()
        return True

    def action_refuse(self):
        """Refuse a request that no policy covers, as an access manager."""
        for request in self:
            request._check_may_decide()
            request._decided()
            request._engine().write({"state": "refused"})
            request._tell(self.env._("Your access request was refused."))
        return True

    def _check_may_decide(self):
        self.ensure_one()
        self._approval_lock()
        self.invalidate_recordset(["state"])
        user = self.env.user
        if self.state != "asked":
            raise UserError(
                self.env._("There is nothing to decide here any more: reload the page.")
            )
        if self.env.su or not user.has_group(MANAGER):
            raise AccessError(
                self.env._("Only access managers decide where no policy does.")
            )
        if user in (
            self.requester_id
            | self.user_id
            | self.create_uid
            | self.sudo().approval_editor_id  # sudo: who changed it last
        ):
            raise AccessError(
                self.env._(
                    "Nobody decides on his own request: another access manager has to."
                )
            )
        if self.company_id not in user.company_ids:
            raise AccessError(
                self.env._(
                    "Somebody of %(company)s has to decide.",
                    company=self.company_id.sudo().name,  # sudo: its name only
                )
            )

    def _decided(self):
        self._engine().write(
            {"decided_by_id": self.env.uid, "decided_on": fields.Datetime.now()}
        )
        self._drop_activities()

    def _decided_by_policy(self, instance):
        """Write down who decided last: the engine acts as the requester."""
        tasks = instance.task_ids.filtered(lambda task: task.state == "approved")
        last = tasks.sorted(lambda task: (task.decided_date, task.id))[-1:]
        self._engine().write(
            {
                "decided_by_id": last.decided_by_id.id,
                "decided_on": last.decided_date or fields.Datetime.now(),
            }
        )

    def _drop_activities(self):
        # sudo: activities of the others who were asked
        self.sudo().activity_unlink(["mail.mail_activity_data_todo"])

    # -- granting ----------------------------------------------------------------------

    def _approval_execute_grant(self):
        """Grant what was approved; called by the engine as the requester."""
        self._approval_run("grant", lambda requests: requests._carry_out(True))

    def _carry_out(self, by_policy=False):
        """Grant what was decided.

        :param bool by_policy: whether an approval must stand behind it
        """
        for request in self:
            if by_policy:
                # sudo: the approval of the request
                instance = request.sudo().approval_instance_id
                if instance.state not in ("approved", "failed"):
                    raise UserError(self.env._("The request is not approved."))
                request._decided_by_policy(instance)
            reason = request._obstacle()
            if reason:
                raise UserError(reason)
            request._engine().write({"state": "approved"})
            if request.state != "approved":
                raise UserError(self.env._("The request is not approved."))
            self.env["erp.access.grant"]._grant(
                request.user_id,
                request._what(),
                "request",
                date_from=max(request.date_from, fields.Datetime.now()),
                date_to=request.date_to,
                reason=request.reason,
                request_id=request.id,
                granted_by_id=request.decided_by_id.id or self.env.uid,
            )
            if request.state == "approved":
                request._tell(
                    self.env._("Your access request was approved; it begins later.")
                )

    def _on_grant_started(self):
        """The access is in force now."""
        for request in self:
            if request.kind == "request":
                request._engine().write({"state": "active"})
                request._tell(self.env._("The access is in force now."))

    def _on_grant_ended(self, grant):
        """The access has ended: what was an emergency is reviewed."""
        for request in self:
            if request.kind == "emergency":
                request._begin_review()
            else:
                request._engine().write({"state": "ended"})
            request._tell(
                self.env._("The access has ended: %(why)s", why=grant.end_reason or "")
            )

    def _tell(self, text):
        """Tell the person and the requester, in the history of the request."""
        self.ensure_one()
        # sudo: written by the system, whoever has decided
        request = self.sudo()
        people = (request.user_id | request.requester_id).partner_id
        request.message_post(
            body=plaintext2html(text),
            partner_ids=people.ids,
            message_type="notification",
            subtype_xmlid="mail.mt_note",
        )

    def action_withdraw(self):
        """Open the form in which the access is withdrawn before its end."""
        grants = self.grant_ids.filtered(lambda grant: grant.state != "ended")
        if not grants:
            raise UserError(self.env._("There is nothing to withdraw any more."))
        return grants.action_withdraw()
