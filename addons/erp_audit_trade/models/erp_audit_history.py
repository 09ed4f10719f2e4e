from odoo import api, models

# what Odoo keeps to itself beside the price
TECHNICAL = frozenset({"technical_price_unit"})


class ErpAuditHistory(models.AbstractModel):
    """Lines of trade are known by their product, without what Odoo keeps to itself."""

    _inherit = "erp.audit.history"

    @api.model
    def _line_name(self, document, part, number, book):
        """Override to name a line by its product, which everybody knows it by."""
        known = book.known(part.model._name)
        if number in known and self._is_visible(part.model, "product_id"):
            line = part.model.browse(number).with_prefetch(sorted(known))
            product = line._fields.get("product_id") and line.product_id
            if product and (document.auditor or product.has_access("read")):
                return product.display_name
        return super()._line_name(document, part, number, book)

    @api.model
    def _is_visible(self, model, name):
        """Override to leave out what says nothing to people."""
        return name not in TECHNICAL and super()._is_visible(model, name)
