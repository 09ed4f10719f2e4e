from markupsafe import Markup

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_datetime, plaintext2html

from .erp_access_grant import MANAGER

# operations that the review shows one by one
SHOWN = 200


class ErpAccessRequest(models.Model):
    """Emergency access: begun at once, told to others, reviewed by one of them."""

    _inherit = "erp.access.request"

    operation_text = fields.Html(
        string="What was done",
        compute="_compute_operation_text",
        sanitize=False,
    )
    operation_count = fields.Integer(compute="_compute_operation_text")
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

    @api.depends("state")
    @api.depends_context("uid")
    def _compute_can_review(self):
        for request in self:
            request.can_review = (
                request.state == "review" and self.env.user in request._reviewers()
            )

    @api.depends("state", "grant_ids")
    @api.depends_context("lang")
    def _compute_operation_text(self):
        for request in self:
            rows = []
            if request.kind == "emergency":
                rows = request._operations()
            request.operation_count = sum(row[-1] for row in rows)
            request.operation_text = request._operations_html(rows)

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

    # -- what was done -----------------------------------------------------------------

    def _emergency_period(self):
        """Return from when until when the emergency access was in force."""
        self.ensure_one()
        # sudo: the dates of the grant, for those who may read the request
        grant = self.sudo().grant_ids[:1]
        begin = grant.started_on or self.date_from
        return begin, grant.ended_on or fields.Datetime.now()

    def _operations(self):
        """Return ``[(moment, what, document model, how many changes)]``, in order."""
        begin, end = self._emergency_period()
        self.env.cr.execute(
            """SELECT min(l.ts), l.op, l.event, s.name, count(*)
                 FROM erp_audit_log l LEFT JOIN erp_audit_source s ON s.id = l.source
                WHERE (l.uid = %(uid)s OR l.real_uid = %(uid)s)
                  AND l.ts >= %(begin)s AND l.ts <= %(end)s + interval '1 second'
                GROUP BY l.tx, l.op, l.event, s.name
                ORDER BY 1, 4 LIMIT 5000""",
            {"uid": self.user_id.id, "begin": begin, "end": end},
        )
        return [
            (moment, self._operation_words(op, event), self._model_words(model), n)
            for moment, op, event, model, n in self.env.cr.fetchall()
        ]

    def _operation_words(self, operation, event):
        """Return what a person did, in words as far as there are any."""
        env = self.env
        words = {
            "c": env._("Created"),
            "w": env._("Changed"),
            "d": env._("Deleted"),
            "l": env._("Linked"),
            "u": env._("Unlinked"),
            "read": env._("Read"),
            "export": env._("Exported"),
            "print": env._("Printed"),
            "login": env._("Logged in"),
            "logout": env._("Logged out"),
            "denied": env._("Was refused"),
            "rights": env._("Rights changed"),
            "access_granted": env._("Access granted"),
            "access_withdrawn": env._("Access withdrawn"),
            "emergency": env._("Emergency access has begun"),
        }
        return words.get(event or operation) or event or operation

    def _model_words(self, model):
        # sudo: names of kinds of documents
        return self.env["ir.model"].sudo()._get(model).name or model or ""

    def _operations_html(self, rows):
        if not rows:
            return False
        row = Markup(
            "<tr><td>%s</td><td>%s</td><td>%s</td><td class='text-end'>%s</td></tr>"
        )
        body = Markup().join(
            row
            % (
                format_datetime(self.env, moment, dt_format="short"),
                what,
                model,
                count,
            )
            for moment, what, model, count in rows[:SHOWN]
        )
        head = Markup(
            "<tr><th>%s</th><th>%s</th><th>%s</th><th class='text-end'>%s</th></tr>"
        ) % (
            self.env._("When"),
            self.env._("What"),
            self.env._("Documents"),
            self.env._("Number"),
        )
        table = Markup(
            "<table class='table table-sm mb-0'><thead>%s</thead>"
            "<tbody>%s</tbody></table>"
        ) % (head, body)
        left = len(rows) - SHOWN
        if left > 0:
            table += Markup("<p>%s</p>") % self.env._(
                "and %(number)s more in the trail", number=left
            )
        return table
