from odoo import api, models
from odoo.fields import Domain

from .erp_role_tier_mixin import DECISION, MANAGEMENT, OPERATIONS

# documents that hang on an order, and are there only with some addons: who does not
# see the order does not see them either; with the way to it, and to who made them
ON_ORDERS = {
    "sale.order.change": ("order_id", "requester_id"),
    "sale.order.change.line": ("change_id.order_id", "change_id.requester_id"),
    "sale.order.change.report": ("order_id", None),
    "purchase.order.change": ("order_id", "requester_id"),
    "purchase.order.change.line": ("change_id.order_id", "change_id.requester_id"),
}
# other documents of operations: the decision tier opens those that it decides about
OF_OPERATIONS = {
    "account.payment",
    "mrp.production",
    "mrp.workorder",
    "repair.order",
    "stock.reference",
    "stock.scrap",
}


class IrRule(models.Model):
    """Tiers narrow what hangs on orders, whatever addon it comes from."""

    _inherit = "ir.rule"

    @api.model
    def _compute_domain(self, model_name, mode="read"):
        """Override to add the tiers' own conditions; costs no query."""
        domain = super()._compute_domain(model_name, mode)
        if mode == "create" or self.env.su:
            return domain
        if model_name in ON_ORDERS:
            return domain & self._tier_of_order(model_name)
        if model_name in OF_OPERATIONS and self._tier_decides_only():
            return domain & Domain.FALSE
        return domain

    def _make_access_error(self, operation, records):
        """Override to say what a tier shows, in place of what one cannot do about."""
        error = super()._make_access_error(operation, records)
        if self._tier_hides(records.with_env(self.env)):
            error.args = (self._tier_words(),)
        return error

    @api.model
    def _tier_hides(self, records):
        """Return whether it is the tier that keeps one of these documents away."""
        if "tier_is_visible" in records._fields:
            return not all(record.tier_is_visible for record in records)
        return records._name in OF_OPERATIONS and self._tier_decides_only()

    @api.model
    def _tier_words(self):
        """Return what somebody is told who meets a document that is not for him."""
        if self._tier_decides_only():
            return self.env._(
                "You see sums, and the documents that you are asked to decide about: "
                "this one is not among them. The sums are under Audit and Access, "
                "Figures."
            )
        return self.env._(
            "This document belongs to another department. If you need it for your "
            "work, ask for access under Audit and Access, Access, My requests."
        )

    @api.model
    def _tier_decides_only(self):
        user = self.env.user
        return (
            user._has_group(DECISION)
            and not user._has_group(OPERATIONS)
            and not user._has_group(MANAGEMENT)
        )

    @api.model
    def _tier_of_order(self, model_name):
        user = self.env.user
        if not any(map(user._has_group, (OPERATIONS, MANAGEMENT, DECISION))):
            return Domain.TRUE
        order, requester = ON_ORDERS[model_name]
        domain = Domain(f"{order}.tier_is_visible", "=", True)
        if requester:
            domain |= Domain(requester, "=", user.id)
        return domain
