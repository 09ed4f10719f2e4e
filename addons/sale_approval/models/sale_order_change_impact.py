from odoo import models


class SaleOrderChange(models.Model):
    """What a request sets off: transfers, invoices, purchases, margin and credit.

    Nothing here is estimated: two pictures of the documents around the order are
    compared, one before and one after the request was really applied (and undone).
    The effects are kept as plain data; ``_effect_…`` say them in the reader's language.
    """

    _inherit = "sale.order.change"

    # -- pictures ----------------------------------------------------------------------

    def _change_picture(self):
        """Override: transfers, invoices and purchases of the order."""
        order = self.order_id
        order.invalidate_recordset(["picking_ids", "invoice_ids"])
        moves = order.order_line.move_ids
        return {
            **super()._change_picture(),
            "moves": {str(move.id): self._picture_move(move) for move in moves},
            "transfers": {
                str(picking.id): self._picture_transfer(picking)
                for picking in moves.picking_id
            },
            "invoices": {
                str(move.id): self._picture_invoice(move)
                for move in order.invoice_ids
                | self.env["account.move"].search([("sale_change_id", "=", self.id)])
            },
            "purchases": {
                str(line.id): self._picture_purchase(line, served)
                for line, served in self._change_purchases(order).items()
            },
        }

    def _picture_move(self, move):
        return {
            "transfer": move.picking_id.id,
            "product": move.product_id.display_name,
            "unit": move.product_uom.name,
            "quantity": 0.0 if move.state == "cancel" else move.product_uom_qty,
            "begun": move.state != "done" and move._change_is_begun(),
            "date": str(move.date_deadline or move.date),
            "state": move.state,
        }

    def _picture_transfer(self, picking):
        return {
            "name": picking.name,
            "state": picking.state,
            "printed": picking.printed,
            "kind": picking.picking_type_code,
            "partner": picking.partner_id.display_name or "",
            "is_return": bool(picking.return_id),
        }

    def _picture_invoice(self, move):
        return {
            "name": move.name if move.name not in (False, "/") else "",
            "type": move.move_type,
            "state": move.state,
            "amount": move.amount_total,
            "currency": move.currency_id.id,
        }

    def _change_purchases(self, order):
        """Return ``{purchase line: lines of the order that it was made for}``."""
        purchases = {}
        moves = order.order_line.move_ids
        if "created_purchase_line_ids" not in moves._fields:
            return purchases
        moves.fetch(["move_orig_ids"])  # of all lines together
        for line in order.order_line:
            chain = line.move_ids._change_chain().with_prefetch(moves.ids)
            found = chain.created_purchase_line_ids | chain.purchase_line_id
            for purchase in found.union(*line._change_dropship_lines()):
                purchases.setdefault(purchase, line.browse())
                purchases[purchase] |= line
        return purchases

    def _picture_purchase(self, line, served):
        return {
            "lines": served.ids,
            "name": line.order_id.name,
            "id": line.order_id.id,
            "product": line.product_id.display_name,
            "unit": line.product_uom_id.name,
            "state": line.state,
            "quantity": line.product_qty,
        }

    def _change_figures(self):
        """Override: total, margin, and the credit that the customer uses."""
        order = self.order_id
        names = [
            "approval_margin",
            "approval_margin_percent",
            "approval_credit_use_percent",
        ]
        order.invalidate_recordset(names)
        gone = order.state == "cancel" or order.change_closed == "after_delivery"
        return {
            "total": self._change_total(),
            "margin": 0.0 if gone else order.approval_margin,
            "margin_percent": 0.0 if gone else order.approval_margin_percent,
            "credit_percent": order.approval_credit_use_percent,
        }

    # -- whom it concerns --------------------------------------------------------------

    def _change_impact_values(self, before):
        """Override: what the conditions of policies ask for."""
        less = self._change_lines_with_less()
        address = "partner_shipping_id" in self._change_header()
        lines = self.order_id.order_line if address else less.order_line_id
        return {
            **super()._change_impact_values(before),
            "impact_invoiced": self._change_touches_invoices(less),
            "impact_picked": any(
                move._change_is_begun() for move in lines._change_open_moves()
            ),
            "impact_delivered": any(
                line.qty_delivered for line in self.order_id.order_line
            ),
        }

    def _change_lines_with_less(self):
        """Return the lines of which less than now is to be delivered."""
        lines = self.line_ids.filtered("order_line_id")
        if self.kind == "cancel":
            return lines
        return lines.filtered(
            lambda line: line.action in ("remove", "replace")
            or line.new_qty < line.old_qty
        )

    def _change_lines_felt(self):
        """Return the lines of the order whose vendors have to be talked to."""
        lines = self._change_lines_with_less().order_line_id
        lines |= self.line_ids.filtered(
            lambda line: "date" in line._change_names()
        ).order_line_id
        if {"partner_shipping_id", "commitment_date"}.intersection(
            self._change_header()
        ):
            lines |= self.order_id.order_line
        return lines

    def _change_touches_invoices(self, less):
        if self.kind == "cancel":
            return bool(
                self.order_id.invoice_ids.filtered(lambda move: move.state != "cancel")
            )
        priced = self.line_ids.filtered(
            lambda line: {"price", "discount"}.intersection(line._change_names())
        )
        terms = "payment_term_id" in self._change_header()
        lines = self.order_id.order_line if terms else (less | priced).order_line_id
        return any(line.qty_invoiced for line in lines)

    # -- effects -----------------------------------------------------------------------

    def _change_effects(self, before, after):
        """Override: one effect per transfer, invoice and purchase line that moves."""
        return [
            *super()._change_effects(before, after),
            *self._effects_of_transfers(before, after),
            *self._effects_of_invoices(before, after),
            *self._effects_of_purchases(before, after),
        ]

    def _effects_of_transfers(self, before, after):
        effects = []
        names = {**before["transfers"], **after["transfers"]}
        for key, transfer in names.items():
            effects += self._effects_of_transfer(int(key), transfer, before, after)
        return effects

    def _effects_of_transfer(self, transfer_id, transfer, before, after):
        old = before["transfers"].get(str(transfer_id))
        new = after["transfers"].get(str(transfer_id))
        if new and old and new["state"] == "cancel" != old["state"]:
            effects = self._effects_of_moves(transfer_id, transfer, before, after)
            return [
                _effect("transfer_cancelled", "truck", "danger", name=old["name"]),
                # picked goods go back though nothing is left to be delivered
                *(effect for effect in effects if effect["code"] == "put_back"),
            ]
        if new and not old:
            code = "return_new" if new["is_return"] else "transfer_new"
            document = ("stock.picking", transfer_id)
            return [_effect(code, "truck", "", document=document, name=new["name"])]
        effects = self._effects_of_moves(transfer_id, transfer, before, after)
        if old and new and old["partner"] != new["partner"]:
            effects.append(
                _effect(
                    "transfer_address",
                    "map-marker",
                    "warning",
                    name=new["name"],
                    partner=new["partner"],
                )
            )
        if effects and transfer["printed"]:
            effects.append(
                _effect(
                    "transfer_printed",
                    "print",
                    "warning",
                    document=("stock.picking", transfer_id),
                    name=transfer["name"],
                )
            )
        return effects

    def _effects_of_moves(self, transfer_id, transfer, before, after):
        effects = []
        document = ("stock.picking", transfer_id)
        for key in sorted({*before["moves"], *after["moves"]}, key=int):
            old, new = before["moves"].get(key), after["moves"].get(key)
            if (new or old)["transfer"] != transfer_id:
                continue
            was, now = (
                (old or {}).get("quantity", 0.0),
                (new or {}).get("quantity", 0.0),
            )
            values = {
                "name": transfer["name"],
                "product": (new or old)["product"],
                "unit": (new or old)["unit"],
                "document": document,
            }
            if was != now:
                tone = "warning" if now < was else ""
                effects.append(
                    _effect("move", "truck", tone, **values, old=was, new=now)
                )
                if old and old["begun"] and now < was:
                    effects.append(
                        _effect(
                            "put_back", "undo", "danger", **values, quantity=was - now
                        )
                    )
            if now and old and old["date"] != new["date"] and new["state"] != "done":
                effects.append(
                    _effect("move_date", "calendar", "", **values, date=new["date"])
                )
        return effects

    def _effects_of_invoices(self, before, after):
        effects = []
        for key, new in after["invoices"].items():
            old = before["invoices"].get(key)
            if old and old["amount"] == new["amount"] and old["state"] == new["state"]:
                continue
            values = {
                "amount": new["amount"],
                "currency": new["currency"],
                "document": ("account.move", int(key)),
            }
            if not old:
                code = "credit_note" if new["type"] == "out_refund" else "debit_note"
                effects.append(_effect(code, "money", "warning", "finance", **values))
            elif new["state"] == "cancel":
                effects.append(
                    _effect("draft_cancelled", "money", "", "finance", **values)
                )
            else:
                values["old"] = old["amount"]
                effects.append(
                    _effect("draft_invoice", "money", "", "finance", **values)
                )
        return effects

    def _effects_of_purchases(self, before, after):
        effects = []
        felt = self._change_lines_felt().ids
        for key, old in before["purchases"].items():
            new = after["purchases"].get(key)
            now = new["quantity"] if new else 0.0
            values = {
                "name": old["name"],
                "product": old["product"],
                "document": ("purchase.order", old["id"]),
            }
            if now != old["quantity"]:
                values.update(old=old["quantity"], new=now, unit=old["unit"])
                effects.append(
                    _effect("purchase", "shopping-cart", "", "purchasing", **values)
                )
            elif old["state"] == "purchase" and not set(felt).isdisjoint(old["lines"]):
                effects.append(
                    _effect(
                        "purchase_sent",
                        "shopping-cart",
                        "danger",
                        "purchasing",
                        **values,
                    )
                )
        return effects


def _effect(code, icon, tone, department="warehouse", document=None, **values):
    """Return an effect as plain data, see ``approval.change.mixin``.

    :param document: model and id of the document that it is about
    """
    return {
        "document": document,
        "code": code,
        "department": department,
        "icon": icon,
        "tone": tone,
        "values": values,
    }
