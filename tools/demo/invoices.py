"""Invoices of delivered orders, and what the customers paid."""

from datetime import timedelta

from dateutil.relativedelta import relativedelta

from tools.demo import users

PAID = 0.85


def invoice(demo, orders, delivered):
    """Invoice `orders` some days after they were `delivered` {order: moment}."""
    rng = demo.chance("invoices")
    accountant = users.user(demo, "he.jing")
    orders.with_user(accountant)._create_invoices(grouped=True)
    moves = orders.invoice_ids.sorted("id")
    for move in moves:
        order = move.line_ids.sale_line_ids.order_id[:1]
        day = delivered[order].date() + timedelta(days=rng.randint(0, 4))
        move.invoice_date = min(day, demo.today)
    # In order of time, as the numbers are.
    moves = moves.sorted(lambda move: (move.invoice_date, move.id))
    moves.with_user(accountant).action_post()
    return moves


def pay(demo, invoices):
    """Register the payment of most of the `invoices` that are due."""
    rng = demo.chance("payments")
    paid = {}
    for move in invoices:
        due = move.invoice_date_due or move.invoice_date
        day = max(move.invoice_date, due + timedelta(days=rng.randint(-12, 9)))
        if day <= demo.today and rng.random() < PAID:
            # The bank statement of the month lists them together.
            statement = day + relativedelta(day=31)
            paid.setdefault(min(statement, demo.today), []).append(move.id)
    register = demo.env["account.payment.register"]
    register = register.with_user(users.user(demo, "he.jing"))
    for day, ids in sorted(paid.items()):
        register.with_context(active_model="account.move", active_ids=ids).create(
            {"payment_date": day, "group_payment": True}
        ).action_create_payments()
    return sum(map(len, paid.values()))
