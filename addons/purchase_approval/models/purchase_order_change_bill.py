from odoo import models
from odoo.fields import Command


class PurchaseOrderChange(models.Model):
    """Bills follow an applied change.

    A posted bill stays, and one draft note corrects it: per line it takes back what was
    billed at the old price and bills it at the new one, so that core's billed
    quantities and amounts of the order stay right. A draft bill is the vendor's own
    paper: who keeps it is told to look at it again.
    """

    _inherit = "purchase.order.change"

    def _change_billed(self, lines):
        """Return what is posted, by line and price.

        :return: ``{line: {(price, discount, tax ids): quantity in its unit}}``
        """
        billed = {}
        for line in lines:
            groups = billed.setdefault(line, {})
            for item in line.invoice_lines:
                move = item.move_id
                if move.state != "posted" and not self._change_is_note(move):
                    continue
                if move.currency_id != line.currency_id:
                    continue  # who keeps the bills converts it himself
                quantity, key = item._purchase_price_key(line.product_uom_id)
                sign = 1 if move.move_type == "in_invoice" else -1
                groups[key] = groups.get(key, 0.0) + sign * quantity
        return billed

    def _change_is_note(self, move):
        """Return whether this is the draft of an earlier request, which counts."""
        return move.state == "draft" and bool(move.purchase_change_id)

    def _change_perform_bills(self, order, lines, billed):
        """Correct what is billed of the changed lines.

        :param lines: those lines of the request that change something
        :param dict billed: see :meth:`_change_billed`
        """
        corrections = []
        for request_line in lines.filtered("order_line_id"):
            line = request_line.order_line_id
            excess = self._change_excess(line, request_line.old_qty, billed[line])
            priced = bool(request_line._change_price_values())
            corrections += self._change_corrections(line, billed[line], excess, priced)
        if corrections:
            self._change_create_note(order, corrections)

    def _change_excess(self, line, old_qty, groups):
        """Return how much more is billed than may be, in the unit of the line.

        Only what is ordered less is taken back; what was paid ahead of its receipt on
        purpose stays.
        """
        if line.product_uom_id.compare(line.product_qty, old_qty) >= 0:
            return 0.0
        by_order = line.product_id.purchase_method == "purchase"
        limit = line.product_qty if by_order else line.qty_received
        return max(sum(groups.values()) - max(limit, 0.0), 0.0)

    def _change_corrections(self, line, groups, excess, priced):
        """Return the corrections of what is billed: [(line, quantity, price key)].

        :param dict groups: what is billed, by price; less than nothing where more was
            refunded at a price than billed
        :param bool priced: whether all of it is to be at the price of the line now
        """
        compare = line.product_uom_id.compare
        now = line._change_price_key()
        less = dict.fromkeys(groups, 0.0)
        # what was billed at another price goes first, the dearest before the others
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

    def _change_create_note(self, order, corrections):
        """Draft one refund or bill from the corrections."""
        amount = sum(
            quantity * key[0] * (1 - key[1] / 100.0)
            for _line, quantity, key in corrections
        )
        refund = amount < 0
        sign = -1 if refund else 1
        values = {
            **order._prepare_invoice(),
            "move_type": "in_refund" if refund else "in_invoice",
            "purchase_change_id": self.id,
            "ref": self.env._(
                "%(order)s, %(change)s", order=order.name, change=self.name
            ),
            "invoice_line_ids": [
                Command.create(self._change_note_line(line, sign * quantity, key))
                for line, quantity, key in corrections
            ],
        }
        if refund:
            posted = order.invoice_ids.filtered(
                lambda move: move.state == "posted" and move.move_type == "in_invoice"
            )
            values["reversed_entry_id"] = posted.id if len(posted) == 1 else False
        self.env["account.move"].with_company(order.company_id).create(values)

    def _change_note_line(self, line, quantity, key):
        values = line._prepare_account_move_line()
        # for the quantity that core would bill now
        values.pop("balance", None)
        price, discount, taxes = key
        values.update(
            quantity=quantity,
            price_unit=price,
            discount=discount,
            tax_ids=[Command.set(taxes)],
        )
        return values
