from odoo import models

# goods in these places are not the company's any more, or not yet
OUTSIDE = ("supplier", "customer", "inventory", "production")


class StockLocation(models.Model):
    _inherit = "stock.location"

    def _approval_outside(self, company):
        """Return the locations whose goods are not on the stock of ``company``."""
        return self.filtered(
            lambda place: place.usage in OUTSIDE
            or (place.usage == "transit" and place.company_id != company)
            or (place.company_id and place.company_id != company)
        )
