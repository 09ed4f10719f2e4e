from odoo import models
from odoo.tools import formatLang

from odoo.addons.approval_flow.engine import plain_number


class StockInventoryApproval(models.Model):
    """What an approver sees of counted differences."""

    _inherit = "stock.inventory.approval"

    def _approval_facts(self):
        """Override: how much is missing or too much, and what it is worth."""
        self.ensure_one()
        document = self.sudo()  # sudo: key figures, for people asked to decide
        currency = document.currency_id
        net = document.net_value
        facts = [
            (
                self.env._("Value of the differences"),
                currency.format(document.approval_value),
                "",
            ),
            (
                self.env._("Gain or loss"),
                currency.format(net),
                "danger" if net < 0 else "",
            ),
            (
                self.env._("Highest share of stock"),
                f"{document.percent_max:.1f} %",
                "warning" if document.percent_max > 10 else "",
            ),
            (self.env._("Products"), str(len(document.line_ids.product_id)), ""),
            (self.env._("Counted by"), document.user_id.name or "", ""),
        ]
        if document.reason:
            facts.append((self.env._("Reason"), document.reason, ""))
        return facts

    def _approval_line_facts(self):
        """Override: the counts as a table."""
        self.ensure_one()
        document = self.sudo()  # sudo: as in _approval_facts
        columns = [
            self.env._("Product"),
            self.env._("Location"),
            self.env._("Before → counted"),
            self.env._("Difference"),
            self.env._("Unit cost"),
            self.env._("Value"),
        ]
        rows = [
            [
                line.display_name,
                line.location_id.display_name,
                f"{plain_number(line.quantity_before)} → "
                f"{plain_number(line.quantity_counted)} {line.product_uom_id.name}",
                f"{'+' if line.difference > 0 else ''}{plain_number(line.difference)} "
                f"({line.percent:.1f} %)",
                formatLang(
                    self.env,
                    line.unit_cost,
                    dp="Product Price",
                    currency_obj=document.currency_id,
                ),
                document.currency_id.format(line.value),
            ]
            for line in document.line_ids
        ]
        return columns, rows
