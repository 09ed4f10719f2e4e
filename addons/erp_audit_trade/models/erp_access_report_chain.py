from odoo import api, fields, models, tools
from odoo.tools import SQL

# documents that were changed within so many days are looked at
DAYS = 365
# so many documents are looked up one by one; of more, the trail is read at once
MUCH = 5000
PURCHASED = ["purchase", "done"]
PAID = ["in_process", "paid"]
PAYMENT = "coalesce(p.name, p.memo, '#' || p.id)"


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

    def _who(self, model, number, name, what, much):
        """Return who did something with a document, and when first: a LATERAL join.

        :param str model: model of the document
        :param str number: its id, as SQL
        :param str name: alias of the result, with uid and at
        :param SQL what: condition on the record of the trail
        :param bool much: whether there are many documents
        """
        return SQL(
            """JOIN (
                   SELECT l.res_id, coalesce(l.real_uid, l.uid) AS uid,
                          min(l.ts) AS at
                     FROM erp_audit_log l
                    WHERE l.source = %(source)s AND %(what)s
                      AND coalesce(l.real_uid, l.uid) > 1
                    GROUP BY 1, 2) %(name)s ON %(name)s.res_id = %(number)s"""
            if much
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
    @tools.ormcache("chain")
    def _is_much(self, chain, documents, where):
        """Return whether there are so many documents that the trail is read at once.

        Few are looked up one by one, by an index; in a long trail that takes several
        looks for each. The answer may be some days old.

        :param str chain: of which
        :param str documents: what to select from
        :param SQL where: which of them
        """
        rows = self.env.execute_query(
            SQL(
                "SELECT count(*) FROM (SELECT FROM %s WHERE %s LIMIT %s) AS rows",
                SQL(documents),
                where,
                MUCH + 1,
            )
        )
        return rows[0][0] > MUCH

    def _made(self, model, number, much, name="a"):
        return self._who(model, number, name, SQL("op = 'c'"), much)

    def _moved(self, model, number, name, states, much):
        """Return who brought a document into one of these states."""
        return self._who(model, number, name, self._reached(states), much)

    @staticmethod
    def _reached(states):
        """Return the condition of the records with which one of these is reached."""
        return SQL(
            "(op = 'w' AND diff->'state'->>1 = ANY(%(states)s)"
            " OR op = 'c' AND diff->>'state' = ANY(%(states)s))",
            states=states,
        )

    def _recent(self, name):
        since = fields.Datetime.subtract(fields.Datetime.now(), days=DAYS)
        return SQL("%s.write_date > %s", SQL(name), since)

    def _chain(self, document, reference, joins, where, number, second, times="TRUE"):
        """Return a chain: the persons of ``a`` and ``b`` are one.

        Documents and ``a`` are joined first, and that both are one is written as a
        sum: PostgreSQL takes what is done for rare, and would join all that a person
        did by the person, or everything with everything.

        :param str document: alias of the document with its id
        :param str reference: its name, as SQL
        :param joins: documents with ``a``
        :param SQL where: which documents
        :param str number: by which ``b`` is found, as SQL
        :param SQL second: the join of ``b`` by ``a.number``
        :param str times: condition on ``a.at`` and ``b.at``
        """
        return SQL(
            """SELECT a.uid AS user_id, a.res_id, a.reference,
                      date_trunc('second', min(a.at)) AS first_on,
                      date_trunc('second', max(b.at)) AS second_on
                 FROM (SELECT %(document)s.id AS res_id, %(number)s AS number,
                              (%(reference)s)::text AS reference, a.uid, a.at
                         FROM %(joins)s WHERE %(where)s OFFSET 0) a
                      %(second)s
                WHERE a.uid - b.uid = 0 AND %(times)s GROUP BY 1, 2, 3""",
            document=SQL(document),
            number=SQL(number),
            reference=SQL(reference),
            joins=SQL(" ").join(joins),
            where=where,
            second=second,
            times=SQL(times),
        )

    # -- chains ------------------------------------------------------------------------

    def _vendor_pay(self):
        where = SQL("p.payment_type = 'outbound' AND %s", self._recent("p"))
        much = self._is_much("vendor_pay", "account_payment p", where)
        made = self._made("res.partner", "p.partner_id", much)
        joins = [SQL("account_payment p"), made]
        paid = self._moved("account.payment", "a.number", "b", PAID, much)
        return self._chain("p", PAYMENT, joins, where, "p.id", paid)

    def _bank_pay(self):
        """Whoever made a bank account, or changed its number, holder or trust."""
        changed = SQL(
            "(op = 'c' OR op = 'w' AND diff ?| %s)",
            ["acc_number", "allow_out_payment", "partner_id", "active"],
        )
        where = SQL(
            "p.payment_type = 'outbound' AND p.partner_bank_id IS NOT NULL AND %s",
            self._recent("p"),
        )
        much = self._is_much("bank_pay", "account_payment p", where)
        who = self._who("res.partner.bank", "p.partner_bank_id", "a", changed, much)
        joins = [SQL("account_payment p"), who]
        paid = self._moved("account.payment", "a.number", "b", PAID, much)
        return self._chain("p", PAYMENT, joins, where, "p.id", paid, "a.at <= b.at")

    def _order_approve(self):
        where = self._recent("o")
        much = self._is_much("order_approve", "purchase_order o", where)
        made = self._made("purchase.order", "o.id", much)
        joins = [SQL("purchase_order o"), made]
        approved = self._moved("purchase.order", "a.number", "b", PURCHASED, much)
        return self._chain("o", "o.name", joins, where, "o.id", approved)

    def _order_receive(self):
        where = self._recent("o")
        much = self._is_much("order_receive", "purchase_order o", where)
        joins = [
            SQL("purchase_order o"),
            SQL(
                """JOIN (SELECT DISTINCT l.order_id, m.picking_id
                           FROM stock_move m
                           JOIN purchase_order_line l ON l.id = m.purchase_line_id
                          WHERE m.picking_id IS NOT NULL AND m.state = 'done') t
                     ON t.order_id = o.id"""
            ),
            self._moved("purchase.order", "o.id", "a", PURCHASED, much),
        ]
        received = self._moved("stock.picking", "a.number", "b", ["done"], much)
        return self._chain("o", "o.name", joins, where, "t.picking_id", received)

    def _order_bill(self):
        where = self._recent("o")
        much = self._is_much("order_bill", "purchase_order o", where)
        joins = [
            SQL("purchase_order o"),
            SQL(
                """JOIN (SELECT DISTINCT l.order_id, i.move_id
                           FROM account_move_line i
                           JOIN purchase_order_line l ON l.id = i.purchase_line_id
                          WHERE i.parent_state = 'posted') t ON t.order_id = o.id"""
            ),
            self._made("purchase.order", "o.id", much),
        ]
        billed = self._moved("account.move", "a.number", "b", ["posted"], much)
        return self._chain("o", "o.name", joins, where, "t.move_id", billed)

    def _discount_credit(self):
        where = SQL(
            "m.move_type = 'out_refund' AND m.state = 'posted' AND %s",
            self._recent("m"),
        )
        documents = """account_move m
            JOIN account_move_line i ON i.move_id = m.id
            JOIN sale_order_line_invoice_rel r ON r.invoice_line_id = i.id"""
        much = self._is_much("discount_credit", documents, where)
        gave = SQL(
            "(op = 'c' AND (diff->>'discount')::numeric > 0"
            " OR op = 'w' AND (diff->'discount'->>1)::numeric > 0)"
        )
        given = self._who("sale.order.line", "r.order_line_id", "a", gave, much)
        credited = self._moved("account.move", "a.number", "b", ["posted"], much)
        joins = [SQL(documents), given]
        return self._chain("m", "m.name", joins, where, "m.id", credited)

    def _adjust_book(self):
        """Whoever adjusted the stock of a product, and booked about it by hand."""
        where = SQL("m.is_inventory AND m.state = 'done' AND %s", self._recent("m"))
        documents = """stock_move m
            JOIN account_move_line i ON i.product_id = m.product_id
            JOIN account_move e ON e.id = i.move_id AND e.move_type = 'entry'
             AND e.state = 'posted'"""
        much = self._is_much("adjust_book", documents, where)
        adjusted = self._moved("stock.move", "m.id", "a", ["done"], much)
        booked = self._moved("account.move", "a.number", "b", ["posted"], much)
        joins = [SQL(documents), adjusted]
        name = "coalesce(m.reference, '#' || m.id)"
        soon = "b.at BETWEEN a.at AND a.at + interval '30 days'"
        return self._chain("m", name, joins, where, "e.id", booked, soon)

    # -- indexes -----------------------------------------------------------------------

    @api.model
    def _deeds(self):
        """Return what is looked for in all of the trail: ``(model, condition)``."""
        return [
            ("account.payment", self._reached(PAID)),
            ("purchase.order", self._reached(PURCHASED)),
            ("stock.picking", self._reached(["done"])),
            ("stock.move", self._reached(["done"])),
            ("account.move", self._reached(["posted"])),
        ]
