from odoo import models
from odoo.exceptions import UserError

# goods in these places are not the company's any more, or not yet
OUTSIDE = ("supplier", "customer", "inventory", "production")


class StockLocation(models.Model):
    """Which places are outside of the company, and that full ones do not change."""

    _inherit = "stock.location"

    def _approval_outside(self, company):
        """Return the locations whose goods are not on the stock of ``company``."""
        return self.filtered(
            lambda place: place.usage in OUTSIDE
            or (place.usage == "transit" and place.company_id != company)
            or (place.company_id and place.company_id != company)
        )

    def write(self, vals):
        """Override: goods do not leave the company by renaming the place they are in.

        :raise UserError: if what lies there is worth an approval
        """
        if not {"usage", "company_id"} & vals.keys():
            return super().write(vals)
        companies = {place: place.company_id or self.env.company for place in self}
        before = self._approval_all_outside(companies)
        result = super().write(vals)
        changed = self._approval_all_outside(companies) ^ before
        if changed:
            self.browse(changed)._approval_demand_empty(companies)
        return result

    def _approval_all_outside(self, companies):
        """Return the ids of the locations that are outside of their companies."""
        return {place.id for place in self if place._approval_outside(companies[place])}

    def _approval_demand_empty(self, companies):
        Document = self.env["stock.approval.mixin"]
        if not Document._approval_any_policy():
            return
        # sudo: what lies there, whoever changes the place
        quants = self.env["stock.quant"].sudo()
        for place in self:
            company = companies[place]
            stock = quants.search([("location_id", "=", place.id)])
            value = sum(
                abs(quant.quantity) * quant.product_id.standard_price
                for quant in stock.with_company(company)
            )
            if stock and Document._approval_any_reaches(company, value):
                raise UserError(
                    self.env._(
                        "%(name)s is not empty: what lies there would leave or enter "
                        "the company without the approval it needs. Move the goods by "
                        "a transfer first.",
                        name=place.display_name,
                    )
                )
