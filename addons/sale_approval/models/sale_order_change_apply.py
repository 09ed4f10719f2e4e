from odoo import models
from odoo.exceptions import UserError
from odoo.fields import Command

from odoo.addons.approval_flow.engine import plain_number


class SaleOrderChange(models.Model):
    """Applying a change to a confirmed sales order, and proving that it worked.

    The order of the steps, and why, is in the comments; the traps of core that they
    avoid are those of Odoo 19's sale_stock, stock and account.
    """

    _inherit = "sale.order.change"

    # -- what can be asked for ---------------------------------------------------------

    def _change_check(self):
        """Override: say at once, line by line, what cannot be done."""
        if not self.reason_id:
            raise UserError(self.env._("Choose a reason."))
        if self.kind == "cancel":
            return self._change_check_cancel()
        touched = self.line_ids.filtered(lambda line: line.action != "keep")
        if not touched and not self._change_header():
            raise UserError(
                self.env._(
                    "Nothing would change. Enter a new quantity, price, date or "
                    "product first."
                )
            )
        errors = [line._change_error() for line in touched]
        if any(errors):
            raise UserError("\n".join(filter(None, errors)))
        return None

    def _change_check_cancel(self):
        # sudo: deliveries and invoices, for people without rights on them
        order = self.order_id.sudo()
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
        invoiced = self._change_invoiced(order.order_line)
        self._change_perform_header(order)
        touched = self.line_ids.filtered(lambda line: line.action != "keep")
        # quantities before dates: moves of another deadline do not merge
        for line in touched.sorted(lambda item: item._change_target() - item.old_qty):
            self._change_perform_line(order, line)
        for line in touched:
            line._change_perform_date()
        self._change_perform_invoices(order, invoiced)
        if relock:
            order.action_lock()
        return None

    def _change_perform_header(self, order):
        header = self._change_header()
        if "payment_term_id" in header:
            order.payment_term_id = self.new_payment_term_id
            drafts = order.invoice_ids.filtered(lambda move: move.state == "draft")
            drafts.invoice_payment_term_id = self.new_payment_term_id
        if "partner_shipping_id" in header:
            self._change_perform_address(order)
        if "commitment_date" in header:
            order.commitment_date = self.new_commitment_date
            for line in order.order_line.filtered(lambda item: not item.promised_date):
                line._change_open_moves()._change_reschedule(self.new_commitment_date)

    def _change_perform_address(self, order):
        """Deliver to another address, without touching what is delivered.

        Core would either put the new address on finished transfers too, or only leave
        a note on the open ones.
        """
        finished = {
            picking: picking.partner_id
            for picking in order.picking_ids
            if picking.state in ("done", "cancel")
            or picking.picking_type_code == "incoming"
        }
        order.with_context(update_delivery_shipping_partner=True).write(
            {
                "partner_shipping_id": self.new_shipping_id.id,
                # what was agreed on taxes stays
                "fiscal_position_id": order.fiscal_position_id.id,
            }
        )
        for picking, partner in finished.items():
            picking.partner_id = partner
        order.order_line._change_open_moves()._change_address(self.new_shipping_id)

    def _change_perform_line(self, order, request_line):
        """Change one line of the order; core judges several at once by the largest."""
        line = request_line.order_line_id
        if request_line.action == "add":
            self._change_add_line(order, request_line)
        elif request_line.action == "replace":
            # core forbids another product on a line that has transfers
            self._change_set_line(
                line, {"product_uom_qty": request_line._change_kept()}
            )
            self._change_add_line(order, request_line, line)
        else:
            values = {"product_uom_qty": request_line._change_target()}
            if request_line.action == "change":
                values.update(request_line._change_price_values())
            self._change_set_line(line, values)

    def _change_set_line(self, line, values):
        """Write a line of the order, and let its open transfers follow."""
        previous = line.product_uom_qty
        # the price does not follow the quantity: it was agreed
        values = {
            "price_unit": line.price_unit,
            "discount": line.discount,
            **values,
        }
        # the transfers follow below: core would return what it cannot merge
        line.with_context(skip_procurement=True).write(values)
        if not line._change_is_stocked():
            return
        target = line.product_uom_qty
        if line.product_uom_id.compare(target, previous) < 0:
            line._change_release(target)
        elif line.product_uom_id.compare(target, previous) > 0:
            missing = line._change_missing(previous)
            if line.product_uom_id.compare(missing, 0.0) > 0:
                line._change_procure(missing)

    def _change_add_line(self, order, request_line, replaced=None):
        values = {
            "product_id": request_line.product_id.id,
            "product_uom_id": request_line.uom_id.id,
            "product_uom_qty": request_line.new_qty,
            "price_unit": request_line.new_price,
            "discount": request_line.new_discount,
            "sequence": replaced.sequence if replaced else request_line.sequence,
        }
        if request_line.new_date and request_line.new_date != request_line.old_date:
            values["promised_date"] = request_line.new_date
        before = order.order_line
        order.write({"order_line": [Command.create(values)]})
        request_line._change_keep_new(order.order_line - before)

    # -- proof -------------------------------------------------------------------------

    def _change_assert(self):
        """Override: the order is what was asked for, and nothing is delivered twice."""
        order = self.order_id
        if self.kind == "cancel":
            self._change_assert_cancel(order)
        for line in self.line_ids:
            self._change_assert_line(line)
        if self.state == "applied":
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

    def _change_assert_line(self, request_line):
        if self.kind == "cancel" and self.cancel_kind == "full":
            return
        line = request_line.order_line_id
        if request_line.action in ("add", "replace"):
            self._change_assert_quantities(
                request_line.new_order_line_id, request_line.new_qty
            )
        if line:
            target = request_line._change_target()
            if request_line.action == "replace":
                target = request_line._change_kept()
            self._change_assert_quantities(line, target)

    def _change_assert_quantities(self, line, target):
        if line.product_uom_id.compare(line.product_uom_qty, target):
            raise UserError(
                self.env._(
                    "%(product)s: ordered would be %(now)s instead of %(target)s.",
                    product=line.product_id.display_name,
                    now=plain_number(line.product_uom_qty),
                    target=plain_number(target),
                )
            )
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
