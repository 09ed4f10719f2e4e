from odoo import api, fields, models


class StockMove(models.Model):
    """What a move would really do if it were done now, and what that is worth."""

    _inherit = "stock.move"

    approval_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company currency"
    )
    approval_quantity = fields.Float(
        string="Quantity to move",
        digits="Product Unit",
        compute="_compute_approval_quantity",
        compute_sudo=True,
        help="What validating the transfer moves: picked quantities, or all reserved "
        "ones if nothing is marked as picked.",
    )
    approval_unit_cost = fields.Float(
        string="Unit cost",
        digits="Product Price",
        compute="_compute_approval_value",
        compute_sudo=True,
        help="Cost of the product; while an approval is open, the cost at the time of "
        "the request.",
    )
    approval_value = fields.Monetary(
        string="Value to move",
        currency_field="approval_currency_id",
        compute="_compute_approval_value",
        compute_sudo=True,
        help="Quantity to move times unit cost, in company currency.",
    )
    approval_place_ids = fields.Many2many(
        "stock.location",
        string="From and to",
        compute="_compute_approval_place_ids",
        compute_sudo=True,
        help="Source and destination, and the places of detailed operations that lie "
        "outside of these.",
    )

    @api.depends(
        "state",
        "quantity",
        "picked",
        "product_uom_qty",
        "move_line_ids.quantity",
        "move_line_ids.picked",
    )
    def _compute_approval_quantity(self):
        picked = self.picking_id._approval_with_picked_moves()
        for move in self:
            move.approval_quantity = move._approval_moves_now(move.picking_id in picked)

    @api.depends("move_line_ids.picked", "state")
    def _compute_picked(self):
        """Override: what is picked decides for all moves of a transfer."""
        result = super()._compute_picked()
        self._approval_forget_quantities()
        return result

    def _approval_forget_quantities(self):
        """Forget what was computed from the picked moves of a transfer.

        As a dependency on each other the moves of a transfer would be read again for
        each of them, whenever an order is confirmed.
        """
        names = ["approval_quantity", "approval_unit_cost", "approval_value"]
        self.invalidate_model(names, flush=False)
        self.env["stock.picking"].invalidate_model(["approval_value"], flush=False)

    def _approval_moves_now(self, only_picked):
        if self.state == "cancel":
            return 0.0
        if self.state == "done":
            return self._quantity_sml()  # also while another quantity is being set
        if only_picked or (self.picked and not self.picking_id):
            return self._get_picked_quantity() if self.picked else 0.0
        if self.state == "draft" and self.product_uom.is_zero(self.quantity):
            return self.product_uom_qty  # validating a draft moves its demand
        return self.quantity

    @api.depends(
        "approval_quantity",
        "product_id",
        "product_uom",
        "picking_id.approval_instance_id.state",
    )
    def _compute_approval_value(self):
        contents = {
            picking: picking._approval_valued_content()
            for picking in self.picking_id
            if picking.approval_instance_id
        }
        for company, moves in self.grouped("company_id").items():
            currency = (company or self.env.company).currency_id
            for move in moves.with_company(company):
                cost = move._approval_cost(contents.get(move.picking_id))
                quantity = move.product_uom._compute_quantity(
                    move.approval_quantity, move.product_id.uom_id, round=False
                )
                move.approval_unit_cost = cost
                move.approval_value = currency.round(cost * quantity)

    def _approval_cost(self, content):
        """Return the unit cost: of the request if that is known, else of now."""
        line = content and content["lines"].get(str(self._origin.id))
        if line and line.get("product_id") == self.product_id.id:
            return float(line["approval_unit_cost"])
        return self.product_id.standard_price

    @api.depends(
        "location_id",
        "location_dest_id",
        "move_line_ids.location_id",
        "move_line_ids.location_dest_id",
    )
    def _compute_approval_place_ids(self):
        for move in self:
            source, destination = move.location_id, move.location_dest_id
            places = source | destination
            for line in move.move_line_ids:
                if not line.location_id._child_of(source):
                    places |= line.location_id
                if not line.location_dest_id._child_of(destination):
                    places |= line.location_dest_id
            move.approval_place_ids = places

    def _approval_leaves_company(self):
        """Return the moves that take goods out of the company's stock."""

        def leaves(move):
            places = move.location_dest_id | move.move_line_ids.location_dest_id
            return bool(places._approval_outside(move.company_id))

        return self.filtered(leaves)

    def _approval_enters_company(self):
        """Return the moves that put goods on the company's stock."""

        def enters(move):
            places = move.location_id | move.move_line_ids.location_id
            return bool(places._approval_outside(move.company_id))

        return self.filtered(enters)
