from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.tests import tagged

from .common import ProductionCommon

# what happens to the order, one after the other: (what, number of the line, quantity)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["change", "change", "change", "deliver", "make", "begin"]),
        st.integers(0, 2),
        st.integers(0, 12),
    ),
    min_size=1,
    max_size=3,
)


@tagged("post_install", "-at_install")
class TestProperties(ProductionCommon):
    """Whatever happened before, an applied request leaves transfers and factory right.

    Random orders over goods made to order and kits, random deliveries and starts.
    """

    @settings(
        max_examples=11,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(st.integers(1, 9), min_size=3, max_size=3), STEPS)
    def test_orders(self, quantities, steps):
        savepoint = self.env.cr.savepoint()
        try:
            self._assert_holds(quantities, steps)
        finally:
            savepoint.close(rollback=True)
            self.env.invalidate_all()

    def _assert_holds(self, quantities, steps):
        products = (self.desk, self.set, self.lamp)
        order = self._confirmed(*zip(products, quantities, strict=True))
        for what, number, quantity in steps:
            getattr(self, f"_step_{what}")(order, order.order_line[number], quantity)
            self.env.flush_all()
            self.env.invalidate_all()
        self._assert_served(order)
        self._changed(
            order, *({"new_qty": line.qty_delivered + 1} for line in order.order_line)
        )
        self._assert_served(order)
        self._cancelled(order, "remaining" if order._change_begun() else "full")
        self.assertFalse(order.order_line._change_open_moves())
        for production in self._makes(order):
            if production.state == "confirmed" and not production.qty_producing:
                served = production.move_finished_ids.move_dest_ids
                states = set(served.mapped("state")) - {"done", "cancel"}
                self.assertTrue(states, f"{production.name} is made for nobody")

    def _step_change(self, order, line, quantity):
        target = max(quantity, line.qty_delivered)
        if target == line.product_uom_qty:
            return
        changes = [
            {"new_qty": target} if item == line else None for item in order.order_line
        ]
        self._changed(order, *changes)
        self._assert_served(order)

    def _step_deliver(self, order, line, quantity):
        """Deliver a part of what is there, of kits any mixture of components."""
        moves = line.move_ids.filtered(
            lambda move: move.picking_id and move.state == "assigned"
        )
        for number, move in enumerate(moves):
            move.quantity = min(max(quantity - number, 0), move.product_qty)
            move.picked = bool(move.quantity)
        picked = moves.filtered("quantity")
        if picked:
            others = picked.picking_id.move_ids - moves
            others.picked = False
            picked.picking_id.with_context(skip_backorder=True).button_validate()

    def _idle(self, order, line):
        orders = line._change_production_levels().filtered(
            lambda mo: mo.product_id != self.board and mo.state == "confirmed"
        )
        return orders[:1]

    def _step_make(self, order, line, quantity):
        production = self._idle(order, line)
        if production and 0 < quantity <= production.product_qty:
            self._produce(production, quantity)

    def _step_begin(self, order, line, quantity):
        production = self._idle(order, line)
        if production and 0 < quantity < production.product_qty:
            self._begin(production, quantity)

    # -- what must be true -------------------------------------------------------------

    def _assert_served(self, order):
        for line in order.order_line:
            self.assertEqual(self._components_of(line), self._wanted(line))
        self.assertFalse(self._incoming(order))
        self.assertMade(order)

    def _components_of(self, line):
        found = {}
        for move in line._change_open_moves():
            found[move.product_id] = found.get(move.product_id, 0) + move.product_qty
        return {product: quantity for product, quantity in found.items() if quantity}

    def _wanted(self, line):
        """Return what is missing of each component, counted by hand."""
        parts = {line.product_id: 1}
        if line.product_id == self.set:
            parts = {self.lamp: 1, self.glass: 2, self.goods: 3}
        if line.product_uom_qty <= line.qty_delivered:
            return {}
        wanted = {}
        for product, each in parts.items():
            done = sum(
                move.quantity
                for move in line.move_ids
                if move.state == "done"
                and move.product_id == product
                and move.location_dest_id.usage == "customer"
            )
            wanted[product] = max(line.product_uom_qty * each - done, 0)
        return {product: quantity for product, quantity in wanted.items() if quantity}
