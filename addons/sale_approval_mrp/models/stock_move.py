from odoo import models

from ..applied import in_applied_change


class StockMove(models.Model):
    """Moves that production supplies, in an applied change of a sales order."""

    _inherit = "stock.move"

    def _change_quantity(self):
        """Return the quantity in units of the product: done, or to be done."""
        if self.state == "cancel":
            return 0.0
        if self.state != "done":
            return self.product_qty
        return self.product_uom._compute_quantity(
            self.quantity, self.product_id.uom_id, rounding_method="HALF-UP"
        )

    def _change_is_production(self):
        """Return whether this is what a manufacturing order consumes or makes."""
        return bool(self.production_id or self.raw_material_production_id)

    # -- what supplies them ------------------------------------------------------------

    def _change_is_mixed(self):
        """Return whether production only makes what stock does not have."""
        return self.rule_id.procure_method == "mts_else_mto"

    def _change_waits_unlinked(self):
        """Return whether goods are made to order for it that are not linked to it."""
        if self.move_orig_ids or self.production_id:
            return False
        if "created_purchase_line_ids" in self._fields:
            if self.created_purchase_line_ids:
                return False
        return self.procure_method == "make_to_order" or self._change_is_mixed()

    def _change_made_for(self):
        """Return the manufacturing orders that were made for this move."""
        productions = self.move_orig_ids.production_id | self.created_production_id
        return productions.filtered(
            lambda order: order.product_id == self.product_id
            and order.state != "cancel"
        )

    def _change_productions(self):
        """Return the manufacturing orders that supply this move.

        Orders of one sales order that make the same product stand in for each other.
        """
        self.ensure_one()
        productions = self._change_made_for()
        if not productions and not self._change_waits_unlinked():
            return productions
        return productions | self.reference_ids.production_ids.filtered(
            lambda order: order.product_id == self.product_id
            and order.state != "cancel"
        )

    def _change_all_productions(self):
        """Return the manufacturing orders that supply any of these moves."""
        productions = self.env["mrp.production"]
        for move in self:
            productions |= move._change_productions()
        return productions

    # -- less --------------------------------------------------------------------------

    def _change_take(self, taken):
        """Override: production makes less, too."""
        sources = self._change_sources()
        result = super()._change_take(taken)
        self._change_take_productions(taken, sources)
        return result

    def _change_sources(self):
        """Return what supplies this move, to be asked for less afterwards."""
        productions = self._change_productions()
        share = 0.0
        if productions and self._change_is_mixed():
            made, needed = productions._change_balance()
            share = max(needed - made, 0.0)
        return {
            "suppliers": self._change_suppliers(),
            "productions": productions,
            "own": self._change_made_for(),
            # how much of what is needed comes from stock
            "share": share,
        }

    def _change_take_suppliers(self, taken, sources):
        """Ask vendors and transfers for less of a component."""
        if self.product_id.uom_id.compare(taken, 0.0) <= 0:
            return
        self._change_take_supply(taken)
        suppliers = sources["suppliers"].filtered(lambda move: move._change_is_open())
        if suppliers:
            suppliers._change_shrink(min(taken, sum(suppliers.mapped("product_qty"))))

    def _change_take_productions(self, taken, sources):
        """Ask production for less, when this move asks for less already."""
        if sources["productions"] and self.product_id.uom_id.compare(taken, 0.0) > 0:
            sources["productions"]._change_make_less(
                taken, sources["own"], sources["share"]
            )

    # -- later or earlier --------------------------------------------------------------

    def _change_reschedule(self, deadline):
        """Override: production follows."""
        productions = self._change_with_suppliers()._change_all_productions()
        before = {order: order._change_when() for order in productions}
        result = super()._change_reschedule(deadline)
        productions._change_follow(before)
        return result

    def _set_date_deadline(self, new_deadline):
        """Override: in an applied change, production is planned by itself.

        Core would hand a deadline on through manufacturing orders to whatever else they
        serve, other customers' deliveries included.
        """
        if in_applied_change(self.env):
            near = self.move_orig_ids | self.move_dest_ids
            if not any(move._change_is_production() for move in self):
                near = near.filtered(lambda move: move._change_is_production())
            seen = self.env.context.get("date_deadline_propagate_ids", ())
            self = self.with_context(date_deadline_propagate_ids={*seen, *near.ids})
        return super()._set_date_deadline(new_deadline)

    # -- more --------------------------------------------------------------------------

    def _change_link_production(self):
        """Link moves to the orders that Odoo lets make more for them.

        Without the link they would wait for ever.
        """
        linked = self.browse()
        for move in self.filtered(lambda move: move.procure_method == "make_to_order"):
            orders = move._change_productions().filtered(
                lambda order: order._change_is_open()
            )
            if not orders:
                continue
            move._change_link_to(
                max(orders, key=lambda order: order._change_unlinked_quantity())
            )
            linked |= move
        return linked

    def _change_link_to(self, order):
        """Let a manufacturing order supply this move."""
        self.move_orig_ids |= order._change_finished()
        if not self.created_production_id._change_is_open():
            self.created_production_id = order

    # -- parts of a kit ----------------------------------------------------------------

    def _change_part(self):
        """Return the id of the line of the kit's bill of materials, 0 if there is none.

        One component may be in a kit twice.
        """
        line = self.bom_line_id
        return line.id if line.bom_id.type == "phantom" else 0
