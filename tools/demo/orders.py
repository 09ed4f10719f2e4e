"""A year of business: orders, deliveries, invoices, purchases, open quotations."""

from datetime import timedelta

from odoo.fields import Command

from tools.demo import catalog, invoices, stock, users
from tools.demo.partners import KEY_ACCOUNTS, weighted

HISTORY = 150
# How long the history reaches back, and how young its last orders are, in days.
OLDEST, YOUNGEST = 410, 3
# Older orders than this are mostly delivered, and all of them after some months.
DELIVERED_AFTER, FORGOTTEN_AFTER = 24, 75
PARTLY_DELIVERED = 6
# State of an order that was never confirmed: how many.
PIPELINE = {"draft": 20, "sent": 16, "cancel": 9}
PURCHASES = {"received": 12, "purchase": 7, "draft": 5}

VALID = timedelta(days=30)
DISCOUNTS = ((0, 60), (2, 12), (3, 10), (5, 12), (8, 6))
LINES = ((1, 18), (2, 26), (3, 24), (4, 16), (5, 9), (6, 5), (8, 2))
# How many typical lots are ordered at once.
LOTS = ((0.5, 12), (1, 34), (2, 26), (3, 14), (5, 10), (10, 4))


class Market:
    """Who buys what: customers by importance, products by category."""

    def __init__(self, demo, name):
        self.demo = demo
        self.rng = demo.chance(name)
        customers = demo.named("res.partner", "customer_").filtered("is_company")
        if demo.has("res.partner", "sale_blocked"):
            customers = customers.filtered(lambda partner: not partner.sale_blocked)
        # The first are key accounts and buy most; without an address nobody buys.
        others = list(customers.filtered("street")[KEY_ACCOUNTS:])
        demo.chance("importance").shuffle(others)
        ranked = [*customers[:KEY_ACCOUNTS], *others]
        self.customers = [
            (customer, 1 / (10 + rank)) for rank, customer in enumerate(ranked)
        ]
        self.lots = {family.code: family.lot for family in catalog.FAMILIES}
        self.goods, self.services = [], []
        for template in demo.named("product.template", "product_"):
            if template.active and template.sale_ok:
                kind = self.services if template.type == "service" else self.goods
                kind.append(template.product_variant_id)

    def customer(self):
        """Return a customer, the important ones more often."""
        return weighted(self.rng, self.customers)

    def quantity(self, product, factor=1.0):
        """Return how much of `product` an order takes."""
        lot = self.lots[product.default_code.rsplit("-", 1)[0]]
        return max(1, round(lot * factor * weighted(self.rng, LOTS)))

    def line(self, product, **values):
        """Return the command for an order line."""
        line = {
            "product_id": product.id,
            "product_uom_qty": self.quantity(product),
            "discount": weighted(self.rng, DISCOUNTS),
        }
        return Command.create({**line, **values})

    def lines(self):
        """Return the commands for the lines of an order."""
        count = weighted(self.rng, LINES)
        products = self.rng.sample(self.goods, count)
        lines = [self.line(product) for product in products]
        if self.rng.random() < 0.15:
            service = self.rng.choice(self.services)
            lines.append(self.line(service, discount=0))
        return lines

    def order(self, days, customer=None, **values):
        """Return the values of an order placed `days` ago."""
        customer = customer or self.customer()
        moment = self.demo.moment(
            days, self.rng.randint(8, 18), self.rng.randint(0, 59)
        )
        order = {
            "partner_id": customer.id,
            "user_id": customer.user_id.id,
            "date_order": moment,
            "validity_date": moment.date() + VALID,
            "order_line": self.lines(),
        }
        if self.rng.random() < 0.5:
            number = self.rng.randint(1000, 9999)
            order["client_order_ref"] = f"PO{moment:%y%m}-{number}"
        if self.rng.random() < 0.35:
            lead = timedelta(days=self.rng.randint(10, 45))
            order["commitment_date"] = moment + lead
        return {**order, **values}


def create(demo, values):
    """Create the orders {name: values} as their salespeople; return them.

    Their date of creation is the one of the order, and so go their numbers.
    """
    sequence = demo.env["ir.sequence"]
    by_seller = {}
    for name, vals in sorted(values.items(), key=lambda item: item[1]["date_order"]):
        vals["name"] = sequence.next_by_code("sale.order")
        by_seller.setdefault(vals["user_id"], {})[name] = vals
    for user_id, batch in by_seller.items():
        demo.make("sale.order", batch, demo.env["res.users"].browse(user_id))
    orders = demo.env["sale.order"].concat(*(demo.ref(name) for name in values))
    moments = [vals["date_order"] for vals in values.values()]
    demo.backdate(orders, "create_date", moments)
    return orders


def confirm(demo, orders):
    """Confirm `orders` as their salespeople, on the day of their date."""
    moments = dict(zip(orders, orders.mapped("date_order"), strict=True))
    for user, batch in orders.grouped("user_id").items():
        batch.with_user(user).action_confirm()
    demo.backdate(orders, "date_order", moments.values())
    # The rate of that day.
    abroad = orders.filtered(lambda o: o.currency_id != o.company_id.currency_id)
    abroad._compute_currency_rate()


def make_history(demo):
    """Make confirmed orders, most of them delivered, invoiced and paid."""
    if not demo.has("sale.order"):
        return None
    market = Market(demo, "history")
    # More orders lately than a year ago: the company grows.
    span = OLDEST - YOUNGEST
    ages = sorted(
        (YOUNGEST + round(span * market.rng.random() ** 1.25) for _ in range(HISTORY)),
        reverse=True,
    )
    orders = create(
        demo,
        {f"order_{n:03d}": market.order(age) for n, age in enumerate(ages, 1)},
    )
    if not demo.has("sale.order", "picking_ids"):
        confirm(demo, orders)
        return f"{len(orders)} orders"
    return _deliver_and_invoice(demo, market, dict(zip(orders, ages, strict=True)))


def _deliver_and_invoice(demo, market, ages):
    """Confirm the orders {order: age in days} and bring the old ones to their end."""
    delivered = {
        order: demo.moment(max(age - market.rng.randint(4, 22), 1), 15)
        for order, age in ages.items()
        if age > FORGOTTEN_AFTER
        or (age > DELIVERED_AFTER and market.rng.random() < 0.85)
    }
    needed = {}
    for order in delivered:
        for line in order.order_line.filtered("product_id.is_storable"):
            quantity = needed.get(line.product_id, 0) + line.product_uom_qty
            needed[line.product_id] = quantity
    stock.take_inventory(demo, needed)
    empty = demo.env["sale.order"]
    done = empty.concat(*delivered)
    waiting = empty.concat(*ages) - done
    # First come, first served: the old orders reserve the stock.
    confirm(demo, done)
    partly = done[-PARTLY_DELIVERED:]
    stock.deliver(demo, delivered, partly)
    confirm(demo, waiting)
    stock.plan(demo, done + waiting)
    moves = invoices.invoice(demo, done - partly, delivered)
    paid = invoices.pay(demo, moves)
    return (
        f"{len(ages)} orders, {len(done)} delivered, {len(moves)} invoiced, {paid} paid"
    )


def make_pipeline(demo):
    """Make quotations: new, sent and lost."""
    if not demo.has("sale.order"):
        return None
    market = Market(demo, "pipeline")
    states = [state for state, count in PIPELINE.items() for _ in range(count)]
    values = {
        f"quotation_{n:02d}": market.order(market.rng.randint(0, 45))
        for n, _state in enumerate(states, 1)
    }
    orders = create(demo, values)
    chosen = dict(zip(orders, states, strict=True))
    for user, batch in orders.grouped("user_id").items():
        batch = batch.with_user(user)
        batch.filtered(lambda o: chosen[o] != "draft").action_quotation_sent()
        batch.filtered(lambda o: chosen[o] == "cancel").action_cancel()
    return f"{len(orders)} quotations"


def make_purchases(demo):
    """Buy from the suppliers: received, on the way and still asked for."""
    if not demo.has("purchase.order", "picking_ids"):
        return None
    values, states, ages = _plan_purchases(demo)
    buyer = users.user(demo, "huang.tao")
    orders = demo.make("purchase.order", values, buyer)
    demo.backdate(orders, "create_date", [demo.moment(age) for age in ages])
    chosen = dict(zip(orders, states, strict=True))
    placed = orders.filtered(lambda order: chosen[order] != "draft")
    placed.with_user(buyer).button_confirm()
    received = orders.filtered(lambda order: chosen[order] == "received")
    pickings = received.picking_ids.with_user(users.user(demo, "ma.chao"))
    pickings.with_context(skip_backorder=True, skip_sms=True).button_validate()
    for order, age in zip(orders, ages, strict=True):
        if order in placed:
            order.date_approve = demo.moment(age, 14)
        for picking in order.picking_ids.filtered(lambda p: p.state == "done"):
            picking.date_done = demo.moment(age - 12, 11)
    return f"{len(orders)} orders, {len(received)} received"


def _plan_purchases(demo):
    """Return ({name: values}, how far each is to come, its age in days)."""
    rng = demo.chance("purchases")
    lots = {family.code: family.lot for family in catalog.FAMILIES}
    sources = {}
    for price in demo.named("product.supplierinfo", "price_"):
        product = price.product_tmpl_id.product_variant_id
        if product:
            sources.setdefault(price.partner_id, []).append(product)
    states = [state for state, count in PURCHASES.items() for _ in range(count)]
    values, ages = {}, []
    for number, state in enumerate(states, 1):
        age = rng.randint(40, 400) if state == "received" else rng.randint(1, 20)
        supplier = rng.choice(list(sources))
        lines = []
        for product in rng.sample(sources[supplier], min(3, len(sources[supplier]))):
            lot = lots[product.default_code.rsplit("-", 1)[0]]
            line = {"product_id": product.id, "product_qty": 5 * lot}
            lines.append(Command.create(line))
        ages.append(age)
        values[f"purchase_{number:02d}"] = {
            "partner_id": supplier.id,
            "date_order": demo.moment(age),
            "date_planned": demo.moment(age - 14),
            "order_line": lines,
        }
    return values, states, ages
