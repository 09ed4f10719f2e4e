from odoo import models

from .wording import first_and_more


class PurchaseApprovalCheckProduct(models.AbstractModel):
    """The products may be bought."""

    _name = "purchase.approval.check.product"
    _description = "Check: Purchased Products"
    _inherit = "approval.check.base"

    _check_model = "purchase.order"
    _check_code = "product"

    def _run(self, documents, settings):
        """Override to find archived products and those that are not purchased."""
        results = {}
        # all products at once: those of each order would be read order by order
        problems = {
            product: self._reason(product)
            for product in documents.order_line.product_id
        }
        for order in documents:
            lines = order.order_line.filtered(lambda line: not line.is_downpayment)
            reasons = [problems[p] for p in lines.product_id if problems[p]]
            if reasons:
                results[order.id] = self._fail(
                    settings, first_and_more(self.env, reasons), "order_line"
                )
        return results

    def _reason(self, product):
        if not (product.active and product.product_tmpl_id.active):
            return self.env._(
                "“%(product)s” is archived. Replace it.", product=product.display_name
            )
        if not product.purchase_ok:
            return self.env._(
                "“%(product)s” is not to be purchased. Replace it.",
                product=product.display_name,
            )
        return None
