from odoo import models

from .wording import first_and_more


class SaleApprovalCheckComplete(models.AbstractModel):
    """The order says who buys what, and how many."""

    _name = "sale.approval.check.complete"
    _description = "Check: Complete Order"
    _inherit = "approval.check.base"

    _check_model = "sale.order"
    _check_code = "complete"

    def _run(self, documents, settings):
        """Override to find orders without customer, lines, products or quantities."""
        results = {}
        for order in documents:
            problem = self._header_problem(order) or self._line_problem(order)
            if problem:
                field, reason = problem
                results[order.id] = self._fail(settings, reason, field)
        return results

    def _header_problem(self, order):
        if not order.partner_id:
            return "partner_id", self.env._("The order has no customer. Choose one.")
        if not order.order_line.filtered(lambda line: not line.display_type):
            return "order_line", self.env._(
                "The order has no lines. Add at least one product."
            )
        return None

    def _line_problem(self, order):
        reasons = []
        for line in order.order_line:
            if line.display_type or line.is_downpayment or line.is_expense:
                continue
            if not line.product_id:
                reasons.append(
                    self.env._(
                        "The line “%(line)s” has no product. Choose one or delete "
                        "the line.",
                        line=(line.name or "").split("\n")[0],
                    )
                )
            elif not line.product_uom_qty and not self._is_offer(line):
                reasons.append(
                    self.env._(
                        "The quantity of “%(product)s” is zero. Enter it or delete "
                        "the line.",
                        product=line.product_id.display_name,
                    )
                )
        return ("order_line", first_and_more(self.env, reasons)) if reasons else None

    def _is_offer(self, line):
        """Return whether the line is an option that the customer did not take."""
        # the method belongs to sale_management, which need not be installed
        return hasattr(line, "_is_line_optional") and line._is_line_optional()
