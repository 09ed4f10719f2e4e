from odoo import models
from odoo.exceptions import UserError

from odoo.addons.approval_flow.engine import plain_number

from .sale_order_line_kit import KITS


class SaleOrderChange(models.Model):
    """Production follows an applied change of a sales order."""

    _inherit = "sale.order.change"

    def _change_system(self):
        """Override to remember kits that are not what their bill of materials says."""
        system = super()._change_system()
        plans = {}
        for line in system.order_id.order_line:
            if line.move_ids and line._change_is_kit():
                plans[line.id] = line._change_kit_plan()
        plans = {key: plan for key, plan in plans.items() if plan}
        return system.with_context(**{KITS: plans}) if plans else system

    def _change_progress(self, line):
        """Override to add the manufacturing orders that somebody has begun."""
        begun = line._change_production_levels().filtered(
            lambda order: order._change_is_begun()
        )
        names = ", ".join(sorted(begun.mapped("name")))
        return {**super()._change_progress(line), "made": names}

    def _change_conflicts(self):
        """Override: a new price does not mind that production has begun."""
        return [
            change
            for change in super()._change_conflicts()
            if change["field"] != "made" or self._change_minds_production(change)
        ]

    def _change_minds_production(self, change):
        if self.kind == "cancel" or "commitment_date" in self._change_header():
            return True
        lines = self.line_ids.filtered(
            lambda line: line.order_line_id.id == change["line"]
        )
        return any(
            line.action in ("remove", "replace")
            or {"qty", "date"}.intersection(line._change_names())
            for line in lines
        )

    # -- apply -------------------------------------------------------------------------

    def _change_perform(self):
        """Override: what Odoo orders from production is linked to what waits for it."""
        order = self.order_id
        known = order.stock_reference_ids.production_ids._change_waiting()
        result = super()._change_perform()
        waiting = order.stock_reference_ids.production_ids._change_waiting() - known
        linked = waiting._change_link_production()
        # one move instead of two that only differed by the link
        linked.filtered("picking_id")._merge_moves()
        return result

    def _change_cancel_full(self, order):
        """Override: whoever has to act gets a task of the request, once."""
        order = order.with_context(skip_activity=True)
        return super()._change_cancel_full(order)

    # -- proof -------------------------------------------------------------------------

    def _change_marks(self, content):
        """Override to add how much production makes, and how much is needed."""
        return {
            **super()._change_marks(content),
            "productions": self._change_productions(),
            "spare": self._change_production_spare(),
        }

    def _change_productions(self):
        """Return the manufacturing orders for the order, and for their components."""
        order = self.order_id
        references = order.stock_reference_ids.production_ids
        return references | order.order_line._change_production_levels()

    def _change_production_spare(self, known=None):
        """Return ``{product: (spare, idle, slack)}`` of what is made for the order.

        That is: made beyond what is needed, what could be made less, and how far off
        whole units of the manufacturing orders may be. What comes from stock if it is
        there is no matter of production alone, so there nothing is too little.

        :param known: orders of before, that count, too; only these can make less, as
            what was ordered since is needed
        """
        found = {}
        orders = self._change_productions()
        if known:
            orders |= known.exists()
        for product in orders.product_id:
            pool = orders.filtered(lambda order, of=product: order.product_id == of)
            made, needed = pool._change_balance()
            if any(move._change_is_mixed() for move in pool._change_served()):
                needed = min(made, needed)
            idle = pool._change_reducible(pool).filtered(
                lambda order: not order.bom_id.enable_batch_size
                and (known is None or order in known)
            )
            slack = sum(
                order.product_uom_id._compute_quantity(
                    order.product_uom_id.rounding, product.uom_id
                )
                for order in pool
            )
            quantity = sum(order._change_open_quantity() for order in idle)
            found[product] = (made - needed, quantity, slack)
        return found

    def _change_assert_rest(self, marks):
        """Override: neither more nor less is made than the order needs."""
        result = super()._change_assert_rest(marks)
        now = self._change_production_spare(marks["productions"])
        for product, (spare, idle, slack) in now.items():
            was = marks["spare"].get(product, (0.0,))[0]
            short = min(spare, 0.0) - min(was, 0.0)
            over = min(max(spare, 0.0) - max(was, 0.0), idle)
            if short < -slack or over > slack:
                self._change_refuse_production(product, spare)
        return result

    def _change_refuse_production(self, product, spare):
        if spare < 0:
            raise UserError(
                self.env._(
                    "%(product)s: %(quantity)s %(unit)s less would be made than are "
                    "needed. Ask production to look at its orders.",
                    product=product.display_name,
                    quantity=plain_number(-spare),
                    unit=product.uom_id.name,
                )
            )
        raise UserError(
            self.env._(
                "%(product)s: %(quantity)s %(unit)s more would be made than are "
                "needed. Ask production to look at its orders.",
                product=product.display_name,
                quantity=plain_number(spare),
                unit=product.uom_id.name,
            )
        )
