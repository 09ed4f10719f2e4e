from odoo import models
from odoo.tools import format_datetime

from odoo.addons.approval_flow.engine import plain_number


class SaleOrder(models.Model):
    """What an approver sees of a sales order."""

    _inherit = "sale.order"

    def _approval_facts(self):
        """Override: the figures that a sales manager decides by."""
        self.ensure_one()
        order = self.sudo()  # sudo: key figures, for people asked to decide
        currency = order.company_id.currency_id
        facts = [
            (self.env._("Customer"), order.partner_id.display_name, ""),
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
        facts += [
            (self.env._("Margin"), *self._approval_margin_fact(order, currency)),
            (
                self.env._("Highest discount"),
                self._approval_percent(order.approval_discount_max),
                "warning" if order.approval_discount_max > 10 else "",
            ),
        ]
        if order.approval_below_cost_percent > 0:
            facts.append(
                (
                    self.env._("Below cost"),
                    self._approval_percent(order.approval_below_cost_percent),
                    "danger",
                )
            )
        facts += self._approval_credit_facts(order)
        facts += self._approval_term_facts(order)
        return facts

    @staticmethod
    def _approval_percent(value):
        return f"{value:.1f} %"

    def _approval_margin_fact(self, order, currency):
        percent = order.approval_margin_percent
        tone = "danger" if percent < 0 else "warning" if percent < 10 else ""
        margin = currency.format(order.approval_margin)
        return f"{margin} ({self._approval_percent(percent)})", tone

    def _approval_credit_facts(self, order):
        grade = order.approval_credit_grade
        facts = []
        if grade:
            tone = {"C": "warning", "D": "danger"}.get(grade, "")
            labels = dict(
                order._fields["approval_credit_grade"]._description_selection(self.env)
            )
            facts.append((self.env._("Credit grade"), labels[grade], tone))
        if order.approval_credit_use_percent:
            used = order.approval_credit_use_percent
            tone = "danger" if used > 100 else "warning" if used > 80 else ""
            facts.append(
                (
                    self.env._("Credit used with this order"),
                    self._approval_percent(used),
                    tone,
                )
            )
        return facts

    def _approval_term_facts(self, order):
        facts = [(self.env._("Salesperson"), order.user_id.name or "", "")]
        if order.payment_term_id:
            facts.append(
                (self.env._("Payment terms"), order.payment_term_id.display_name, "")
            )
        if order.commitment_date:
            date = format_datetime(self.env, order.commitment_date, dt_format="short")
            facts.append((self.env._("Delivery date"), date, ""))
        if order.approval_is_first_order:
            facts.append(
                (
                    self.env._("First order of the customer"),
                    self.env._("yes"),
                    "warning",
                )
            )
        if order.approval_special:
            facts.append(
                (
                    self.env._("Special order"),
                    order.approval_special_reason or self.env._("yes"),
                    "warning",
                )
            )
        return facts

    def _approval_line_facts(self):
        """Override: the lines as a table."""
        self.ensure_one()
        order = self.sudo()  # sudo: as in _approval_facts
        columns = [
            self.env._("Product"),
            self.env._("Quantity"),
            self.env._("Unit price"),
            self.env._("Discount"),
            self.env._("Amount"),
        ]
        rows = [
            [
                line.product_id.display_name or line.name,
                f"{plain_number(line.product_uom_qty)} {line.product_uom_id.name}",
                order.currency_id.format(line.price_unit),
                self._approval_percent(line.discount) if line.discount else "",
                order.currency_id.format(line.price_subtotal),
            ]
            for line in order.order_line
            if not line.display_type
        ]
        return columns, rows
