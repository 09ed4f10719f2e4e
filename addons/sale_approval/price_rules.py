"""Plain Python: the rules of price lists, searched once for many prices."""

from collections import defaultdict

from odoo import fields
from odoo.fields import Domain

CONTEXT_KEY = "sale_approval_price_rules"
_PERIOD = ("date_start", "date_end")


class PriceRules:
    """Rules of any number of price lists that may apply to some products.

    Pricing an order line makes Odoo search the rules of the price list. Put into the
    context under :data:`CONTEXT_KEY`, this answers from one search per price list, and
    looks at the period of validity by itself. A remote caller sends its context as
    JSON and can never place such an object there.

    :param products: ``product.product`` recordset that will be priced
    """

    def __init__(self, products):
        self._products = products
        self._product_ids = set(products._ids)
        self._rules = {}

    def covers(self, products):
        """Return whether the rules for these products are known here."""
        return products._name == "product.product" and self._product_ids.issuperset(
            products._ids
        )

    def applicable(self, pricelist, products, date):
        """Return the rules of a price list for some products, in order of priority.

        :param date: moment of the price, as a date or datetime
        """
        if pricelist.id not in self._rules:
            self._rules[pricelist.id] = self._search(pricelist, date)
        moment = fields.Datetime.to_datetime(date)
        buckets = self._rules[pricelist.id]
        found = {
            position: rule
            for key in self._keys(products)
            for position, rule in buckets[key]
            if not (rule.date_start and rule.date_start > moment)
            and not (rule.date_end and rule.date_end < moment)
        }
        return pricelist.env["product.pricelist.item"].browse(
            found[position].id for position in sorted(found)
        )

    def _search(self, pricelist, date):
        """Return the rules of any period in buckets: {key: [(priority, rule)]}."""
        domain = Domain(
            pricelist._get_applicable_rules_domain(products=self._products, date=date)
        ).map_conditions(
            lambda condition: (
                Domain.TRUE if condition.field_expr in _PERIOD else condition
            )
        )
        buckets = defaultdict(list)
        rules = pricelist.env["product.pricelist.item"].search(domain)
        for position, rule in enumerate(rules):
            buckets[self._bucket(rule)].append((position, rule))
        return buckets

    @staticmethod
    def _bucket(rule):
        for name in ("product_id", "product_tmpl_id", "categ_id"):
            if rule[name]:
                return name, rule[name].id
        return None

    @staticmethod
    def _keys(products):
        keys = {None}
        for product in products:
            keys.add(("product_id", product.id))
            keys.add(("product_tmpl_id", product.product_tmpl_id.id))
            path = product.categ_id.parent_path or ""
            keys.update(("categ_id", int(step)) for step in path.split("/") if step)
        return keys
