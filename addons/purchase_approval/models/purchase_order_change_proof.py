from odoo import models
from odoo.exceptions import UserError

from odoo.addons.approval_flow.engine import plain_number

# field of the order line by what a request changes
FIELDS = {
    "qty": "product_qty",
    "price": "price_unit",
    "discount": "discount",
    "date": "date_planned",
}
# measures of progress that may move with the quantity of a line
PROGRESS = {"qty_invoiced", "picked"}


class PurchaseOrderChange(models.Model):
    """The proof that an applied request did what it says, and nothing else."""

    _inherit = "purchase.order.change"

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

    def _change_assert_total(self):
        total = self._change_total()
        if self.currency_id.compare_amounts(total, self.amount_new):
            raise UserError(
                self.env._(
                    "The new total would be %(now)s instead of the approved "
                    "%(approved)s. Submit the request again.",
                    now=self.currency_id.format(total),
                    approved=self.currency_id.format(self.amount_new),
                )
            )

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

    def _change_assert_values(self, line, values):
        """Raise unless a line of the order has the values that were asked for."""
        for name, wanted in values.items():
            field = line._fields[name]
            value = field.convert_to_write(line[name], line)
            if field.type == "float":
                digits = field.get_digits(self.env)
                same = round(value - wanted, digits[1] if digits else 6) == 0
            else:
                same = value == wanted
            if not same:
                self._change_refuse_field(line, name)

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
        for change in self._approval_diff(marks["content"], self._change_content()):
            if change["kind"] == "added":
                allowed = change["line"] in self.line_ids.new_order_line_id.ids
            else:
                allowed = change["field"] in expected.get(change["line"], ())
            if not allowed:
                self._change_refuse_rest(change)
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

    def _change_expected(self):
        """Return ``{line id: names}`` of what may differ; None is the header."""
        expected = {None: set(self._change_header())}
        for line in self.line_ids.filtered("order_line_id"):
            action = line._change_acts()
            if action == "keep":
                continue
            names = {FIELDS[name] for name in line._change_names()}
            if action in ("remove", "replace"):
                names = {"product_qty"}
            expected[line.order_line_id.id] = names | PROGRESS
        return expected

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

    # -- in words ----------------------------------------------------------------------

    def _change_refuse_field(self, record, name):
        label = record._fields[name].get_description(self.env, ["string"])["string"]
        if record._name == "purchase.order.line":
            raise UserError(
                self.env._(
                    "%(product)s: %(field)s would not be what was requested.",
                    product=record.product_id.display_name,
                    field=label,
                )
            )
        raise UserError(self.env._("%s would not be what was requested.", label))

    def _change_refuse_rest(self, change):
        row = self.order_id._approval_diff_rows([change])[0]
        what = row["what"] or self._change_progress_label(change["field"])
        raise UserError(
            self.env._(
                "%(what)s would change although nobody asked for it: %(old)s → "
                "%(new)s.",
                what=f"{row['where']} {what}".strip(),
                old=row["old"],
                new=row["new"],
            )
        )
