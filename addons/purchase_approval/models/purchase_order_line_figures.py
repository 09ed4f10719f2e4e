from odoo import fields, models
from odoo.tools import SQL


class PurchaseOrderLine(models.Model):
    """What the conditions and checks of a purchase order compare, line by line.

    All methods work on the lines of many orders at once, and return dictionaries by
    line id with the lines to which the figure applies.
    """

    _inherit = "purchase.order.line"

    def _approval_buying(self):
        """Return the lines that buy a product and are not decided yet.

        A confirmed order is not compared again: its own price is the last one now.
        """
        return self.filtered(
            lambda line: line.product_id
            and not line.display_type
            and not line.is_downpayment
            and line.product_qty > 0
            and line.order_id.state in ("draft", "sent", "to approve")
        )

    def _approval_above_last(self, same_vendor=False):
        """Return {line id: (% above, price, order name)} where a line is dearer.

        Compared with the last confirmed purchase of the product in the company, of
        the same vendor or of any: untaxed, in company currency, per unit of the
        product.
        """
        lines = self._approval_buying()
        last = lines._approval_last_prices()
        gaps = {}
        for line in lines:
            found = last.get((line.order_id.company_id.id, line.product_id.id), {})
            if same_vendor:
                vendor = line.order_id.partner_id.commercial_partner_id._origin.id
                price = found.get(vendor)
            else:
                price = max(found.values(), default=None)
            if not price:
                continue
            _date, _line, amount, name = price
            gap = self._approval_gap(line._approval_net_price(), amount)
            if gap:
                gaps[line.id] = (gap, amount, name)
        return gaps

    def _approval_net_price(self):
        """Return the untaxed price in company currency, per unit of the product."""
        self.ensure_one()
        quantity = self.product_uom_qty or self.product_qty
        rate = self.order_id.currency_rate or 1.0
        return self.price_subtotal / quantity / rate

    def _approval_last_prices(self):
        """Return the last price of each product and vendor, in one query.

        :return: {(company id, product id): {vendor id: (date, line id, price, order
            name)}}; what was given away does not count
        """
        products = tuple(self.product_id._origin.ids)
        companies = tuple(self.order_id.company_id.ids)
        if not products or not companies:
            return {}
        self.env["purchase.order"].flush_model()
        self.flush_model()
        self.env["res.partner"].flush_model(["commercial_partner_id"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT ON (line.company_id, line.product_id,
                                    vendor.commercial_partner_id)
                       line.company_id, line.product_id,
                       vendor.commercial_partner_id,
                       COALESCE(purchase.date_approve, purchase.date_order),
                       line.id,
                       line.price_subtotal / line.product_uom_qty
                           / COALESCE(NULLIF(purchase.currency_rate, 0), 1),
                       purchase.name
                  FROM purchase_order_line line
                  JOIN purchase_order purchase ON purchase.id = line.order_id
                  JOIN res_partner vendor ON vendor.id = purchase.partner_id
                 WHERE line.product_id IN %(products)s
                   AND line.company_id IN %(companies)s
                   AND purchase.state = 'purchase'
                   AND line.product_uom_qty > 0
                   AND line.price_subtotal > 0
              ORDER BY line.company_id, line.product_id,
                       vendor.commercial_partner_id,
                       COALESCE(purchase.date_approve, purchase.date_order) DESC,
                       line.id DESC
                """,
                products=products,
                companies=companies,
            )
        )
        found = {}
        for company, product, vendor, date, line, price, name in rows:
            prices = found.setdefault((company, product), {})
            prices[vendor] = (date, line, float(price), name)
        return found

    def _approval_above_agreed(self):
        """Return {line id: (% above, agreed price)} where a line is dearer.

        The agreed price is in order currency, per unit of the product.
        """
        lines = self._approval_buying()
        agreed = lines._approval_agreed_prices()
        gaps = {}
        for line in lines:
            if line.id not in agreed:
                continue
            price = line.price_unit * (1.0 - line.discount / 100.0)
            price = line.product_uom_id._compute_price(price, line.product_id.uom_id)
            gap = self._approval_gap(price, agreed[line.id])
            if gap:
                gaps[line.id] = (gap, agreed[line.id])
        return gaps

    def _approval_agreed_prices(self):
        """Return {line id: price agreed with the vendor for the quantity and day}.

        In order currency and per unit of the product, whatever unit and currency the
        price list of the vendor is in.
        """
        prices = {}
        for company, lines in self.grouped("company_id").items():
            lines = lines.with_company(company)
            # all at once: those of each product would be read one by one
            lines.product_id.seller_ids.partner_id.mapped("active")
            lines.product_id.supplier_taxes_id.mapped("active")
            for line in lines:
                seller = line._approval_seller()
                if seller:
                    prices[line.id] = line._approval_agreed_price(seller)
        return prices

    def _approval_seller(self):
        """Return the vendor's price that holds, in any unit.

        Unlike for proposing a price: core leaves prices in other units out there.
        """
        order = self.order_id
        day = (order.date_order or fields.Datetime.now()).date()
        return self.product_id._select_seller(
            partner_id=order.partner_id,
            quantity=self.product_qty,
            date=day,
            uom_id=self.product_uom_id,
            params={**self._get_select_sellers_params(), "force_uom": False},
        )

    def _approval_agreed_price(self, seller):
        order = self.order_id
        price = seller.currency_id._convert(
            seller.price_discounted,
            order.currency_id,
            order.company_id,
            (order.date_order or fields.Datetime.now()).date(),
            round=False,
        )
        taxes = self.product_id.supplier_taxes_id
        return self.env["account.tax"]._fix_tax_included_price_company(
            price, taxes, self.tax_ids, order.company_id
        )

    def _approval_budget_holders(self):
        """Return who answers for the money of this line."""
        self.ensure_one()
        holders = self.distribution_analytic_account_ids.budget_holder_id
        if holders or not self.product_id:
            return holders
        category = self.product_id.categ_id
        return category.with_company(self.order_id.company_id)._budget_holder()

    @staticmethod
    def _approval_gap(price, reference):
        """Return by how many % a price is above a reference; 0 if it is not.

        Prices are rounded when they are converted: a gap of that size is none.
        """
        if reference <= 0:
            return 0.0
        gap = round(100.0 * (price - reference) / reference, 2)
        return gap if gap > 0.01 else 0.0
