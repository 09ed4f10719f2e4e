from odoo import models
from odoo.exceptions import UserError

from odoo.addons.approval_flow.engine import plain_number


class PurchaseOrderChange(models.Model):
    """The proof that an applied request did what it says, and nothing else."""

    _inherit = "purchase.order.change"

    _change_fields = {
        "qty": "product_qty",
        "price": "price_unit",
        "discount": "discount",
        "date": "date_planned",
    }

    def _change_assert(self):
        """Override: the order is what was asked for, and the receipts fit."""
        order = self.order_id
        if self.kind == "cancel" and self.cancel_kind == "full":
            if order.state != "cancel" or order.order_line._change_open_receipts():
                raise UserError(self.env._("%s could not be cancelled.", order.name))
        else:
            for line in self.line_ids:
                self._change_assert_line(line)
        for name, (_old, new) in self._change_header().items():
            if order[name].id != new:
                self._change_refuse_field(order, name)
        if self.state == "applied":
            self._change_assert_total()

    # -- what was asked for ------------------------------------------------------------

    def _change_assert_line(self, request_line):
        line = request_line.order_line_id
        action = request_line._change_acts()
        if action == "keep":
            return
        if action in ("add", "replace"):
            added = request_line.new_order_line_id
            self._change_assert_values(added, request_line._change_new_values())
            self._change_assert_open(added)
        if action == "replace":
            values = {"product_qty": request_line._change_kept()}
        else:
            values = request_line._change_values() if line else {}
        if action == "change" and "date" in request_line._change_names():
            values["date_planned"] = request_line.new_date
        if line:
            self._change_assert_values(line, values)
            if "product_qty" in values:
                self._change_assert_open(line)

    def _change_assert_open(self, line):
        """Raise unless exactly what is missing of a line will be received."""
        if not line._change_is_stocked():
            return
        quantity = line._change_open_quantity()
        wanted = line._change_wanted_quantity(line.product_qty)
        if line.product_id.uom_id.compare(quantity, wanted):
            raise UserError(
                self.env._(
                    "%(product)s: %(now)s would be expected instead of %(target)s. Ask "
                    "the warehouse to look at its receipts.",
                    product=line.product_id.display_name,
                    now=plain_number(quantity),
                    target=plain_number(wanted),
                )
            )

    # -- and nothing else --------------------------------------------------------------

    def _change_marks(self, content):
        """Override: besides the content, what is open, and which moves there are."""
        lines = self.order_id.order_line
        return {
            "content": content,
            "open": {line.id: line._change_open_quantity() for line in lines},
            "moves": set(lines.move_ids.ids),
        }

    def _change_assert_rest(self, marks):
        """Override: no other line, field or receipt changed, and nothing goes back."""
        order = self.order_id
        expected = self._change_expected()
        self._change_assert_content(marks, expected)
        for line in order.order_line:
            before = marks["open"].get(line.id)
            now = line._change_open_quantity()
            if line.id in expected or before is None:
                continue
            if line.product_id.uom_id.compare(before, now):
                raise UserError(
                    self.env._(
                        "%(product)s is not part of the request, and %(now)s would be "
                        "expected instead of %(before)s.",
                        product=line.product_id.display_name,
                        now=plain_number(now),
                        before=plain_number(before),
                    )
                )
        self._change_assert_outgoing(order, marks["moves"])

    def _change_progress_names(self):
        """Override: what is billed, and begun in the warehouse."""
        return {"qty_invoiced", "picked"}

    def _change_assert_outgoing(self, order, known):
        """Raise if goods were to go back that nobody sends back."""
        for move in order.order_line.move_ids:
            if move.id not in known and move.location_dest_id.usage == "supplier":
                raise UserError(
                    self.env._(
                        "%s would be sent back to the vendor, which nobody asked for. "
                        "Ask the warehouse to look at its receipts.",
                        move.product_id.display_name,
                    )
                )
