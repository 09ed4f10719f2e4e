from odoo import models
from odoo.exceptions import UserError
from odoo.fields import Command


class PurchaseOrderChange(models.Model):
    """Applying a change to a confirmed purchase order.

    Core turns less into negative moves, lets the price follow the quantity and sends
    back what does not merge; so lines are written with the price that was agreed, and
    the open receipts are changed here, move by move.
    """

    _inherit = "purchase.order.change"

    # -- what can be asked for ---------------------------------------------------------

    def _change_check_cancel(self):
        # sudo: receipts and bills, for people without rights on them
        order = self.order_id.sudo()
        if order.change_closed:
            raise UserError(self.env._("%s is closed already.", order.name))
        if not self.cancel_kind:
            raise UserError(self.env._("Choose what is cancelled."))
        if self.cancel_kind == "full":
            self._change_check_cancel_full(order)
        elif not self._change_open_lines(order):
            raise UserError(
                self.env._("%s is received in full: nothing is left.", order.name)
            )

    def _change_check_cancel_full(self, order):
        if bills := order._change_posted_bills():
            raise UserError(
                self.env._(
                    "%(order)s is billed (%(bills)s). Cancel what is left, or reset "
                    "the bills first.",
                    order=order.name,
                    bills=", ".join(bills.mapped("name")),
                )
            )
        if order._change_begun():
            raise UserError(
                self.env._(
                    "%s is received in part. Cancel what is left, or return the goods "
                    "to the vendor first.",
                    order.name,
                )
            )

    def _change_open_lines(self, order):
        """Return the lines of which something is still to come."""
        return order.order_line.filtered(
            lambda line: line._change_is_content()
            and line.product_uom_id.compare(line.product_qty, line.qty_received) > 0
        )

    # -- apply -------------------------------------------------------------------------

    def _change_perform(self):
        """Override: header, less, more, dates, bills."""
        order = self.order_id.with_company(self.company_id)
        if self.kind == "cancel":
            return self._change_perform_cancel(order)
        touched = self.line_ids.filtered(lambda line: line.action != "keep")
        billed = self._change_billed(touched.order_line_id)
        if "payment_term_id" in self._change_header():
            order.payment_term_id = self.new_payment_term_id
        # quantities before dates: receipts of another deadline do not merge
        for line in touched.sorted(lambda item: item._change_target() - item.old_qty):
            self._change_perform_line(line)
        self._change_add_lines(order, touched)
        for line in touched:
            line._change_perform_date()
        self._change_perform_bills(order, touched, billed)
        if order.change_closed and self._change_open_lines(order):
            order.change_closed = False  # there is more to come again
        return None

    def _change_perform_cancel(self, order):
        if self.cancel_kind == "full":
            if order.locked:
                order.button_unlock()
            order.button_cancel()
            return
        lines = self.line_ids.filtered("order_line_id")
        billed = self._change_billed(lines.order_line_id)
        for line in lines:
            self._change_perform_line(line)
        self._change_perform_bills(order, lines, billed)
        order.change_closed = "remaining"

    def _change_perform_line(self, request_line):
        """Change the line of the order that a line of the request is about."""
        action = request_line._change_acts()
        if action == "replace":
            values = {"product_qty": request_line._change_kept()}
        elif action in ("change", "remove"):
            values = request_line._change_values()
        else:
            return
        if values:
            request_line.order_line_id._change_set(values)

    def _change_add_lines(self, order, touched):
        """Put added and replacing products on the order."""
        for request_line in touched.filtered(
            lambda line: line.action in ("add", "replace")
        ):
            values = request_line._change_new_values()
            before = order.order_line
            order.write({"order_line": [Command.create(values)]})
            line = order.order_line - before
            request_line._change_keep_new(line)
            # core computes what is not agreed: descriptions, taxes
            line._change_set(
                {
                    name: values[name]
                    for name in ("product_qty", "price_unit", "discount")
                }
            )
