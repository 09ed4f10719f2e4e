from odoo import models
from odoo.exceptions import UserError

from odoo.addons.approval_flow.engine import plain_number


class SaleOrderChange(models.Model):
    """The proof that an applied request did what it says, and nothing else."""

    _inherit = "sale.order.change"

    _change_fields = {
        "qty": "product_uom_qty",
        "price": "price_unit",
        "discount": "discount",
        "date": "promised_date",
    }

    def _change_assert(self):
        """Override: the order is what was asked for, and nothing is delivered twice."""
        order = self.order_id
        if self.kind == "cancel":
            self._change_assert_cancel(order)
        self._change_assert_header(order)
        if self.cancel_kind != "full":
            for line in self.line_ids:
                if line._change_acts() != "keep":
                    self._change_assert_line(line)

    # -- what was asked for ------------------------------------------------------------

    def _change_assert_header(self, order):
        for name, (_old, new) in self._change_header().items():
            if order._fields[name].convert_to_write(order[name], order) != new:
                self._change_refuse_field(order, name)
        if "commitment_date" in self._change_header():
            for line in order.order_line.filtered(lambda line: not line.promised_date):
                self._change_assert_due(line, self.new_commitment_date)

    def _change_assert_due(self, line, date):
        """Raise unless what is open of a line is due on a date."""
        if any(move.date_deadline != date for move in line._change_open_moves()):
            self._change_refuse_field(line.order_id.picking_ids[:1], "date_deadline")

    def _change_assert_line(self, request_line):
        line = request_line.order_line_id
        new_line = request_line.new_order_line_id
        action = request_line._change_acts()
        if action in ("add", "replace"):
            values = request_line._change_new_values()
            self._change_assert_values(new_line, values)
            self._change_assert_open(new_line, request_line.new_qty)
        if action == "replace":
            values = {"product_uom_qty": request_line._change_kept()}
            self._change_assert_values(line, values)
            self._change_assert_open(line, line.product_uom_qty)
        elif line:
            values = request_line._change_values()
            self._change_assert_values(line, values)
            if "product_uom_qty" in values:
                self._change_assert_open(line, line.product_uom_qty)
        if line and self.cancel_kind != "after_delivery":
            self._change_assert_invoices(request_line)
        if action == "change" and "date" in request_line._change_names():
            self._change_assert_values(line, {"promised_date": request_line.new_date})
            self._change_assert_due(line, request_line.new_date)

    def _change_assert_open(self, line, target):
        """Raise unless exactly what is missing of a line will be delivered."""
        if not line._change_is_stocked() or self.order_id.state != "sale":
            return
        open_now = line._change_open_quantities()
        for product, wanted in line._change_wanted_quantities(target).items():
            quantity = open_now.get(product, 0.0)
            if product.uom_id.compare(quantity, wanted):
                raise UserError(
                    self.env._(
                        "%(product)s: %(now)s would be on delivery instead of "
                        "%(target)s. Ask the warehouse to look at its transfers.",
                        product=product.display_name,
                        now=plain_number(quantity),
                        target=plain_number(wanted),
                    )
                )

    # -- and nothing else --------------------------------------------------------------

    def _change_marks(self, content):
        """Override: besides the content, what is open and what comes in."""
        lines = self.order_id.order_line
        return {
            "content": content,
            "open": {line.id: line._change_open_quantities() for line in lines},
            "moves": set(lines.move_ids.ids),
        }

    def _change_assert_rest(self, marks):
        """Override: no other line, field or transfer changed."""
        order = self.order_id
        expected = self._change_expected()
        self._change_assert_content(marks, expected)
        for line in order.order_line:
            before = marks["open"].get(line.id)
            if line.id not in expected and before is not None:
                self._change_assert_untouched(line, before)
        if self.cancel_kind != "after_delivery":
            self._change_assert_incoming(order, marks["moves"])
        if self.state == "applied":
            self._change_assert_total()

    def _change_expected(self):
        """Override: of a cancelled order also what is no line of the request."""
        expected = super()._change_expected()
        if self.kind == "cancel":
            # deliveries, titles and down payments go with the order
            for line in self.order_id.order_line:
                expected.setdefault(line.id, self._change_progress_names())
        return expected

    def _change_progress_names(self):
        """Override: what is invoiced, and the further measures of progress."""
        measures = self._change_progress(self.env["sale.order.line"])
        return {"qty_invoiced", "qty_to_invoice", *measures}

    def _change_assert_untouched(self, line, before):
        now = line._change_open_quantities()
        for product in {*before, *now}:
            was, is_now = before.get(product, 0.0), now.get(product, 0.0)
            if product.uom_id.compare(was, is_now):
                raise UserError(
                    self.env._(
                        "%(product)s is not part of the request, and %(now)s would be "
                        "on delivery instead of %(before)s.",
                        product=product.display_name,
                        now=plain_number(is_now),
                        before=plain_number(was),
                    )
                )

    def _change_assert_incoming(self, order, known):
        """Raise if goods were to come back that nobody sends back."""
        for move in order.order_line.move_ids:
            if move.id not in known and move.location_id._is_outgoing():
                raise UserError(
                    self.env._(
                        "%s would be fetched back from the customer, which nobody "
                        "asked for. Ask the warehouse to look at its transfers.",
                        move.product_id.display_name,
                    )
                )
