from odoo import api, fields, models

INTERNAL = "base.group_user"


class StockPicking(models.Model):
    """Facts about a transfer for the conditions of approval policies."""

    _inherit = "stock.picking"

    currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company currency"
    )
    approval_value = fields.Monetary(
        string="Value",
        compute="_compute_approval_value",
        search="_search_approval_value",
        compute_sudo=True,
        help="What validating the transfer moves, at the cost of the products.",
    )
    approval_outside = fields.Boolean(
        string="Leaves the company",
        compute="_compute_approval_outside",
        search="_search_approval_outside",
        compute_sudo=True,
        groups=INTERNAL,
        help="The destination of the transfer, or of one of its operations, is not "
        "stock of the company: a customer, a supplier, a loss or another company.",
    )
    approval_no_source = fields.Boolean(
        string="No source document",
        compute="_compute_approval_no_source",
        search="_search_approval_no_source",
        compute_sudo=True,
        groups=INTERNAL,
        help="The transfer names no source document and belongs to no order.",
    )
    approval_by_hand = fields.Boolean(
        string="Made by hand",
        compute="_compute_approval_no_source",
        search="_search_approval_by_hand",
        compute_sudo=True,
        groups=INTERNAL,
        help="No order, rule or earlier transfer asked for it, whatever is written as "
        "its source document.",
    )
    approval_category_ids = fields.Many2many(
        "product.category",
        string="Product categories",
        compute="_compute_approval_category_ids",
        search="_search_approval_category_ids",
        compute_sudo=True,
        groups=INTERNAL,
        help="Categories of the moved products, with the categories above them.",
    )

    @api.depends("move_ids.approval_value", "move_ids.scrap_id", "move_ids.state")
    def _compute_approval_value(self):
        self.move_ids.mapped("approval_value")  # all at once
        for picking in self:
            picking.approval_value = sum(
                picking._approval_moves().mapped("approval_value")
            )

    @api.depends("company_id", "location_dest_id.usage", "move_ids.approval_place_ids")
    def _compute_approval_outside(self):
        for picking in self:
            moves = picking.move_ids - picking.move_ids._approval_scrapping()
            moves = moves.filtered(lambda move: move.state != "cancel")
            place = picking.location_dest_id
            picking.approval_outside = bool(
                moves._approval_leaves_company()
                or place._approval_outside(picking.company_id)
            )

    @api.depends("origin", "move_ids.rule_id", "move_ids.origin_returned_move_id")
    def _compute_approval_no_source(self):
        orders = [
            name
            for name in ("sale_id", "purchase_id", "pos_order_id", "pos_session_id")
            if name in self._fields
        ]
        for picking in self:
            ordered = any(picking[name] for name in orders)
            moves = picking.move_ids
            picking.approval_no_source = not (picking.origin or ordered)
            picking.approval_by_hand = not (
                ordered
                or moves.rule_id
                or moves.origin_returned_move_id
                or moves.move_orig_ids
            )

    @api.depends("move_ids.product_id.categ_id.parent_path")
    def _compute_approval_category_ids(self):
        for picking in self:
            picking.approval_category_ids = (
                picking.move_ids.product_id._approval_categories()
            )

    # -- search --------------------------------------------------------------------

    def _search_approval_value(self, operator, value):
        return self._approval_search_open("approval_value", operator, value)

    def _search_approval_outside(self, operator, value):
        return self._approval_search_open("approval_outside", operator, value)

    def _search_approval_no_source(self, operator, value):
        return self._approval_search_open("approval_no_source", operator, value)

    def _search_approval_by_hand(self, operator, value):
        return self._approval_search_open("approval_by_hand", operator, value)

    def _search_approval_category_ids(self, operator, value):
        return self._approval_search_categories(
            "approval_category_ids", "move_ids.product_id", operator, value
        )
