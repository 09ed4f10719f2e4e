from odoo import models


class SaleOrderChange(models.Model):
    """Whom an applied change of a sales order leaves something to do, and what."""

    _inherit = "sale.order.change"

    _change_templates = {
        "applied": "sale_approval.mail_template_change_applied",
        "asked": "sale_approval.mail_template_change_asked",
        "ended": "sale_approval.mail_template_change_ended",
    }

    def _change_follow_ups(self):
        """Override: what the system may not do alone."""
        return {
            **super()._change_follow_ups(),
            "put_back": self.env._("put goods back"),
            "transfer_printed": self.env._("print the transfer again"),
            "return_new": self.env._("receive the return"),
            "credit_note": self.env._("check and post the credit note"),
            "debit_note": self.env._("check and post the debit note"),
            "down_payment": self.env._("settle the down payment"),
            "purchase_sent": self.env._("agree with the vendor"),
        }

    # -- down payments -----------------------------------------------------------------

    def _change_picture(self):
        """Override to add the part of down payments that nothing is left to use up."""
        return {**super()._change_picture(), "down_payment": self._picture_paid_down()}

    def _picture_paid_down(self):
        order = self.order_id
        down = order.order_line.filtered("is_downpayment")
        if not down or order.change_closed == "after_delivery":
            return {"amount": 0.0}  # the draft credit note takes all back
        lines = order.order_line - down
        lines.invalidate_recordset(["untaxed_amount_invoiced", "price_subtotal"])
        paid = sum(down.mapped("untaxed_amount_invoiced"))
        to_invoice = sum(
            line.price_subtotal - line.untaxed_amount_invoiced for line in lines
        )
        if order.state == "cancel":
            to_invoice = 0.0
        invoices = down.invoice_lines.move_id.filtered(
            lambda move: move.state == "posted"
        )
        return {
            "amount": order.currency_id.round(max(paid - max(to_invoice, 0.0), 0.0)),
            "invoice": invoices[:1].id,
        }

    def _change_effects(self, before, after):
        """Override to add the down payment that is to be settled."""
        effects = super()._change_effects(before, after)
        old, new = before["down_payment"], after["down_payment"]
        currency = self.order_id.currency_id
        if currency.compare_amounts(new["amount"], old["amount"]) > 0:
            effects.append(
                {
                    "code": "down_payment",
                    "department": "finance",
                    "icon": "money",
                    "tone": "warning",
                    "document": ["account.move", new["invoice"]],
                    "values": {"amount": new["amount"], "currency": currency.id},
                }
            )
        return effects

    def _effect_down_payment(self, amount, currency):
        return self.env._(
            "Down payments exceed what is left of the order by %s (without tax): "
            "settle it with the customer.",
            self._money(amount, currency),
        )
