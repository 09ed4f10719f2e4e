from odoo import api, models
from odoo.tools import SQL

# who works on confirmed orders
LATER = ("stock.group_stock_user", "account.group_account_invoice")


class PurchaseOrder(models.Model):
    """Purchase orders belong to the department of the buyer."""

    _name = "purchase.order"
    _inherit = ["purchase.order", "erp.tier.mixin"]

    _tier_fields = ("create_uid", "user_id", "state")

    @api.model
    def _tier_parts(self, alias, people):
        """Override: by buyer; confirmed ones reach other departments."""
        user = self._tier_column(alias, "user_id")
        parts = [SQL("%s IN %s", user, people), SQL("%s IS NULL", user)]
        if self._tier_works_in(
            "stock.group_stock_user", "account.group_account_invoice"
        ):
            parts.append(SQL("%s = 'purchase'", self._tier_column(alias, "state")))
        return parts

    def _tier_is_plain(self, people, teams):
        """Override: by buyer."""
        user = self.user_id.id
        return super()._tier_is_plain(people, teams) or not user or user in people
