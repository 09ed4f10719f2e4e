from odoo import models

from .wording import first_and_more


class PurchaseApprovalCheckComplete(models.AbstractModel):
    """The order says what is bought, how many, and when it comes."""

    _name = "purchase.approval.check.complete"
    _description = "Check: Complete Purchase Order"
    _inherit = "approval.check.base"

    _check_model = "purchase.order"
    _check_code = "complete"

    def _run(self, documents, settings):
        """Override to find orders without lines, products, quantities or prices."""
        results = {}
        for order in documents:
            reason = self._problem(order)
            if reason:
                results[order.id] = self._fail(settings, reason, "order_line")
        return results

    def _problem(self, order):
        lines = order.order_line.filtered(
            lambda line: not line.display_type and not line.is_downpayment
        )
        if not lines:
            return self.env._("The order has no lines. Add at least one product.")
        reasons = [reason for line in lines if (reason := self._line_problem(line))]
        return first_and_more(self.env, reasons) if reasons else None

    def _line_problem(self, line):
        if not line.product_id:
            return self.env._(
                "The line “%(line)s” has no product. Choose one or delete the line.",
                line=(line.name or "").split("\n")[0],
            )
        if line.product_qty <= 0:
            return self.env._(
                "The quantity of “%(product)s” is zero. Enter it or delete the line.",
                product=line.product_id.display_name,
            )
        if not line.price_unit:
            return self.env._(
                "“%(product)s” has no price. Enter what was agreed with the vendor.",
                product=line.product_id.display_name,
            )
        return None
