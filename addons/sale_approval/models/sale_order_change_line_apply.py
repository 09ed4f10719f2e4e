from odoo import fields, models

from odoo.addons.approval_flow.engine import plain_number


class SaleOrderChangeLine(models.Model):
    """What one line of a request asks of its order line."""

    _inherit = "sale.order.change.line"

    new_order_line_id = fields.Many2one(
        "sale.order.line",
        string="New order line",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="The line of the order that an added or replacing product became.",
    )

    def _change_kept(self):
        """Return what stays of a line whose rest goes: what is delivered."""
        return min(max(self.order_line_id.qty_delivered, 0.0), self.old_qty)

    def _change_target(self):
        """Override: what is delivered counts as it is now, not when requested."""
        if self.order_line_id and (self.is_removed or self.change_id.kind == "cancel"):
            # sudo: how far the order is, for whoever may read the request
            return self.sudo()._change_kept()
        return self.new_qty

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
        return {
            "product_uom_qty": self._change_target(),
            **self._change_price_values(),
        }

    def _change_new_values(self):
        """Return the values of the line that an added product becomes."""
        replaced = self.order_line_id
        values = {
            "product_id": self.product_id.id,
            "product_uom_id": self.uom_id.id,
            "product_uom_qty": self.new_qty,
            "price_unit": self.new_price,
            "discount": self.new_discount,
            "sequence": replaced.sequence if replaced else self.sequence,
        }
        if self.new_date and self.new_date != self.old_date:
            values["promised_date"] = self.new_date
        elif replaced.promised_date:
            values["promised_date"] = replaced.promised_date
        return values

    def _change_keep_new(self, line):
        """Remember which line of the order an added product became."""
        self.with_env(self.change_id._change_engine().env).new_order_line_id = line

    def _change_perform_date(self):
        """Deliver the line on its own date."""
        if self._change_acts() != "change" or "date" not in self._change_names():
            return
        line = self.order_line_id
        line.promised_date = self.new_date
        line._change_open_moves()._change_reschedule(self.new_date)

    def _change_error(self):
        """Return why this line cannot be changed so, or None."""
        name = self.product_id.display_name
        if self.action == "remove":
            return None
        if self.action in ("add", "replace") and self.new_qty <= 0:
            return self.env._("%s: enter how many are wanted.", name)
        if self.action in ("add", "replace") and (
            error := self._change_product_error("sale_ok")
        ):
            return error
        if self.new_qty < 0:
            return self.env._("%s: a quantity cannot be negative.", name)
        if not 0 <= self.new_discount <= 100:
            return self.env._("%s: a discount is between 0 and 100 %%.", name)
        if self.action == "change" and self._change_is_below_delivered():
            return self.env._(
                "%(product)s: %(done)s are delivered already, so at least as many "
                "stay. Goods that come back need a return.",
                product=name,
                # sudo: a quantity of the line that the request is about
                done=plain_number(self.order_line_id.sudo().qty_delivered),
            )
        return None

    def _change_is_below_delivered(self):
        # sudo: how far the order is, for whoever may raise a request on it
        line = self.order_line_id.sudo()
        return (
            self._change_differs("qty")
            and line.product_uom_id.compare(self.new_qty, line.qty_delivered) < 0
        )
