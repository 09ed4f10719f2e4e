from odoo import api, models
from odoo.tools import SQL


class AccountMove(models.Model):
    """Entries belong to finance; others see the invoices of their department."""

    _name = "account.move"
    _inherit = ["account.move", "erp.tier.mixin"]

    _tier_fields = ("create_uid", "invoice_user_id", "team_id")

    @api.model
    def _tier_parts(self, alias, people):
        """Override: all for finance, those of their team or people for others."""
        if self._tier_works_in(
            "account.group_account_invoice", "account.group_account_readonly"
        ):
            return [SQL("TRUE")]
        user, team = (
            self._tier_column(alias, name) for name in ("invoice_user_id", "team_id")
        )
        return [
            SQL("%s IN %s", user, people),
            SQL("%s IN %s", team, self._tier_teams()),
            SQL("(%s IS NULL AND %s IS NULL)", user, team),
        ]

    def _tier_is_plain(self, people, teams):
        """Override: all for finance, by team and person for others."""
        user, team = self.invoice_user_id.id, self.team_id.id
        return (
            super()._tier_is_plain(people, teams)
            or user in people
            or team in teams
            or not (user or team)
            or self._tier_works_in(
                "account.group_account_invoice", "account.group_account_readonly"
            )
        )
