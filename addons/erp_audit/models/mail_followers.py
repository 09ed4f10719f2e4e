from odoo import api, models

from .mail_thread import BY_HAND


class MailFollowers(models.Model):
    """Who follows a document reads its messages: nobody does so past its rights."""

    _inherit = "mail.followers"

    @api.model_create_multi
    def create(self, vals_list):
        """Override: whoever makes somebody follow must be able to read."""
        followers = super().create(vals_list)
        followers._check_documents()
        return followers

    def write(self, vals):
        """Override: see :meth:`create`."""
        result = super().write(vals)
        self._check_documents()
        return result

    def _check_documents(self):
        """Check that the documents of the audit may be read by who acts.

        :raise AccessError: otherwise
        """
        if self.env.su:
            return
        for model, followers in self.grouped("res_model").items():
            if model in BY_HAND:
                documents = self.env[model].browse(followers.mapped("res_id"))
                documents.check_access("read")
