from odoo import models
from odoo.tools import format_date

from odoo.addons.approval_flow.engine import plain_number

from .checks.wording import unit_price


class PurchaseOrder(models.Model):
    """What an approver sees of a purchase order."""

    _inherit = "purchase.order"

    def _approval_facts(self):
        """Override: the figures that a purchasing manager decides by."""
        self.ensure_one()
        order = self.sudo()  # sudo: key figures, for people asked to decide
        currency = order.company_id.currency_id
        facts = [
            (self.env._("Vendor"), order.partner_id.display_name, ""),
            (self.env._("Total"), order.currency_id.format(order.amount_total), ""),
        ]
        if order.currency_id != currency:
            facts.append(
                (
                    self.env._("In company currency"),
                    currency.format(order.approval_amount_total),
                    "",
                )
            )
        facts += self._approval_price_facts(order)
        facts += self._approval_term_facts(order)
        facts += self._approval_special_facts(order)
        return facts

    @staticmethod
    def _approval_percent(value):
        return f"{plain_number(round(value, 2))} %"

    def _approval_price_facts(self, order):
        agreed = order.approval_above_agreed_percent
        last = order.approval_above_last_percent
        rows = [
            (self.env._("Above the agreed price"), agreed),
            (self.env._("Above the last purchase"), last),
        ]
        return [
            (label, self._approval_percent(gap), "danger" if gap > 10 else "warning")
            for label, gap in rows
            if gap > 0
        ]

    def _approval_term_facts(self, order):
        facts = [(self.env._("Buyer"), order.user_id.name or "", "")]
        if holders := order.approval_budget_holder_ids:
            names = ", ".join(holders.mapped("name"))
            facts.append((self.env._("Budget holder"), names, ""))
        if order.payment_term_id:
            facts.append(
                (self.env._("Payment terms"), order.payment_term_id.display_name, "")
            )
        if order.date_planned:
            date = format_date(self.env, order.date_planned)
            facts.append((self.env._("Expected arrival"), date, ""))
        return facts

    def _approval_special_facts(self, order):
        facts = []
        if order.approval_is_first_order:
            label = self.env._("First order to the vendor")
            facts.append((label, self.env._("yes"), "warning"))
        if order.approval_is_dropship:
            address = order.dest_address_id.display_name or self.env._("yes")
            facts.append((self.env._("Delivered to"), address, "warning"))
        return facts

    def _approval_line_facts(self):
        """Override: the lines as a table, with the prices to compare with."""
        self.ensure_one()
        order = self.sudo()  # sudo: as in _approval_facts
        columns = [
            self.env._("Product"),
            self.env._("Quantity"),
            self.env._("Unit price"),
            self.env._("Last price"),
            self.env._("Agreed price"),
            self.env._("Amount"),
        ]
        lines = order.order_line.filtered(lambda line: not line.display_type)
        buying = lines._approval_buying()
        last = buying._approval_last_prices()
        agreed = buying._approval_agreed_prices()
        return columns, [line._approval_fact_row(last, agreed) for line in lines]


class PurchaseOrderLine(models.Model):
    _inherit = "purchase.order.line"

    def _approval_fact_row(self, last, agreed):
        """Return the cells of a line; prices are per unit of the line."""
        order = self.order_id
        found = last.get((order.company_id.id, self.product_id.id), {})
        before = max(found.values(), default=None)
        price = self.price_unit * (1.0 - self.discount / 100.0)
        return [
            self.product_id.display_name or self.name,
            f"{plain_number(self.product_qty)} {self.product_uom_id.name or ''}",
            unit_price(self.env, price, order.currency_id),
            self._approval_unit_price(before[2], company=True) if before else "",
            self._approval_unit_price(agreed[self.id]) if self.id in agreed else "",
            order.currency_id.format(self.price_subtotal),
        ]

    def _approval_unit_price(self, price, company=False):
        """Return a price per unit of the product as one per unit of the line."""
        order = self.order_id
        if company:
            price *= order.currency_rate or 1.0
        price = self.product_id.uom_id._compute_price(price, self.product_uom_id)
        return unit_price(self.env, price, order.currency_id)
