import logging

import psycopg2

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .approval_document_content import canonical_digest

_logger = logging.getLogger(__name__)

# task for people that a request leaves behind
FOLLOW_UP = "approval_flow.mail_activity_type_change"


class ApprovalChangeMixin(models.AbstractModel):
    """The other side's part: what it asks for itself, and what it agrees to.

    Whoever reads the document in the portal may do this, as the document's own page
    checks it; the methods here are called after that check, as the system, with the
    reader as the user. An agreement holds for the very proposal that it was given for:
    its digest is kept with it.
    """

    _inherit = "approval.change.mixin"

    customer_digest = fields.Char(
        string="Agreed content (SHA-256)", readonly=True, copy=False
    )

    # -- what is proposed --------------------------------------------------------------

    def _change_proposal(self):
        """Return what the request proposes, as plain data."""
        self.ensure_one()
        # sudo: the same whoever asks
        request = self.sudo()
        lines = request.line_ids.filtered(lambda line: line.action != "keep")
        return {
            "kind": request.kind,
            "header": {
                name: str(new) for name, (_old, new) in request._change_header().items()
            },
            "lines": [
                [
                    line.order_line_id.id,
                    line.product_id.id,
                    line.uom_id.id,
                    line.action,
                    f"{line._change_left():.4f}",
                    f"{line.new_price:.6f}",
                    f"{line.new_discount:.4f}",
                    str(line.new_date or ""),
                ]
                for line in lines.sorted("id")
            ],
        }

    def _change_proposal_digest(self):
        return canonical_digest(self._change_proposal())

    # -- raised by the other side ------------------------------------------------------

    @api.model
    def _change_raise(self, document, vals, lines):
        """Raise a request for the other side, and submit it where a policy covers it.

        :param document: the document, read as the system by the person who asks
        :param dict vals: values of the request
        :param dict lines: ``{document line id: values}`` of the lines to be changed
        :return: the request
        :raise UserError: if another request on the document is open
        """
        document.ensure_one()
        self.env.cr.execute(
            SQL(
                "UPDATE %s SET id = id WHERE id = %s",
                SQL.identifier(document._table),
                document.id,
            ),
            log_exceptions=False,  # a conflict is nothing to worry about
        )
        if document._change_open_requests():
            raise UserError(
                self.env._("A request for this order is being checked already.")
            )
        engine = self.with_company(document.company_id)._change_engine()
        # colleagues talk about it among themselves
        request = engine.with_context(mail_create_nosubscribe=True).create(
            {
                **vals,
                "order_id": document.id,
                "is_customer": True,
                "requester_id": self._change_clerk(document).id,
            }
        )
        for line in request.line_ids:
            if wanted := lines.get(line.order_line_id.id):
                line.write(wanted)
        request.write(
            {
                "customer_state": "accepted",
                "customer_date": fields.Datetime.now(),
                "customer_digest": request._change_proposal_digest(),
            }
        )
        # sudo: on behalf of the other side, whose access was checked
        request = self.sudo().browse(request.id)
        request._change_submit_raised()
        return request

    @api.model
    def _change_clerk(self, document):
        """Return who stands in for the other side: its contact person, or the system.

        He gets the notes, and counts as the requester: as whoever knows the customer's
        address of the order could have raised the request for him, he is not the one
        to approve it.
        """
        responsible = document[document._approval_responsible_field]
        if responsible.active and not responsible.share:
            return responsible
        return self.env["res.users"].browse(SUPERUSER_ID)

    def _change_submit_raised(self):
        """Submit a request of the other side; hold it for a person if that fails.

        Without a policy nothing is applied by itself: a person looks at it first.
        """
        person = self._change_minder()
        # sudo: on behalf of the other side, whose access was checked
        request = self.sudo().with_context(
            lang=person.lang, tz=person.tz, allowed_company_ids=self.company_id.ids
        )
        reason = ""
        try:
            with self.env.cr.savepoint():
                request._change_prepare()
                result = request._approval_submit(self.kind)
                result._raise_refused()
        except psycopg2.OperationalError:
            raise  # a conflict with another transaction: the request runs again
        except UserError as error:
            reason = str(error)
        except Exception as error:
            _logger.exception("Change request %s cannot be submitted", self.id)
            reason = str(error)
        if request.state == "draft":
            request._change_hold(reason)

    def _change_hold(self, reason):
        """Ask a person to look at the request of the other side."""
        partner = self.partner_id.display_name
        summary = (
            self.env._("%s asks for a cancellation: check and submit", partner)
            if self.kind == "cancel"
            else self.env._("%s asks for a change: check and submit", partner)
        )
        self.activity_schedule(
            FOLLOW_UP,
            user_id=self._change_minder().id,
            summary=summary,
            note=reason,
        )

    def _change_minder(self):
        """Return who looks after the request: contact person, or who is there."""
        self.ensure_one()
        # sudo: who is responsible, for whoever acts
        request = self.sudo()
        # sudo: as above
        managers = self.env.ref("approval_flow.group_approval_manager").sudo()
        people = request.user_id | request._change_contacts("sales")
        people |= managers.all_user_ids
        return people.filtered(
            lambda user: user.active and not user.share and user.id != SUPERUSER_ID
        )[:1] or people.browse(SUPERUSER_ID)

    def _change_withdraw_raised(self):
        """Withdraw a request, as the other side that raised it.

        :raise UserError: if it is not waiting any more
        """
        self._change_lock()
        if not self.is_customer or self.state not in (
            "draft",
            "submitted",
            "conflict",
            "failed",
        ):
            raise UserError(self.env._("This request cannot be withdrawn any more."))
        told = "cancelled"  # by the page itself
        self._change_engine().write({"state": "cancelled", "customer_told": told})

    @api.ondelete(at_uninstall=False)
    def _unlink_except_customer(self):
        if any(request.is_customer for request in self):
            raise UserError(
                self.env._(
                    "What a customer or vendor asked for is kept for the record. "
                    "Withdraw the request instead."
                )
            )

    # -- agreement ---------------------------------------------------------------------

    def _change_agreed(self):
        """Return whether the other side agreed to just this proposal."""
        return (
            self.customer_state == "accepted"
            and self.customer_digest == self._change_proposal_digest()
        )

    def _change_wants_agreement(self):
        # sudo: the frozen policy of the approval
        instance = self.approval_instance_id.sudo()
        return bool((instance.policy or {}).get("ask_partner")) and (
            not self._change_agreed()
        )

    def _change_prepare(self):
        """Override: an agreement to something else is none."""
        result = super()._change_prepare()
        self._change_forget_agreement()
        return result

    def _change_forget_agreement(self):
        for request in self:
            if request.customer_state == "accepted" and not request._change_agreed():
                request._change_engine().write({"customer_state": "none"})

    def _change_ask_agreement(self):
        """Ask the other side to accept in the portal, once."""
        if self.customer_state != "asked":
            self._change_engine().write({"customer_state": "asked"})
            self._change_send_question()

    def _change_answer(self, accepted, name, seen=None):
        """Take the answer of the other side, given in the portal.

        :param bool accepted: whether it agrees
        :param str name: who answered, for the history
        :param str seen: digest of the proposal that was shown
        :raise UserError: if this is not asked any more
        """
        self._change_lock()
        digest = self._change_proposal_digest()
        if self.customer_state != "asked" or self.state != "approved":
            raise UserError(self.env._("This request is not waiting for your answer."))
        if seen is not None and seen != digest:
            raise UserError(
                self.env._("The proposal has changed since you opened the page.")
            )
        self._change_engine().write(
            {
                "customer_state": "accepted" if accepted else "refused",
                "customer_date": fields.Datetime.now(),
                "customer_digest": digest,
            }
        )
        # sudo: on behalf of the other side; in the words of who reads the history
        history = self.sudo().with_context(lang=self._change_minder().lang)
        history.message_post(
            body=history.env._("%s agreed.", name)
            if accepted
            else history.env._("%s did not agree.", name)
        )
        if accepted:
            # sudo: carried out for the requester
            self.approval_instance_id.sudo()._execute()
        else:
            self._change_engine().write({"state": "cancelled"})

    # -- followed ----------------------------------------------------------------------

    def write(self, vals):
        """Override to see what is edited after an agreement, and where it ends."""
        before = {item.id: item.state for item in self} if "state" in vals else {}
        result = super().write(vals)
        if before:
            self.filtered(lambda item: item.state != before[item.id])._change_ended()
        elif not self._change_is_engine() and (
            "line_ids" in vals or not set(self._approval_material).isdisjoint(vals)
        ):
            self._change_forget_agreement()
        return result

    def _change_ended(self):
        """Requests have moved to their state: take tasks back, tell the other side."""
        moved = self.filtered(lambda item: item.state != "draft")
        # sudo: tasks of other people
        moved.sudo().activity_unlink([FOLLOW_UP])
        for request in moved.filtered("is_customer"):
            request._change_tell_ending()
