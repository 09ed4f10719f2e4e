from odoo import api, models
from odoo.tools import SQL


class StockPicking(models.Model):
    """Transfers belong to the warehouse; others see those of their orders."""

    _name = "stock.picking"
    _inherit = ["stock.picking", "erp.tier.mixin"]

    _tier_fields = ("create_uid", "user_id", "sale_id", "move_ids.purchase_line_id")

    @api.model
    def _tier_parts(self, alias, people):
        """Override: all for the warehouse, those of their orders for others."""
        if self._tier_works_in("stock.group_stock_user"):
            return [SQL("TRUE")]
        self.env["stock.move"].flush_model(["picking_id", "purchase_line_id"])
        orders = self.env["sale.order"]._tier_to_sql("tier_sale")
        purchases = self.env["purchase.order"]._tier_to_sql("tier_purchase")
        key = SQL.identifier(alias, "id")
        # of each transfer its own order, by its number: of few transfers that is all
        # that is read, and of many PostgreSQL reads the orders at once
        return [
            SQL("%s IN %s", self._tier_column(alias, "user_id"), people),
            SQL(
                "EXISTS (SELECT FROM sale_order tier_sale"
                " WHERE tier_sale.id = %s AND %s)",
                self._tier_column(alias, "sale_id"),
                orders,
            ),
            SQL(
                """EXISTS (SELECT FROM stock_move m
                             JOIN purchase_order_line l ON l.id = m.purchase_line_id
                             JOIN purchase_order tier_purchase
                               ON tier_purchase.id = l.order_id
                            WHERE m.picking_id = %s AND %s)""",
                key,
                purchases,
            ),
            # just being made, by the confirmation of an order: nothing in it yet
            SQL("NOT EXISTS (SELECT FROM stock_move m WHERE m.picking_id = %s)", key),
        ]

    def _tier_is_plain(self, people, teams):
        """Override: all for the warehouse."""
        return super()._tier_is_plain(people, teams) or self._tier_works_in(
            "stock.group_stock_user"
        )
