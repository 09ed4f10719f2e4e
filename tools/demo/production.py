"""What the factory makes, and the orders that it is working on."""

from odoo.fields import Command

from tools.demo import orders, users

# Product: its components (product, quantity), numbered as in the catalogue.
BILLS = {
    "cab_1": (("hmi_1", 1), ("din_2", 1), ("rio_1", 1), ("tbl_4", 12), ("m12_2", 4)),
    "cab_2": (("hmi_2", 1), ("din_3", 1), ("rio_1", 2), ("tbl_4", 24), ("m12_2", 8)),
    "cab_3": (("hmi_3", 1), ("din_4", 1), ("rio_1", 4), ("tbl_4", 48), ("m12_2", 16)),
    "gtw_1": (("som_1", 1), ("pcb_4l_2", 1), ("acd_12_1", 1), ("rj45_1", 2)),
    "gtw_2": (("som_2", 1), ("pcb_4l_3", 1), ("acd_12_2", 1), ("lte_1", 1)),
    "env_1": (("hum_2", 1), ("gas_1", 1), ("lora_2", 1), ("acd_5_2", 1)),
    "env_2": (("hum_3", 1), ("gas_4", 1), ("lora_2", 1), ("acd_5_3", 1)),
}
# Made for the order itself.
TO_ORDER = ("cab_1", "cab_2", "cab_3")
# Orders in production: age in days, products and quantities, how far it is.
IN_PRODUCTION = (
    (26, (("cab_1", 4),), "done"),
    (19, (("cab_2", 2), ("tbl_4", 200)), "done"),
    (15, (("cab_3", 3),), "started"),
    (11, (("cab_1", 6), ("cab_2", 1)), "started"),
    (8, (("cab_2", 3),), "started"),
    (5, (("cab_3", 1), ("din_4", 10)), "planned"),
    (3, (("cab_1", 2),), "planned"),
    (1, (("cab_2", 5), ("hmi_2", 4)), "planned"),
)


def make(demo):
    """Make bills of materials and the orders for what is made to order."""
    if not demo.has("mrp.bom") or not demo.has("sale.order", "mrp_production_ids"):
        return None
    bills = {
        f"bill_{name}": {
            "product_tmpl_id": demo.ref(f"product_{name}").id,
            "company_id": demo.env.company.id,
            "bom_line_ids": [
                Command.create(
                    {
                        "product_id": _variant(demo, component).id,
                        "product_qty": quantity,
                    }
                )
                for component, quantity in components
            ],
        }
        for name, components in BILLS.items()
    }
    demo.make("mrp.bom", bills)
    _make_to_order(demo)
    productions = _make_orders(demo)
    return f"{len(bills)} bills of materials, {len(productions)} production orders"


def _variant(demo, name):
    return demo.ref(f"product_{name}").product_variant_id


def _make_to_order(demo):
    """Let a confirmed order start the production of its control cabinets."""
    to_order = demo.ref("stock.route_warehouse0_mto")
    to_order.active = True
    routes = to_order + demo.ref("mrp.route_warehouse0_manufacture")
    for name in TO_ORDER:
        demo.ref(f"product_{name}").route_ids = [Command.set(routes.ids)]


def _make_orders(demo):
    """Confirm the orders and bring their production as far as it is to be."""
    market = orders.Market(demo, "production")
    values = {
        f"made_{number}": market.order(
            age,
            order_line=[
                market.line(_variant(demo, name), product_uom_qty=quantity, discount=0)
                for name, quantity in lines
            ],
            commitment_date=demo.moment(age - 42, 18),
        )
        for number, (age, lines, _progress) in enumerate(IN_PRODUCTION, 1)
    }
    made = orders.create(demo, values)
    orders.confirm(demo, made)
    worker = users.user(demo, "guo.liang")
    for order, (age, _lines, progress) in zip(made, IN_PRODUCTION, strict=True):
        productions = order.mrp_production_ids.with_user(worker)
        productions.write({"date_start": demo.moment(age - 2)})
        if progress != "planned":
            productions.action_assign()
        for production in productions if progress != "planned" else ():
            done = production.product_qty if progress == "done" else 1
            production.qty_producing = done
            production._onchange_qty_producing()
            if progress == "done":
                production.with_context(skip_backorder=True).button_mark_done()
    return made.mrp_production_ids
