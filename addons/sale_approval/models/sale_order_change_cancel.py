from odoo import models
from odoo.exceptions import UserError


class SaleOrderChange(models.Model):
    """Cancelling a confirmed order: all of it, what is left, or after delivery."""

    _inherit = "sale.order.change"

    def _change_perform_cancel(self, order):
        relock = order.locked
        if relock:
            order.action_unlock()
        if self.cancel_kind == "full":
            self._change_cancel_full(order)
            return
        invoiced = self._change_invoiced(order.order_line)
        lines = self.line_ids.filtered("order_line_id")
        self._change_set_lines({line: line._change_values() for line in lines})
        if self.cancel_kind == "remaining":
            self._change_perform_invoices(order, lines, invoiced)
        else:
            self._change_take_back(order)
            self._change_credit_all(order)
        order.change_closed = self.cancel_kind
        if relock or self.cancel_kind == "after_delivery":
            order.action_lock()

    def _change_cancel_full(self, order):
        """Cancel the order, and the open transfers that only served it."""
        for line in order.order_line:
            line._change_release(0.0)
        order._action_cancel()

    def _change_take_back(self, order):
        """Prepare the return of what was delivered."""
        for picking in order.picking_ids.filtered(lambda p: p._change_is_delivery()):
            picking._change_prepare_return()

    def _change_assert_cancel(self, order):
        if self.cancel_kind == "full" and order.state != "cancel":
            raise UserError(self.env._("%s could not be cancelled.", order.name))
        if order.order_line._change_open_moves():
            raise UserError(
                self.env._("%s would still be delivered in part.", order.name)
            )
