from odoo import models

from ..price_rules import CONTEXT_KEY, PriceRules


class ProductPricelist(models.Model):
    _inherit = "product.pricelist"

    def _get_applicable_rules(self, products, date, **kwargs):
        """Override to price many order lines with one search per price list."""
        rules = self.env.context.get(CONTEXT_KEY)
        if self and not kwargs and isinstance(rules, PriceRules):
            if rules.covers(products):
                return rules.applicable(self, products, date)
        return super()._get_applicable_rules(products, date, **kwargs)
