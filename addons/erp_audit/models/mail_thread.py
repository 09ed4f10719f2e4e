from odoo import api, models
from odoo.exceptions import AccessError

# documents that decide about rights or about the trail: people make them, who have the
# right to, never an e-mail, which runs without any and in anybody's name
BY_HAND = frozenset(
    {
        "erp.access.request",
        "erp.access.review",
        "erp.audit.alert",
        "erp.audit.alert.rule",
        "erp.audit.rule",
        "erp.duty.conflict",
        "erp.role",
    }
)


class MailThread(models.AbstractModel):
    """What the mail gateway may make, and for whom."""

    _inherit = "mail.thread"

    @api.model
    def message_process(
        self,
        model,
        message,
        custom_values=None,
        save_original=False,
        strip_attachments=False,
        thread_id=None,
    ):
        """Override: only administrators say what becomes of an e-mail.

        Every user may hand an e-mail in, with any sender. Where it goes is decided by
        the addresses it is sent to; a model and values that the caller chooses would
        make any record, without any right.

        :raise AccessError: if somebody else chooses
        """
        chosen = model or custom_values or thread_id
        if chosen and not (self.env.su or self.env.user.has_group("base.group_system")):
            raise AccessError(
                self.env._(
                    "Only administrators choose what becomes of an e-mail. Leave it to "
                    "the address it is sent to."
                )
            )
        return super().message_process(
            model, message, custom_values, save_original, strip_attachments, thread_id
        )

    @api.model
    def message_new(self, msg_dict, custom_values=None):
        """Override: no e-mail makes what decides about rights, whatever its address.

        :raise AccessError: for such documents
        """
        if self._name in BY_HAND:
            raise AccessError(
                self.env._(
                    "“%(document)s” is not made by e-mail: open it in the application.",
                    document=self._description,
                )
            )
        return super().message_new(msg_dict, custom_values)
