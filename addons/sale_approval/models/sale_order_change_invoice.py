from odoo import models
from odoo.fields import Command


class SaleOrderChange(models.Model):
    """Invoices follow an applied change.

    Drafts are corrected. What is posted stays, and one draft note corrects it: per line
    it takes back what was invoiced at the old price and invoices it at the new one, so
    that core's invoiced quantities and amounts of the order stay right.
    """

    _inherit = "sale.order.change"

    def _change_invoiced(self, lines):
        """Return what is invoiced and cannot be edited, by line and price.

        :return: ``{line: {(price, discount, tax ids): quantity in its unit}}``
        """
        invoiced = {}
        for line in lines:
            groups = invoiced.setdefault(line, {})
            for item in line.invoice_lines:
                move = item.move_id
                if move.state == "cancel" or move._change_is_editable():
                    continue
                quantity, price = item._change_in_unit(line.product_uom_id)
                sign = 1 if move.move_type == "out_invoice" else -1
                key = (price, item.discount, tuple(sorted(item.tax_ids.ids)))
                groups[key] = groups.get(key, 0.0) + sign * quantity
        return invoiced

    def _change_perform_invoices(self, order, invoiced):
        """Correct what is invoiced of the changed lines."""
        corrections = []
        for request_line in self.line_ids.filtered("order_line_id"):
            if request_line.action == "keep" and self.kind == "change":
                continue
            line = request_line.order_line_id
            excess = self._change_excess(line)
            excess -= self._change_draft_invoices(line, request_line, excess)
            groups = {
                key: quantity
                for key, quantity in invoiced.get(line, {}).items()
                if line.product_uom_id.compare(quantity, 0.0) > 0
            }
            corrections += self._change_corrections(line, request_line, groups, excess)
        self._change_create_note(order, corrections)

    def _change_excess(self, line):
        """Return how much more is invoiced than may be, in the unit of the line."""
        policy = line.product_id.invoice_policy
        limit = line.product_uom_qty if policy == "order" else line.qty_delivered
        return max(line.qty_invoiced - max(limit, 0.0), 0.0)

    def _change_draft_invoices(self, line, request_line, excess):
        """Correct draft invoices of a line.

        :return: how much of the excess they took, in the unit of the line
        """
        taken = 0.0
        for item in line.invoice_lines.filtered(
            lambda item: item.move_id._change_is_editable()
        ):
            values = {}
            if request_line.action == "change":
                values = request_line._change_price_values()
            quantity, _price = item._change_in_unit(line.product_uom_id)
            less = min(quantity, excess - taken)
            if line.product_uom_id.compare(less, 0.0) > 0:
                taken += less
                values["quantity"] = line.product_uom_id._compute_quantity(
                    quantity - less, item.product_uom_id, rounding_method="HALF-UP"
                )
            item._change_correct(values)
        return taken

    def _change_corrections(self, line, request_line, groups, excess):
        """Return the corrections of what is posted: [(line, quantity, price key)].

        :param dict groups: what is invoiced, by price
        :param float excess: how much of it is invoiced too much
        """
        found = []
        priced = request_line.action == "change" and request_line._change_price_values()
        now = (line.price_unit, line.discount, tuple(sorted(line.tax_ids.ids)))
        for key, quantity in sorted(groups.items(), reverse=True):
            gone = min(quantity, excess)
            excess -= gone
            kept = quantity - gone
            moved = gone + (kept if priced and key != now else 0.0)
            if line.product_uom_id.compare(moved, 0.0) > 0:
                found.append((line, -moved, key))
            if priced and key != now and line.product_uom_id.compare(kept, 0.0) > 0:
                found.append((line, kept, now))
        return found

    def _change_credit_all(self, order, invoiced):
        """Draft the credit note for all that is invoiced of an order."""
        drafts = order.invoice_ids.filtered(lambda move: move._change_is_editable())
        drafts.button_cancel()
        self._change_create_note(
            order,
            [
                (line, -quantity, key)
                for line, groups in invoiced.items()
                for key, quantity in groups.items()
                if quantity
            ],
        )

    def _change_create_note(self, order, corrections):
        """Draft one credit or debit note from the corrections, if there are any."""
        if not corrections:
            return
        amount = sum(
            quantity * key[0] * (1 - key[1] / 100.0)
            for _line, quantity, key in corrections
        )
        refund = amount < 0
        values = order._prepare_invoice()
        values.pop("transaction_ids", None)
        values.update(
            move_type="out_refund" if refund else "out_invoice",
            sale_change_id=self.id,
            ref=self.env._("%(order)s, %(change)s", order=order.name, change=self.name),
            invoice_line_ids=[
                Command.create(
                    line._prepare_invoice_line(
                        quantity=-quantity if refund else quantity,
                        price_unit=key[0],
                        discount=key[1],
                        tax_ids=[Command.set(key[2])],
                    )
                )
                for line, quantity, key in corrections
            ],
        )
        if refund:
            posted = order.invoice_ids.filtered(
                lambda move: move.state == "posted" and move.move_type == "out_invoice"
            )
            values["reversed_entry_id"] = posted[:1].id if len(posted) == 1 else False
        values.pop("journal_id", None) if not values.get("journal_id") else None
        self.env["account.move"].create(values)
