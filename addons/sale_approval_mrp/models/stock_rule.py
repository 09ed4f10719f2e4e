from odoo import models

from ..applied import in_applied_change


class StockRule(models.Model):
    """Procurements of the components of a kit."""

    _inherit = "stock.rule"

    def _get_stock_move_values(self, *args, **kwargs):
        """Override: a component that is in a kit twice goes where it belongs.

        Core puts it on the first line of the bill of materials with that product, and
        then never counts the kit as delivered.
        """
        values = super()._get_stock_move_values(*args, **kwargs)
        given = kwargs.get("values") or args[-1]
        part = given.get("bom_line_id")
        if part and in_applied_change(self.env):
            values["bom_line_id"] = part
        return values
