from odoo import fields, models
from odoo.tools import SQL


class SaleOrderChangeReport(models.Model):
    """How many of the confirmed orders were changed, and by how much.

    One row for each order, so that the average of "changed or not" is the share of
    orders changed, in whatever group: no average of averages.
    """

    _name = "sale.order.change.report"
    _description = "Share of Orders Changed"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "order_id"

    order_id = fields.Many2one("sale.order", string="Sales order", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company currency"
    )
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    user_id = fields.Many2one("res.users", string="Salesperson", readonly=True)
    team_id = fields.Many2one("crm.team", string="Sales Team", readonly=True)
    date = fields.Datetime(string="Order Date", readonly=True)
    orders = fields.Integer(string="Confirmed orders", readonly=True)
    changed_orders = fields.Integer(string="Orders changed", readonly=True)
    cancelled_orders = fields.Integer(string="Orders cancelled", readonly=True)
    changed_share = fields.Float(
        string="Share of orders changed",
        readonly=True,
        aggregator="avg",
        digits=(16, 1),
        help="Orders with at least one applied request, of all confirmed orders.",
    )
    requests = fields.Integer(string="Applied requests", readonly=True)
    delta = fields.Monetary(
        string="Difference by requests",
        readonly=True,
        help="In company currency, at the rate of the order.",
    )

    @property
    def _table_query(self):
        """Return one row for each order that is or was confirmed."""
        return SQL(
            """
            SELECT sale.id AS id,
                   sale.id AS order_id,
                   sale.company_id,
                   partner.commercial_partner_id AS partner_id,
                   sale.user_id,
                   sale.team_id,
                   sale.date_order AS date,
                   1 AS orders,
                   CASE WHEN change.requests > 0 THEN 1 ELSE 0 END AS changed_orders,
                   CASE WHEN change.cancels > 0 THEN 1 ELSE 0 END AS cancelled_orders,
                   CASE WHEN change.requests > 0 THEN 1.0 ELSE 0.0 END
                       AS changed_share,
                   COALESCE(change.requests, 0) AS requests,
                   COALESCE(change.delta, 0.0) AS delta
              FROM sale_order sale
              JOIN res_partner partner ON partner.id = sale.partner_id
              LEFT JOIN (
                    SELECT order_id,
                           COUNT(*) AS requests,
                           COUNT(*) FILTER (WHERE kind = 'cancel') AS cancels,
                           SUM(delta_company) AS delta
                      FROM sale_order_change
                     WHERE state = 'applied'
                  GROUP BY order_id
                   ) change ON change.order_id = sale.id
             WHERE sale.state = 'sale' OR change.requests > 0
            """
        )
