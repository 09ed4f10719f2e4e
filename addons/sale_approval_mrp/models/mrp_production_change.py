from odoo import fields, models


class MrpProduction(models.Model):
    """Manufacturing orders make less, or at another time, after an applied change.

    What is begun is never touched; that is for people.
    """

    _inherit = "mrp.production"

    # -- less --------------------------------------------------------------------------

    def _change_make_less(self, taken, first, share):
        """Make less, as far as nobody needs it and nobody has begun.

        :param float taken: how much less is needed, in units of the product
        :param first: the orders that were made for it
        :param float share: how much of what is needed comes from stock anyway
        """
        made, needed = self._change_balance()
        spare = made - max(needed - share, 0.0)
        left = min(taken, spare)
        for production in self._change_reducible(first):
            uom = production.product_id.uom_id
            quantity = production._change_open_quantity()
            if production.bom_id.enable_batch_size:
                # made in batches of one size: all of it or nothing
                less = quantity if uom.compare(spare, quantity) >= 0 else 0.0
            else:
                less = min(left, quantity)
            if uom.compare(less, 0.0) > 0:
                waiting = production._change_finished().move_dest_ids
                production._change_reduce(less)
                self._change_take_over(production, waiting)
                left -= less
                spare -= less

    def _change_take_over(self, production, waiting):
        """Let others of these orders supply what one that makes less does not any more.

        A move that is made for gets its goods from the orders that it is linked to.
        """
        gone = production.state == "cancel"
        if not gone and production._change_unlinked_quantity() >= 0:
            return
        others = self.filtered(lambda order: order.state != "cancel") - production
        spare = others.filtered(lambda order: order._change_unlinked_quantity() > 0)
        for move in waiting.filtered(lambda move: move._change_is_open()):
            takes = spare
            if not move._change_made_for():
                takes = spare or others.filtered(lambda m: m._change_is_open())[:1]
            if takes:
                move.procure_method = "make_to_order"
                for order in takes:
                    move._change_link_to(order)

    def _change_reducible(self, first):
        """Return the orders that nobody has begun, those that matter least first."""
        idle = self.filtered(
            lambda order: order._change_is_open() and not order._change_is_begun()
        )
        return idle.sorted(
            lambda order: (
                # nothing waits for it in particular
                bool(order._change_finished().move_dest_ids),
                order not in first,
                order.state != "draft",
                order.is_planned,
                -order.date_start.timestamp(),
                -order.id,
            )
        )

    def _change_reduce(self, less):
        """Make less by one order, and let what supplies its components follow.

        :param float less: in units of the product
        """
        self.ensure_one()
        components = self.move_raw_ids.filtered(lambda move: move._change_is_open())
        sources = {move: move._change_sources() for move in components}
        before = {move: move.product_qty for move in components}
        left = self._change_open_quantity() - less
        if self.product_id.uom_id.compare(left, 0.0) <= 0:
            # before it stops: then it has no suppliers any more
            for move in components:
                move._change_take_suppliers(before[move], sources[move])
            self._change_stop()
        else:
            self._change_resize(left)
            for move in components:
                gone = before[move] - move._change_quantity()
                move._change_take_suppliers(gone, sources[move])
        for move in components:
            gone = before[move] - move._change_quantity()
            move._change_take_productions(gone, sources[move])

    def _change_stop(self):
        """Cancel one order, but not what it was to supply: that was seen to before."""
        finished = self.move_finished_ids.filtered(lambda move: move._change_is_open())
        finished.propagate_cancel = False
        self.with_context(skip_activity=True).action_cancel()

    def _change_resize(self, quantity):
        """Let one order make another quantity, in units of the product."""
        quantity = self.product_id.uom_id._compute_quantity(
            quantity, self.product_uom_id
        )
        if self.state == "draft":
            self.product_qty = quantity
            return
        reserved = self.move_raw_ids.filtered("quantity")
        # procurements of less would be sent back where transfers are printed, and are
        # ignored by production: components follow in _change_reduce
        wizard = self.env["change.production.qty"].with_context(
            skip_activity=True, no_procurement=True
        )
        wizard.create({"mo_id": self.id, "product_qty": quantity}).change_prod_qty()
        reserved.filtered(lambda move: move._change_is_open())._action_assign()

    # -- later or earlier --------------------------------------------------------------

    def _change_follow(self, before):
        """Plan the orders that nobody has begun for when they are needed now.

        :param dict before: ``{order: when it was needed}``, see :meth:`_change_when`
        """
        for order in self:
            was, _deadline = before[order]
            due, deadline = order._change_when()
            idle = order._change_is_open() and not order._change_is_begun()
            if idle and was and due and was != due:
                order._change_move(due - was, deadline)

    def _change_move(self, shift, deadline):
        """Start and finish one order earlier or later, and what supplies it.

        :param timedelta shift: how much later
        :param datetime deadline: when its product must be there
        """
        self.ensure_one()
        components = self.move_raw_ids.filtered(lambda move: move._change_is_open())
        suppliers = components._change_with_suppliers() - components
        productions = (components | suppliers)._change_all_productions()
        before = {order: order._change_when() for order in productions}
        planned = self.is_planned
        if planned:
            self.button_unplan()
        start = self.date_start + shift
        if start < self.date_start:
            # what is begun today cannot have started yesterday
            start = max(start, min(self.date_start, fields.Datetime.now()))
        values = {"date_deadline": deadline, "date_start": start}
        if self.date_finished:
            values["date_finished"] = self.date_finished + (start - self.date_start)
        shift = start - self.date_start
        self.write(values)
        for move in suppliers:
            move.write(
                {
                    "date": move.date + shift,
                    "date_deadline": (move.date_deadline or move.date) + shift,
                }
            )
        productions._change_follow(before)
        if planned:
            self.button_plan()
