from odoo import models
from odoo.exceptions import UserError
from odoo.fields import Command


class SaleOrderChange(models.Model):
    """Applying a change to a confirmed sales order, and proving that it worked.

    The order of the steps, and why, is in the comments; the traps of core that they
    avoid are those of Odoo 19's sale_stock, stock and account.
    """

    _inherit = "sale.order.change"

    # -- what can be asked for ---------------------------------------------------------

    def _change_check(self):
        """Override: what is taken back as a whole does not change any more."""
        # sudo: what became of the order, for whoever may read the request
        order = self.order_id.sudo()
        if order.change_closed == "after_delivery":
            raise UserError(self.env._("%s is closed already.", order.name))
        return super()._change_check()

    def _change_check_cancel(self):
        # sudo: deliveries and invoices, for people without rights on them
        order = self.order_id.sudo()
        if not self.cancel_kind:
            raise UserError(self.env._("Choose what is cancelled."))
        if self.cancel_kind == "full" and order._change_begun():
            raise UserError(
                self.env._(
                    "%s is delivered or invoiced in part. Cancel what is left, or take "
                    "back what was delivered.",
                    order.name,
                )
            )
        if self.cancel_kind == "after_delivery" and not order._change_begun():
            raise UserError(
                self.env._(
                    "Nothing of %s is delivered or invoiced. Cancel it as a whole.",
                    order.name,
                )
            )
        if order.change_closed:
            raise UserError(self.env._("%s is closed already.", order.name))

    # -- apply -------------------------------------------------------------------------

    def _change_perform(self):
        """Override: unlock, header, less, more, dates, invoices, lock again."""
        order = self.order_id.with_company(self.company_id)
        if self.kind == "cancel":
            return self._change_perform_cancel(order)
        # core delivers nothing for lines that are added to a locked order
        relock = order.locked
        if relock:
            order.action_unlock()
        touched = self.line_ids.filtered(lambda line: line.action != "keep")
        invoiced = self._change_invoiced(touched.order_line_id)
        self._change_perform_header(order)
        # quantities before dates: moves of another deadline do not merge
        self._change_perform_lines(order, touched)
        for line in touched:
            line._change_perform_date()
        self._change_perform_invoices(order, touched, invoiced)
        if order.change_closed and order.order_line.filtered(
            lambda line: line._change_is_content()
            and line.product_uom_id.compare(line.product_uom_qty, line.qty_delivered)
            > 0
        ):
            order.change_closed = False  # there is more to deliver again
        if relock:
            order.action_lock()
        return None

    def _change_perform_header(self, order):
        header = self._change_header()
        if "payment_term_id" in header:
            order.payment_term_id = self.new_payment_term_id
            drafts = order.invoice_ids.filtered(
                lambda move: move.state == "draft" and move.move_type == "out_invoice"
            )
            drafts.invoice_payment_term_id = self.new_payment_term_id
        if "partner_shipping_id" in header:
            self._change_perform_address(order)
        if "commitment_date" in header:
            self._change_perform_commitment(order)

    def _change_perform_address(self, order):
        """Deliver to another address, without touching what is delivered.

        Core would either put the new address on finished transfers too, or only leave
        an activity on the open ones that asks for what is done here.
        """
        order.with_context(mail_activity_automation_skip=True).write(
            {
                "partner_shipping_id": self.new_shipping_id.id,
                # what was agreed on taxes and invoices stays
                "fiscal_position_id": order.fiscal_position_id.id,
            }
        )
        order.order_line._change_open_moves()._change_address(self.new_shipping_id)

    def _change_perform_commitment(self, order):
        """Deliver later or earlier what has no delivery date of its own."""
        own = order.order_line.filtered("promised_date")
        (order.order_line - own)._change_open_moves()._change_reschedule(
            self.new_commitment_date
        )
        # core puts the date of the order on all open deliveries
        kept = [
            (move, move.date_deadline)
            for move in own._change_open_moves()._change_with_suppliers()
        ]
        order.commitment_date = self.new_commitment_date
        seen = {move.id for move, _deadline in kept}
        for move, deadline in kept:
            if move.date_deadline != deadline:
                context = {"date_deadline_propagate_ids": set(seen)}
                move.with_context(**context).date_deadline = deadline

    def _change_perform_lines(self, order, touched):
        """Change the lines, less before more, and let the transfers follow."""
        added = touched.filtered(lambda line: line.action in ("add", "replace"))
        targets = {}
        for line in touched.sorted(lambda item: item._change_target() - item.old_qty):
            if line.action == "replace":
                # core forbids another product on a line that has transfers
                targets[line] = {"product_uom_qty": line._change_kept()}
            elif line.action != "add":
                targets[line] = line._change_values()
        self._change_set_lines(targets)
        self._change_add_lines(order, added)

    def _change_set_lines(self, targets):
        """Write lines of the order, and let their open transfers follow.

        :param dict targets: ``{line of the request: values of its order line}``
        """
        previous = {}
        for request_line, values in targets.items():
            line = request_line.order_line_id
            if "product_uom_qty" in values:
                previous[line] = line.product_uom_qty
            # the transfers follow below: core would return what it cannot merge
            # the price does not follow the quantity: it was agreed
            agreed = {"price_unit": line.price_unit, "discount": line.discount}
            line.with_context(skip_procurement=True).write({**agreed, **values})
        lines = self.env["sale.order.line"].union(*previous)
        lines = lines.filtered(lambda line: line.product_id.type == "consu")
        for line in lines:
            line._change_release(line.product_uom_qty)
        lines._change_procure(previous)

    def _change_add_lines(self, order, added):
        """Put added and replacing products on the order, in one go."""
        if not added:
            return
        before = order.order_line
        values = [Command.create(line._change_new_values()) for line in added]
        order.write({"order_line": values})
        created = (order.order_line - before).sorted("id")
        for request_line, line in zip(added, created, strict=True):
            request_line._change_keep_new(line)
