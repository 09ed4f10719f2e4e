from odoo import models

from .wording import first_and_more


class SaleApprovalCheckProduct(models.AbstractModel):
    """The products are for sale."""

    _name = "sale.approval.check.product"
    _description = "Check: Products"
    _inherit = "approval.check.base"

    _check_model = "sale.order"
    _check_code = "product"

    def _run(self, documents, settings):
        """Override to find archived products and those that are not for sale."""
        results = {}
        for order in documents:
            products = order.order_line.filtered(
                lambda line: not line.display_type and not line.is_downpayment
            ).product_id
            reasons = [reason for p in products if (reason := self._reason(p))]
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
        if not product.sale_ok:
            return self.env._(
                "“%(product)s” is not for sale. Replace it.",
                product=product.display_name,
            )
        return None
