"""What is on hand, and the deliveries of the past."""

import math
from datetime import timedelta

from tools.demo import catalog, users

WAREHOUSE = "深圳仓库 Shenzhen"
# Share of the products that are out of stock.
SOLD_OUT = 0.14
OPENED = 430  # days ago


def take_inventory(demo, needed):
    """Count the stock: enough to deliver `needed` {product: quantity}, and some more.

    :return: how many products are on hand afterwards, when all of that is delivered
    """
    rng = demo.chance("stock")
    lots = {family.code: family.lot for family in catalog.FAMILIES}
    warehouse = demo.env["stock.warehouse"].search(
        [("company_id", "=", demo.env.company.id)], limit=1
    )
    # Odoo gives it the company's name.
    warehouse.name = WAREHOUSE
    values, on_hand = [], 0
    templates = demo.named("product.template", "product_").filtered("active")
    for template in templates.filtered("is_storable"):
        product = template.product_variant_id
        lot = lots[template.default_code.rsplit("-", 1)[0]]
        free = 0 if rng.random() < SOLD_OUT else math.ceil(lot * rng.uniform(2, 40))
        if template.sale_ok:
            on_hand += bool(free)
        if free or product in needed:
            values.append(
                {
                    "product_id": product.id,
                    "location_id": warehouse.lot_stock_id.id,
                    "inventory_quantity": free + needed.get(product, 0),
                }
            )
    counting = demo.env["stock.quant"].with_context(inventory_mode=True)
    counting.create(values).action_apply_inventory(demo.moment(OPENED))
    return on_hand


def deliver(demo, moments, partly=()):
    """Ship the orders {order: moment}, those in `partly` only to a half."""
    orders = demo.env["sale.order"].concat(*moments)
    pickings = orders.picking_ids.filtered(lambda p: p.state not in ("done", "cancel"))
    pickings = pickings.with_user(users.user(demo, "ma.chao"))
    for picking in pickings:
        if picking.sale_id in partly:
            for move in picking.move_ids:
                move.quantity = math.ceil(move.product_uom_qty / 2)
    pickings.with_context(skip_backorder=True, skip_sms=True).button_validate()
    for picking in pickings.sudo():
        if picking.state == "done":
            picking.date_done = moments[picking.sale_id]
            # The moves and what is late are computed from these.
            picking.move_line_ids.date = picking.date_done
    return pickings


def plan(demo, orders):
    """Date the deliveries of `orders` by the day on which they were ordered.

    Odoo counted from the moment when they were confirmed here.
    """
    deadlines = {}
    for move in orders.picking_ids.move_ids:
        line = move.sale_line_id
        promised = line.order_id.date_order + timedelta(days=line.customer_lead)
        deadlines[move] = line.order_id.commitment_date or promised
    moves = demo.env["stock.move"].concat(*deadlines)
    demo.backdate(moves, "date_deadline", deadlines.values())
    waiting = moves.filtered(lambda move: move.state != "done")
    demo.backdate(waiting, "date", [deadlines[move] for move in waiting])
    pickings = moves.picking_id
    earliest = [min(deadlines[move] for move in p.move_ids) for p in pickings]
    for column in ("scheduled_date", "date_deadline"):
        demo.backdate(pickings, column, earliest)
