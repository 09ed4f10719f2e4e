from odoo import api, models
from odoo.tools import hash_sign, verify_hash_signed

LINK_SCOPE = "approval_flow.decide"


class ApprovalTask(models.Model):
    """Signed links in e-mails: who may decide what, and which content he was told."""

    _inherit = "approval.task"

    def _link_token(self, user):
        """Return a token with which ``user`` opens this task, for a limited time.

        It names the person, the task and the digest of the content: a link to a task
        that is decided or whose content has changed since decides nothing.
        """
        self.ensure_one()
        # sudo: the signing key of the database
        env = self.sudo().env
        return hash_sign(
            env,
            LINK_SCOPE,
            [user.id, self.id, self.sudo()._link_digest()],  # sudo: of the own task
            expiration_hours=self.company_id.approval_mail_hours,
        )

    def _link_digest(self):
        instance = self.instance_id
        return instance.accepted_digest or instance.digest

    @api.model
    def _link_open(self, token):
        """Return ``(task, user, digest)`` of a token that is genuine and in time.

        :return: the task with the rights of the person whom the token names, or None
            for any reason: the caller cannot tell which
        """
        try:
            # sudo: the signing key of the database
            values = verify_hash_signed(self.sudo().env, LINK_SCOPE, token)
            user_id, task_id, digest = values
        except (ValueError, TypeError, OverflowError):
            return None  # anything may be typed after the slash
        # sudo: before the person is known
        user = self.env["res.users"].sudo().browse(user_id).exists()
        task = self.sudo().browse(task_id).exists()  # sudo: as above
        if not user or not user.active or user.share or not task:
            return None
        companies = task.company_id & user.company_ids | user.company_ids
        context = {
            "lang": user.lang or "en_US",
            "tz": user.tz,
            "allowed_company_ids": companies.ids,
        }
        env = self.env(user=user.id, su=False, context=context)
        return task.with_env(env), user, digest

    def _link_changed(self, digest):
        """Return whether the content is not what the e-mail told any more."""
        self.ensure_one()
        # sudo: the content that the person is to decide, and its digest
        instance = self.instance_id.sudo()
        document = instance._readable_document()
        # sudo: as above
        if document is None or digest != self.sudo()._link_digest():
            return True
        return document._approval_digests(instance._names())[document.id] != digest
