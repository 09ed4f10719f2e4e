from odoo import api, models

from ..applied import in_applied_change


class ChangeProductionQty(models.TransientModel):
    """The quantity of a manufacturing order changes."""

    _inherit = "change.production.qty"

    @api.model
    def _need_quantity_propagation(self, move, qty):
        """Override: in an applied change, what is supplied changes by itself.

        Core would add a move of the difference and try to merge it; where deadlines
        differ, less would become more.
        """
        if in_applied_change(self.env):
            return False
        return super()._need_quantity_propagation(move, qty)
