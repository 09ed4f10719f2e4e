from odoo import fields, models

from odoo.addons.approval_flow.engine import plain_number


class PurchaseOrderChangeLine(models.Model):
    """What one line of a request asks of its order line."""

    _inherit = "purchase.order.change.line"

    new_order_line_id = fields.Many2one(
        "purchase.order.line",
        string="New order line",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="The line of the order that an added or replacing product became.",
    )

    def _change_kept(self):
        """Return what stays of a line whose rest goes: what is received."""
        return min(max(self.order_line_id.qty_received, 0.0), self.old_qty)

    def _change_target(self):
        """Return the quantity that the request leaves of its line, in its unit.

        What is received counts as it is now, not when requested.
        """
        if self.order_line_id and (self.is_removed or self.change_id.kind == "cancel"):
            # sudo: how far the order is, for whoever may read the request
            return self.sudo()._change_kept()
        return self.new_qty

    def _change_left(self):
        """Override: as above."""
        return self._change_target()

    def _change_acts(self):
        """Return what happens to the line; a cancellation has no other wishes."""
        if self.change_id.kind == "cancel":
            return "remove" if self.order_line_id else "keep"
        return self.action

    def _change_price_values(self):
        values = {}
        if self._change_acts() != "change":
            return values
        for name, field in (("price", "price_unit"), ("discount", "discount")):
            if self._change_differs(name):
                values[field] = self[f"new_{name}"]
        return values

    def _change_values(self):
        """Return what the request writes on its line of the order, but the date."""
        if self._change_acts() == "change" and not self._change_differs("qty"):
            return self._change_price_values()
        return {"product_qty": self._change_target(), **self._change_price_values()}

    def _change_new_values(self):
        """Return the values of the line that an added product becomes."""
        replaced = self.order_line_id
        values = {
            "product_id": self.product_id.id,
            "product_uom_id": self.uom_id.id,
            "product_qty": self.new_qty,
            "price_unit": self.new_price,
            "discount": self.new_discount,
            "sequence": replaced.sequence if replaced else self.sequence,
        }
        if date := self.new_date or self.change_id.order_id.date_planned:
            values["date_planned"] = date
        if replaced.analytic_distribution:
            values["analytic_distribution"] = replaced.analytic_distribution
        return values

    def _change_keep_new(self, line):
        """Remember which line of the order an added product became."""
        self.with_env(self.change_id._change_engine().env).new_order_line_id = line

    def _change_perform_date(self):
        """Expect the goods of the line on another date."""
        if self._change_acts() == "change" and "date" in self._change_names():
            self.order_line_id._change_reschedule(self.new_date)

    def _change_error(self):
        """Return why this line cannot be changed so, or None."""
        name = self.product_id.display_name
        if self.action == "remove":
            return None
        if self.action in ("add", "replace") and self.new_qty <= 0:
            return self.env._("%s: enter how many are wanted.", name)
        if self.action in ("add", "replace") and (
            error := self._change_product_error("purchase_ok")
        ):
            return error
        if self.new_qty < 0 or self.new_price < 0:
            return self.env._("%s: quantity and price cannot be negative.", name)
        if not 0 <= self.new_discount <= 100:
            return self.env._("%s: a discount is between 0 and 100 %%.", name)
        if self.action == "change":
            return self._change_progress_error(name)
        return None

    def _change_progress_error(self, name):
        """Return what cannot be changed any more, because goods are here, or None."""
        # sudo: how far the order is, for whoever may raise a request on it
        line = self.order_line_id.sudo()
        compare = line.product_uom_id.compare
        if self._change_differs("qty") and compare(self.new_qty, line.qty_received) < 0:
            return self.env._(
                "%(product)s: %(done)s are received already, so at least as many stay. "
                "Return goods to the vendor first.",
                product=name,
                done=plain_number(line.qty_received),
            )
        gone = compare(self.new_qty, line.qty_received) <= 0
        if "date" in self._change_names() and gone and line.qty_received:
            return self.env._(
                "%s: everything is received already, its date cannot change any more.",
                name,
            )
        return None
