from odoo import models

from odoo.addons.approval_flow.engine import plain_number


class SaleOrderChange(models.Model):
    """What a request sets off, in the words of its reader: ``_effect_<code>``."""

    _inherit = "sale.order.change"

    def _effect_transfer_cancelled(self, name):
        return self.env._("Transfer %s is cancelled.", name)

    def _effect_transfer_new(self, name):
        return self.env._("A new transfer is prepared.")

    def _effect_return_new(self, name):
        return self.env._("A return transfer is prepared for what was delivered.")

    def _effect_transfer_address(self, name, partner):
        return self.env._(
            "Transfer %(name)s goes to %(partner)s.", name=name, partner=partner
        )

    def _effect_transfer_printed(self, name):
        return self.env._("Transfer %s is printed already: print it again.", name)

    def _effect_move(self, name, product, unit, old, new):
        if not old:
            return self.env._(
                "Transfer %(name)s delivers %(new)s %(unit)s of %(product)s more.",
                name=name,
                product=product,
                unit=unit,
                new=plain_number(new),
            )
        return self.env._(
            "Transfer %(name)s: %(product)s goes from %(old)s to %(new)s %(unit)s.",
            name=name,
            product=product,
            unit=unit,
            old=plain_number(old),
            new=plain_number(new),
        )

    def _effect_put_back(self, name, product, unit, quantity):
        return self.env._(
            "%(quantity)s %(unit)s of %(product)s in transfer %(name)s are picked "
            "already and must be put back.",
            name=name,
            product=product,
            unit=unit,
            quantity=plain_number(quantity),
        )

    def _effect_move_date(self, name, product, unit, date):
        return self.env._(
            "Transfer %(name)s: %(product)s is due on %(date)s.",
            name=name,
            product=product,
            date=date[:10],
        )

    def _effect_credit_note(self, amount, currency):
        return self.env._("Draft credit note over %s.", self._money(amount, currency))

    def _effect_debit_note(self, amount, currency):
        return self.env._("Draft debit note over %s.", self._money(amount, currency))

    def _effect_draft_cancelled(self, amount, currency):
        return self.env._("The draft invoice is cancelled.")

    def _effect_draft_invoice(self, amount, currency, old):
        return self.env._(
            "The draft invoice goes from %(old)s to %(new)s.",
            old=self._money(old, currency),
            new=self._money(amount, currency),
        )

    def _effect_purchase(self, name, product, old, new, unit):
        return self.env._(
            "Request for quotation %(name)s: %(product)s goes from %(old)s to %(new)s "
            "%(unit)s.",
            name=name,
            product=product,
            unit=unit,
            old=plain_number(old),
            new=plain_number(new),
        )

    def _effect_purchase_sent(self, name, product):
        return self.env._(
            "Purchase order %(name)s for %(product)s is confirmed: purchasing agrees "
            "with the vendor what to do with it.",
            name=name,
            product=product,
        )

    def _money(self, amount, currency_id):
        return self.env["res.currency"].browse(currency_id).format(amount)
