from odoo import models


class ApprovalInstance(models.Model):
    """Telling people what happens: live notices, mails, chatter of the document."""

    _inherit = "approval.instance"

    def _tell(self, users):
        """Send a live notice, so that open pages and counters follow."""
        for user in users:
            user._bus_send("approval_flow/changed", {"instances": self.ids[:100]})

    def _wake_mail(self):
        # sudo: waking a scheduled action of the engine
        self.env.ref("approval_flow.ir_cron_mail").sudo()._trigger()

    def _log_on_documents(self, state):
        """Leave a line in the chatter of the documents."""
        words = {
            "approved": self.env._("Approved"),
            "rejected": self.env._("Approval rejected"),
            "returned": self.env._("Returned to the requester"),
            "recalled": self.env._("Approval recalled"),
            "stale": self.env._("Changed: needs a new approval"),
        }
        for documents, _instances in self._documents():
            if hasattr(documents, "_message_log_batch"):
                documents._message_log_batch(
                    bodies=dict.fromkeys(documents.ids, words[state])
                )
