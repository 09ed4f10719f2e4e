from odoo import models

from ..price_rules import CONTEXT_KEY, PriceRules


class SaleOrderLine(models.Model):
    """What the conditions and checks of a sales order compare, line by line.

    All methods work on the lines of many orders at once, and return dictionaries by
    line id with the lines to which the figure applies.
    """

    _inherit = "sale.order.line"

    def _approval_selling(self):
        """Return the lines that sell a product at a price.

        Sections, notes, down payments, delivery costs, re-invoiced expenses and lines
        with a negative amount (discounts, rewards) are left out.
        """
        return self.filtered(
            lambda line: line.product_id
            and not line.display_type
            and not line.is_downpayment
            and not line.is_expense
            and line.price_unit >= 0
            and line.product_uom_qty >= 0
            and not line._is_delivery()
        )

    def _approval_discounts(self):
        """Return {line id: discount in %}, order-wide discounts included."""
        shares = self.order_id._approval_order_discounts()
        return {
            line.id: 100.0 - (100.0 - line.discount) * (1.0 - shares[line.order_id.id])
            for line in self._approval_selling()
        }

    def _approval_below_list(self):
        """Return {line id: (% below the price list, list price)} where it is below."""
        lines = self._approval_selling()
        prices = lines._approval_list_prices()
        shares = lines.order_id._approval_order_discounts()
        gaps = {}
        for line in lines:
            net = line.price_unit * (1.0 - line.discount / 100.0)
            net *= 1.0 - shares[line.order_id.id]
            gap = self._approval_gap(net, prices[line.id])
            if gap:
                gaps[line.id] = (gap, prices[line.id])
        return gaps

    def _approval_below_cost(self):
        """Return {line id: (% below cost, unit cost)} where the price is below it."""
        lines = self._approval_selling()
        costs = lines._approval_costs()
        nets = lines._approval_net_prices()
        gaps = {}
        for line in lines:
            gap = self._approval_gap(nets[line.id], costs[line.id])
            if gap:
                gaps[line.id] = (gap, costs[line.id])
        return gaps

    def _approval_net_prices(self):
        """Return {line id: unit price in order currency, without taxes and discounts}.

        The share of the order-wide discounts is deducted.
        """
        shares = self.order_id._approval_order_discounts()
        prices = {}
        for line in self:
            if line.product_uom_qty:
                net = line.price_subtotal / line.product_uom_qty
            else:
                net = line.price_unit * (1.0 - line.discount / 100.0)
            prices[line.id] = net * (1.0 - shares[line.order_id.id])
        return prices

    def _approval_costs(self):
        """Return {line id: unit cost in order currency, per unit of the line}.

        With the addon that shows margins people may change the cost of a line; a cost
        below that of the product does not count.
        """
        has_line_cost = "purchase_price" in self._fields
        costs = {}
        for company, lines in self.grouped("company_id").items():
            for line in lines.with_company(company):
                product = line.product_id
                cost = (
                    line.order_id._approval_rate()
                    * product.uom_id._compute_price(
                        product.standard_price, line.product_uom_id
                    )
                    if product
                    else 0.0
                )
                if has_line_cost:
                    cost = max(cost, line.purchase_price)
                costs[line.id] = cost
        return costs

    def _approval_list_prices(self):
        """Return {line id: unit price by the price list, or else the list price}.

        In order currency, per unit of the line, taxes included or not like the price
        of the line. One search per price list, however many lines there are.
        """
        prices = {}
        for company, lines in self.grouped("company_id").items():
            rules = PriceRules(lines.product_id | lines.linked_line_id.product_id)
            lines = lines.with_company(company).with_context(**{CONTEXT_KEY: rules})
            for line in lines:
                prices[line.id] = line._approval_list_price()
        return prices

    def _approval_list_price(self):
        self.ensure_one()
        if self.product_type == "combo":
            return 0.0  # its items carry the price
        if self.combo_item_id:
            return self._approval_combo_item_price()
        price = self._approval_rule_price()
        if self.order_id.fiscal_position_id:
            price = self.product_id._get_tax_included_unit_price_from_price(
                price,
                product_taxes=self.product_id.taxes_id._filter_taxes_by_company(
                    self.company_id
                ),
                fiscal_position=self.order_id.fiscal_position_id,
            )
        return price

    def _approval_rule_price(self):
        product = self.product_id.with_context(**self._get_product_price_context())
        kwargs = self._get_pricelist_kwargs()
        # rates are per day: the time of day would only cost one query per order
        kwargs["date"] = kwargs["date"].date()
        return self.pricelist_item_id._compute_price(product=product, **kwargs)

    def _approval_combo_item_price(self):
        """Return the share of the combo's price that falls on this item."""
        combo_line = self._get_linked_line()
        full = combo_line._get_display_price_ignore_combo()
        share = combo_line._approval_rule_price() / full if full else 1.0
        return self._get_combo_item_display_price() * share

    @staticmethod
    def _approval_gap(price, reference):
        """Return by how many % a price is below a reference; 0 if it is not.

        Discounts have two decimals: a gap that only comes from their rounding is none.
        """
        if reference <= 0:
            return 0.0
        gap = round(100.0 * (reference - price) / reference, 2)
        return gap if gap > 0.01 else 0.0
