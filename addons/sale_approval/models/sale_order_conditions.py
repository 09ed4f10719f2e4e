from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

# facts about an order are for employees: customers read their orders in the portal
INTERNAL = "base.group_user"
COMPARISONS = {
    "in": SQL("IN"),
    "not in": SQL("NOT IN"),
    "<": SQL("<"),
    "<=": SQL("<="),
    ">": SQL(">"),
    ">=": SQL(">="),
}


class SaleOrder(models.Model):
    """Facts about a sales order for the conditions of approval policies.

    All are computed for many orders in a bounded number of queries. Those that depend
    on the prices, costs and credit of today are searched among quotations only: there
    they decide, and a confirmed order would be judged by what it was not agreed on.
    """

    _inherit = "sale.order"

    approval_special = fields.Boolean(
        string="Special order",
        copy=False,
        tracking=True,
        help="Tick it for orders that need a closer look: prototypes, special terms, "
        "important customers. Approval policies can send them higher.",
    )
    approval_special_reason = fields.Char(string="Why it is special", copy=False)
    approval_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company currency", groups=INTERNAL
    )
    approval_amount_total = fields.Monetary(
        string="Total in company currency",
        currency_field="approval_currency_id",
        compute="_compute_approval_amounts",
        search="_search_approval_amount_total",
        compute_sudo=True,
        groups=INTERNAL,
        help="Total with taxes, at the exchange rate of the order.",
    )
    approval_amount_untaxed = fields.Monetary(
        string="Untaxed amount in company currency",
        currency_field="approval_currency_id",
        compute="_compute_approval_amounts",
        search="_search_approval_amount_untaxed",
        compute_sudo=True,
        groups=INTERNAL,
        help="Amount without taxes, at the exchange rate of the order.",
    )
    approval_margin = fields.Monetary(
        string="Margin in company currency",
        currency_field="approval_currency_id",
        compute="_compute_approval_margin",
        search="_search_approval_margin",
        compute_sudo=True,
        groups=INTERNAL,
        help="Untaxed amount less the cost of the products.",
    )
    approval_margin_percent = fields.Float(
        string="Margin of the order (%)",
        digits=(16, 2),
        compute="_compute_approval_margin",
        search="_search_approval_margin_percent",
        compute_sudo=True,
        groups=INTERNAL,
        help="Margin as a share of the untaxed amount.",
    )
    approval_discount_max = fields.Float(
        string="Highest discount (%)",
        digits=(16, 2),
        compute="_compute_approval_discount_max",
        search="_search_approval_discount_max",
        compute_sudo=True,
        groups=INTERNAL,
        help="The highest discount of a line. Discounts on the whole order count for "
        "each line.",
    )
    approval_below_list_percent = fields.Float(
        string="Price below price list (%)",
        digits=(16, 2),
        compute="_compute_approval_below_list_percent",
        search="_search_approval_below_list_percent",
        compute_sudo=True,
        groups=INTERNAL,
        help="How far the cheapest line is below the price of the price list, all "
        "discounts deducted. 0 if no line is below.",
    )
    approval_below_cost_percent = fields.Float(
        string="Price below cost (%)",
        digits=(16, 2),
        compute="_compute_approval_below_cost_percent",
        search="_search_approval_below_cost_percent",
        compute_sudo=True,
        groups=INTERNAL,
        help="How far the worst line is below the cost of its product, all discounts "
        "deducted. 0 if no line is below.",
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
    approval_credit_grade = fields.Selection(
        selection=lambda self: self.env["res.partner"]
        ._fields["credit_grade"]
        ._description_selection(self.env),
        string="Credit grade of the customer",
        compute="_compute_approval_credit_grade",
        search="_search_approval_credit_grade",
        compute_sudo=True,
        groups=INTERNAL,
        help="If the invoice goes to another company, the lower grade of the two.",
    )
    approval_credit_use_percent = fields.Float(
        string="Credit used with this order (%)",
        digits=(16, 2),
        compute="_compute_approval_credit_use_percent",
        search="_search_approval_credit_use_percent",
        compute_sudo=True,
        groups=INTERNAL,
        help="What the customer owes, with this order, as a share of the credit limit. "
        "0 without a credit limit.",
    )
    approval_is_first_order = fields.Boolean(
        string="First order of the customer",
        compute="_compute_approval_is_first_order",
        search="_search_approval_is_first_order",
        compute_sudo=True,
        groups=INTERNAL,
        help="The customer has no earlier confirmed order in this company.",
    )

    # -- computation ---------------------------------------------------------------

    @api.depends("amount_total", "amount_untaxed", "currency_rate", "company_id")
    def _compute_approval_amounts(self):
        for order in self:
            for name in ("amount_total", "amount_untaxed"):
                order[f"approval_{name}"] = order._approval_to_company(order[name])

    @api.depends(lambda self: [*self._approval_cost_depends(), "amount_untaxed"])
    def _compute_approval_margin(self):
        costs = self.order_line.filtered("product_id")._approval_costs()
        for order in self:
            cost = sum(
                costs.get(line.id, 0.0) * line.product_uom_qty
                for line in order.order_line
            )
            margin = order.amount_untaxed - cost
            order.approval_margin = order._approval_to_company(margin)
            if order.amount_untaxed:
                share = 100.0 * margin / abs(order.amount_untaxed)
            else:
                share = -100.0 if order.approval_margin < 0 else 0.0
            order.approval_margin_percent = round(share, 2)

    @api.depends("order_line.discount", "order_line.price_subtotal")
    def _compute_approval_discount_max(self):
        discounts = self.order_line._approval_discounts()
        for order in self:
            order.approval_discount_max = order._approval_worst(discounts)

    @api.depends(
        "order_line.price_subtotal",
        "order_line.price_unit",
        "order_line.discount",
        "order_line.product_uom_qty",
        "order_line.product_uom_id",
        "order_line.product_id",
        "pricelist_id",
        "date_order",
        "fiscal_position_id",
    )
    def _compute_approval_below_list_percent(self):
        gaps = self.order_line._approval_below_list()
        for order in self:
            order.approval_below_list_percent = order._approval_worst(
                {line_id: gap for line_id, (gap, _price) in gaps.items()}
            )

    @api.depends(lambda self: self._approval_cost_depends())
    def _compute_approval_below_cost_percent(self):
        gaps = self.order_line._approval_below_cost()
        for order in self:
            order.approval_below_cost_percent = order._approval_worst(
                {line_id: gap for line_id, (gap, _cost) in gaps.items()}
            )

    @api.depends("order_line.product_id.categ_id")
    def _compute_approval_category_ids(self):
        for order in self:
            paths = order.order_line.product_id.categ_id.mapped("parent_path")
            order.approval_category_ids = self.env["product.category"].browse(
                {int(step) for path in paths for step in path.split("/") if step}
            )

    @api.depends(
        "company_id",
        "partner_id.commercial_partner_id.credit_grade",
        "partner_invoice_id.commercial_partner_id.credit_grade",
    )
    def _compute_approval_credit_grade(self):
        partners = self._approval_credit_partners()
        for order in self:
            rated = partners[order.id].filtered("credit_grade")
            order.approval_credit_grade = max(
                rated.mapped("credit_grade"), default=False
            )

    @api.depends(
        "company_id",
        "state",
        "amount_total",
        "currency_rate",
        "partner_id.commercial_partner_id.credit_limit",
        "partner_invoice_id.commercial_partner_id.credit_limit",
    )
    def _compute_approval_credit_use_percent(self):
        credit = self._approval_credit()
        for order in self:
            order.approval_credit_use_percent = max(
                (use for _partner, _exposure, use in credit[order.id]), default=0.0
            )

    @api.depends("partner_id", "company_id", "state", "date_order")
    def _compute_approval_is_first_order(self):
        first = self._approval_first_orders()
        for order in self:
            key = (
                order.partner_id.commercial_partner_id._origin.id,
                order.company_id.id,
            )
            order.approval_is_first_order = first.get(key) in (None, order._origin.id)

    # -- search --------------------------------------------------------------------

    def _search_approval_amount_total(self, operator, value):
        name = "approval_amount_total"
        return self._approval_search_sql(
            name, self._approval_total_sql, operator, value
        )

    def _search_approval_amount_untaxed(self, operator, value):
        name = "approval_amount_untaxed"
        return self._approval_search_sql(
            name, self._approval_untaxed_sql, operator, value
        )

    def _search_approval_discount_max(self, operator, value):
        name = "approval_discount_max"
        return self._approval_search_sql(
            name, self._approval_discount_sql, operator, value
        )

    def _search_approval_margin(self, operator, value):
        return self._approval_search_open("approval_margin", operator, value)

    def _search_approval_margin_percent(self, operator, value):
        return self._approval_search_open("approval_margin_percent", operator, value)

    def _search_approval_below_list_percent(self, operator, value):
        name = "approval_below_list_percent"
        return self._approval_search_open(name, operator, value)

    def _search_approval_below_cost_percent(self, operator, value):
        name = "approval_below_cost_percent"
        return self._approval_search_open(name, operator, value)

    def _search_approval_credit_grade(self, operator, value):
        return self._approval_search_open("approval_credit_grade", operator, value)

    def _search_approval_credit_use_percent(self, operator, value):
        name = "approval_credit_use_percent"
        return self._approval_search_open(name, operator, value)

    def _search_approval_category_ids(self, operator, value):
        self._approval_check_searchable("approval_category_ids")
        if operator == "in" and False not in value:
            domain = Domain("id", "in", value)
        elif operator in ("ilike", "=ilike", "like", "=like"):
            domain = Domain("display_name", operator, value)
        elif operator == "any":
            domain = Domain(value)
        else:
            return NotImplemented
        categories = self.env["product.category"].search(domain)
        return Domain("order_line.product_id.categ_id", "child_of", categories.ids)

    def _search_approval_is_first_order(self, operator, value):
        self._approval_check_searchable("approval_is_first_order")
        if operator != "in":
            return NotImplemented
        return Domain.custom(to_sql=self._approval_first_order_sql)

    @api.model
    def _approval_check_searchable(self, name):
        """Refuse to search by a field that the user may not read.

        Odoo does so for stored fields only; guessing a margin by searching for it
        would be reading it.
        """
        self._check_field_access(self._fields[name], "read")

    @api.model
    def _approval_search_sql(self, name, expression, operator, value):
        """Return the domain that compares an SQL expression with a figure."""
        self._approval_check_searchable(name)
        if operator not in COMPARISONS:
            return NotImplemented
        if operator in ("in", "not in"):
            value = tuple(float(item) for item in value) or (None,)

        def to_sql(model, alias, query):
            figure = expression(model, alias, query)
            return SQL("%s %s %s", figure, COMPARISONS[operator], value)

        return Domain.custom(to_sql=to_sql)

    @api.model
    def _approval_search_open(self, name, operator, value):
        """Return the domain of the quotations of which a computed fact is true.

        The fact is computed only when the domain is really searched, not when the
        condition of a policy is checked for being correct.
        """
        self._approval_check_searchable(name)
        fact = Domain(name, operator, value)

        def to_sql(model, alias, query):
            # sudo: narrowed to readable orders by the search this domain is part of
            quotations = self.sudo().search([("state", "in", ("draft", "sent"))])
            ids = tuple(quotations.filtered_domain(fact).ids) or (None,)
            return SQL("%s IN %s", SQL.identifier(alias, "id"), ids)

        return Domain.custom(to_sql=to_sql)

    @api.model
    def _approval_total_sql(self, model, alias, query):
        return self._approval_amount_sql("amount_total", model, alias, query)

    @api.model
    def _approval_untaxed_sql(self, model, alias, query):
        return self._approval_amount_sql("amount_untaxed", model, alias, query)

    @api.model
    def _approval_amount_sql(self, name, model, alias, query):
        """Return the SQL twin of an amount in company currency."""
        return SQL(
            """(SELECT ROUND((%(amount)s / COALESCE(NULLIF(%(rate)s, 0), 1))
                          ::numeric / currency.rounding) * currency.rounding
                  FROM res_company company
                  JOIN res_currency currency ON currency.id = company.currency_id
                 WHERE company.id = %(company)s)""",
            amount=model._field_to_sql(alias, name, query),
            rate=model._field_to_sql(alias, "currency_rate", query),
            company=model._field_to_sql(alias, "company_id", query),
        )

    @api.model
    def _approval_discount_sql(self, model, alias, query):
        """Return the SQL twin of the highest discount."""
        self.env["sale.order.line"].flush_model()
        return SQL(
            """(SELECT COALESCE(ROUND(GREATEST(0, 100 - (100 - MAX(line.discount)
                       FILTER (WHERE line.price_unit >= 0 AND NOT %(extra)s))
                       * (1 - LEAST(1, COALESCE(
                           -SUM(line.price_subtotal)
                               FILTER (WHERE line.price_subtotal < 0)
                           / NULLIF(SUM(line.price_subtotal)
                               FILTER (WHERE line.price_subtotal > 0), 0),
                           0))))::numeric, 2), 0)
                  FROM sale_order_line line
                 WHERE line.order_id = %(order)s
                   AND line.product_id IS NOT NULL
                   AND line.is_downpayment IS NOT TRUE)""",
            order=SQL.identifier(alias, "id"),
            extra=self._approval_extra_line_sql(),
        )

    @api.model
    def _approval_extra_line_sql(self):
        """Return the SQL condition of lines that sell nothing of their own."""
        extra = SQL("(line.is_expense IS TRUE OR line.product_uom_qty < 0)")
        if "is_delivery" in self.env["sale.order.line"]._fields:
            extra = SQL("(%s OR line.is_delivery IS TRUE)", extra)
        return extra

    @api.model
    def _approval_first_order_sql(self, model, alias, query):
        self.env["res.partner"].flush_model(["commercial_partner_id"])
        model.flush_model(["partner_id", "company_id", "state", "date_order"])
        return SQL(
            """NOT EXISTS (
                SELECT FROM sale_order earlier
                  JOIN res_partner theirs ON theirs.id = earlier.partner_id
                  JOIN res_partner ours ON ours.id = %(order)s.partner_id
                 WHERE theirs.commercial_partner_id = ours.commercial_partner_id
                   AND earlier.company_id = %(order)s.company_id
                   AND earlier.state = 'sale'
                   AND earlier.id != %(order)s.id
                   AND (%(order)s.state != 'sale'
                        OR (earlier.date_order, earlier.id)
                         < (%(order)s.date_order, %(order)s.id)))""",
            order=SQL.identifier(alias),
        )

    # -- helpers -------------------------------------------------------------------

    @api.model
    def _approval_cost_depends(self):
        """Return what the comparison with costs depends on.

        Not on the cost of the product: each receipt may change it, and would look for
        all order lines of the product.
        """
        names = ["price_subtotal", "product_uom_qty", "product_uom_id", "product_id"]
        if "purchase_price" in self.env["sale.order.line"]._fields:
            names.append("purchase_price")
        return ["currency_rate", *(f"order_line.{name}" for name in names)]

    def _approval_rate(self):
        """Return how much order currency one unit of company currency is."""
        self.ensure_one()
        return self.currency_rate or 1.0

    def _approval_to_company(self, amount):
        """Return an amount of the order in company currency, rounded."""
        self.ensure_one()
        currency = self.company_id.currency_id or self.env.company.currency_id
        return currency.round(amount / self._approval_rate())

    def _approval_worst(self, by_line):
        """Return the highest of the figures of the order's lines, at least 0."""
        self.ensure_one()
        found = [by_line[line.id] for line in self.order_line if line.id in by_line]
        return round(max([0.0, *found]), 2)

    def _approval_order_discounts(self):
        """Return {order id: share of the amount that lines below zero take away}."""
        shares = {}
        for order in self:
            amounts = [
                line.price_subtotal
                for line in order.order_line
                if line.product_id and not line.is_downpayment
            ]
            given = -sum(amount for amount in amounts if amount < 0)
            goods = sum(amount for amount in amounts if amount > 0)
            shares[order.id] = min(1.0, given / goods) if goods else 0.0
        return shares

    def _approval_credit_partners(self):
        """Return {order id: the customer and the one who gets the invoice}.

        Both count: sending the invoice elsewhere must not make a bad credit good. They
        come in the company of the order, and are prefetched together.
        """
        found = {}
        for company, orders in self.grouped("company_id").items():
            partners = orders.partner_id | orders.partner_invoice_id
            owners = partners.commercial_partner_id
            for order in orders:
                own = (order.partner_id | order.partner_invoice_id).with_prefetch(
                    partners._prefetch_ids
                )
                own = own.commercial_partner_id.with_company(company)
                found[order.id] = own.with_prefetch(owners._prefetch_ids)
        return found

    def _approval_credit(self):
        """Return the credit of the customers with each order.

        :return: {order id: [(partner, exposure with the order, % of the limit)]};
            two queries per company for any number of orders
        """
        partners = self._approval_credit_partners()
        exposures = {}
        for company, orders in self.grouped("company_id").items():
            owners = self.env["res.partner"].union(*(partners[o.id] for o in orders))
            for partner_id, amount in owners._credit_exposures(company).items():
                exposures[company.id, partner_id] = amount
        credit = {}
        for order in self:
            own = 0.0
            if order.state != "sale":  # else the exposure has it
                own = max(0.0, order._approval_to_company(order.amount_total))
            credit[order.id] = []
            for partner in partners[order.id]:
                exposure = exposures.get((order.company_id.id, partner._origin.id), 0.0)
                use = partner._credit_use(exposure + own)
                credit[order.id].append((partner, exposure + own, use))
        return credit

    def _approval_first_orders(self):
        """Return {(commercial partner id, company id): id of the first order}."""
        self.env["res.partner"].flush_model(["commercial_partner_id"])
        self.flush_model(["partner_id", "company_id", "state", "date_order"])
        owners = tuple(self.partner_id.commercial_partner_id.ids)
        if not owners:
            return {}
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT ON (partner.commercial_partner_id, sale.company_id)
                       partner.commercial_partner_id, sale.company_id, sale.id
                  FROM sale_order sale
                  JOIN res_partner partner ON partner.id = sale.partner_id
                 WHERE partner.commercial_partner_id IN %s AND sale.state = 'sale'
              ORDER BY partner.commercial_partner_id, sale.company_id,
                       sale.date_order, sale.id
                """,
                owners,
            )
        )
        return {(owner, company): order for owner, company, order in rows}
