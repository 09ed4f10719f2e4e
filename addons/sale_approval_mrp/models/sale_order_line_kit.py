from math import ceil, floor

from odoo import models

# what is known of a kit when a request starts to be applied, see _change_kit_plan
KITS = "sale_approval_kits"


class SaleOrderLine(models.Model):
    """Lines of kits: what is delivered and open counts component by component.

    A part is one component on one line of the bill of materials, written as
    ``(product, id of that line)``.
    """

    _inherit = "sale.order.line"

    # -- what a kit is made of ---------------------------------------------------------

    def _change_is_kit(self):
        """Return whether components are delivered instead of the product itself."""
        self.ensure_one()
        if self.product_id.with_company(self.company_id).is_kits:
            return True
        # a bill of materials that was changed since
        return bool(self._change_kit_moves().filtered(lambda m: m._change_part()))

    def _change_kit_moves(self):
        """Return the moves of the line that count, without those of production."""
        return self.move_ids.filtered(
            lambda move: move.state != "cancel" and not move.production_id
        )

    def _change_kit_bill(self):
        """Return the bill of materials by which the product is a kit today."""
        product = self.product_id
        # sudo: for whoever may read the order
        bills = self.env["mrp.bom"].sudo()
        return bills._bom_find(
            product, company_id=self.company_id.id, bom_type="phantom"
        )[product]

    def _change_kit_parts(self, quantity):
        """Return {part: quantity}, in units of the components, of that many kits.

        :param float quantity: in the unit of the line
        """
        bill, product, uom = self._change_kit_bill(), self.product_id, "HALF-UP"
        if not bill:
            quantity = self.product_uom_id._compute_quantity(
                quantity, product.uom_id, rounding_method=uom
            )
            return {(product, 0): quantity}
        quantity = self.product_uom_id._compute_quantity(
            quantity, bill.product_uom_id, round=False
        )
        _bills, lines = bill.explode(
            product,
            quantity / bill.product_qty,
            never_attribute_values=self.product_no_variant_attribute_value_ids,
        )
        parts = {}
        for line, values in lines:
            component = line.product_id.with_env(self.env)
            if component.type == "consu":
                parts[component, line.id] = line.product_uom_id._compute_quantity(
                    values["qty"], component.uom_id, rounding_method=uom
                )
        return parts

    # -- how far it is -----------------------------------------------------------------

    def _change_kit_open(self):
        """Return {part: what is still to be delivered}."""
        parts = {}
        for move in self._change_open_moves():
            key = (move.product_id, move._change_part())
            parts[key] = parts.get(key, 0.0) + move.product_qty
        return parts

    def _change_kit_delivered(self, returned=True):
        """Return {part: what is delivered and kept}, as core counts it.

        :param bool returned: whether what came back is taken off
        """
        parts = {}
        for move in self._change_kit_moves():
            if move.state != "done" or move.location_dest_usage == "inventory":
                continue
            sign = 0
            if move._is_outgoing():
                sign = 1 if not move.origin_returned_move_id or move.to_refund else 0
            elif move._is_incoming() and move.to_refund and returned:
                sign = -1
            key = (move.product_id, move._change_part())
            parts[key] = parts.get(key, 0.0) + sign * move._change_quantity()
        return parts

    def _change_kit_plan(self):
        """Return what is open and delivered, if it is not what the kit asks for.

        The bill of materials was changed since, or a transfer by hand: then what was
        agreed is what is on the transfers.
        """
        self.ensure_one()
        opened, delivered = self._change_kit_open(), self._change_kit_delivered()
        parts = self._change_kit_parts(self.product_uom_qty)
        sent = self._change_kit_delivered(returned=False)
        # what came back is either sent again or not, and both are regular
        regular = all(
            any(
                not key[0].uom_id.compare(
                    max(parts.get(key, 0.0) - done.get(key, 0.0), 0.0),
                    opened.get(key, 0.0),
                )
                for done in (delivered, sent)
            )
            for key in {*parts, *opened}
        )
        if regular:
            return None
        return {"ordered": self.product_uom_qty, "open": opened, "done": delivered}

    # -- what is wanted ----------------------------------------------------------------

    def _change_kit_wanted(self, target):
        """Return {part: what should be open} for that many kits."""
        delivered = self._change_kit_delivered()
        # sets that are complete are what the order counts as delivered
        if self.product_uom_id.compare(target, self.qty_delivered) <= 0:
            return dict.fromkeys([*self._change_kit_open(), *delivered], 0.0)
        plan = self.env.context.get(KITS, {}).get(self.id)
        if plan:
            return self._change_kit_scaled(target, **plan)
        return {
            key: max(quantity - delivered.get(key, 0.0), 0.0)
            for key, quantity in self._change_kit_parts(target).items()
        }

    def _change_kit_scaled(self, target, ordered, **parts):
        """Return what should be open of a kit whose parts are not those of today."""
        opened, delivered = parts["open"], parts["done"]
        more = target - ordered
        if self.product_uom_id.compare(more, 0.0) > 0:
            added = self._change_kit_parts(more)
            return {
                key: opened.get(key, 0.0) + added.get(key, 0.0)
                for key in {*opened, *added}
            }
        wanted = {}
        for key, quantity in opened.items():
            done = delivered.get(key, 0.0)
            total = (quantity + done) * target / (ordered or 1.0)
            total = key[0].uom_id.round(total, rounding_method="HALF-UP")
            if float(quantity + done).is_integer():
                total = ceil(total)
            wanted[key] = min(max(total - done, 0.0), quantity)
        return wanted

    def _change_wanted_quantities(self, target):
        """Override: of kits, their components."""
        if not self._change_is_kit():
            return super()._change_wanted_quantities(target)
        wanted = {}
        for (product, _part), quantity in self._change_kit_wanted(target).items():
            wanted[product] = wanted.get(product, 0.0) + quantity
        return wanted

    def _change_kit_missing(self):
        """Return {part: what is to be procured}."""
        opened = self._change_kit_open()
        missing = {
            key: quantity - opened.get(key, 0.0)
            for key, quantity in self._change_kit_wanted(self.product_uom_qty).items()
        }
        return {
            key: quantity
            for key, quantity in missing.items()
            if key[0].uom_id.compare(quantity, 0.0) > 0
        }

    # -- less and more -----------------------------------------------------------------

    def _change_missing(self, previous):
        """Override: the whole line, if anything of a kit is missing."""
        if not self._change_is_kit() or self._change_is_dropshipped():
            return super()._change_missing(previous)
        return self.product_uom_qty if self._change_kit_missing() else 0.0

    def _change_procurements(self, quantity):
        """Override: of a kit, exactly the components that are missing."""
        procurements = super()._change_procurements(quantity)
        if not self._change_is_kit() or self._change_is_dropshipped():
            return procurements
        (whole,) = procurements
        return [
            whole._replace(
                product_id=product,
                product_qty=quantity,
                product_uom=product.uom_id,
                values={**whole.values, "bom_line_id": part},
            )
            for (product, part), quantity in self._change_kit_missing().items()
        ]

    def _change_release(self, target):
        """Override: of a kit, each component for itself."""
        if not self._change_is_kit() or self._change_is_dropshipped():
            super()._change_release(target)
            return
        wanted = self._change_kit_wanted(target)
        for key, quantity in self._change_kit_open().items():
            surplus = quantity - wanted.get(key, 0.0)
            if key[0].uom_id.compare(surplus, 0.0) > 0:
                moves = self._change_open_moves().filtered(
                    lambda m, of=key: (m.product_id, m._change_part()) == of
                )
                moves._change_shrink(surplus)

    # -- what people see ---------------------------------------------------------------

    def _change_in_sets(self, part, quantity):
        """Return a quantity of a part in the unit of the line: how many kits it fits.

        :param int part: id of the line of the bill of materials, 0 for the product
        """
        if not part:
            uom = self.product_id.uom_id
            return uom._compute_quantity(
                quantity, self.product_uom_id, rounding_method="HALF-UP"
            )
        parts = self._change_kit_parts(1.0)
        each = sum(value for (_product, key), value in parts.items() if key == part)
        return quantity / each if each else 0.0

    def _change_kit_sets(self, moves):
        """Return {part: sets that are reserved of it} of one kit, on these moves."""
        held = {}
        for move in moves:
            reserved = move.product_uom._compute_quantity(
                move.quantity, move.product_id.uom_id, rounding_method="HALF-UP"
            )
            held[move._change_part()] = held.get(move._change_part(), 0.0) + reserved
        return {key: self._change_in_sets(key, value) for key, value in held.items()}

    def _change_reserved(self):
        """Override: of kits, the complete sets."""
        kits = self.filtered(lambda line: line._change_is_kit())
        if not kits:
            return super()._change_reserved()  # read together with the other lines
        total = super(SaleOrderLine, self - kits)._change_reserved()
        for line in kits:
            sets = line._change_kit_sets(line._change_open_moves())
            total += line._change_whole_sets(min(sets.values(), default=0.0), floor)
        return total

    def _change_picked(self):
        """Override: of kits, the sets of which anything is picked."""
        kits = self.filtered(lambda line: line._change_is_kit())
        if not kits:
            return super()._change_picked()  # read together with the other lines
        total = super(SaleOrderLine, self - kits)._change_picked()
        for line in kits:
            begun = line._change_open_moves().filtered(lambda m: m._change_is_begun())
            sets = line._change_kit_sets(begun)
            total += line._change_whole_sets(max(sets.values(), default=0.0), ceil)
        return total

    def _change_whole_sets(self, sets, rounding):
        """Return whole sets in the unit of the line, of which a set may be a part."""
        uom = self.product_id.uom_id
        whole = self.product_uom_id._compute_quantity(sets, uom, round=False)
        whole = rounding(round(whole, 4))
        return uom._compute_quantity(whole, self.product_uom_id)
