import logging

import psycopg2

from odoo import SUPERUSER_ID, models
from odoo.tools import format_date

from ..engine import plain_number
from .approval_change_display import by_department

_logger = logging.getLogger(__name__)


class ApprovalChangeMixin(models.AbstractModel):
    """Telling colleagues what an applied request changed: the change notice.

    Nothing here is called by the preview, and no failure here undoes what was applied.
    E-mails are queued, not sent: they leave after the transaction.
    """

    _inherit = "approval.change.mixin"

    # -- after it was applied ----------------------------------------------------------

    def _change_tell(self):
        """Tell everybody concerned that the request was applied."""
        for tell in (
            self._change_tell_document,
            self._change_tell_people,
            self._change_follow_up,
            self._change_tell_partner,
        ):
            self._change_try(tell)
        # sudo: waking a scheduled action
        self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger()

    def _change_try(self, tell, *args):
        """Tell, and go on if that fails."""
        try:
            with self.env.cr.savepoint():
                tell(*args)
                self.env.flush_all()
        except psycopg2.OperationalError:
            raise  # a conflict with another transaction: the request runs again
        except Exception:
            _logger.exception("Nobody could be told of change request %s", self.id)

    def _change_for(self, lang, tz=None):
        """Return the request as the system, in the words of a reader."""
        self.ensure_one()
        company = self.company_id
        # sudo: told to people who have to know, whatever they may read themselves
        request = self.with_user(SUPERUSER_ID)
        return request.with_context(
            lang=lang or "en_US",
            tz=tz or company.resource_calendar_id.tz or "UTC",
            allowed_company_ids=company.ids,
        )

    def _change_author(self):
        """Return the partner in whose name people are told."""
        # sudo: names only
        return self.sudo()._change_minder().partner_id

    # -- the notice --------------------------------------------------------------------

    def _change_notice(self, departments=None):
        """Return the change notice as plain data, in the reader's words.

        :param departments: codes of those whose tasks are wanted; by default of all
        :raise AccessError: if the reader may not read the request
        """
        self.ensure_one()
        self.check_access("read")
        # sudo: whoever may read the request may read its notice
        request = self.sudo()
        money = request.currency_id.format
        effects = [
            effect
            for effect in request._approval_effects()
            if departments is None or effect["code"] in departments
        ]
        return {
            "title": request._change_notice_title(),
            "number": request.name,
            "words": request._change_applied_words(),
            "state": request._change_label("state"),
            "applied": request.state == "applied",
            "document": request.order_id.display_name,
            "partner": request.partner_id.display_name,
            "partner_label": request._change_partner_label(),
            "revision": request.revision,
            "reason": request.reason_id.name or "",
            "note": request.note or "",
            "effective": format_date(self.env, request.effective_date),
            "requested": request._change_requester_words(),
            "requested_on": request._change_at(request.create_date),
            "approvals": request._change_approvals(),
            "applied_on": request._change_at(request.applied_date),
            "applied_by": request.applied_by_id.name or "",
            "rows": request._change_told_rows(),
            "old": money(request.amount_old),
            "new": money(request.amount_new),
            "effects": by_department(effects),
            "company": request.company_id,
        }

    def _change_notice_title(self):
        if self.kind == "cancel":
            return self.env._("Cancellation notice")
        return self.env._("Change notice")

    def _change_partner_label(self):
        """Return what the document calls the other side: customer, vendor."""
        field = self.order_id._fields["partner_id"]
        return field.get_description(self.env, ["string"])["string"]

    def _change_applied_words(self):
        """Return in one sentence that the request was applied."""
        values = {
            "number": self.name,
            "revision": self.revision,
            "date": format_date(self.env, self.effective_date),
        }
        if self.kind == "cancel":
            return self.env._(
                "Cancelled by %(number)s, revision %(revision)s, effective from "
                "%(date)s.",
                **values,
            )
        return self.env._(
            "Changed by %(number)s, revision %(revision)s, effective from %(date)s.",
            **values,
        )

    def _change_approvals(self):
        """Return who approved the request: ``[{"who", "step", "when"}]``."""
        # sudo: the decisions, for whoever may read the request
        tasks = self.approval_instance_id.sudo().task_ids
        approved = tasks.filtered(lambda task: task.state == "approved")
        return [
            {
                "who": task.decided_by_id.name or "",
                "step": task.step_name or "",
                "when": self._change_at(task.decided_date),
            }
            for task in approved.sorted("decided_date")
        ]

    def _change_told_rows(self):
        """Return what changes, as rows; of a cancellation what it leaves."""
        if self.kind != "cancel":
            return self._change_rows()
        rows = []
        for line in self.line_ids.filtered("order_line_id"):
            unit = line.uom_id.name or ""
            rows.append(
                {
                    "where": line.product_id.display_name or "",
                    "what": self.env._("Quantity"),
                    "old": f"{plain_number(line.old_qty)} {unit}",
                    "new": f"{plain_number(line._change_left())} {unit}",
                    "kind": "remove",
                }
            )
        return rows

    # -- who is told -------------------------------------------------------------------

    def _change_tell_document(self):
        """Leave the difference in the history of the document."""
        responsible = self._change_minder()
        request = self._change_for(responsible.lang, responsible.tz)
        request.order_id._message_log(
            body=request._change_body("approval_flow.change_notice_log"),
            author_id=request._change_author().id,
        )

    def _change_body(self, template, notice=None):
        """Return a template of the notice, rendered in the reader's words."""
        qweb = self.env["ir.qweb"].with_context(minimal_qcontext=True)
        return qweb._render(template, {"notice": notice or self._change_notice()})

    def _change_tell_people(self):
        """Send the notice to the people whose departments it concerns."""
        told = self.env["res.users"]
        for user, departments in self._change_readers().items():
            request = self._change_for(user.lang, user.tz)
            notice = request._change_notice(departments)
            request.message_notify(
                subject=request.env._(
                    "%(title)s %(number)s: %(document)s",
                    title=notice["title"],
                    number=notice["number"],
                    document=notice["document"],
                ),
                body=request._change_body("approval_flow.change_notice_body", notice),
                partner_ids=user.partner_id.ids,
                author_id=request._change_author().id,
                email_layout_xmlid="mail.mail_notification_light",
                force_send=False,
                notify_author=True,
            )
            told |= user
        if told:
            request = self._change_for(self._change_minder().lang)
            names = ", ".join(told.mapped("name"))
            title = request._change_notice_title()
            request._message_log(
                body=request.env._(
                    "%(title)s sent to %(names)s.", title=title, names=names
                )
            )

    def _change_readers(self):
        """Return {user: codes of the departments whose tasks he is told}.

        The contact person is told all; of a department those responsible for the
        documents concerned, or else the people named in the settings.
        """
        effects = (self.impact or {}).get("effects") or []
        readers = {}
        for effect in effects:
            document = self._change_effect_document(effect)
            for user in self._change_concerned(effect["department"], document):
                readers.setdefault(user, set()).add(effect["department"])
        sales = self.user_id | self._change_contacts("sales")
        if self.requester_id.id != SUPERUSER_ID:
            sales |= self.requester_id
        for user in self._change_staff(sales):
            readers[user] = None
        return readers

    def _change_concerned(self, department, document):
        """Return the people of a department who have to know of an effect."""
        responsible = self._change_responsible(department, document)
        return self._change_staff(responsible or self._change_contacts(department))

    def _change_responsible(self, department, document):
        """Return the user responsible for a document, of the department itself."""
        none = self.env["res.users"]
        if document is None or department in ("finance", "sales"):
            return none  # invoices name the salesperson
        field = document._fields.get("user_id")
        return document.user_id if field and field.comodel_name == none._name else none

    def _change_contacts(self, department):
        """Return the people of a department who are named in the settings."""
        people = self.order_id._change_control()["people"].get(department, ())
        # sudo: colleagues, whoever acts
        return self.env["res.users"].sudo().browse(people).exists()

    def _change_staff(self, users):
        """Return those of the users who work here."""
        return users.filtered(
            lambda user: user.active
            and not user.share
            and user.id != SUPERUSER_ID
            and self.company_id in user.company_ids
        )

    def _change_effect_document(self, effect):
        """Return the document that an effect is about, read as the system, or None."""
        model, res_id = effect.get("document") or (None, None)
        if model not in self.env:
            return None
        # sudo: whoever is responsible for it
        return self.env[model].sudo().browse(res_id).exists() or None
