from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_datetime, plaintext2html

from .erp_access_grant import MANAGER


class ErpAccessRequest(models.Model):
    """Emergency access: begun at once, told to others, reviewed by one of them."""

    _inherit = "erp.access.request"

    can_review = fields.Boolean(compute="_compute_can_review")
    review_result = fields.Selection(
        [("fine", "Justified"), ("objection", "Not justified")],
        readonly=True,
        copy=False,
        tracking=True,
    )
    review_note = fields.Text(readonly=True, copy=False)
    reviewed_by_id = fields.Many2one(
        "res.users", readonly=True, copy=False, ondelete="restrict"
    )
    reviewed_on = fields.Datetime(readonly=True, copy=False)

    _one_emergency = models.UniqueIndex(
        "(user_id, role_id) WHERE state = 'emergency'",
        "You have this emergency access already.",
    )

    @api.depends("state")
    @api.depends_context("uid")
    def _compute_can_review(self):
        for request in self:
            request.can_review = (
                request.state == "review" and self.env.user in request._reviewers()
            )

    @api.model
    def _emergency(self, role, date_from, date_to, reason):
        """Begin an emergency of the current user; the caller has checked that he may.

        :return: the request that documents it
        """
        user = self.env.user
        # the books are the system's: nobody could write this himself
        request = self._engine().create(
            {
                # sudo: the number of a request, for everybody
                "name": self.env["ir.sequence"].sudo().next_by_code(self._name) or "/",
                "kind": "emergency",
                "state": "emergency",
                "requester_id": user.id,
                "user_id": user.id,
                "company_id": self.env.company.id,
                "role_id": role.id,
                "date_from": date_from,
                "date_to": date_to,
                "reason": reason.strip(),
            }
        )
        self.env["erp.audit.event"]._log(
            "emergency",
            self._name,
            request.id,
            {"role": role.id, "reason": reason, "until": str(date_to)},
        )
        self.env["erp.access.grant"]._grant(
            user,
            role,
            "emergency",
            date_from=date_from,
            date_to=date_to,
            reason=reason.strip(),
            request_id=request.id,
        )
        request._tell_reviewers(
            self.env._("Emergency access has begun"),
            self.env._(
                "%(person)s has taken the role “%(role)s” until %(until)s: %(reason)s",
                person=user.name,
                role=role.name,
                until=format_datetime(self.env, date_to, dt_format="short"),
                reason=reason,
            ),
        )
        return request.with_env(self.env)

    def _reviewers(self):
        """Return who may review: the managers of the person, and access managers."""
        self.ensure_one()
        # sudo: who leads whom, and members of a group
        person = self.sudo().user_id
        # sudo: as above
        people = person._access_managers() | self.env.ref(MANAGER).sudo().all_user_ids
        return people.filtered(
            lambda user: user.active
            and not user.share
            and user.id != SUPERUSER_ID
            and user != person
            and self.company_id in user.company_ids
        ).with_env(self.env)

    def _tell_reviewers(self, summary, text):
        """Tell those who review at once: by e-mail, and by an activity."""
        self.ensure_one()
        people = self._reviewers()
        # sudo: written by the system
        request = self.sudo()
        request.message_post(
            body=plaintext2html(text),
            subject=summary,
            partner_ids=people.partner_id.ids,
            message_type="notification",
            subtype_xmlid="mail.mt_note",
        )
        for user in people:
            request.activity_schedule(
                "mail.mail_activity_data_todo",
                user_id=user.id,
                summary=summary,
                note=plaintext2html(text),
            )

    # -- review ------------------------------------------------------------------------

    def _begin_review(self):
        """The emergency is over: somebody else looks at what was done."""
        self._engine().write({"state": "review"})
        self._drop_activities()
        self._tell_reviewers(
            self.env._("Review an emergency access"),
            self.env._(
                "The emergency access of %(person)s is over. Look at what was done and "
                "decide whether it was justified.",
                person=self.user_id.name,
            ),
        )

    def action_review_fine(self):
        """Find that what was done in the emergency was justified."""
        return self._open_review("fine")

    def action_review_objection(self):
        """Find that what was done in the emergency was not justified."""
        return self._open_review("objection")

    def _open_review(self, result):
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "erp_audit.erp_access_emergency_review_action"
        )
        return {
            **action,
            "context": {"default_request_id": self.id, "default_result": result},
        }

    def _review(self, result, note):
        """Close the review of an emergency, as somebody else than who used it.

        :param str result: ``fine`` or ``objection``
        :raise AccessError: to whoever may not review
        """
        self.ensure_one()
        self._approval_lock()
        self.invalidate_recordset(["state"])
        if self.state != "review":
            raise UserError(self.env._("There is nothing to review here any more."))
        if self.env.su or self.env.user not in self._reviewers():
            raise AccessError(
                self.env._(
                    "An emergency is reviewed by a manager of the person or by an "
                    "access manager, never by the person."
                )
            )
        if not (note or "").strip():
            raise UserError(self.env._("Write what you have found."))
        self._engine().write(
            {
                "state": "reviewed",
                "review_result": result,
                "review_note": note.strip(),
                "reviewed_by_id": self.env.uid,
                "reviewed_on": fields.Datetime.now(),
            }
        )
        self._drop_activities()
        self.env["erp.audit.event"]._log(
            "emergency_reviewed",
            self._name,
            self.id,
            {"result": result, "note": note},
        )
        self._tell(self.env._("The emergency access was reviewed: %s", note))
