from odoo import api, fields, models, tools
from odoo.tools import SQL

# documents that were changed within so many days are looked at
DAYS = 365
# documents of one kind from which on their records are read all at once
MUCH = 5000
PURCHASED = ["purchase", "done"]
PAID = ["in_process", "paid"]


class ErpAccessReportChain(models.Model):
    """What one person did alone on one chain of documents of trade."""

    _inherit = "erp.access.report.chain"

    @api.model
    def _chains(self):
        """Override to read the chains of purchases, payments, sales and stock."""
        return {
            **super()._chains(),
            "vendor_pay": ("account.payment", self._vendor_pay()),
            "bank_pay": ("account.payment", self._bank_pay()),
            "order_approve": ("purchase.order", self._order_approve()),
            "order_receive": ("purchase.order", self._order_receive()),
            "order_bill": ("purchase.order", self._order_bill()),
            "discount_credit": ("account.move", self._discount_credit()),
            "adjust_book": ("stock.move", self._adjust_book()),
        }

    # -- pieces ------------------------------------------------------------------------

    def _who(self, model, number, name, what):
        """Return who did something with a document, and when first: a LATERAL join.

        :param str model: model of the document
        :param str number: its id, as SQL
        :param str name: alias of the result, with uid and at
        :param SQL what: condition on ``l``, the record of the trail
        """
        return SQL(
            """JOIN (
                   SELECT l.res_id, coalesce(l.real_uid, l.uid) AS uid,
                          min(l.ts) AS at
                     FROM erp_audit_log l
                    WHERE l.source = %(source)s AND %(what)s
                      AND coalesce(l.real_uid, l.uid) > 1
                    GROUP BY 1, 2) %(name)s ON %(name)s.res_id = %(number)s"""
            if self._is_much(model)
            else """JOIN LATERAL (
                   SELECT coalesce(l.real_uid, l.uid) AS uid, min(l.ts) AS at
                     FROM erp_audit_log l
                    WHERE l.source = %(source)s AND l.res_id = %(number)s AND %(what)s
                      AND coalesce(l.real_uid, l.uid) > 1
                    GROUP BY 1) %(name)s ON TRUE""",
            source=self.env["erp.audit.source"]._number(model),
            number=SQL(number),
            what=what,
            name=SQL(name),
        )

    @api.model
    @tools.ormcache("model")
    def _is_much(self, model):
        """Return whether there are so many documents that the trail is read at once.

        Few are looked up one by one, by an index; in a long trail that takes several
        looks for each. The answer may be some days old.
        """
        rows = self.env.execute_query(
            SQL(
                "SELECT greatest(reltuples, relpages) FROM pg_class"
                " WHERE oid = to_regclass(%s)",
                self.env[model]._table,
            )
        )
        return bool(rows) and rows[0][0] > MUCH

    def _made(self, model, number, name="a"):
        return self._who(model, number, name, SQL("l.op = 'c'"))

    def _moved(self, model, number, name, states):
        """Return who brought a document into one of these states."""
        return self._who(
            model,
            number,
            name,
            SQL(
                "(l.op = 'w' AND l.diff->'state'->>1 = ANY(%(states)s)"
                " OR l.op = 'c' AND l.diff->>'state' = ANY(%(states)s))",
                states=states,
            ),
        )

    def _recent(self, name):
        since = fields.Datetime.subtract(fields.Datetime.now(), days=DAYS)
        return SQL("%s.write_date > %s", SQL(name), since)

    def _chain(self, document, reference, joins, where, same="a.uid = b.uid"):
        """Return a chain: the persons of ``a`` and ``b`` are one.

        :param str document: alias of the document with its id
        :param str reference: its name, as SQL
        :param str same: that both are one person; written as a sum where PostgreSQL
            would join by the person instead of by the document
        """
        return SQL(
            """SELECT a.uid AS user_id, %(document)s.id AS res_id,
                      (%(reference)s)::text AS reference,
                      date_trunc('second', min(a.at)) AS first_on,
                      date_trunc('second', max(b.at)) AS second_on
                 FROM %(joins)s
                WHERE %(same)s AND %(where)s GROUP BY 1, 2, 3""",
            same=SQL(same),
            document=SQL(document),
            reference=SQL(reference),
            joins=SQL(" ").join(joins),
            where=where,
        )

    # -- chains ------------------------------------------------------------------------

    def _vendor_pay(self):
        joins = [
            SQL("account_payment p"),
            self._made("res.partner", "p.partner_id"),
            self._moved("account.payment", "p.id", "b", PAID),
        ]
        where = SQL("p.payment_type = 'outbound' AND %s", self._recent("p"))
        return self._chain("p", "coalesce(p.name, p.memo, '#' || p.id)", joins, where)

    def _bank_pay(self):
        """Whoever made a bank account, or changed its number, holder or trust."""
        changed = SQL(
            "(l.op = 'c' OR l.op = 'w' AND l.diff ?| %s)",
            ["acc_number", "allow_out_payment", "partner_id", "active"],
        )
        joins = [
            SQL("account_payment p"),
            self._who("res.partner.bank", "p.partner_bank_id", "a", changed),
            self._moved("account.payment", "p.id", "b", PAID),
        ]
        where = SQL(
            "p.payment_type = 'outbound' AND a.at <= b.at AND %s", self._recent("p")
        )
        return self._chain("p", "coalesce(p.name, p.memo, '#' || p.id)", joins, where)

    def _order_approve(self):
        joins = [
            SQL("purchase_order o"),
            self._made("purchase.order", "o.id"),
            self._moved("purchase.order", "o.id", "b", PURCHASED),
        ]
        return self._chain("o", "o.name", joins, self._recent("o"))

    def _order_receive(self):
        joins = [
            SQL("purchase_order o"),
            SQL(
                """JOIN (SELECT DISTINCT l.order_id, m.picking_id
                           FROM stock_move m
                           JOIN purchase_order_line l ON l.id = m.purchase_line_id
                          WHERE m.picking_id IS NOT NULL AND m.state = 'done') t
                     ON t.order_id = o.id"""
            ),
            self._moved("purchase.order", "o.id", "a", PURCHASED),
            self._moved("stock.picking", "t.picking_id", "b", ["done"]),
        ]
        return self._chain("o", "o.name", joins, self._recent("o"))

    def _order_bill(self):
        joins = [
            SQL("purchase_order o"),
            SQL(
                """JOIN (SELECT DISTINCT l.order_id, i.move_id
                           FROM account_move_line i
                           JOIN purchase_order_line l ON l.id = i.purchase_line_id
                          WHERE i.parent_state = 'posted') t ON t.order_id = o.id"""
            ),
            self._made("purchase.order", "o.id"),
            self._moved("account.move", "t.move_id", "b", ["posted"]),
        ]
        same = "a.uid - b.uid = 0"
        return self._chain("o", "o.name", joins, self._recent("o"), same)

    def _discount_credit(self):
        gave = SQL(
            "(l.op = 'c' AND (l.diff->>'discount')::numeric > 0"
            " OR l.op = 'w' AND (l.diff->'discount'->>1)::numeric > 0)"
        )
        joins = [
            SQL("account_move m"),
            SQL("JOIN account_move_line i ON i.move_id = m.id"),
            SQL("JOIN sale_order_line_invoice_rel r ON r.invoice_line_id = i.id"),
            self._who("sale.order.line", "r.order_line_id", "a", gave),
            self._moved("account.move", "m.id", "b", ["posted"]),
        ]
        where = SQL(
            "m.move_type = 'out_refund' AND m.state = 'posted' AND %s",
            self._recent("m"),
        )
        return self._chain("m", "m.name", joins, where)

    def _adjust_book(self):
        """Whoever adjusted the stock of a product, and booked about it by hand."""
        joins = [
            SQL("stock_move m"),
            SQL("JOIN account_move_line i ON i.product_id = m.product_id"),
            SQL(
                "JOIN account_move e ON e.id = i.move_id AND e.move_type = 'entry'"
                " AND e.state = 'posted'"
            ),
            self._moved("stock.move", "m.id", "a", ["done"]),
            self._moved("account.move", "e.id", "b", ["posted"]),
        ]
        where = SQL(
            "m.is_inventory AND m.state = 'done' AND %s"
            " AND b.at BETWEEN a.at AND a.at + interval '30 days'",
            self._recent("m"),
        )
        return self._chain("m", "coalesce(m.reference, '#' || m.id)", joins, where)
