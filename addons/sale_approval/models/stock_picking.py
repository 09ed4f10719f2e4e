from odoo import models

from odoo.addons.approval_flow.engine import CHANGE_PASS, ChangePass


class StockPicking(models.Model):
    """Deliveries of orders that are changed or cancelled by request."""

    _inherit = "stock.picking"

    def _action_done(self):
        """Override: products delivered beside the order are put on it by Odoo."""
        key = {CHANGE_PASS: ChangePass("sale.order", None)}
        return super(StockPicking, self.with_context(**key))._action_done()

    def _change_is_delivery(self):
        """Return whether goods reached the customer with this transfer."""
        return self.state == "done" and any(
            move.location_dest_id._is_outgoing() and move.quantity
            for move in self.move_ids
        )

    def _change_prepare_return(self):
        """Prepare the return of what has not come back yet.

        :return: the new transfer, or nothing if all came back
        """
        self.ensure_one()
        wizard = self.env["stock.return.picking"].create({"picking_id": self.id})
        for line in wizard.product_return_moves:
            move = line.move_id
            back = sum(each._change_returned() for each in move.returned_move_ids)
            line.quantity = max(move.quantity - back, 0.0)
            line.to_refund = True
        if not any(wizard.product_return_moves.mapped("quantity")):
            return self.browse()
        return wizard._create_return()
