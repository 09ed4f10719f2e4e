from odoo import models
from odoo.tools import format_date

from odoo.addons.approval_flow.engine import plain_number


class PurchaseOrderChange(models.Model):
    """What a request sets off: receipts, who waits for the goods, bills, stock value.

    Nothing here is estimated: two pictures of the documents around the order are
    compared, one before and one after the request was really applied (and undone).
    The effects are kept as plain data; ``_effect_…`` say them in the reader's language.
    """

    _inherit = "purchase.order.change"

    # -- pictures ----------------------------------------------------------------------

    def _change_picture(self):
        """Override: receipts, transfers that wait for the goods, and bills."""
        order = self.order_id
        order.invalidate_recordset(["picking_ids", "invoice_ids"])
        moves = order.order_line.move_ids
        waiting = self._change_waiting_moves()
        return {
            **super()._change_picture(),
            "moves": {str(m.id): self._picture_move(m) for m in moves},
            "waiting": {str(m.id): self._picture_move(m) for m in waiting},
            "transfers": {
                str(picking.id): self._picture_transfer(picking)
                for picking in (moves | waiting).picking_id
            },
            "value": self._change_value(),
            "bills": {
                str(move.id): self._picture_bill(move)
                for move in order.invoice_ids
                | self.env["account.move"].search(
                    [("purchase_change_id", "=", self.id)]
                )
            },
        }

    def _change_waiting_moves(self):
        """Return the open moves of others for which the goods of the order come."""
        lines = self.order_id.order_line
        moves = lines.move_dest_ids | lines.move_ids.move_dest_ids
        return moves.filtered(
            lambda move: move.state not in ("done", "cancel")
            and not move._is_purchase_return()
        )

    def _picture_move(self, move):
        return {
            "transfer": move.picking_id.id,
            "document": move.picking_id.name or move.reference or "",
            "product": move.product_id.display_name,
            "unit": move.product_uom.name,
            "quantity": 0.0 if move.state == "cancel" else move.product_uom_qty,
            "begun": move.state != "done" and move.picked,
            "date": str(move.date_deadline or move.date),
            "state": move.state,
        }

    def _picture_transfer(self, picking):
        return {
            "name": picking.name,
            "state": picking.state,
            "printed": picking.printed,
        }

    def _picture_bill(self, move):
        return {
            "name": move.name if move.name not in (False, "/") else "",
            "type": move.move_type,
            "state": move.state,
            "note": bool(move.purchase_change_id),
            "amount": move.amount_total,
            "currency": move.currency_id.id,
        }

    def _change_figures(self):
        """Override: total, and what the received goods are worth."""
        return {"total": self._change_total(), "stock_value": self._change_value()}

    def _change_value(self):
        """Return what the received goods of the order are worth in stock."""
        received = self.order_id.order_line.move_ids.filtered(
            lambda move: move.state == "done" and move.is_valued
        )
        return sum(received.mapped("value"))

    # -- whom it concerns --------------------------------------------------------------

    def _change_impact_values(self, before):
        """Override: what the conditions of policies ask for."""
        less = self._change_lines_with_less().order_line_id
        priced = self.line_ids.filtered(lambda line: line._change_price_values())
        later = self.line_ids.filtered(
            lambda line: line._change_acts() == "change"
            and "date" in line._change_names()
            and line.new_date > line.old_date
        )
        needed = less | later.order_line_id
        return {
            **super()._change_impact_values(before),
            "impact_received": any(line.qty_received for line in priced.order_line_id),
            "impact_billed": self._change_touches_bills(less | priced.order_line_id),
            "impact_begun": bool(less._change_open_receipts().filtered("picked")),
            "impact_needed": any(
                move.state not in ("done", "cancel") and not move._is_purchase_return()
                for move in needed.move_dest_ids | needed.move_ids.move_dest_ids
            ),
        }

    def _change_lines_with_less(self):
        """Return the lines of which less than now is to be received."""
        return self.line_ids.filtered(
            lambda line: line.order_line_id
            and line._change_acts() != "keep"
            and (
                line._change_acts() in ("remove", "replace")
                or line.new_qty < line.old_qty
            )
        )

    def _change_touches_bills(self, lines):
        bills = self.order_id.invoice_ids.filtered(lambda move: move.state != "cancel")
        if self.kind == "cancel" or "payment_term_id" in self._change_header():
            return bool(bills)
        return bool(lines.invoice_lines.move_id & bills)

    # -- effects -----------------------------------------------------------------------

    def _change_effects(self, before, after):
        """Override: one effect per receipt, waiting transfer and bill that moves."""
        return [
            *super()._change_effects(before, after),
            *self._effects_of_receipts(before, after),
            *self._effects_on_others(before, after),
            *self._effects_of_bills(before, after),
            *self._effects_on_value(before, after),
        ]

    def _effects_of_receipts(self, before, after):
        effects = []
        for key in sorted({*before["transfers"], *after["transfers"]}, key=int):
            old, new = before["transfers"].get(key), after["transfers"].get(key)
            document = ("stock.picking", int(key))
            if not new:
                continue
            found = self._effects_of_moves(int(key), before, after)
            if old and new["state"] == "cancel" != old["state"]:
                code = "receipt_cancelled"
                begun = [effect for effect in found if effect["code"] == "counted"]
                found = [
                    _effect(code, "truck", "danger", document, name=new["name"]),
                    *begun,
                ]
            elif not old:
                name = new["name"]
                found = [_effect("receipt_new", "truck", "", document, name=name)]
            elif found and old["printed"]:
                name = new["name"]
                found.append(
                    _effect("receipt_printed", "print", "warning", document, name=name)
                )
            effects += found
        return effects

    def _effects_of_moves(self, transfer_id, before, after):
        effects = []
        for key in sorted({*before["moves"], *after["moves"]}, key=int):
            old, new = before["moves"].get(key), after["moves"].get(key)
            if (new or old)["transfer"] != transfer_id:
                continue
            effects += self._effects_of_move(transfer_id, old, new)
        return effects

    def _effects_of_move(self, transfer_id, old, new):
        document = ("stock.picking", transfer_id)
        was = (old or {}).get("quantity", 0.0)
        now = (new or {}).get("quantity", 0.0)
        shown = new or old
        values = {
            "name": shown["document"],
            "product": shown["product"],
            "unit": shown["unit"],
        }
        if was == now:
            if now and old and old["date"] != new["date"] and new["state"] != "done":
                date = new["date"]
                return [
                    _effect("move_date", "calendar", "", document, **values, date=date)
                ]
            return []
        tone = "warning" if now < was else ""
        effects = [_effect("move", "truck", tone, document, **values, old=was, new=now)]
        if old and old["begun"] and now < was:
            effects.append(_effect("counted", "undo", "danger", document, **values))
        return effects

    def _effects_on_others(self, before, after):
        """Return what it means for those who wait for the goods."""
        effects = []
        less = {
            move.id
            for line in self._change_lines_with_less().order_line_id
            for move in line.move_dest_ids | line.move_ids.move_dest_ids
        }
        for key, old in before["waiting"].items():
            new = after["waiting"].get(key)
            values = {"name": old["document"], "product": old["product"]}
            document = ("stock.picking", old["transfer"]) if old["transfer"] else None
            if new and new["date"] != old["date"]:
                values["date"] = new["date"]
                effects.append(
                    _effect(
                        "waits_longer",
                        "calendar",
                        "warning",
                        document,
                        "sales",
                        **values,
                    )
                )
            elif int(key) in less:
                effects.append(
                    _effect(
                        "waits", "hourglass-half", "danger", document, "sales", **values
                    )
                )
        return effects

    def _effects_of_bills(self, before, after):
        effects = []
        for key, new in after["bills"].items():
            document = ("account.move", int(key))
            values = {"amount": new["amount"], "currency": new["currency"]}
            if key not in before["bills"]:
                code = "refund" if new["type"] == "in_refund" else "difference"
                effects.append(
                    _effect(code, "money", "warning", document, "finance", **values)
                )
            elif new["state"] == "draft" and not new["note"] and self._change_is_felt():
                effects.append(
                    _effect("draft_bill", "money", "warning", document, "finance")
                )
        return effects

    def _change_is_felt(self):
        """Return whether the request changes what a draft bill says."""
        return self.kind == "cancel" or any(
            {"qty", "price", "discount"}.intersection(line._change_names())
            or line.action in ("remove", "replace")
            for line in self.line_ids
        )

    def _effects_on_value(self, before, after):
        old, new = before["value"], after["value"]
        if self.company_id.currency_id.compare_amounts(old, new) == 0:
            return []
        values = {"old": old, "new": new, "currency": self.company_id.currency_id.id}
        return [_effect("revalued", "line-chart", "danger", None, "finance", **values)]

    # -- in words ----------------------------------------------------------------------

    def _effect_receipt_cancelled(self, name):
        return self.env._("Receipt %s is cancelled.", name)

    def _effect_receipt_new(self, name):
        return self.env._("A new receipt is prepared.")

    def _effect_receipt_printed(self, name):
        return self.env._("Receipt %s is printed already: print it again.", name)

    def _effect_move(self, name, product, unit, old, new):
        return self.env._(
            "Receipt %(name)s: %(product)s goes from %(old)s to %(new)s %(unit)s.",
            name=name,
            product=product,
            unit=unit,
            old=plain_number(old),
            new=plain_number(new),
        )

    def _effect_counted(self, name, product, unit):
        return self.env._(
            "%(product)s in receipt %(name)s is counted already: count it again.",
            name=name,
            product=product,
        )

    def _effect_move_date(self, name, product, unit, date):
        return self.env._(
            "Receipt %(name)s: %(product)s is expected on %(date)s.",
            name=name,
            product=product,
            date=format_date(self.env, date[:10]),
        )

    def _effect_waits(self, name, product):
        return self.env._(
            "%(name)s waits for %(product)s of this order: find another source.",
            name=name,
            product=product,
        )

    def _effect_waits_longer(self, name, product, date):
        return self.env._(
            "%(name)s waits for %(product)s of this order, which it can deliver on "
            "%(date)s only.",
            name=name,
            product=product,
            date=format_date(self.env, date[:10]),
        )

    def _effect_refund(self, amount, currency):
        return self.env._("Draft refund over %s.", self._money(amount, currency))

    def _effect_difference(self, amount, currency):
        return self.env._(
            "Draft bill for the difference of %s.", self._money(amount, currency)
        )

    def _effect_draft_bill(self):
        return self.env._("A draft bill has to be compared with the order again.")

    def _effect_revalued(self, old, new, currency):
        return self.env._(
            "The price of goods that are received changes: their value goes from "
            "%(old)s to %(new)s.",
            old=self._money(old, currency),
            new=self._money(new, currency),
        )

    def _money(self, amount, currency_id):
        return self.env["res.currency"].browse(currency_id).format(amount)


def _effect(code, icon, tone, document, department="warehouse", **values):
    """Return an effect as plain data, see ``approval.change.mixin``.

    :param document: model and id of the document that it is about, or None
    """
    return {
        "code": code,
        "department": department,
        "icon": icon,
        "tone": tone,
        "document": document,
        "values": values,
    }
