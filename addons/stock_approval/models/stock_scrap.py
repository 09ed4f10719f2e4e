from contextlib import contextmanager

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import LazyTranslate, formatLang

from odoo.addons.approval_flow.engine import ApprovalOperation, plain_number

from ..beside import beside

_lt = LazyTranslate(__name__)
INTERNAL = "base.group_user"
# quantities of the scraps that are being done
SCRAPPING = "stock_approval_scrapping"


class StockScrap(models.Model):
    """The gate on scrap."""

    _name = "stock.scrap"
    _inherit = ["stock.scrap", "stock.approval.mixin", "mail.activity.mixin"]

    _approval_material = (
        "product_id",
        "scrap_qty",
        "product_uom_id",
        "lot_id",
        "package_id",
        "owner_id",
        "location_id",
        "scrap_location_id",
        "approval_unit_cost",
    )
    _approval_partner_field = None
    _approval_responsible_field = None
    _approval_reader_view = "stock_approval.stock_scrap_view_form_approver"

    currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company currency"
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
        string="Value",
        compute="_compute_approval_value",
        search="_search_approval_value",
        compute_sudo=True,
        help="Quantity times unit cost, in company currency.",
    )
    approval_category_ids = fields.Many2many(
        "product.category",
        string="Product categories",
        compute="_compute_approval_category_ids",
        search="_search_approval_category_ids",
        compute_sudo=True,
        groups=INTERNAL,
        help="Category of the product, with the categories above it.",
    )

    @api.depends(
        "product_id",
        "product_uom_id",
        "scrap_qty",
        "company_id",
        "approval_instance_id.state",
    )
    def _compute_approval_value(self):
        for scrap in self:
            company = scrap.company_id or self.env.company
            product = scrap.product_id.with_company(company)
            header = (scrap._approval_valued_content() or {}).get("header", {})
            cost = product.standard_price
            if header.get("product_id") == product.id:
                cost = float(header.get("approval_unit_cost", cost))
            quantity = scrap.product_uom_id._compute_quantity(
                scrap.scrap_qty, product.uom_id, round=False
            )
            scrap.approval_unit_cost = cost
            scrap.approval_value = company.currency_id.round(cost * quantity)

    def _search_approval_value(self, operator, value):
        return self._approval_search_open("approval_value", operator, value)

    @api.depends("product_id.categ_id.parent_path")
    def _compute_approval_category_ids(self):
        for scrap in self:
            scrap.approval_category_ids = scrap.product_id._approval_categories()

    def _search_approval_category_ids(self, operator, value):
        return self._approval_search_categories(
            "approval_category_ids", "product_id", operator, value
        )

    @api.depends("product_id", "scrap_qty", "product_uom_id", "name", "state")
    @api.depends_context("lang")
    def _compute_display_name(self):
        """Override: a scrap has no number before it is done."""
        numbered = self.filtered(lambda scrap: scrap.state == "done")
        result = super(StockScrap, numbered)._compute_display_name()
        for scrap in self - numbered:
            scrap.display_name = self.env._(
                "Scrap of %(product)s, %(quantity)s %(unit)s",
                product=scrap.product_id.display_name or "",
                quantity=plain_number(scrap.scrap_qty),
                unit=scrap.product_uom_id.name or "",
            )
        return result

    @api.model
    def _approval_operations(self):
        """Override to declare validating."""
        return {
            "validate": ApprovalOperation(
                code="validate",
                label=_lt("Validate"),
                state_field="state",
                targets=("done",),
                sources=("draft",),
                execute="do_scrap",
            ),
        }

    def _approval_obstacles(self, operation):
        """Override: nothing is scrapped in a quantity of zero."""
        return {
            scrap.id: self.env._("Enter the quantity to scrap first.")
            for scrap in self
            if scrap.product_uom_id.is_zero(scrap.scrap_qty)
        }

    def do_scrap(self):
        """Override to submit the scrap that a policy covers instead."""

        def run(scraps):
            with scraps._approval_scrapping():
                return super(StockScrap, scraps).do_scrap()  # noqa: UP008

        return self._approval_run("validate", run)

    @contextmanager
    def _approval_scrapping(self):
        """Keep the quantities: Odoo computes them from the moves once there are any.

        For a kit that is 0 until its parts are known.
        """
        notes = beside(self.env.cr)
        outer = notes.get(SCRAPPING, {})
        own = {scrap.id: scrap.scrap_qty for scrap in self}
        notes[SCRAPPING] = {**outer, **own}
        try:
            yield
        finally:
            notes[SCRAPPING] = outer

    # -- the single point ----------------------------------------------------------

    def _approval_let_through(self, moves):
        """Return nothing: the approval is used up when the scrap becomes done.

        :raise UserError: if an approval is missing, or the moves are not the scrap
        """
        quantities = beside(self.env.cr).get(SCRAPPING, {})
        # those that are being scrapped have been judged, with their quantity
        self.filtered(lambda scrap: scrap.id not in quantities)._approval_demand(
            "validate"
        )
        for scrap in self:
            if not scrap._approval_is_exactly(scrap.move_ids):
                raise UserError(
                    self.env._(
                        "%(name)s: what is to be moved is not what the scrap says. "
                        "Make another scrap for it.",
                        name=scrap.display_name,
                    )
                )
        return self.env["approval.instance"]

    def _approval_use_up(self, instances):
        """Nothing to do, see :meth:`_approval_let_through`."""

    def _approval_is_exactly(self, moves):
        """Return whether moves, kits being their parts, are what the scrap says."""
        moves = moves.filtered(lambda move: move.state != "cancel")
        quantity = beside(self.env.cr).get(SCRAPPING, {}).get(self.id)
        if (
            quantity is not None
            and "bom_line_id" in moves._fields
            and all(move.bom_line_id for move in moves)
        ):
            return True
        unit = self.product_id.uom_id
        moved = sum(
            max(
                sum(move.move_line_ids.mapped("quantity_product_uom")),
                move.product_uom._compute_quantity(
                    move.quantity, unit, rounding_method="HALF-UP"
                ),
            )
            for move in moves
        )
        wanted = self.product_uom_id._compute_quantity(
            self.scrap_qty if quantity is None else quantity,
            unit,
            rounding_method="HALF-UP",
        )
        return moves.product_id == self.product_id and not unit.compare(moved, wanted)

    # -- what approvers see --------------------------------------------------------

    def _approval_facts(self):
        """Override: what is thrown away, why, and what it is worth."""
        self.ensure_one()
        scrap = self.sudo()  # sudo: key figures, for people asked to decide
        quantity = f"{plain_number(scrap.scrap_qty)} {scrap.product_uom_id.name}"
        facts = [
            (self.env._("Product"), scrap.product_id.display_name, ""),
            (self.env._("Quantity"), quantity, ""),
            (
                self.env._("Unit cost"),
                formatLang(
                    self.env,
                    scrap.approval_unit_cost,
                    dp="Product Price",
                    currency_obj=scrap.currency_id,
                ),
                "",
            ),
            (
                self.env._("Value"),
                scrap.currency_id.format(scrap.approval_value),
                "",
            ),
            (self.env._("Location"), scrap.location_id.display_name, ""),
        ]
        if scrap.lot_id:
            facts.append((self.env._("Lot"), scrap.lot_id.display_name, ""))
        if scrap.scrap_reason_tag_ids:
            reasons = ", ".join(scrap.scrap_reason_tag_ids.mapped("name"))
            facts.append((self.env._("Reason"), reasons, ""))
        if scrap.origin:
            facts.append((self.env._("Source document"), scrap.origin, ""))
        return facts
