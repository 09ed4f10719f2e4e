"""The records of a trail made in SQL: what people do, in which mixture."""

MODELS = {
    "order": "sale.order",
    "line": "sale.order.line",
    "move": "stock.move",
    "bill": "account.move",
    "bill_line": "account.move.line",
    "partner": "res.partner",
    "purchase": "purchase.order",
    "picking": "stock.picking",
    "payment": "account.payment",
    "bank": "res.partner.bank",
    "product": "product.template",
    "tax": "account.tax",
    "user": "res.users",
}


# what the records of an operation are about: n is the order, p the person
RECORDS = """
INSERT INTO erp_audit_log (id, ts, tx, op, source, res_id, other, other_id, uid,
                           real_uid, login, company, ip, session, route, action, event,
                           diff)
SELECT i,
       {start}::timestamp + (i::float8 / {rows}) * ({end}::timestamp - {start}),
       1 + i / 4, op, source, res_id, other, other_id,
       {person} + p, {person} + p, 'bench_person' || p,
       CASE WHEN p % 10 = 9 THEN {second} ELSE {first} END,
       '10.0.' || p % 200 || '.' || 7 + (i / 200000) % 2, md5(p::text)::varchar(16),
       '/web/dataset/call_kw/' || model || '/write', model || '.' || method, event, diff
  FROM generate_series({low}::bigint, {high}) AS i,
       -- numbers by chance, the same in each run
       LATERAL (SELECT hashint8(i / 4) & 2147483647 AS h) chance,
       LATERAL (SELECT i % 100 AS k,
                       CASE WHEN h % 1000 < 300 THEN 0
                            ELSE h / 1000 % {people} END AS p,
                       CASE WHEN i / 100 % {every} = 0 AND i % 100 BETWEEN 20 AND 29
                            THEN {busy}
                            ELSE 1 + (hashint8(i / 4 + 77) & 2147483647) % {orders}
                            END AS n) who,
       LATERAL (SELECT * FROM (
{kinds}
       ) one (op, source, res_id, other, other_id, model, method, event, diff)) what
"""
# (first and last of a hundred records, op, kind, its number, method, event, values)
KINDS = (
    (0, 19, "w", "line", "{line} + (n - 1) * 3 + 1 + i % 3", "write", None,
     """jsonb_build_object('price_unit', jsonb_build_array(i % 1000, i % 977),
            'product_uom_qty', jsonb_build_array(i % 7, i % 11),
            'price_subtotal', jsonb_build_array(i % 7000, i % 10747))"""),
    (20, 29, "w", "order", "{order} + n", "action_confirm", None,
     """jsonb_build_object('state', jsonb_build_array('draft', 'sale'),
            'amount_total', jsonb_build_array(i % 1000, i % 977),
            'note', jsonb_build_array(NULL, 'as agreed by phone no. ' || i))"""),
    (30, 44, "w", "move", "{move} + n", "button_validate", None,
     """jsonb_build_object('state', jsonb_build_array('assigned', 'done'),
            'quantity', jsonb_build_array(0, i % 13), 'picked',
            jsonb_build_array(false, true))"""),
    (45, 54, "c", "bill_line", "{bill_line} + n", "create", None,
     """jsonb_build_object('move_id', {bill} + n, 'partner_id',
            {customer} + 1 + n * 13 % {customers}, 'account_id', 20 + i % 30,
            'name', 'Goods ' || n, 'quantity', i % 9, 'price_unit', i % 500,
            'debit', i % 700, 'credit', 0, 'balance', i % 700, 'currency_id', 1,
            'company_id', {first}, 'journal_id', 1 + i % 6,
            'display_type', 'product')"""),
    (55, 61, "w", "bill", "{bill} + n", "action_post", None,
     """jsonb_build_object('payment_state', jsonb_build_array('not_paid', 'paid'),
            'amount_residual', jsonb_build_array(i % 900, 0))"""),
    (62, 62, "w", "bill", "{bill} + n", "action_post", None,
     """jsonb_build_object('state', jsonb_build_array('draft', 'posted'),
            'name', jsonb_build_array('/', 'BILL/' || i))"""),
    (63, 67, "c", "order", "{order} + n", "create", None,
     """jsonb_build_object('name', 'B' || n, 'partner_id',
            {customer} + 1 + n * 13 % {customers}, 'company_id', {first}, 'user_id',
            {person} + p, 'state', 'draft', 'amount_total', i % 5000, 'currency_id', 1,
            'pricelist_id', NULL, 'date_order', '2026-01-01 10:00:00', 'note', NULL,
            'client_order_ref', 'PO' || i, 'picking_policy', 'direct')"""),
    (68, 77, "c", "line", "{line} + (n - 1) * 3 + 1 + i % 3", "create", None,
     """jsonb_build_object('order_id', {order} + n, 'name', 'Goods ' || n,
            'product_id', 1 + i % 20, 'product_uom_qty', i % 9, 'price_unit', i % 500,
            'discount', CASE WHEN i % 50 = 0 THEN 5 ELSE 0 END,
            'order_partner_id', {customer} + 1 + n * 13 % {customers},
            'company_id', {first}, 'state', 'draft', 'sequence', 10)"""),
    (78, 81, "c", "move", "{move} + n", "action_confirm", None,
     """jsonb_build_object('product_id', 1 + i % 20, 'product_uom_qty', i % 9,
            'state', 'draft', 'location_id', 8, 'location_dest_id', 5, 'partner_id',
            {customer} + 1 + n * 13 % {customers}, 'company_id', {first})"""),
    (82, 83, "w", "partner", "{customer} + 1 + n * 13 % {customers}", "web_save", None,
     """jsonb_build_object('phone', jsonb_build_array('+1 555 ' || i % 9999,
            '+1 555 ' || i % 9973))"""),
    (84, 88, "l", "line", "{line} + (n - 1) * 3 + 1 + i % 3", "create", None,
     """jsonb_build_object('tax_ids', NULL)"""),
    (89, 90, "d", "line", "{line} + 1000000 + i / 100", "unlink", None,
     """jsonb_build_object('order_id', {order} + n, 'name', 'Goods that went ' || n,
            'product_id', 1 + i % 20, 'product_uom_qty', i % 9, 'price_unit', i % 500,
            'order_partner_id', {customer} + 1 + n * 13 % {customers},
            'company_id', {first}, 'state', 'draft')"""),
    (91, 91, "d", "order", "{order} + 1000000 + i / 100", "unlink", None,
     """jsonb_build_object('name', 'GONE' || i / 100, 'partner_id',
            CASE WHEN i / 100 % 2000 = 0 THEN {most}
                 ELSE {customer} + 1 + n * 13 % {customers} END,
            'company_id', {first}, 'state', 'cancel', 'user_id', {person} + p)"""),
    (92, 92, "c", "purchase", "{purchase} + n", "create", None,
     """jsonb_build_object('name', 'P' || n, 'partner_id',
            {customer} + 1 + n * 13 % {customers}, 'company_id', {first},
            'state', 'draft', 'amount_total', i % 5000)"""),
    (93, 93, "w", "purchase", "{purchase} + n", "button_confirm", None,
     """jsonb_build_object('state', jsonb_build_array('draft', 'purchase'),
            'partner_id', jsonb_build_array({customer} + 1 + i % {customers},
            {customer} + 1 + n * 13 % {customers}))"""),
    (94, 94, "w", "picking", "{picking} + n", "button_validate", None,
     """jsonb_build_object('state', jsonb_build_array('assigned', 'done'))"""),
    (95, 95, "w", "payment", "{payment} + n", "action_validate", None,
     """jsonb_build_object('state', jsonb_build_array('draft', 'paid'))"""),
    (96, 96, "e", "user", "{person} + p", "authenticate", "'login'",
     """jsonb_build_object('type', 'password', 'device',
            md5((p + i / 100 / 7000)::text)::varchar(12))"""),
    (97, 97, "e", "bank", "NULL", "web_search_read",
     """CASE i / 100 % 20 WHEN 0 THEN 'export' WHEN 1 THEN 'export' WHEN 2 THEN 'denied'
             WHEN 3 THEN 'download' WHEN 4 THEN 'print' WHEN 5 THEN 'print'
             WHEN 6 THEN 'login_failed' WHEN 7 THEN 'trail_read' ELSE 'read' END""",
     """jsonb_build_object('count', 1 + i / 100 % 60, 'ids',
            jsonb_build_array(i % 5000, i % 4999), 'login', 'bench_person' || p)"""),
    (98, 98, "w", "product", "1 + i % 20", "web_save", None,
     """jsonb_build_object('list_price', jsonb_build_array(i % 100, i % 101),
            'active', jsonb_build_array(true, i % 3 > 0))"""),
    (99, 99, "u", "line", "{line} + (n - 1) * 3 + 1 + i % 3", "write", None,
     """jsonb_build_object('tax_ids', NULL)"""),
)  # fmt: skip


def query(values, low, high):
    """Return the INSERT of the records with some numbers.

    :param dict values: what they are made of, see :meth:`.audit_data.Trail.values`
    """
    text = RECORDS.replace("{kinds}", _kinds(values))
    return text.format(**values, low=low, high=high)


def _kinds(values):
    """Return the records of an operation as a chain of SELECTs."""
    parts = []
    for low, high, op, kind, number, method, event, diff in KINDS:
        linked = (
            f"{values['tax_source']}, (1 + i % 3)::integer"
            if op in "lu"
            else "NULL::integer, NULL::integer"
        )
        parts.append(
            f"SELECT '{op}', {values[f'{kind}_source']}, ({number})::integer,"
            f" {linked}, '{MODELS[kind]}', '{method}', {event or 'NULL::text'},"
            f" {diff} WHERE k BETWEEN {low} AND {high}"
        )
    text = "\nUNION ALL ".join(parts)
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", str(value))
    return text
