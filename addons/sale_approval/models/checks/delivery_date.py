from odoo import fields, models
from odoo.tools import format_date


class SaleApprovalCheckDeliveryDate(models.AbstractModel):
    """The order promises a delivery date that has not passed."""

    _name = "sale.approval.check.delivery_date"
    _description = "Check: Delivery Date"
    _inherit = "approval.check.base"

    _check_model = "sale.order"
    _check_code = "delivery_date"

    def _run(self, documents, settings):
        """Override to find orders without delivery date, or with one that is past."""
        now = fields.Datetime.now()
        results = {}
        for order in documents:
            reason = self._reason(order, now)
            if reason:
                results[order.id] = self._fail(settings, reason, "commitment_date")
        return results

    def _reason(self, order, now):
        promised = order.commitment_date
        if not promised:
            return self.env._("No delivery date is promised. Enter it.")
        if promised < now:
            return self.env._(
                "The delivery date %(date)s has passed. Enter a later one.",
                date=format_date(self.env, promised),
            )
        return None
