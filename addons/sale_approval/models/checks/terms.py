from odoo import models


class SaleApprovalCheckTerms(models.AbstractModel):
    """The order can be delivered and paid as it stands."""

    _name = "sale.approval.check.terms"
    _description = "Check: Address and Payment Terms"
    _inherit = "approval.check.base"

    _check_model = "sale.order"
    _check_code = "terms"

    def _run(self, documents, settings):
        """Override to find orders without delivery address or payment terms."""
        results = {}
        for order in documents:
            missing = self._missing_address_parts(order)
            if missing:
                results[order.id] = self._fail(
                    settings,
                    self.env._(
                        "The delivery address “%(address)s” lacks: %(parts)s. "
                        "Complete it.",
                        address=order.partner_shipping_id.display_name,
                        parts=", ".join(missing),
                    ),
                    "partner_shipping_id",
                )
            elif not order.payment_term_id:
                results[order.id] = self._fail(
                    settings,
                    self.env._("The order has no payment terms. Choose them."),
                    "payment_term_id",
                )
        return results

    def _missing_address_parts(self, order):
        """Return the names of the address parts without which goods do not arrive."""
        goods = order.order_line.product_id.filtered(lambda p: p.type != "service")
        if not goods:
            return []
        labels = order.partner_shipping_id.fields_get(
            ["street", "city", "country_id"], ["string"]
        )
        return [
            labels[name]["string"]
            for name in ("street", "city", "country_id")
            if not order.partner_shipping_id[name]
        ]
