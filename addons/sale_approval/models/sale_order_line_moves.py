from odoo import models


class SaleOrderLine(models.Model):
    """What is still to be delivered of a line, whatever the route.

    Core counts the moves of the rule that came first; after a partial pick that counts
    goods which already left their shelf. Here the last open move of each chain counts:
    the delivery itself, or the pick from which the delivery will follow.
    """

    _inherit = "sale.order.line"

    def _change_price_key(self):
        """Return ``(price, discount, tax ids)`` of the line, as of its invoices."""
        digits = self.env["decimal.precision"].precision_get("Product Price")
        price = round(self.price_unit, max(digits, 6))
        return price, self.discount, tuple(sorted(self.tax_ids.ids))

    def _change_is_stocked(self):
        """Return whether the line is delivered by transfers of the own warehouse."""
        self.ensure_one()
        return (
            self.product_id.type == "consu"
            and not self.is_expense
            and not self._change_is_dropshipped()
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
        product, uom = self.product_id, self.product_uom_id
        if uom.compare(target, self.qty_delivered) <= 0:
            return {product: 0.0}
        ordered = uom._compute_quantity(
            target, product.uom_id, rounding_method="HALF-UP"
        )
        return {product: max(ordered - self._change_delivered(), 0.0)}

    def _change_delivered(self):
        """Return what is delivered and kept, in the unit of the product.

        The quantity of the line is rounded to its own unit: ten pieces are not exactly
        0.83 dozens.
        """
        self.ensure_one()
        product = self.product_id
        outgoing, incoming = self._get_outgoing_incoming_moves()
        total = 0.0
        for moves, sign in ((outgoing, 1), (incoming, -1)):
            for move in moves.filtered(lambda move: move.state == "done"):
                total += sign * move.product_uom._compute_quantity(
                    move.quantity, product.uom_id, rounding_method="HALF-UP"
                )
        return total

    def _change_missing(self, previous):
        """Return the quantity to be procured, in the unit of the line.

        :param float previous: quantity of the line before the change
        """
        self.ensure_one()
        product = self.product_id
        wanted = self._change_wanted_quantities(self.product_uom_qty)[product]
        missing = wanted - self._change_open_quantities().get(product, 0.0)
        # not rounded: it is ordered in the unit of the product
        return product.uom_id._compute_quantity(
            missing, self.product_uom_id, round=False
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

    # -- more --------------------------------------------------------------------------

    def _change_procure(self, previous):
        """Order from the warehouse, by their routes, what is missing of the lines.

        :param dict previous: ``{line: quantity before the change}``, in its unit
        """
        procurements = []
        for line in self:
            missing = line._change_missing(previous[line])
            if line.product_uom_id.compare(missing, 0.0) > 0:
                procurements += line._change_procurements(missing)
        if not procurements:
            return
        self.env["stock.rule"].run(procurements)
        # as core does it after a procurement for an order
        self.order_id.picking_ids.filtered(
            lambda picking: picking.state not in ("cancel", "done")
        ).action_confirm()

    def _change_procurements(self, quantity):
        """Return the procurements of a quantity in the unit of the line."""
        self.ensure_one()
        line = self.with_company(self.company_id)
        if not line.order_id.stock_reference_ids:
            self.env["stock.reference"].create(line._prepare_reference_vals())
        values = line._prepare_procurement_values()
        quantity, uom = line.product_uom_id._adjust_uom_quantities(
            quantity, line.product_id.uom_id
        )
        return line._create_procurements(quantity, uom, values)

    # -- less --------------------------------------------------------------------------

    def _change_release(self, target):
        """Take back what is no longer to be delivered from the open transfers.

        :param float target: new quantity in the unit of the line
        """
        self.ensure_one()
        if self._change_is_dropshipped():
            self._change_release_dropship(target)
            return
        wanted = self._change_wanted_quantities(target)
        for product, quantity in self._change_open_quantities().items():
            surplus = quantity - wanted.get(product, 0.0)
            if product.uom_id.compare(surplus, 0.0) > 0:
                moves = self._change_open_moves()
                moves.filtered(
                    lambda move, of=product: move.product_id == of
                )._change_shrink(surplus)
