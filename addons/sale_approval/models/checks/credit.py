from odoo import models

from .wording import money, percent


class SaleApprovalCheckCredit(models.AbstractModel):
    """The customer's credit covers the order."""

    _name = "sale.approval.check.credit"
    _description = "Check: Credit"
    _inherit = "approval.check.base"

    _check_model = "sale.order"
    _check_code = "credit"

    def _run(self, documents, settings):
        """Override to compare grade and exposure of the customers with their limits."""
        # sudo: what a customer owes is compared, whoever submits
        orders = documents.sudo()
        credit = orders._approval_credit()
        return {order.id: self._judge(credit[order.id], settings) for order in orders}

    def _judge(self, credit, settings):
        for partner, _exposure, _use in credit:
            if partner.credit_grade == "D":
                return self._result(
                    "block",
                    self.env._(
                        "“%(partner)s” has credit grade D: no credit is given. Agree "
                        "on payment in advance with accounting.",
                        partner=partner.display_name,
                    ),
                    "partner_id",
                )
        if not credit:
            return self._pass()
        partner, exposure, use = max(credit, key=lambda item: item[2])
        if partner.credit_limit <= 0:
            return self._pass(
                self.env._(
                    "“%(partner)s” has no credit limit.", partner=partner.display_name
                )
            )
        return self._grade(
            use, settings, self._reason(partner, exposure, use), "partner_id"
        )

    def _reason(self, partner, exposure, use):
        currency = partner.env.company.currency_id
        return self.env._(
            "With this order “%(partner)s” uses %(exposure)s of a credit of "
            "%(limit)s (%(use)s). Collect what is open, or ask accounting for a "
            "higher limit.",
            partner=partner.display_name,
            exposure=money(self.env, exposure, currency),
            limit=money(self.env, partner.credit_limit, currency),
            use=percent(self.env, use),
        )
