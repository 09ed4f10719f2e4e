from odoo import models


class SaleOrderLine(models.Model):
    """What is still to be delivered of a line, whatever the route.

    Core counts the moves of the rule that came first; after a partial pick that counts
    goods which already left their shelf. Here the last open move of each chain counts:
    the delivery itself, or the pick from which the delivery will follow.
    """

    _inherit = "sale.order.line"

    def _change_is_stocked(self):
        """Return whether the line is delivered by transfers."""
        self.ensure_one()
        return (
            self.product_id.type == "consu"
            and not self.is_expense
            and not self._change_is_dropshipped()
        )

    def _change_is_dropshipped(self):
        """Return whether a vendor delivers the line, on a purchase order."""
        moves = self.move_ids.filtered(lambda move: move.state != "cancel")
        return bool(moves) and all(
            move.location_id.usage == "supplier" for move in moves
        )

    def _change_open_moves(self):
        """Return the last open move of each chain that leads to the customer."""
        moves = self.move_ids
        # filtered forgets what is read together: the moves of all lines of the order
        found = moves.filtered(lambda move: move._change_is_last_open())
        return found.with_prefetch(moves._prefetch_ids)

    def _change_open_quantities(self):
        """Return {product: quantity still to be delivered}, in units of the product."""
        quantities = {}
        for move in self._change_open_moves():
            quantities.setdefault(move.product_id, 0.0)
            quantities[move.product_id] += move.product_qty
        return quantities

    def _change_wanted_quantities(self, target):
        """Return what should be open for a new ordered quantity.

        :param float target: new quantity in the unit of the line
        :return: ``{product: quantity}``, in units of the product
        """
        self.ensure_one()
        left = max(target - self.qty_delivered, 0.0)
        product = self.product_id
        return {
            product: self.product_uom_id._compute_quantity(
                left, product.uom_id, rounding_method="HALF-UP"
            )
        }

    def _change_missing(self, previous):
        """Return the quantity to be procured, in the unit of the line.

        :param float previous: quantity of the line before the change
        """
        self.ensure_one()
        product = self.product_id
        wanted = self._change_wanted_quantities(self.product_uom_qty)[product]
        missing = wanted - self._change_open_quantities().get(product, 0.0)
        return product.uom_id._compute_quantity(
            missing, self.product_uom_id, rounding_method="HALF-UP"
        )

    def _change_reserved(self):
        """Return how much of the open quantity is reserved, in the line's unit."""
        return self._change_sum(self._change_open_moves(), "quantity")

    def _change_picked(self):
        """Return how much left its shelf and did not leave the house, as above."""
        return self._change_sum(
            self._change_open_moves().filtered(lambda move: move._change_is_begun()),
            "quantity",
        )

    def _change_sum(self, moves, name):
        total = 0.0
        for line in self:
            for move in moves.filtered(lambda move, of=line: move.sale_line_id == of):
                if move.product_id == line.product_id:
                    total += move.product_uom._compute_quantity(
                        move[name], line.product_uom_id, rounding_method="HALF-UP"
                    )
        return total

    def _change_procure(self, quantity):
        """Order more of a line from the warehouse, by its route.

        :param float quantity: in the unit of the line
        """
        self.ensure_one()
        line = self.with_company(self.company_id)
        order = line.order_id
        if not order.stock_reference_ids:
            self.env["stock.reference"].create(line._prepare_reference_vals())
        values = line._prepare_procurement_values()
        quantity, uom = line.product_uom_id._adjust_uom_quantities(
            quantity, line.product_id.uom_id
        )
        self.env["stock.rule"].run(line._create_procurements(quantity, uom, values))
        # as core does it after a procurement for an order
        order.picking_ids.filtered(
            lambda picking: picking.state not in ("cancel", "done")
        ).action_confirm()

    def _change_release(self, target):
        """Take back what is no longer to be delivered from the open transfers.

        :param float target: new quantity in the unit of the line
        """
        self.ensure_one()
        wanted = self._change_wanted_quantities(target)
        for product, quantity in self._change_open_quantities().items():
            surplus = quantity - wanted.get(product, 0.0)
            if product.uom_id.compare(surplus, 0.0) > 0:
                moves = self._change_open_moves()
                moves.filtered(
                    lambda move, of=product: move.product_id == of
                )._change_shrink(surplus)
