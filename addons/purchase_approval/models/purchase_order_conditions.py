from odoo import api, fields, models
from odoo.tools import SQL

# facts about an order are for employees: vendors read their orders in the portal
INTERNAL = "base.group_user"


class PurchaseOrder(models.Model):
    """Facts about a purchase order for the conditions of approval policies.

    All are computed for many orders in a bounded number of queries. Those that compare
    with the prices of today are searched among orders that are not confirmed: there
    they decide; how to search is in ``purchase_order_search.py``.
    """

    _inherit = "purchase.order"

    approval_amount_total = fields.Monetary(
        string="Total in company currency",
        currency_field="company_currency_id",
        compute="_compute_approval_amounts",
        search="_search_approval_amount_total",
        compute_sudo=True,
        groups=INTERNAL,
        help="Total with taxes, at the exchange rate of the order.",
    )
    approval_amount_untaxed = fields.Monetary(
        string="Untaxed amount in company currency",
        currency_field="company_currency_id",
        compute="_compute_approval_amounts",
        search="_search_approval_amount_untaxed",
        compute_sudo=True,
        groups=INTERNAL,
        help="Amount without taxes, at the exchange rate of the order.",
    )
    approval_category_ids = fields.Many2many(
        "product.category",
        string="Product categories",
        compute="_compute_approval_category_ids",
        search="_search_approval_category_ids",
        compute_sudo=True,
        groups=INTERNAL,
        help="Categories of the ordered products, with the categories above them.",
    )
    approval_above_last_percent = fields.Float(
        string="Price above last purchase (%)",
        digits=(16, 2),
        compute="_compute_approval_above_last",
        search="_search_approval_above_last_percent",
        compute_sudo=True,
        groups=INTERNAL,
        help="How far the worst line is above the last confirmed purchase of the "
        "product, from whatever vendor. 0 if no line is above.",
    )
    approval_above_last_vendor_percent = fields.Float(
        string="Price above last purchase from the vendor (%)",
        digits=(16, 2),
        compute="_compute_approval_above_last",
        search="_search_approval_above_last_vendor_percent",
        compute_sudo=True,
        groups=INTERNAL,
        help="How far the worst line is above the last confirmed purchase of the "
        "product from the same vendor. 0 if no line is above.",
    )
    approval_above_agreed_percent = fields.Float(
        string="Price above the agreed price (%)",
        digits=(16, 2),
        compute="_compute_approval_above_agreed_percent",
        search="_search_approval_above_agreed_percent",
        compute_sudo=True,
        groups=INTERNAL,
        help="How far the worst line is above the price agreed with the vendor for "
        "this quantity and day. 0 if no line is above.",
    )
    approval_is_first_order = fields.Boolean(
        string="First order to the vendor",
        compute="_compute_approval_is_first_order",
        search="_search_approval_is_first_order",
        compute_sudo=True,
        groups=INTERNAL,
        help="The vendor has no earlier confirmed order in this company.",
    )
    approval_vendor_age = fields.Integer(
        string="Days since the vendor was entered",
        compute="_compute_approval_vendor_age",
        search="_search_approval_vendor_age",
        compute_sudo=True,
        aggregator=None,
        groups=INTERNAL,
        help="To have orders to new vendors looked at more closely.",
    )
    approval_is_dropship = fields.Boolean(
        string="Delivered to somebody else",
        compute="_compute_approval_is_dropship",
        search="_search_approval_is_dropship",
        compute_sudo=True,
        groups=INTERNAL,
        help="The vendor delivers to a customer, not to the company.",
    )
    approval_budget_holder_ids = fields.Many2many(
        "res.users",
        string="Budget holders",
        compute="_compute_approval_budget_holders",
        search="_search_approval_budget_holder_ids",
        compute_sudo=True,
        groups=INTERNAL,
        help="The budget holders of the analytic accounts of the lines, or else of "
        "the product categories.",
    )
    approval_budget_holder_id = fields.Many2one(
        "res.users",
        string="Main budget holder",
        compute="_compute_approval_budget_holders",
        search="_search_approval_budget_holder_id",
        compute_sudo=True,
        groups=INTERNAL,
        help="The budget holder of the largest part of the order.",
    )

    # -- computation ---------------------------------------------------------------

    @api.depends("amount_total", "amount_untaxed", "currency_rate", "company_id")
    def _compute_approval_amounts(self):
        for order in self:
            for name in ("amount_total", "amount_untaxed"):
                order[f"approval_{name}"] = order._approval_to_company(order[name])

    @api.depends("order_line.product_id.categ_id")
    def _compute_approval_category_ids(self):
        for order in self:
            paths = order.order_line.product_id.categ_id.mapped("parent_path")
            order.approval_category_ids = self.env["product.category"].browse(
                {int(step) for path in paths for step in path.split("/") if step}
            )

    @api.depends(lambda self: self._approval_price_depends())
    def _compute_approval_above_last(self):
        lines = self.order_line
        for name, same in (
            ("approval_above_last_percent", False),
            ("approval_above_last_vendor_percent", True),
        ):
            gaps = lines._approval_above_last(same_vendor=same)
            for order in self:
                order[name] = order._approval_worst(gaps)

    @api.depends(lambda self: self._approval_price_depends())
    def _compute_approval_above_agreed_percent(self):
        gaps = self.order_line._approval_above_agreed()
        for order in self:
            order.approval_above_agreed_percent = order._approval_worst(gaps)

    @api.depends("partner_id", "company_id", "state", "date_approve")
    def _compute_approval_is_first_order(self):
        first = self._approval_first_orders()
        for order in self:
            vendor = order.partner_id.commercial_partner_id._origin.id
            key = (vendor, order.company_id.id)
            order.approval_is_first_order = first.get(key) in (None, order._origin.id)

    @api.depends("partner_id")
    def _compute_approval_vendor_age(self):
        now = fields.Datetime.now()
        for order in self:
            entered = order.partner_id.commercial_partner_id.create_date
            order.approval_vendor_age = (now - entered).days if entered else 0

    @api.depends("dest_address_id", "picking_type_id")
    def _compute_approval_is_dropship(self):
        for order in self:
            usage = order.picking_type_id.default_location_dest_id.usage
            order.approval_is_dropship = bool(
                order.dest_address_id or usage == "customer"
            )

    @api.depends(
        "company_id",
        "order_line.product_id",
        "order_line.price_subtotal",
        "order_line.analytic_distribution",
    )
    def _compute_approval_budget_holders(self):
        for order in self:
            spent = {}
            for line in order.order_line.filtered(lambda line: not line.display_type):
                for holder in line._approval_budget_holders():
                    spent[holder] = spent.get(holder, 0.0) + line.price_subtotal
            holders = sorted(spent, key=lambda user: (-spent[user], user.id))
            users = self.env["res.users"].browse(user.id for user in holders)
            order.approval_budget_holder_ids = users
            order.approval_budget_holder_id = users[:1]

    # -- helpers -------------------------------------------------------------------

    @api.model
    def _approval_price_depends(self):
        """Return what a comparison of prices depends on."""
        names = ("product_id", "product_uom_id", "product_qty", "price_subtotal")
        lines = [f"order_line.{name}" for name in names]
        header = ["partner_id", "company_id", "currency_rate", "date_order", "state"]
        return lines + header

    def _approval_to_company(self, amount):
        """Return an amount of the order in company currency, rounded."""
        self.ensure_one()
        currency = self.company_id.currency_id or self.env.company.currency_id
        return currency.round(amount / (self.currency_rate or 1.0))

    def _approval_worst(self, gaps):
        """Return the highest of the figures of the order's lines, at least 0."""
        self.ensure_one()
        found = [gaps[line.id][0] for line in self.order_line if line.id in gaps]
        return max([0.0, *found])

    def _approval_first_orders(self):
        """Return {(commercial partner id, company id): id of the first order}."""
        self.env["res.partner"].flush_model(["commercial_partner_id"])
        self.flush_model(["partner_id", "company_id", "state", "date_approve"])
        owners = tuple(self.partner_id.commercial_partner_id.ids)
        if not owners:
            return {}
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT ON (partner.commercial_partner_id, purchase.company_id)
                       partner.commercial_partner_id, purchase.company_id, purchase.id
                  FROM purchase_order purchase
                  JOIN res_partner partner ON partner.id = purchase.partner_id
                 WHERE partner.commercial_partner_id IN %s
                   AND purchase.state = 'purchase'
              ORDER BY partner.commercial_partner_id, purchase.company_id,
                       purchase.date_approve, purchase.id
                """,
                owners,
            )
        )
        return {(owner, company): order for owner, company, order in rows}
