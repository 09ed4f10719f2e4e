from odoo import models

from odoo.addons.approval_flow.engine import ENGINE

from ..engine import OWN_RECEIPTS


class PurchaseOrderLine(models.Model):
    """What is still to be received of a line, and how it follows a change."""

    _inherit = "purchase.order.line"

    def _change_is_stocked(self):
        """Return whether the line is received by transfers of its own product.

        Kits are received as their components, and left to core.
        """
        self.ensure_one()
        moves = self.move_ids.filtered(lambda move: move.state != "cancel")
        return self.product_id.type == "consu" and all(
            move.product_id == self.product_id for move in moves
        )

    def _change_open_receipts(self):
        """Return the open moves that bring goods of these lines."""
        moves = self.env["stock.move"]
        for line in self:
            _outgoing, incoming = line._get_outgoing_incoming_moves()
            moves |= incoming.filtered(lambda move: move.state != "done")
        return moves

    def _change_open_quantity(self):
        """Return what is still to be received, in the unit of the product."""
        self.ensure_one()
        return sum(self._change_open_receipts().mapped("product_qty"))

    def _change_wanted_quantity(self, target):
        """Return what should be open for an ordered quantity, in the product's unit."""
        self.ensure_one()
        left = max(target - self.qty_received, 0.0)
        return self.product_uom_id._compute_quantity(
            left, self.product_id.uom_id, rounding_method="HALF-UP"
        )

    def _change_begun_quantity(self):
        """Return what people are receiving just now, in the unit of the line."""
        total = 0.0
        for line in self:
            for move in line._change_open_receipts().filtered("picked"):
                if move.product_id == line.product_id:
                    total += move.product_uom._compute_quantity(
                        move.quantity, line.product_uom_id, rounding_method="HALF-UP"
                    )
        return total

    def _change_set(self, values):
        """Write a line, and let its open receipts follow.

        Core would turn less into negative moves, which it merges or, where the receipt
        is of another date, sends back to the vendor.
        """
        self.ensure_one()
        # the price does not follow the quantity: it was agreed
        values = {"price_unit": self.price_unit, "discount": self.discount, **values}
        if not self._change_is_stocked():
            self.write(values)
            return
        self.with_context(**{OWN_RECEIPTS: ENGINE}).write(values)
        uom = self.product_id.uom_id
        missing = self._change_wanted_quantity(self.product_qty)
        missing -= self._change_open_quantity()
        if uom.compare(missing, 0.0) < 0:
            self._change_open_receipts()._purchase_shrink(-missing)
        elif uom.compare(missing, 0.0) > 0:
            self._change_receive_more(missing)

    def _change_receive_more(self, quantity):
        """Add a quantity, in the unit of the product, to the open receipts."""
        order = self.order_id.with_company(self.company_id)
        picking = self._change_open_receipts().picking_id[:1]
        picking = (
            picking
            or order.picking_ids.filtered(
                lambda item: item.state not in ("done", "cancel")
                and item.location_dest_id.usage in ("internal", "transit", "customer")
            )[:1]
        )
        picking = picking or picking.create(order._prepare_picking())
        price = self._get_stock_move_price_unit()
        attached = min(quantity, self._change_lacking_downstream())
        vals_list = []
        for part, chained in ((attached, True), (quantity - attached, False)):
            if self.product_id.uom_id.compare(part, 0.0) <= 0:
                continue
            part = self.product_id.uom_id._compute_quantity(
                part, self.product_uom_id, rounding_method="HALF-UP"
            )
            amount, uom = self.product_uom_id._adjust_uom_quantities(
                part, self.product_id.uom_id
            )
            vals = self._prepare_stock_move_vals(picking, price, amount, uom)
            if not chained:
                vals["move_dest_ids"] = False
            vals_list.append(vals)
        moves = self.env["stock.move"].create(vals_list)
        moves._action_confirm()._action_assign()

    def _change_lacking_downstream(self):
        """Return what transfers that wait for this line lack, in the product's unit."""
        waiting = (self.move_dest_ids | self.move_ids.move_dest_ids).filtered(
            lambda move: move.state not in ("done", "cancel")
            and move.product_id == self.product_id
            and not move._is_purchase_return()
        )
        coming = waiting.move_orig_ids.filtered(lambda move: move.state != "cancel")
        lack = sum(waiting.mapped("product_qty")) - sum(coming.mapped("product_qty"))
        return max(lack, 0.0)

    def _change_reschedule(self, date):
        """Expect the open receipts on another date, as agreed with the vendor."""
        self.date_planned = date
        for move in self._change_open_receipts():
            move.date = date

    def _change_price_key(self):
        """Return ``(price, discount, tax ids)`` of the line, to be compared."""
        self.ensure_one()
        digits = self.env["decimal.precision"].precision_get("Product Price")
        price = round(self.price_unit, max(digits, 6))
        return price, self.discount, tuple(sorted(self.tax_ids.ids))
