from odoo import models

from .wording import first_and_more, percent, unit_price


class PurchaseApprovalCheckLastPrice(models.AbstractModel):
    """Prices are like those of the last purchase."""

    _name = "purchase.approval.check.last_price"
    _description = "Check: Last Purchase Price"
    _inherit = "approval.check.base"

    _check_model = "purchase.order"
    _check_code = "last_price"

    def _run(self, documents, settings):
        """Override to compare prices with the last purchase from any vendor."""
        # sudo: the purchases of others are compared, whoever submits
        lines = documents.sudo().order_line
        gaps = lines._approval_above_last()
        results = {}
        for order, own in (
            lines.filtered(lambda line: line.id in gaps).grouped("order_id").items()
        ):
            worst = own.sorted(lambda line: -gaps[line.id][0])
            reasons = [self._reason(line, *gaps[line.id]) for line in worst]
            results[order.id] = self._grade(
                gaps[worst[0].id][0],
                settings,
                first_and_more(self.env, reasons),
                "order_line",
            )
        return results

    def _reason(self, line, gap, price, name):
        return self.env._(
            "“%(product)s” costs %(gap)s more than last time (%(price)s per %(unit)s "
            "in %(order)s). Negotiate, or tell the approver why.",
            product=line.product_id.display_name,
            gap=percent(self.env, gap),
            price=unit_price(self.env, price, line.order_id.company_id.currency_id),
            unit=line.product_id.uom_id.name,
            order=name,
        )
