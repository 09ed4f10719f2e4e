from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

COMPARISONS = {
    "in": SQL("IN"),
    "not in": SQL("NOT IN"),
    "<": SQL("<"),
    "<=": SQL("<="),
    ">": SQL(">"),
    ">=": SQL(">="),
}
# the age of a vendor in days, as a limit of the moment he was entered: one more day
# for these, and the comparison the other way round
AGE = {"<": (0, ">"), "<=": (1, ">"), ">": (1, "<="), ">=": (0, "<=")}
UNDECIDED = ("draft", "sent", "to approve")


class PurchaseOrder(models.Model):
    """How the facts for the conditions of approval policies are searched."""

    _inherit = "purchase.order"

    def _search_approval_amount_total(self, operator, value):
        return self._approval_search_amount("amount_total", operator, value)

    def _search_approval_amount_untaxed(self, operator, value):
        return self._approval_search_amount("amount_untaxed", operator, value)

    def _search_approval_above_last_percent(self, operator, value):
        name = "approval_above_last_percent"
        return self._approval_search_open(name, operator, value)

    def _search_approval_above_last_vendor_percent(self, operator, value):
        name = "approval_above_last_vendor_percent"
        return self._approval_search_open(name, operator, value)

    def _search_approval_above_agreed_percent(self, operator, value):
        name = "approval_above_agreed_percent"
        return self._approval_search_open(name, operator, value)

    def _search_approval_budget_holder_ids(self, operator, value):
        name = "approval_budget_holder_ids"
        return self._approval_search_open(name, operator, value)

    def _search_approval_budget_holder_id(self, operator, value):
        name = "approval_budget_holder_id"
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

    def _search_approval_vendor_age(self, operator, value):
        self._approval_check_searchable("approval_vendor_age")
        if operator not in AGE:
            return NotImplemented
        more, turned = AGE[operator]
        entered = fields.Datetime.now() - timedelta(days=value + more)
        return Domain("partner_id.commercial_partner_id.create_date", turned, entered)

    def _search_approval_is_dropship(self, operator, value):
        self._approval_check_searchable("approval_is_dropship")
        if operator != "in":
            return NotImplemented
        usage = "picking_type_id.default_location_dest_id.usage"
        return Domain("dest_address_id", "!=", False) | Domain(usage, "=", "customer")

    # -- helpers -------------------------------------------------------------------

    @api.model
    def _approval_check_searchable(self, name):
        """Refuse to search by a field that the user may not read.

        Odoo does so for stored fields only; guessing by searching would be reading.
        """
        self._check_field_access(self._fields[name], "read")

    @api.model
    def _approval_search_amount(self, name, operator, value):
        """Return the domain that compares an amount in company currency."""
        self._approval_check_searchable(f"approval_{name}")
        if operator not in COMPARISONS:
            return NotImplemented
        if operator in ("in", "not in"):
            value = tuple(float(item) for item in value) or (None,)

        def to_sql(model, alias, query):
            figure = self._approval_amount_sql(name, model, alias, query)
            return SQL("%s %s %s", figure, COMPARISONS[operator], value)

        return Domain.custom(to_sql=to_sql)

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
    def _approval_search_open(self, name, operator, value):
        """Return the domain of the undecided orders of which a computed fact is true.

        The fact is computed only when the domain is really searched, not when the
        condition of a policy is checked for being correct.
        """
        self._approval_check_searchable(name)
        fact = Domain(name, operator, value)

        def to_sql(model, alias, query):
            # sudo: narrowed to readable orders by the search this domain is part of
            orders = self.sudo().search([("state", "in", UNDECIDED)])
            ids = tuple(orders.filtered_domain(fact).ids) or (None,)
            return SQL("%s IN %s", SQL.identifier(alias, "id"), ids)

        return Domain.custom(to_sql=to_sql)

    @api.model
    def _approval_first_order_sql(self, model, alias, query):
        self.env["res.partner"].flush_model(["commercial_partner_id"])
        model.flush_model(["partner_id", "company_id", "state", "date_approve"])
        return SQL(
            """NOT EXISTS (
                SELECT FROM purchase_order earlier
                  JOIN res_partner theirs ON theirs.id = earlier.partner_id
                  JOIN res_partner ours ON ours.id = %(order)s.partner_id
                 WHERE theirs.commercial_partner_id = ours.commercial_partner_id
                   AND earlier.company_id = %(order)s.company_id
                   AND earlier.state = 'purchase'
                   AND earlier.id != %(order)s.id
                   AND (%(order)s.state != 'purchase'
                        OR %(order)s.date_approve IS NULL
                        OR (earlier.date_approve, earlier.id)
                         < (%(order)s.date_approve, %(order)s.id)))""",
            order=SQL.identifier(alias),
        )
