from odoo import models


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    def _check_amount_and_confirm_order(self):
        """Override: a paid order that is held counts as not confirmed yet.

        The payment is kept, the customer gets the mail about the payment, and the
        order confirms by itself after the last approval.
        """
        confirmed = super()._check_amount_and_confirm_order()
        return confirmed.filtered(lambda order: order.state == "sale")
