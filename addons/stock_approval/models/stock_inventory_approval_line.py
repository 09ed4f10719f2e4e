from odoo import api, fields, models
from odoo.tools import float_compare


class StockInventoryApprovalLine(models.Model):
    """One counted quantity: what was there, what was counted, what it is worth."""

    _name = "stock.inventory.approval.line"
    _description = "Line of an Inventory Adjustment"
    _inherit = ["approval.readable.mixin", "approval.sealed.mixin"]
    _rec_name = "product_id"
    _order = "document_id, id"

    _approval_parent = "document_id"

    document_id = fields.Many2one(
        "stock.inventory.approval", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="document_id.company_id", store=True, index=True
    )
    currency_id = fields.Many2one(related="document_id.currency_id")
    # an empty quant is removed by Odoo, and made again when it is needed
    quant_id = fields.Many2one(
        "stock.quant", string="Stock", index="btree_not_null", ondelete="set null"
    )
    product_id = fields.Many2one("product.product", required=True, index=True)
    product_uom_id = fields.Many2one(related="product_id.uom_id", string="Unit")
    location_id = fields.Many2one("stock.location", required=True, index=True)
    lot_id = fields.Many2one("stock.lot", string="Lot/Serial Number")
    package_id = fields.Many2one("stock.package")
    owner_id = fields.Many2one("res.partner")
    quantity_before = fields.Float(string="Before", digits="Product Unit")
    quantity_counted = fields.Float(string="Counted", digits="Product Unit")
    difference = fields.Float(digits="Product Unit")
    unit_cost = fields.Float(
        string="Unit cost",
        digits="Product Price",
        help="Cost of the product when the approval was requested.",
    )
    value = fields.Monetary(
        compute="_compute_value",
        store=True,
        help="Difference times unit cost.",
    )
    percent = fields.Float(
        string="Share of stock (%)",
        digits=(16, 1),
        compute="_compute_value",
        store=True,
        aggregator="max",
        help="Difference as a share of the stock before; 100 % if there was none.",
    )
    difference_now = fields.Float(
        string="Difference now",
        digits="Product Unit",
        compute="_compute_difference_now",
        compute_sudo=True,
        help="Counted quantity against the stock of this moment.",
    )

    @api.depends("difference", "unit_cost", "quantity_before")
    def _compute_value(self):
        for line in self:
            currency = line.currency_id or self.env.company.currency_id
            line.value = currency.round(line.difference * line.unit_cost)
            before = abs(line.quantity_before)
            share = 100.0 * abs(line.difference) / before if before else 100.0
            line.percent = share if line.difference else 0.0

    @api.depends(
        "document_id.state", "quantity_counted", "difference", "quant_id.quantity"
    )
    def _compute_difference_now(self):
        for line in self:
            if line.document_id.state == "draft":
                stock = line._approval_quant().quantity
                line.difference_now = line.quantity_counted - stock
            else:
                line.difference_now = line.difference

    @api.depends("product_id", "lot_id", "package_id", "owner_id")
    def _compute_display_name(self):
        """Override to name product, lot, package and owner."""
        for line in self:
            parts = line.product_id | self.env["product.product"]
            names = [
                *parts.mapped("display_name"),
                *(line.lot_id | self.env["stock.lot"]).mapped("name"),
                *(line.package_id | self.env["stock.package"]).mapped("name"),
                *(line.owner_id | self.env["res.partner"]).mapped("name"),
            ]
            line.display_name = " · ".join(names)

    # -- stock ---------------------------------------------------------------------

    def _approval_quant(self):
        """Return the stock this line is about, as it is now."""
        self.ensure_one()
        # sudo: the stock that an approver without rights is asked about
        quant = self.quant_id.sudo()
        if quant or not self.product_id:
            return quant
        return quant._gather(
            self.product_id,
            self.location_id,
            lot_id=self.lot_id,
            package_id=self.package_id,
            owner_id=self.owner_id,
            strict=True,
        ).filtered(lambda found: found.lot_id == self.lot_id)[:1]

    def _approval_value_now(self):
        """Return what applying the count would be worth, at the kept cost."""
        self.ensure_one()
        difference = self.difference_now if self._origin else self.difference
        return self.currency_id.round(difference * self.unit_cost)

    def _approval_refresh(self):
        """Take over today's stock and cost, for another request."""
        for line in self:
            stock = line._approval_quant().quantity
            company = line.company_id
            line._engine().write(
                {
                    "quantity_before": stock,
                    "difference": line.quantity_counted - stock,
                    # sudo: costs, for whoever has counted
                    "unit_cost": line.product_id.sudo()
                    .with_company(company)
                    .standard_price,
                }
            )

    def _approval_freeze(self):
        """Keep the difference that is about to be applied."""
        for line in self:
            digits = line._fields["difference"].get_digits(self.env)
            if float_compare(
                line.difference, line.difference_now, precision_digits=digits[1]
            ):
                line._engine().write({"difference": line.difference_now})

    def _approval_prepare_quants(self):
        """Enter the counts again where they were taken; return the quants."""
        quants = self.env["stock.quant"]
        for line in self:
            quant = line._approval_quant()
            if not quant:
                quant = quant.create(
                    {
                        "product_id": line.product_id.id,
                        "location_id": line.location_id.id,
                        "lot_id": line.lot_id.id,
                        "package_id": line.package_id.id,
                        "owner_id": line.owner_id.id,
                    }
                )
            quant.inventory_quantity = line.quantity_counted
            quant.inventory_diff_quantity = line.difference
            quants |= quant.with_env(self.env)
        return quants

    # -- differences as moves ------------------------------------------------------

    def _approval_key(self):
        return (
            self.product_id,
            self.location_id,
            self.lot_id,
            self.package_id,
            self.owner_id,
        )

    def _approval_vals(self):
        """Return the values of a line in memory."""
        return {
            "quant_id": self.quant_id.id,
            "product_id": self.product_id.id,
            "location_id": self.location_id.id,
            "lot_id": self.lot_id.id,
            "package_id": self.package_id.id,
            "owner_id": self.owner_id.id,
            "quantity_before": self.quantity_before,
            "quantity_counted": self.quantity_counted,
            "difference": self.difference,
            "unit_cost": self.unit_cost,
        }

    @api.model
    def _approval_differences_of(self, moves):
        """Return {key of a line: difference} of moves, None being all other moves."""
        found = {}
        for line in moves.move_line_ids:
            source, destination = line.location_id, line.location_dest_id
            sign = 0
            if source.usage == "inventory" and destination.usage != "inventory":
                place, sign, package = destination, 1, line.result_package_id
            elif destination.usage == "inventory" and source.usage != "inventory":
                place, sign, package = source, -1, line.package_id
            key = (
                (line.product_id, place, line.lot_id, package, line.owner_id)
                if sign
                else None
            )
            found[key] = found.get(key, 0.0) + sign * line.quantity_product_uom
        return found

    @api.model
    def _approval_vals_of_moves(self, moves):
        """Return values of lines in memory that say what moves would change."""
        found = self._approval_differences_of(moves)
        found.pop(None, None)
        Quant = self.env["stock.quant"]
        vals_list = []
        company = moves.company_id
        places = self.env["stock.location"].union(*(key[1] for key in found))
        quants = Quant._get_quants_by_products_locations(moves.product_id, places)
        for (product, place, lot, package, owner), difference in found.items():
            if product.uom_id.is_zero(difference):
                continue
            key = (product.id, place.id, lot.id, package.id, owner.id)
            before = sum(quants[key].mapped("quantity"))
            vals_list.append(
                {
                    "product_id": product.id,
                    "location_id": place.id,
                    "lot_id": lot.id,
                    "package_id": package.id,
                    "owner_id": owner.id,
                    "quantity_before": before,
                    "quantity_counted": before + difference,
                    "difference": difference,
                    "unit_cost": product.with_company(company).standard_price,
                }
            )
        return vals_list
