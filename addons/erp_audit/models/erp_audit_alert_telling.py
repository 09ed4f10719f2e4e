from collections import defaultdict

from odoo import api, models

from .erp_audit_alert_rule import SEVERITIES

# alerts of one message, and people who get an activity, at most
MANY = 20


# severities, the mildest first
RANKS = [severity for severity, _label in SEVERITIES]


class ErpAuditAlert(models.Model):
    """How people learn of an alert: activity, e-mail, and a note on the screen.

    Whoever gets several alerts at a time gets one e-mail and one note about them.
    """

    _inherit = "erp.audit.alert"

    def _tell(self):
        """Tell the people of the rule, except those whom the alert is about."""
        told, alike = defaultdict(self.browse), defaultdict(self.browse)
        for alert in self:
            recipients = alert._recipients()
            alike[alert.rule_id.owner_id & recipients, recipients] += alert
            for user in recipients:
                told[user] += alert
        for (owner, recipients), alerts in alike.items():
            alerts.write({"recipient_ids": recipients.ids, "owner_id": owner.id})
        self._schedule(told)
        for user, alerts in told.items():
            alerts._tell_screen(user)
        self._tell_mail(self._with_concerned(told))

    def _with_concerned(self, told):
        """Return who gets which e-mail: also those who have lost what they had.

        Whoever has no account in use any more, or no rights at all, is not told of it
        in any other way.
        """
        for alert in self:
            kind = alert.rule_id._kind()
            person = alert.person_id
            if kind and kind.tells_person and person and person != alert.actor_id:
                told[person] |= alert
        return told

    def _recipients(self):
        """Return who is told of the alert."""
        rule = self.rule_id
        about = self.person_id | self.actor_id
        kind = rule._kind()
        if kind and kind.tells_person:
            about = self.actor_id
        users = rule.user_ids | rule.owner_id | rule.group_ids.all_user_ids
        # nobody but whom it is about: those who lead him are told instead
        if kind and kind.tells_person:
            users |= self.person_id
        return self._told(users - about) or self._told(about._access_managers() - about)

    def _told(self, users):
        """Return those of some people who can be told of the alert."""
        users = users.filtered(lambda user: user.active and not user.share)
        if self.company_id:
            users = users.filtered(lambda user: self.company_id in user.company_ids)
        return users - users.browse(api.SUPERUSER_ID)

    @api.model
    def _schedule(self, told):
        """Give the owner an activity; everybody, if there is none."""
        kind = self.env.ref("mail.mail_activity_data_todo", raise_if_not_found=False)
        model = self.env["ir.model"]._get_id(self._name)
        today = self.env.cr.now().date()
        values = []
        for user, alerts in told.items():
            mine = alerts.filtered(lambda alert, user=user: user == alert.owner_id)
            free = alerts.filtered(
                lambda alert, user=user: (
                    not alert.owner_id and user in alert.recipient_ids[:MANY]
                )
            )
            for alert in (mine | free).with_context(lang=user.lang):
                values.append(
                    {
                        "activity_type_id": kind.id if kind else False,
                        "res_model_id": model,
                        "res_id": alert.id,
                        "user_id": user.id,
                        "summary": alert.name,
                        "date_deadline": today,
                    }
                )
        # the e-mail is one of our own
        self.env["mail.activity"].with_context(mail_activity_quick_update=True).create(
            values
        )

    def _tell_screen(self, user):
        """Show a note to a person who is at work."""
        alerts = self.with_context(lang=user.lang)
        critical = alerts.filtered(lambda alert: alert.severity == "critical")
        first = (critical or alerts)[0]
        message = first.name
        if len(alerts) > 1:
            message = alerts.env._(
                "%(first)s (and %(number)s more alerts)",
                first=first.name,
                number=len(alerts) - 1,
            )
        labels = dict(first._fields["severity"]._description_selection(alerts.env))
        user._bus_send(
            "simple_notification",
            {
                "type": "danger" if critical else "warning",
                "title": alerts.env._(
                    "Audit alert: %s", labels.get(first.severity, "")
                ),
                "message": message,
                "sticky": bool(critical),
            },
        )

    @api.model
    def _tell_mail(self, told):
        """Send each person one e-mail about his alerts."""
        template = self.env.ref(
            "erp_audit.mail_template_alert", raise_if_not_found=False
        )
        if not template:
            return
        for user, alerts in told.items():
            # what matters most first: many are cut
            alerts = alerts.filtered("rule_id.by_email").sorted(
                lambda alert: (RANKS.index(alert.severity), alert.id), reverse=True
            )
            if alerts and user.email:
                template.with_context(
                    alert_ids=alerts[:MANY].ids, alert_number=len(alerts)
                ).send_mail(
                    user.id,
                    email_values={
                        "recipient_ids": [(4, user.partner_id.id)],
                        "auto_delete": True,
                    },
                )
