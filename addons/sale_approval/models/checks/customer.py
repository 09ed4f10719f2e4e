from odoo import models


class SaleApprovalCheckCustomer(models.AbstractModel):
    """The customer may buy."""

    _name = "sale.approval.check.customer"
    _description = "Check: Customer"
    _inherit = "approval.check.base"

    _check_model = "sale.order"
    _check_code = "customer"

    def _run(self, documents, settings):
        """Override to find orders of archived or blocked customers."""
        results = {}
        # sudo: whoever submits learns that a customer is blocked, whatever his role
        orders = documents.sudo()
        partners = orders._approval_credit_partners()
        for order in orders:
            problem = self._archived(order) or self._blocked(partners[order.id])
            if problem:
                field, reason = problem
                results[order.id] = self._fail(settings, reason, field)
        return results

    def _archived(self, order):
        for field in ("partner_id", "partner_invoice_id", "partner_shipping_id"):
            partner = order[field]
            if partner and not (
                partner.active and partner.commercial_partner_id.active
            ):
                return field, self.env._(
                    "“%(partner)s” is archived. Choose another contact, or restore "
                    "this one.",
                    partner=partner.display_name,
                )
        return None

    def _blocked(self, partners):
        for partner in partners:
            if not partner.sale_blocked:
                continue
            if not partner.sale_block_reason:
                return "partner_id", self.env._(
                    "“%(partner)s” is blocked for sales. Ask accounting or the sales "
                    "manager.",
                    partner=partner.display_name,
                )
            return "partner_id", self.env._(
                "“%(partner)s” is blocked for sales: %(reason)s. Ask accounting or "
                "the sales manager.",
                partner=partner.display_name,
                reason=partner.sale_block_reason.rstrip(".。 "),
            )
        return None
