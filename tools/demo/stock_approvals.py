"""Transfers, scrap and counts under approval, made and decided by the people."""

from odoo.fields import Command

from tools.demo import users

MODULE = "stock_approval"
WORKER, MANAGER, FINANCE = "ma.chao", "chen.guohua", "li.na"
# Policies that are switched on, and who decides. Deliveries of high value are left
# out: they would hold the ordinary deliveries of the demo.
POLICIES = {
    "approval_policy_transfer_by_hand": MANAGER,
    "approval_policy_scrap": MANAGER,
    "approval_policy_adjustment_value": FINANCE,
    "approval_policy_adjustment_share": FINANCE,
}


def make(demo):
    """Switch the policies on, and bring documents into some states of approval."""
    if not demo.has("stock.inventory.approval") or not demo.has("sale.order"):
        return None
    for name, login in POLICIES.items():
        _activate(demo, name, users.user(demo, login))
    goods = _goods(demo)
    for story in STORIES:
        with demo.guard(story.__doc__):
            story(demo, goods)
    found = demo.env["approval.instance"].search(
        [("res_model", "in", ("stock.picking", "stock.scrap", DOCUMENT))]
    )
    states = found.grouped("state")
    return ", ".join(f"{len(states[s])} {s}" for s in sorted(states))


DOCUMENT = "stock.inventory.approval"


def _activate(demo, name, person):
    policy = demo.ref(f"{MODULE}.{name}")
    asked = {
        "approver_type": "users",
        "user_ids": [Command.set(person.ids)],
        "group_id": False,
    }
    policy.write(
        {
            "active": True,
            "step_ids": [Command.update(step.id, asked) for step in policy.step_ids],
        }
    )


def _goods(demo):
    """Return stock worth counting: a few products of which there is enough."""
    quants = demo.env["stock.quant"].search(
        [
            ("location_id.usage", "=", "internal"),
            ("company_id", "=", demo.env.company.id),
            ("product_id.standard_price", ">", 5),
        ],
        order="id",
    )
    free = quants.filtered(lambda quant: quant.available_quantity > 100)
    return free.sorted(
        lambda quant: (-quant.product_id.standard_price * quant.quantity, quant.id)
    )[:12]


def _as(demo, login, records):
    """Return `records` as the person `login` sees them, in his language."""
    user = users.user(demo, login)
    context = {"lang": user.lang, "tz": user.tz, "mail_notify_force_send": False}
    return records.with_env(demo.env(user=user.id, context=context, su=False))


def _decide(demo, document, login, decision, comment, days):
    instance = document.sudo().approval_instance_id
    task = instance.task_ids.filtered(lambda task: task.state == "pending")[:1]
    with demo.at(demo.moment(days, 15)):
        getattr(_as(demo, login, task), f"action_{decision}")(comment)


def _expect(document, *states):
    document.invalidate_recordset()
    found = document.approval_state, document.state
    if not set(states) & set(found):
        raise ValueError(f"{document.display_name} is {found}, not {states}")


# -- transfers ------------------------------------------------------------------------


def _send(demo, quant, quantity, days, name):
    """The worker sends goods to a customer without an order; return the transfer."""
    pickings = _as(demo, WORKER, demo.env["stock.picking"])
    warehouse = quant.warehouse_id
    customer = demo.named("res.partner", "customer_")[:1]
    place = demo.env.ref("stock.stock_location_customers")
    with demo.at(demo.moment(days, 10)):
        picking = pickings.create(
            {
                "picking_type_id": warehouse.out_type_id.id,
                "partner_id": customer.id,
                "location_id": warehouse.lot_stock_id.id,
                "location_dest_id": place.id,
                "move_ids": [
                    Command.create(
                        {
                            "product_id": quant.product_id.id,
                            "product_uom_qty": quantity,
                            "location_id": warehouse.lot_stock_id.id,
                            "location_dest_id": place.id,
                        }
                    )
                ],
            }
        )
        demo.name(picking.with_env(demo.env), [name])
        picking.action_confirm()
        picking.action_assign()
        picking.with_context(skip_backorder=True, skip_sms=True).button_validate()
    return picking


def _samples(demo, goods):
    """samples for customers: waiting, sent, rejected"""
    picking = _send(demo, goods[0], 5, 0, "stock_approval_sample_1")
    _expect(picking, "pending")
    picking = _send(demo, goods[1], 3, 3, "stock_approval_sample_2")
    _decide(demo, picking, MANAGER, "approve", "同意，送样", 2)
    _expect(picking, "done")
    picking = _send(demo, goods[2], 60, 1, "stock_approval_sample_3")
    _decide(demo, picking, MANAGER, "reject", "样品数量过多，请走销售订单。", 0)
    _expect(picking, "rejected")


# -- scrap ----------------------------------------------------------------------------


def _throw_away(demo, quant, value, days, name):
    """The worker scraps goods worth `value`; return the scrap."""
    scraps = _as(demo, WORKER, demo.env["stock.scrap"])
    quantity = max(1, round(value / quant.product_id.standard_price))
    with demo.at(demo.moment(days, 11)):
        scrap = scraps.create(
            {
                "product_id": quant.product_id.id,
                "location_id": quant.location_id.id,
                "scrap_qty": min(quantity, quant.available_quantity),
                "scrap_reason_tag_ids": [Command.set(_reason(demo).ids)],
            }
        )
        demo.name(scrap.with_env(demo.env), [name])
        scrap.do_scrap()
    return scrap


def _reason(demo):
    values = {"stock_approval_reason": {"name": "受潮损坏"}}
    return demo.make("stock.scrap.reason.tag", values)


def _scrap(demo, goods):
    """scrap: waiting, done, too small to be asked about"""
    scrap = _throw_away(demo, goods[3], 6_000, 0, "stock_approval_scrap_1")
    _expect(scrap, "pending")
    scrap = _throw_away(demo, goods[4], 4_000, 4, "stock_approval_scrap_2")
    _decide(demo, scrap, MANAGER, "approve", "同意报废，请质检留存记录", 3)
    _expect(scrap, "done")
    _expect(_throw_away(demo, goods[5], 300, 2, "stock_approval_scrap_3"), "done")


# -- counts ---------------------------------------------------------------------------


def _count(demo, quants, share, days, name):
    """The worker counts less than there should be; return the adjustment."""
    mine = _as(demo, WORKER, quants).with_context(
        inventory_mode=True, inventory_name="月度循环盘点"
    )
    with demo.at(demo.moment(days, 16)):
        for quant in mine:
            quant.inventory_quantity = round(quant.quantity * (1 - share))
        mine.action_apply_inventory()
    quants.invalidate_recordset()
    document = quants.approval_adjustment_id
    demo.name(document, [name])
    return document


def _counts(demo, goods):
    """counts: waiting, applied, returned"""
    document = _count(demo, goods[6:8], 0.12, 0, "stock_approval_count_1")
    _expect(document, "pending")
    document = _count(demo, goods[8:10], 0.15, 5, "stock_approval_count_2")
    _decide(demo, document, FINANCE, "approve", "已复盘，同意调整", 4)
    _expect(document, "done")
    document = _count(demo, goods[10], 0.3, 2, "stock_approval_count_3")
    _decide(demo, document, FINANCE, "return", "差异过大，请复盘后再提交。", 1)
    _expect(document, "returned")


STORIES = (_samples, _scrap, _counts)
