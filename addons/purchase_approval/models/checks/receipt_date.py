from odoo import fields, models
from odoo.tools import format_date

from .wording import first_and_more


class PurchaseApprovalCheckReceiptDate(models.AbstractModel):
    """The goods are expected in the future."""

    _name = "purchase.approval.check.receipt_date"
    _description = "Check: Receipt Date"
    _inherit = "approval.check.base"

    _check_model = "purchase.order"
    _check_code = "receipt_date"

    def _run(self, documents, settings):
        """Override to find lines whose expected arrival has passed."""
        results = {}
        for order in documents:
            zone = order.get_order_timezone()
            today = fields.Datetime.now().astimezone(zone).date()
            late = order.order_line.filtered(
                lambda line, zone=zone, today=today: line.date_planned
                and line.date_planned.astimezone(zone).date() < today
            )
            reasons = [
                self.env._(
                    "“%(product)s” was to arrive on %(date)s, which has passed. Enter "
                    "a later date.",
                    product=line.product_id.display_name,
                    date=format_date(self.env, line.date_planned),
                )
                for line in late
            ]
            if reasons:
                results[order.id] = self._fail(
                    settings, first_and_more(self.env, reasons), "order_line"
                )
        return results
