from odoo import models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import float_is_zero


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
                quantity, key = item._change_price_key(line.product_uom_id)
                sign = 1 if move.move_type == "out_invoice" else -1
                groups[key] = groups.get(key, 0.0) + sign * quantity
        return invoiced

    def _change_perform_invoices(self, order, lines, invoiced):
        """Correct what is invoiced of the changed lines.

        :param lines: those lines of the request that change something
        :param dict invoiced: see :meth:`_change_invoiced`
        """
        corrections = []
        for request_line in lines.filtered("order_line_id"):
            line = request_line.order_line_id
            excess = self._change_excess(line, request_line.old_qty)
            excess -= self._change_draft_invoices(line, request_line, excess)
            groups = invoiced.get(line, {})
            priced = bool(request_line._change_price_values())
            corrections += self._change_corrections(line, groups, excess, priced)
        self._change_create_note(order, corrections)

    def _change_excess(self, line, old_qty):
        """Return how much more is invoiced than may be, in the unit of the line.

        Only what is ordered less is taken back; what was invoiced ahead of a delivery
        on purpose stays.
        """
        if line.product_uom_id.compare(line.product_uom_qty, old_qty) >= 0:
            return 0.0
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
            unit = item.product_uom_id or line.product_uom_id
            values = request_line._change_price_values()
            if "price_unit" in values:
                values["price_unit"] = line.product_uom_id._compute_price(
                    values["price_unit"], unit
                )
            quantity, _key = item._change_price_key(line.product_uom_id)
            less = min(quantity, excess - taken)
            if line.product_uom_id.compare(less, 0.0) > 0:
                taken += less
                values["quantity"] = line.product_uom_id._compute_quantity(
                    quantity - less, unit, rounding_method="HALF-UP"
                )
            item._change_correct(values)
        return taken

    def _change_corrections(self, line, groups, excess, priced):
        """Return the corrections of what is posted: [(line, quantity, price key)].

        :param dict groups: what is invoiced, by price; less than nothing where more was
            credited at a price than invoiced
        :param float excess: how much of it is invoiced too much
        :param bool priced: whether all of it is to be at the price of the line now
        """
        compare = line.product_uom_id.compare
        now = line._change_price_key()
        less = dict.fromkeys(groups, 0.0)
        # what was invoiced at another price goes first, the dearest before the others
        for key in sorted(groups, key=lambda key: (key != now, key), reverse=True):
            gone = max(min(groups[key], excess), 0.0)
            less[key] += gone
            excess -= gone
        if priced:
            other = [key for key in groups if key != now]
            moved = sum(groups[key] - less[key] for key in other)
            less.update({key: groups[key] for key in other})
            less[now] = less.get(now, 0.0) - moved
        return [
            (line, -quantity, key)
            for key, quantity in sorted(less.items(), reverse=True)
            if compare(quantity, 0.0)
        ]

    def _change_credit_all(self, order):
        """Draft the credit note for all that is invoiced of an order."""
        for move in order.invoice_ids.filtered(lambda move: move.state == "draft"):
            for item in move.invoice_line_ids:
                if item.sale_line_ids & order.order_line:
                    item._change_correct({"quantity": 0.0})
        posted = order.invoice_ids.filtered(lambda move: move.state == "posted")
        if set(posted.mapped("move_type")) == {"out_invoice"}:
            # one note for each, equal to the cent and to be reconciled with it
            for move in posted.sorted("id"):
                self._change_credit_one(order, move)
            return
        self._change_create_note(
            order,
            [
                (line, -quantity, key)
                for line, groups in self._change_invoiced(order.order_line).items()
                for key, quantity in groups.items()
                if not float_is_zero(quantity, precision_digits=6)
            ],
        )

    def _change_credit_one(self, order, move):
        corrections = []
        for item in move.invoice_line_ids:
            for line in item.sale_line_ids.filtered(
                lambda line: line.order_id == order
            ):
                if item.display_type == "product":
                    quantity, key = item._change_price_key(line.product_uom_id)
                    corrections.append((line, -quantity, key))
        self._change_create_note(order, corrections, move)

    # -- the note ----------------------------------------------------------------------

    def _change_create_note(self, order, corrections, invoice=None):
        """Draft one credit or debit note from the corrections, if there are any.

        :param invoice: the invoice that is corrected, if it is a single one
        """
        if not corrections:
            return
        amount = sum(
            quantity * key[0] * (1 - key[1] / 100.0)
            for _line, quantity, key in corrections
        )
        refund = amount < 0
        values = order._prepare_invoice()
        values.pop("transaction_ids", None)
        if not values.get("journal_id"):
            values.pop("journal_id", None)
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
            posted = invoice or order.invoice_ids.filtered(
                lambda move: move.state == "posted" and move.move_type == "out_invoice"
            )
            values["reversed_entry_id"] = posted.id if len(posted) == 1 else False
        self.env["account.move"].create(values)

    # -- proof -------------------------------------------------------------------------

    def _change_assert_invoices(self, request_line):
        """Raise unless a line is invoiced at its price, and no more than ordered."""
        line = request_line.order_line_id
        excess = self._change_excess(line, request_line.old_qty)
        wrong = 0.0
        if request_line._change_price_values():
            now = line._change_price_key()
            wrong = sum(
                abs(quantity)
                for key, quantity in self._change_invoiced(line)[line].items()
                if key != now
            )
        if line.product_uom_id.compare(max(excess, wrong), 0.0) > 0:
            raise UserError(
                self.env._(
                    "%s: what is invoiced would not fit the order. Ask finance to look "
                    "at its invoices.",
                    line.product_id.display_name,
                )
            )
