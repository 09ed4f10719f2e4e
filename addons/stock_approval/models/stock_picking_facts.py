from odoo import models
from odoo.tools import format_datetime, formatLang

from odoo.addons.approval_flow.engine import plain_number


class StockPicking(models.Model):
    """What an approver sees of a transfer."""

    _inherit = "stock.picking"

    def _approval_facts(self):
        """Override: where the goods go, and what they are worth."""
        self.ensure_one()
        picking = self.sudo()  # sudo: key figures, for people asked to decide
        date = format_datetime(self.env, picking.scheduled_date, dt_format="short")
        facts = [
            (self.env._("Operation type"), picking.picking_type_id.display_name, ""),
            (self.env._("Contact"), picking.partner_id.display_name or "", ""),
            (self.env._("From"), picking.location_id.display_name, ""),
            (
                self.env._("To"),
                picking.location_dest_id.display_name,
                "warning" if picking.approval_outside else "",
            ),
            (
                self.env._("Value"),
                picking.currency_id.format(picking.approval_value),
                "",
            ),
            (self.env._("Scheduled"), date, ""),
        ]
        if picking.origin:
            facts.append((self.env._("Source document"), picking.origin, ""))
        else:
            facts.append((self.env._("Source document"), self.env._("none"), "warning"))
        if picking.approval_no_backorder:
            facts.append(
                (self.env._("What is left over"), self.env._("no backorder"), "warning")
            )
        return [fact for fact in facts if fact[1]]

    def _approval_line_facts(self):
        """Override: the goods as a table."""
        self.ensure_one()
        picking = self.sudo()  # sudo: as in _approval_facts
        columns = [
            self.env._("Product"),
            self.env._("Quantity"),
            self.env._("To"),
            self.env._("Unit cost"),
            self.env._("Value"),
        ]
        rows = [
            [
                move.product_id.display_name,
                self._approval_quantity_words(move),
                ", ".join(
                    (move.approval_place_ids - move.location_id).mapped("display_name")
                ),
                formatLang(
                    self.env,
                    move.approval_unit_cost,
                    dp="Product Price",
                    currency_obj=picking.currency_id,
                ),
                picking.currency_id.format(move.approval_value),
            ]
            for move in picking._approval_moves()
        ]
        return columns, rows

    def _approval_quantity_words(self, move):
        unit = move.product_uom.name
        now = plain_number(move.approval_quantity)
        if move.product_uom.compare(move.approval_quantity, move.product_uom_qty):
            return self.env._(
                "%(quantity)s of %(demand)s %(unit)s",
                quantity=now,
                demand=plain_number(move.product_uom_qty),
                unit=unit,
            )
        return f"{now} {unit}"
