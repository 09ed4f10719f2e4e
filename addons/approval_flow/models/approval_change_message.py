from odoo import fields, models
from odoo.tools import format_date

# ends of a request that the other side raised, told once each
ENDINGS = ("rejected", "conflict", "failed", "cancelled")


class ApprovalChangeMixin(models.AbstractModel):
    """Telling the other side: what was changed, what is asked, what is not possible.

    In its own language and words: never who decides, why not, or what it sets off.
    """

    _inherit = "approval.change.mixin"

    # external ids of e-mail templates of this model: {applied, asked, ended: template}
    _change_templates = {}

    customer_told = fields.Char(
        string="Last ending told", readonly=True, copy=False, groups="base.group_system"
    )

    def _change_tell_partner(self):
        """Tell the other side what was applied."""
        control = self.order_id._change_control()
        if control["tell_partner"]:
            self._change_send("applied")
        if control["tell_sms"]:
            self._change_send_sms()

    def _change_send_question(self):
        """Send the message that asks the other side to accept."""
        self._change_try(self._change_send, "asked")

    def _change_tell_ending(self):
        """Tell the other side that its own request is not carried out as it is."""
        # sudo: bookkeeping
        told = self.sudo().customer_told
        if self.state not in ENDINGS or told == self.state:
            return
        self._change_engine().write({"customer_told": self.state})
        if self.customer_state != "refused":
            self._change_try(self._change_send, "ended")

    def _change_for_partner(self):
        """Return the request as the system, in the words of the other side."""
        # sudo: how to speak to it
        partner = self.sudo().partner_id
        # sudo: as above
        company = self.sudo().company_id.partner_id
        request = self._change_for(partner.lang or company.lang, partner.tz)
        return request.with_context(change_days=True)

    def _change_send(self, code):
        """Post a message to the other side on the document, and queue its e-mail."""
        request = self._change_for_partner()
        template = request.env.ref(self._change_templates[code], False)
        if not template:
            return  # deleted by an administrator who wants no such message
        subject = template._render_field("subject", request.ids)[request.id]
        body = template._render_field("body_html", request.ids)[request.id]
        partner = request.partner_id
        request.order_id.message_post(
            subject=subject,
            body=body,
            message_type="auto_comment",
            subtype_xmlid="mail.mt_comment",
            author_id=request._change_author().id,
            partner_ids=partner.ids if partner.email else [],
            email_layout_xmlid=(
                "mail.mail_notification_layout_with_responsible_signature"
            ),
            force_email_lang=request.env.lang,
            force_send=False,
        )
        # sudo: waking a scheduled action
        self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger()

    def _change_mail_subject(self, code):
        """Return the subject of a message to the other side.

        :param str code: ``applied``, ``asked`` or ``ended``
        """
        values = {"order": self.order_id.name, "company": self.company_id.name}
        if code == "applied" and self.kind == "cancel":
            return self.env._("%(company)s: order %(order)s is cancelled", **values)
        if code == "applied":
            return self.env._("%(company)s: order %(order)s has been changed", **values)
        if code == "asked":
            return self.env._("%(company)s: please answer on order %(order)s", **values)
        return self.env._("%(company)s: your request for order %(order)s", **values)

    def _change_send_sms(self):
        """Send a text message where the SMS app is installed."""
        request = self._change_for_partner()
        document = request.order_id
        partner = request.partner_id
        if not hasattr(document, "_message_sms") or not partner.phone:
            return
        document._message_sms(
            request._change_sms(), partner_ids=partner.ids, put_in_queue=True
        )

    def _change_sms(self):
        """Return the text message, in the words of the other side."""
        values = {
            "order": self.order_id.display_name,
            "date": format_date(self.env, self.effective_date),
            "total": self.currency_id.format(self.amount_new),
            "company": self.company_id.name,
        }
        if self.kind == "cancel":
            return self.env._(
                "%(company)s: %(order)s was cancelled as requested, from %(date)s.",
                **values,
            )
        return self.env._(
            "%(company)s: %(order)s was changed, from %(date)s. New total %(total)s.",
            **values,
        )

    # -- in its words ------------------------------------------------------------------

    def _change_at(self, moment):
        """Override: the other side is told days."""
        if moment and self.env.context.get("change_days"):
            local = fields.Datetime.context_timestamp(self, moment)
            return format_date(self.env, local.date())
        return super()._change_at(moment)

    def _change_partner_rows(self):
        """Return what changes, product by product, as the other side is told.

        :return: ``[{"where", "rows": [{"what", "old", "new"}]}]``
        """
        groups = {}
        for row in self._change_told_rows():
            groups.setdefault(row["where"], []).append(row)
        return [{"where": where, "rows": rows} for where, rows in groups.items()]

    def _change_header_rows(self):
        """Override: the other side is told days."""
        rows = super()._change_header_rows()
        if not self.env.context.get("change_days"):
            return rows
        # sudo: kinds of fields of the document
        document = self.sudo().order_id
        for row, (name, values) in zip(
            rows, self._change_header().items(), strict=True
        ):
            if document._fields[name].type == "datetime":
                row["old"], row["new"] = (
                    self._change_at(fields.Datetime.to_datetime(value))
                    for value in values
                )
        return rows

    def _change_table(self):
        """Return the difference as a table, for messages."""
        self.ensure_one()
        qweb = self.env["ir.qweb"].with_context(minimal_qcontext=True)
        money = self.currency_id.format
        return qweb._render(
            "approval_flow.change_table",
            {
                "rows": self._change_told_rows(),
                "old": money(self.amount_old),
                "new": money(self.amount_new),
            },
        )
