from odoo import models

from .wording import first_and_more, money, percent


class SaleApprovalCheckPolicy(models.AbstractModel):
    """Discounts and prices keep to what the salesperson may grant."""

    _name = "sale.approval.check.policy"
    _description = "Check: Sales Policy"
    _inherit = "approval.check.base"

    _check_model = "sale.order"
    _check_code = "policy"

    def _run(self, documents, settings):
        """Override to compare discounts and list prices with the allowed discount.

        A price entered below the price list is a discount by another name, and is
        held against the same limit. The limit of the sales team, if it has one, takes
        the place of the general ones.
        """
        # sudo: price lists and costs of the order, whoever submits it
        lines = documents.sudo().order_line
        discounts = lines._approval_discounts()
        gaps = lines._approval_below_list()
        results = {}
        # sudo: price lists and teams, for whoever submits
        for order in documents.sudo():
            found = self._findings(order, discounts, gaps)
            if found:
                results[order.id] = self._judge(order, found, settings)
        return results

    def _findings(self, order, discounts, gaps):
        """Return [(%, line, list price or None)], the worst first."""
        found = []
        for line in order.order_line:
            discount = round(discounts.get(line.id, 0.0), 2)
            gap, price = gaps.get(line.id, (0.0, None))
            if discount <= 0 and gap <= 0:
                continue
            found.append(
                (gap, line, price) if gap > discount else (discount, line, None)
            )
        return sorted(found, key=lambda finding: -finding[0])

    def _judge(self, order, found, settings):
        own = order.team_id.max_discount
        allowed = own or settings.limit_warn or settings.limit_block
        beyond = [finding for finding in found if finding[0] > allowed]
        if not allowed or not beyond:
            return self._pass()
        reason = first_and_more(
            self.env, [self._reason(order, *finding, allowed) for finding in beyond]
        )
        if own:
            return self._fail(settings, reason, "order_line")
        return self._grade(beyond[0][0], settings, reason, "order_line")

    def _reason(self, order, value, line, price, allowed):
        if price is None:
            return self.env._(
                "Discount %(discount)s on “%(product)s” is above the allowed "
                "%(allowed)s. Lower it, or tell the approver why.",
                discount=percent(self.env, value),
                product=line.product_id.display_name,
                allowed=percent(self.env, allowed),
            )
        return self.env._(
            "The price of “%(product)s” is %(gap)s below the price list "
            "(%(price)s); %(allowed)s is allowed. Raise it, or tell the approver why.",
            product=line.product_id.display_name,
            gap=percent(self.env, value),
            price=money(self.env, price, order.currency_id),
            allowed=percent(self.env, allowed),
        )
