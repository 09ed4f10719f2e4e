from odoo import models


class PurchaseOrderChange(models.Model):
    """Whom an applied change of a purchase order leaves something to do, and what."""

    _inherit = "purchase.order.change"

    _change_templates = {
        "applied": "purchase_approval.mail_template_change_applied",
        "asked": "purchase_approval.mail_template_change_asked",
        "ended": "purchase_approval.mail_template_change_ended",
    }

    def _change_follow_ups(self):
        """Override: what the system may not do alone."""
        return {
            **super()._change_follow_ups(),
            "receipt_printed": self.env._("print the receipt again"),
            "counted": self.env._("count the goods again"),
            "waits": self.env._("find another source"),
            "refund": self.env._("check and post the refund"),
            "difference": self.env._("check the bill for the difference"),
            "draft_bill": self.env._("compare the bill with the order"),
        }

    def _change_portal_rows(self):
        """Return what changes, as rows on the vendor's page: days, not moments."""
        return self.with_context(change_days=True)._change_told_rows()
