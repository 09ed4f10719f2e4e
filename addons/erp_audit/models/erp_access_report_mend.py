from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .erp_access_review import MANAGER

# days that a key without end keeps working when it gets one
KEY_DAYS = 30
FACTOR = "mail.mail_activity_data_todo"


class ErpAccessReport(models.Model):
    """What access managers do about a finding. Nothing here gives a right."""

    _inherit = "erp.access.report"

    can_mend = fields.Boolean(compute="_compute_can_mend")
    is_own = fields.Boolean(compute="_compute_can_mend")

    @api.depends_context("uid")
    def _compute_can_mend(self):
        allowed = self.env.user.has_group(MANAGER)
        for finding in self:
            finding.is_own = finding.user_id.id == self.env.uid
            finding.can_mend = allowed and finding.user_id.id != self.env.uid

    def _check_mending(self, *kinds):
        """Check that an access manager mends findings of these kinds, not his own.

        :raise AccessError: otherwise
        """
        if self.env.su or not self.env.user.has_group(MANAGER):
            raise AccessError(self.env._("Only access managers mend findings."))
        for finding in self:
            if finding.kind not in kinds:
                raise UserError(self.env._("This cannot be mended that way."))
            if finding.user_id == self.env.user:
                raise AccessError(
                    self.env._("Another access manager mends what is about yourself.")
                )

    def action_archive_user(self):
        """Archive people who do not come any more: they cannot log in."""
        self._check_mending("no_factor", "sleeping", "shared", "portal")
        for user in self.user_id:
            self.env["erp.access.rights"]._archive(user)
        return self._told(self.env._("Archived."))

    def action_ask_factor(self):
        """Ask administrators to set up a second factor: activity and message."""
        self._check_mending("no_factor")
        for user in self.user_id:
            self._ask_factor(user)
        return self._told(self.env._("Asked."))

    def _ask_factor(self, user):
        # sudo: the activity and the message are for somebody else
        partner = user.sudo().partner_id.with_context(lang=user.sudo().lang)
        summary = partner.env._("Set up a second factor")
        todo = partner.activity_ids.filtered(
            lambda item: item.user_id == user and item.summary == summary
        )
        if not todo:
            partner.activity_schedule(FACTOR, user_id=user.id, summary=summary)
        partner.message_notify(
            partner_ids=partner.ids,
            subject=summary,
            body=partner.env._(
                "You administer this system: open your preferences, Security, and "
                "switch two-factor authentication on, or add a passkey."
            ),
        )

    def action_own_factor(self):
        """Open the form in which one sets up one's own second factor."""
        self.ensure_one()
        if self.kind != "no_factor" or self.user_id != self.env.user:
            raise UserError(self.env._("Everybody sets up his own second factor."))
        return self.env.user.action_totp_enable_wizard()

    def action_end_key(self):
        """Let keys without end run out in 30 days."""
        self._check_mending("endless_key")
        end = fields.Datetime.add(fields.Datetime.now(), days=KEY_DAYS)
        # sudo: keys of others, after the check above
        self.sudo().key_id.write({"expiration_date": end})
        return self._told(self.env._("The keys end in %(days)s days.", days=KEY_DAYS))

    def action_revoke_key(self):
        """Take keys back now: the programs that use them are locked out."""
        self._check_mending("endless_key")
        # sudo: keys of others, after the check above
        self.sudo().key_id.unlink()
        return self._told(self.env._("Revoked."))

    def action_withdraw(self):
        """Withdraw rights that people have directly."""
        self._check_mending("unused", "portal", "export", "direct")
        reason = dict(self._fields["kind"]._description_selection(self.env))
        for finding in self:
            self.env["erp.access.rights"]._withdraw(
                finding.user_id, finding.group_id, reason[finding.kind]
            )
        return self._told(self.env._("Withdrawn."))

    def action_accept(self):
        """Open the form in which a conflict of duties is accepted for a person."""
        self.ensure_one()
        self._check_mending("duty")
        action = self.conflict_id.action_accept()
        action["context"]["default_user_id"] = self.user_id.id
        return action

    def action_review(self):
        """Make a review of the people at hand."""
        return self._make_review(self.user_id)

    @api.model
    def _make_review(self, users):
        """Make a draft of a review about people, and open it."""
        self.env["erp.access.review"]._check_manager()
        if not users:
            raise UserError(self.env._("There are no people in what you chose."))
        review = self.env["erp.access.review"].create(
            {
                "name": self.env._(
                    "Findings of %(day)s",
                    day=fields.Date.to_string(fields.Date.context_today(self)),
                ),
                "scope": "people",
                "user_ids": users.ids,
            }
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": "erp.access.review",
            "res_id": review.id,
            "views": [(False, "form")],
        }

    def action_audit(self):
        """Record what is done with these models from now on."""
        self._check_mending("no_access", "open_model", "open_rule")
        # sudo: recording more is all that this does
        rules = self.env["erp.audit.rule"].sudo()
        for model in self.model_id:
            rule = rules.search([("model_id", "=", model.id)], limit=1)
            rule = rule or rules.create({"model_id": model.id})
            if rule.state != "confirmed":
                rule.action_confirm()
        return self._told(self.env._("Recorded from now on."))

    def action_group(self):
        """Open the group, to look at who should have it."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "res.groups",
            "res_id": self.group_id.id,
            "views": [(False, "form")],
        }

    def action_rules(self):
        """Open what decides who may do something with these documents."""
        self.ensure_one()
        if self.rule_id:
            action = {"res_model": "ir.rule", "res_id": self.rule_id.id}
            return {
                **action,
                "type": "ir.actions.act_window",
                "views": [(False, "form")],
            }
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Access to: %(name)s", name=self.model_id.name),
            "res_model": "ir.model.access",
            "views": [(False, "list"), (False, "form")],
            "domain": [("model_id", "=", self.model_id.id)],
            "context": {"default_model_id": self.model_id.id},
        }

    @api.model
    def _told(self, text):
        """Return a note for the screen, which is read again."""
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": text,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    @api.model
    def action_show(self, kind):
        """Open the findings of a kind, after taking over the latest use of rights.

        :raise AccessError: for others than access managers and auditors
        """
        self.check_access("read")
        if kind == "unused":
            # sudo: what the trail says about use, gathered for everybody
            self.env["erp.access.report.use"].sudo()._refresh()
        return self.env["ir.actions.act_window"]._for_xml_id(
            f"erp_audit.erp_access_report_action_{kind}"
        )
