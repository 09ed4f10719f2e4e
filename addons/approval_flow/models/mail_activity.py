from odoo import models
from odoo.exceptions import UserError


class MailActivity(models.Model):
    _inherit = "mail.activity"

    def _action_done(self, feedback=False, attachment_ids=None):
        """Override: an approval is decided, not ticked off.

        :raise UserError: for the activity of an approval
        """
        if any(activity.res_model == "approval.task" for activity in self):
            raise UserError(
                self.env._(
                    "Approve or reject the document instead: this activity goes away "
                    "by itself then."
                )
            )
        return super()._action_done(feedback=feedback, attachment_ids=attachment_ids)
