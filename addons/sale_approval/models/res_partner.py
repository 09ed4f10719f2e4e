from odoo import api, fields, models
from odoo.tools import SQL

CREDIT_READERS = (
    "sales_team.group_sale_salesman,"
    "account.group_account_invoice,account.group_account_readonly"
)
CREDIT_WRITERS = "sales_team.group_sale_manager,account.group_account_manager"
CREDIT_SETTINGS = frozenset(
    {
        "credit_grade",
        "credit_limit",
        "use_partner_credit_limit",
        "sale_blocked",
        "sale_block_reason",
    }
)
# what is confirmed and not invoiced yet, by customer: lines, then orders
TO_INVOICE = """
WITH open_line AS (
    SELECT line.*,
           CASE WHEN template.invoice_policy = 'delivery'
                THEN GREATEST(line.product_uom_qty, line.qty_delivered)
                ELSE line.product_uom_qty
           END AS basis,
           COALESCE(
               sale.amount_total / NULLIF(sale.amount_untaxed, 0), 1
           ) AS gross,
           COALESCE(NULLIF(sale.currency_rate, 0), 1) AS rate,
           payer.commercial_partner_id AS payer_id,
           (SELECT SUM(
                   CASE move.move_type WHEN 'out_refund' THEN -1 ELSE 1 END
                   * item.quantity
                   * COALESCE(item_uom.factor / line_uom.factor, 1))
              FROM sale_order_line_invoice_rel rel
              JOIN account_move_line item ON item.id = rel.invoice_line_id
              JOIN account_move move ON move.id = item.move_id
         LEFT JOIN uom_uom item_uom ON item_uom.id = item.product_uom_id
             WHERE rel.order_line_id = line.id
               AND (move.state = 'posted'
                    OR move.payment_state = 'invoicing_legacy')
           ) AS posted
      FROM sale_order sale
      JOIN res_partner payer ON payer.id = sale.partner_invoice_id
      JOIN sale_order_line line ON line.order_id = sale.id
 LEFT JOIN uom_uom line_uom ON line_uom.id = line.product_uom_id
 LEFT JOIN product_product product ON product.id = line.product_id
 LEFT JOIN product_template template
        ON template.id = product.product_tmpl_id
     WHERE payer.commercial_partner_id IN %(ids)s
       AND sale.state = 'sale'
       AND sale.company_id IN (%(branches)s)
       AND line.display_type IS NULL
       AND (line.untaxed_amount_invoiced
                IS DISTINCT FROM line.price_subtotal
            OR line.untaxed_amount_to_invoice <> 0)
), open_order AS (
    SELECT payer_id, order_id, SUM(
           CASE WHEN is_downpayment
                THEN -untaxed_amount_invoiced * gross
                ELSE CASE WHEN basis < 0
                          THEN LEAST(basis - COALESCE(posted, 0), 0)
                          ELSE GREATEST(basis - COALESCE(posted, 0), 0)
                     END
                     * COALESCE(
                           price_total / NULLIF(product_uom_qty, 0),
                           price_unit * (1 - discount / 100) * gross,
                           0)
           END / rate) AS amount
      FROM open_line
  GROUP BY payer_id, order_id
)
SELECT payer_id, SUM(GREATEST(amount, 0))
  FROM open_order
GROUP BY payer_id
"""


class ResPartner(models.Model):
    """Credit of a customer: what is allowed, and how much of it is used."""

    _inherit = "res.partner"

    credit_grade = fields.Selection(
        [
            ("A", "A – excellent"),
            ("B", "B – good"),
            ("C", "C – watch"),
            ("D", "D – no credit"),
        ],
        string="Credit grade",
        company_dependent=True,
        copy=False,
        tracking=True,
        groups=CREDIT_READERS,
        help="How far this customer can be trusted to pay. Orders of customers with "
        "grade D do not pass the credit check.",
    )
    # salespeople see how much credit is left; see _has_field_access for writing
    credit_limit = fields.Float(groups=CREDIT_READERS, tracking=True)
    sale_blocked = fields.Boolean(
        string="Blocked for sales",
        company_dependent=True,
        copy=False,
        tracking=True,
        groups=CREDIT_READERS,
        help="New orders of this customer do not pass the first review.",
    )
    sale_block_reason = fields.Char(
        string="Reason for blocking",
        company_dependent=True,
        copy=False,
        groups=CREDIT_READERS,
    )
    credit_exposure = fields.Monetary(
        string="Credit used",
        compute="_compute_credit_exposure",
        compute_sudo=True,
        groups=CREDIT_READERS,
        help="Open invoices, less payments and credit notes, plus what is confirmed "
        "and not invoiced yet, taxes included.",
    )
    credit_use_percent = fields.Float(
        string="Credit used (%)",
        compute="_compute_credit_exposure",
        compute_sudo=True,
        digits=(16, 2),
        groups=CREDIT_READERS,
        help="Credit used, as a share of the credit limit; 0 without a limit.",
    )

    @api.depends("commercial_partner_id", "credit_limit")
    @api.depends_context("company")
    def _compute_credit_exposure(self):
        exposures = self.commercial_partner_id._credit_exposures(self.env.company)
        for partner in self:
            owner = partner.commercial_partner_id
            partner.credit_exposure = exposures.get(owner._origin.id, 0.0)
            partner.credit_use_percent = owner._credit_use(partner.credit_exposure)

    # -- access --------------------------------------------------------------------

    @api.model
    def _has_field_access(self, field, operation):
        """Override to let only those who answer for credit set it, on any path."""
        if not super()._has_field_access(field, operation):
            return False
        return (
            operation != "write"
            or field.name not in CREDIT_SETTINGS
            or self.env.su
            or self.env.user.has_groups(CREDIT_WRITERS)
        )

    @api.model
    def default_get(self, fields):
        """Override: nobody grants credit to new customers by a default of their own.

        What the company has set as default for all holds.
        """
        if self.env.user.has_groups(CREDIT_WRITERS):
            return super().default_get(fields)
        values = super().default_get([f for f in fields if f not in CREDIT_SETTINGS])
        for name in CREDIT_SETTINGS.intersection(fields):
            field = self._fields[name]
            if field.company_dependent:
                if value := field.get_company_dependent_fallback(self):
                    values[name] = value
        return values

    @api.model
    def _commercial_fields(self):
        """Override: contacts carry the credit settings of their company."""
        return super()._commercial_fields() + [
            "credit_grade",
            "sale_blocked",
            "sale_block_reason",
        ]

    # -- credit used ---------------------------------------------------------------

    def _credit_use(self, exposure):
        """Return an exposure as percentage of the credit limit, 0 without a limit."""
        self.ensure_one()
        limit = self.credit_limit
        return round(100.0 * exposure / limit, 2) if limit > 0 else 0.0

    def _credit_exposures(self, company):
        """Return what customers owe, or will owe for confirmed orders.

        Like the receivable shown by Odoo, it covers the whole legal entity: a company
        and its branches.

        :param company: ``res.company`` record; amounts are in its currency
        :return: {commercial partner id: amount}; two queries for any number of them
        """
        ids = tuple(self.ids)
        if not ids:
            return {}
        branches = SQL(
            "SELECT id FROM res_company WHERE parent_path LIKE %s",
            f"{company.root_id.id}/%",
        )
        exposures = dict.fromkeys(ids, 0.0)
        for query in (
            self._credit_receivable_query(ids, branches),
            self._credit_to_invoice_query(ids, branches),
        ):
            for partner_id, amount in self.env.execute_query(query):
                exposures[partner_id] += float(amount or 0.0)
        return {
            partner_id: company.currency_id.round(amount)
            for partner_id, amount in exposures.items()
        }

    def _credit_receivable_query(self, ids, branches):
        self.env["account.move.line"].flush_model(
            ["partner_id", "amount_residual", "reconciled", "parent_state"]
        )
        self.env["res.partner"].flush_model(["commercial_partner_id"])
        return SQL(
            """
            SELECT partner.commercial_partner_id, SUM(line.amount_residual)
              FROM account_move_line line
              JOIN res_partner partner ON partner.id = line.partner_id
              JOIN account_account account ON account.id = line.account_id
             WHERE partner.commercial_partner_id IN %(ids)s
               AND account.account_type = 'asset_receivable'
               AND line.parent_state = 'posted'
               AND line.reconciled IS NOT TRUE
               AND line.company_id IN (%(branches)s)
          GROUP BY partner.commercial_partner_id
            """,
            ids=ids,
            branches=branches,
        )

    def _credit_to_invoice_query(self, ids, branches):
        """Return the query of the confirmed amounts without a posted invoice.

        Odoo's own ``credit_to_invoice`` reads every order, and leaves out what is not
        delivered yet. Quantities are compared, so that a price agreed only in the
        invoice settles its line. Down payments invoiced are deducted: they are part
        of the receivable. An order counts for who gets its invoice, and never
        negatively: what is invoiced in excess is in the receivable too.
        """
        self._flush_to_invoice()
        return SQL(TO_INVOICE, ids=ids, branches=branches)

    def _flush_to_invoice(self):
        """Write down what the query of amounts to invoice reads."""
        self.env["sale.order"].flush_model()
        self.env["sale.order.line"].flush_model()
        self.env["account.move.line"].flush_model(["quantity", "product_uom_id"])
        self.env["account.move"].flush_model(["state", "move_type", "payment_state"])
        self.env["product.template"].flush_model(["invoice_policy"])
        self.env["uom.uom"].flush_model(["factor"])
        self.env["res.partner"].flush_model(["commercial_partner_id"])
