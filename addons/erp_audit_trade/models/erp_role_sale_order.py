from odoo import api, models
from odoo.tools import SQL

# who works on confirmed orders
LATER = ("stock.group_stock_user", "account.group_account_invoice")


class SaleOrder(models.Model):
    """Sales orders belong to the team and to the department of the salesperson."""

    _name = "sale.order"
    _inherit = ["sale.order", "erp.tier.mixin"]

    _tier_fields = ("create_uid", "user_id", "team_id", "state")

    @api.model
    def _tier_parts(self, alias, people):
        """Override: by team and salesperson; confirmed ones reach other departments."""
        user, team = (self._tier_column(alias, name) for name in ("user_id", "team_id"))
        parts = [
            SQL("%s IN %s", user, people),
            SQL("%s IN %s", team, self._tier_teams()),
            SQL("(%s IS NULL AND %s IS NULL)", user, team),
        ]
        if self._tier_works_in(*LATER):
            parts.append(SQL("%s = 'sale'", self._tier_column(alias, "state")))
        return parts

    def _tier_is_plain(self, people, teams):
        """Override: by team and salesperson."""
        user, team = self.user_id.id, self.team_id.id
        return (
            super()._tier_is_plain(people, teams)
            or user in people
            or team in teams
            or not (user or team)
        )
