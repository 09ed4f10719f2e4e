"""A company of some size, and what its trail of two years holds, made in SQL.

The documents are cloned from real examples, the records tell what people did to them:
four records to an operation, one person in 200 does 30 % of all.
"""

from datetime import date

from dateutil.relativedelta import relativedelta

from tools.bench.audit_kinds import MODELS, query
from tools.bench.million_data import History
from tools.bench.scene import create_user
from tools.output import note

MONTHS = 20
CHUNK = 1_000_000
PEOPLE = 200
TEAM = 20
CUSTOMERS = 10_000
ORDERS = 100_000
BOUGHT = 100_000
LINES = 3
# documents of the customer who has most
MOST = 3_000
# the order that is changed all the time, and one that is not
BUSY, QUIET = 5, ORDERS + 1


class Trail:
    """Makes the documents and the records."""

    def __init__(self, env):
        self._env = env(context={"no_reset_password": True, "tracking_disable": True})
        self._cr = env.cr
        self._history = History(self._env)

    # -- people and documents ----------------------------------------------------------

    def make_documents(self):
        """Create people, customers, orders, purchases, transfers, bills, payments."""
        self._make_people()
        note(f"{PEOPLE} people")
        self._make_examples()
        self._clone_all()
        self._cr.commit()
        note(f"{ORDERS:,} orders, {BOUGHT:,} purchases with transfers and bills")

    def _make_people(self):
        env = self._env
        second = env["res.company"].create({"name": "Second company"})
        companies = env.company | second
        roles = ["base.group_user", "sales_team.group_sale_salesman_all_leads"]
        boss = self._person("manager", [*roles, "erp_audit.group_tier_management"])
        for number in range(PEOPLE):
            values = {"approval_manager_id": boss.id} if number < TEAM else {}
            company = second if number % 10 == 9 else env.company
            values["company_id"] = company.id
            self._person(f"person{number}", roles, **values)
        groups = ["base.group_user", "erp_audit.group_audit_auditor"]
        values = {"company_ids": [(6, 0, companies.ids)]}
        self._person("auditor", groups, **values)
        groups = ["base.group_user", "erp_audit.group_tier_decision"]
        self._person("director", groups, **values)
        self._person("newcomer", roles)
        groups = ["base.group_user", "erp_audit.group_access_manager"]
        self._person("governor", groups, **values)

    def _person(self, login, groups, company_id=None, company_ids=None, **values):
        company_id = company_id or self._env.company.id
        company_ids = company_ids or [(6, 0, [company_id])]
        return create_user(
            self._env,
            login,
            groups,
            company_id=company_id,
            company_ids=company_ids,
            **values,
        )

    def _make_examples(self):
        """Make one of each document, by the real methods."""
        env = self._env
        partner = env["res.partner"].create(
            {"name": "Bench customer 0", "is_company": True, "email": "c@bench.example"}
        )
        product = env["product.product"].create(
            {"name": "Bench product", "list_price": 100.0, "is_storable": True}
        )
        line = {"product_id": product.id, "product_uom_qty": 1, "price_unit": 100.0}
        env["sale.order"].create(
            {"partner_id": partner.id, "order_line": [(0, 0, line)]}
        )
        line = {"product_id": product.id, "product_qty": 1, "price_unit": 60.0}
        purchase = env["purchase.order"].create(
            {"partner_id": partner.id, "order_line": [(0, 0, line)]}
        )
        purchase.button_confirm()
        purchase.picking_ids.move_ids.quantity = 1
        purchase.picking_ids.move_ids.picked = True
        purchase.picking_ids.button_validate()
        purchase.action_create_invoice()
        bill = purchase.invoice_ids
        bill.invoice_date = date.today()
        bill.action_post()
        payment = env["account.payment"].create(
            {
                "payment_type": "outbound",
                "partner_type": "supplier",
                "partner_id": partner.id,
                "amount": 60.0,
            }
        )
        payment.action_post()
        self._cr.flush()
        states = purchase.state, purchase.picking_ids.state, bill.state, payment.state
        if states != ("purchase", "done", "posted", "paid") and states[3] == "draft":
            raise AssertionError(states)

    def _last(self, table, condition="TRUE"):
        return self._history._last(table, condition)

    def bases(self):
        """Return the number after which the copies of each document begin."""
        bases = {
            "customer": self._last("res_partner", "name = 'Bench customer 0'"),
            "order": self._last("sale_order", "name NOT LIKE 'B%'"),
            "purchase": self._last("purchase_order", "name NOT LIKE 'BP%'"),
            "picking": self._last("stock_picking", "name NOT LIKE 'BT%'"),
            "move": self._last("stock_move", "reference NOT LIKE 'BT%'"),
            "bill": self._last("account_move", "name NOT LIKE 'BB%'"),
            "payment": self._last("account_payment", "memo IS NULL"),
            "person": self._last("res_users", "login = 'bench_person0'"),
            "product": self._last(
                "product_template", "name->>'en_US' = 'Bench product'"
            ),
        }
        for kind, table, document in (
            ("line", "sale_order_line", f"order_id <= {bases['order']}"),
            (
                "purchase_line",
                "purchase_order_line",
                f"order_id <= {bases['purchase']}",
            ),
            ("bill_line", "account_move_line", f"move_id <= {bases['bill']}"),
        ):
            bases[kind] = self._last(table, document)
        bases["most"] = bases["customer"] + CUSTOMERS + 1
        return bases

    def _clone_all(self):
        clone = self._history._clone
        base = self.bases()
        numbers = f"SELECT n FROM generate_series(1, {ORDERS + 1}) n"
        clone(
            "res_partner",
            base["customer"],
            f"SELECT n FROM generate_series(1, {CUSTOMERS + 1}) n",
            id=f"{base['customer']} + n",
            name="'Customer ' || n",
            complete_name="'Customer ' || n",
            commercial_partner_id=f"{base['customer']} + n",
        )
        partner = f"{base['customer']} + 1 + n * 13 % {CUSTOMERS}"
        most = f"CASE WHEN n <= {MOST} THEN {base['most']} ELSE {partner} END"
        seller = f"{base['person']} + n % {PEOPLE}"
        moment = (
            f"now() AT TIME ZONE 'UTC' - interval '600 days' * (1 - n / {ORDERS}.0)"
        )
        clone(
            "sale_order",
            base["order"],
            numbers,
            id=f"{base['order']} + n",
            name="'B' || n",
            partner_id=most,
            partner_invoice_id=most,
            partner_shipping_id=most,
            user_id=seller,
            access_token="NULL",
            date_order=moment,
            create_date=moment,
            write_date=moment,
        )
        clone(
            "sale_order_line",
            base["line"],
            f"SELECT n, k FROM ({numbers}) o, generate_series(1, {LINES}) k",
            id=f"{base['line']} + (n - 1) * {LINES} + k",
            order_id=f"{base['order']} + n",
            order_partner_id=most,
            salesman_id=seller,
        )
        self._clone_purchases(base, partner, moment)

    def _clone_purchases(self, base, partner, moment):
        """Clone purchases, and what has followed from each."""
        values = {"partner_id": partner, "create_date": moment, "write_date": moment}
        self._clone_bought(
            "purchase_order", base, "purchase", name="'BP' || n", **values
        )
        self._clone_bought(
            "purchase_order_line",
            base,
            "purchase_line",
            example=self._last("purchase_order_line"),
            order_id=f"{base['purchase']} + n",
            **values,
        )
        self._clone_transfers(base, values)
        self._clone_bills(base, values)

    def _clone_bought(self, table, base, kind, example=None, **values):
        """Clone one row of a table for each purchase."""
        self._history._clone(
            table,
            example or base[kind],
            f"SELECT n FROM generate_series(1, {BOUGHT}) n",
            id=f"{base[kind]} + n",
            **{"access_token": "NULL", **values},
        )

    def _clone_transfers(self, base, values):
        self._clone_bought("stock_picking", base, "picking", name="'BT' || n", **values)
        self._clone_bought(
            "stock_move",
            base,
            "move",
            reference="'BT' || n",
            picking_id=f"{base['picking']} + n",
            purchase_line_id=f"{base['purchase_line']} + n",
            create_date=values["create_date"],
            write_date=values["write_date"],
        )

    def _clone_bills(self, base, values):
        self._clone_bought(
            "account_move",
            base,
            "bill",
            name="'BB' || n",
            sequence_prefix="'BB'",
            sequence_number="n",
            payment_reference="'BB' || n",
            origin_payment_id="NULL",
            commercial_partner_id=values["partner_id"],
            **values,
        )
        self._clone_bought(
            "account_move_line",
            base,
            "bill_line",
            example=self._last("account_move_line", "purchase_line_id IS NOT NULL"),
            move_id=f"{base['bill']} + n",
            move_name="'BB' || n",
            purchase_line_id=f"{base['purchase_line']} + n",
            **values,
        )
        self._clone_bought(
            "account_payment",
            base,
            "payment",
            name="'BY' || n",
            memo="'BY' || n",
            move_id="NULL",
            **values,
        )

    # -- the trail ---------------------------------------------------------------------

    def values(self, rows):
        """Return what the records are made of."""
        number = self._env["erp.audit.source"]._number
        companies = self._env["res.company"].search([], order="id")
        start = date.today().replace(day=1) - relativedelta(months=MONTHS - 1)
        return {
            **self.bases(),
            **{f"{kind}_source": number(name) for kind, name in MODELS.items()},
            "rows": rows,
            "start": f"timestamp '{start}'",
            "end": "(date_trunc('minute', now() AT TIME ZONE 'UTC'))",
            "first": companies[0].id,
            "second": companies[-1].id,
            "customers": CUSTOMERS,
            "orders": ORDERS,
            "people": PEOPLE,
            "busy": BUSY,
            "every": max(rows // 50_000, 1),
        }

    def make_records(self, rows):
        """Fill the trail, without its indexes, which are made afterwards."""
        from odoo.addons.erp_audit import store

        values = self.values(rows)
        month = date.today().replace(day=1) - relativedelta(months=MONTHS - 1)
        for _number in range(MONTHS):
            if store.partition_name(month) not in store.partitions(self._cr):
                store._make_partition(self._cr, month)
            month = store.month_after(month)
        self._empty()
        indexes = self._drop_indexes()
        for low in range(1, rows + 1, CHUNK):
            high = min(low + CHUNK - 1, rows)
            self._cr.execute(query(values, low, high))
            self._cr.commit()
            note(f"{high:,} records")
        self._make_quiet(rows, values)
        for definition in indexes:
            self._cr.execute(definition.replace(" ON ONLY ", " ON "))
            self._cr.commit()
        note("indexes made")

    def _empty(self):
        for table in ("erp_audit_log", "erp_audit_chain", "erp_audit_rollup"):
            self._cr.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            self._cr.execute(f"DELETE FROM {table}")
            self._cr.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        self._cr.execute("UPDATE erp_audit_rollup_mark SET seq = 0")

    def _drop_indexes(self):
        self._cr.execute(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid)"
            " FROM pg_index"
            " WHERE indrelid = 'erp_audit_log'::regclass AND NOT indisprimary"
        )
        indexes = self._cr.fetchall()
        for name, _definition in indexes:
            self._cr.execute(f"DROP INDEX {name}")
        return [definition for _name, definition in indexes]

    def _make_quiet(self, rows, values):
        """Record five changes of an order to which nothing else happens."""
        self._cr.execute(
            f"""INSERT INTO erp_audit_log (id, ts, tx, op, source, res_id, uid,
                       real_uid, login, company, ip, action, diff)
                SELECT {rows} + i, {values["end"]}, {rows} / 4 + 1 + i,
                       CASE i WHEN 1 THEN 'c' ELSE 'w' END, {values["order_source"]},
                       {values["order"]} + {QUIET}, {values["person"]} + 5,
                       {values["person"]} + 5, 'bench_person5', {values["first"]},
                       '10.0.5.7', 'sale.order.web_save', CASE i WHEN 1 THEN
                       jsonb_build_object('name', 'B', 'state', 'draft') ELSE
                       jsonb_build_object('note', jsonb_build_array('a', 'b' || i)) END
                  FROM generate_series(1, 5) i"""
        )
        self._cr.execute(
            "SELECT setval('erp_audit_log_id_seq', max(id)) FROM erp_audit_log"
        )
        self._cr.commit()

    def close_months(self):
        """Index the months that are over; return how many indexes were made."""
        number = self._env["erp.audit.closed"]._index()
        self._cr.commit()
        return number
