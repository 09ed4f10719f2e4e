from odoo import models
from odoo.tools import SQL

# days around the order when the check sets none
DAYS = 30


class PurchaseApprovalCheckDuplicate(models.AbstractModel):
    """The same was not ordered a moment ago."""

    _name = "purchase.approval.check.duplicate"
    _description = "Check: Duplicate Order"
    _inherit = "approval.check.base"

    _check_model = "purchase.order"
    _check_code = "duplicate"

    def _run(self, documents, settings):
        """Override to find orders to the same vendor with the same lines.

        ``limit_warn`` is how many days before and after the order count.
        """
        twins = self._twins(documents, settings.limit_warn or DAYS)
        return {
            order_id: self._fail(settings, self._reason(names), "order_line")
            for order_id, names in twins.items()
        }

    def _reason(self, names):
        return self.env._(
            "The same products and quantities were ordered from this vendor in "
            "%(orders)s. Check that this order is not a repetition.",
            orders=", ".join(names[:3]),
        )

    def _twins(self, orders, days):
        """Return {order id: names of the orders with the same lines}, in one query."""
        for model in ("purchase.order", "purchase.order.line"):
            self.env[model].flush_model()
        self.env["res.partner"].flush_model(["commercial_partner_id"])
        rows = self.env.execute_query(
            SQL(
                """
                WITH pair AS (
                    SELECT mine.id AS mine, other.id AS other, other.name
                      FROM purchase_order mine
                      JOIN res_partner ours ON ours.id = mine.partner_id
                      JOIN res_partner theirs
                        ON theirs.commercial_partner_id = ours.commercial_partner_id
                      JOIN purchase_order other ON other.partner_id = theirs.id
                     WHERE mine.id IN %(orders)s
                       AND other.id != mine.id
                       AND other.company_id = mine.company_id
                       AND other.state != 'cancel'
                       AND other.create_date
                           BETWEEN mine.create_date - %(days)s * INTERVAL '1 day'
                               AND mine.create_date + %(days)s * INTERVAL '1 day'
                ), bought AS (
                    SELECT order_id,
                           array_agg(product_id || ' ' || quantity
                                     ORDER BY product_id) AS lines
                      FROM (SELECT order_id, product_id,
                                   ROUND(SUM(product_uom_qty)::numeric, 4) AS quantity
                              FROM purchase_order_line
                             WHERE product_id IS NOT NULL
                               AND order_id IN (SELECT mine FROM pair
                                                UNION SELECT other FROM pair)
                          GROUP BY order_id, product_id) product
                  GROUP BY order_id
                )
                SELECT pair.mine, pair.name
                  FROM pair
                  JOIN bought ours ON ours.order_id = pair.mine
                  JOIN bought theirs ON theirs.order_id = pair.other
                 WHERE ours.lines = theirs.lines
              ORDER BY pair.other
                """,
                orders=tuple(orders.ids) or (None,),
                days=days,
            )
        )
        twins = {}
        for order_id, name in rows:
            twins.setdefault(order_id, []).append(name)
        return twins
