from odoo import models

from .wording import first_and_more, percent, unit_price


class PurchaseApprovalCheckAgreedPrice(models.AbstractModel):
    """The vendor charges what was agreed with him."""

    _name = "purchase.approval.check.agreed_price"
    _description = "Check: Agreed Price"
    _inherit = "approval.check.base"

    _check_model = "purchase.order"
    _check_code = "agreed_price"

    def _run(self, documents, settings):
        """Override to compare prices with the vendor's price list.

        Any price above it fails; one further above than ``limit_block`` is stopped.
        """
        # sudo: price lists of vendors, whoever submits
        lines = documents.sudo().order_line
        gaps = lines._approval_above_agreed()
        results = {}
        for order, own in (
            lines.filtered(lambda line: line.id in gaps).grouped("order_id").items()
        ):
            worst = own.sorted(lambda line: -gaps[line.id][0])
            highest = gaps[worst[0].id][0]
            if highest <= settings.limit_warn:
                continue
            stop = settings.limit_block and highest > settings.limit_block
            reasons = [self._reason(line, *gaps[line.id]) for line in worst]
            results[order.id] = self._result(
                "block" if stop else settings.severity,
                first_and_more(self.env, reasons),
                "order_line",
            )
        return results

    def _reason(self, line, gap, price):
        return self.env._(
            "“%(product)s” is %(gap)s above the price agreed with the vendor "
            "(%(price)s per %(unit)s). Correct the price, or tell the approver why.",
            product=line.product_id.display_name,
            gap=percent(self.env, gap),
            price=unit_price(self.env, price, line.order_id.currency_id),
            unit=line.product_id.uom_id.name,
        )
