"""Purchase orders under approval, and requests to change confirmed ones."""

from odoo.fields import Command

from tools.demo import users

MODULE = "purchase_approval"
BUYER, BUDGET, MANAGER, FINANCE = "huang.tao", "guo.liang", "chen.guohua", "li.na"
# Who decides in the steps of the policies that are switched on.
ORDER_STEPS = {
    "approval_step_purchase_manager": MANAGER,
    "approval_step_purchase_finance": FINANCE,
    "approval_step_purchase_director": MANAGER,
}
CHANGE_STEPS = {
    "approval_step_purchase_change_manager": MANAGER,
    "approval_step_purchase_cancel_manager": MANAGER,
}
ORDER, CHANGE = "purchase.order", "purchase.order.change"


def make(demo):
    """Switch the policies on, and bring orders and requests into some states."""
    if not demo.has(ORDER, "approval_state") or not demo.has(CHANGE):
        return None
    _name_holders(demo)
    _name_approvers(demo, {**ORDER_STEPS, **CHANGE_STEPS})
    sources = _sources(demo)
    for story in STORIES:
        with demo.guard(story.__doc__):
            story(demo, sources)
    orders = demo.named(ORDER, "purchase_approval_")
    requests = demo.named(CHANGE, "purchase_change_")
    states = orders.mapped("approval_state") + requests.mapped("state")
    counts = {state: states.count(state) for state in sorted(states)}
    return ", ".join(f"{count} {state}" for state, count in counts.items())


def _name_holders(demo):
    """Let production answer for what is bought of each category of parts."""
    holder = users.user(demo, BUDGET)
    sold = demo.named("product.supplierinfo", "price_").product_tmpl_id.categ_id
    for category in sold.filtered(lambda item: not item.budget_holder_id):
        category.budget_holder_id = holder


def _name_approvers(demo, steps):
    for name, login in steps.items():
        step = demo.ref(f"{MODULE}.{name}")
        person = users.user(demo, login)
        step.write(
            {
                "approver_type": "users",
                "user_ids": [Command.set(person.ids)],
                "group_id": False,
            }
        )
    for step in (demo.ref(f"{MODULE}.{name}") for name in steps):
        # the general manager stands in for the purchasing manager too
        step.policy_id.write({"active": True, "same_person": "once"})


def _sources(demo):
    """Return [(supplier, [(product, agreed price)])], the largest first."""
    sources = {}
    for price in demo.named("product.supplierinfo", "price_"):
        product = price.product_tmpl_id.product_variant_id
        if product:
            sources.setdefault(price.partner_id, []).append((product, price.price))
    return sorted(sources.items(), key=lambda item: (-len(item[1]), item[0].id))


def _as(demo, login, records):
    """Return `records` as the person `login` sees them, in his language."""
    user = users.user(demo, login)
    context = {"lang": user.lang, "tz": user.tz, "mail_notify_force_send": False}
    return records.with_env(demo.env(user=user.id, context=context, su=False))


def _order(demo, sources, name, number, amount, days, dearer=1.0):
    """Make a request for quotation over about an amount, some days ago."""
    supplier, offers = sources[number % len(sources)]
    lines = []
    for product, price in offers[:3]:
        quantity = max(round(amount / len(offers[:3]) / (price or 1)), 1)
        lines.append(
            Command.create(
                {
                    "product_id": product.id,
                    "product_qty": quantity,
                    "price_unit": round(price * dearer, 4),
                    "date_planned": demo.moment(days - 20),
                }
            )
        )
    values = {
        "partner_id": supplier.id,
        "date_order": demo.moment(days),
        "user_id": users.user(demo, BUYER).id,
        "order_line": lines,
    }
    with demo.at(demo.moment(days, 10)):
        return demo.make(ORDER, {name: values}, users.user(demo, BUYER))


def _submit(demo, order, days):
    with demo.at(demo.moment(days, 11)):
        _as(demo, BUYER, order).button_confirm()


def _decide(demo, document, decision, days, comment=None):
    """Let the next person who is asked decide."""
    tasks = document.sudo().approval_instance_id.task_ids
    task = tasks.filtered(lambda item: item.state == "pending").sorted("id")[:1]
    if not task:
        raise LookupError(f"nobody has {document.display_name} to decide")
    with demo.at(demo.moment(days, 15)):
        getattr(_as(demo, task.user_id.login, task), f"action_{decision}")(comment)
    document.invalidate_recordset()


def _confirm(demo, order, days):
    """Submit an order, and let everybody agree."""
    _submit(demo, order, days)
    while order.approval_state == "pending":
        _decide(demo, order, "approve", days)
    if order.state != "purchase":
        raise ValueError(f"{order.name} is {order.approval_state}, not confirmed")


def _request(demo, name, order, days, reason="demand", **values):
    with demo.at(demo.moment(days, 10)):
        model = _as(demo, BUYER, demo.env[CHANGE])
        request = model.create(
            {
                "order_id": order.id,
                "reason_id": demo.ref(f"approval_flow.change_reason_{reason}").id,
                **values,
            }
        ).with_env(demo.env)
    demo.name(request, [name])
    return request


def _send(demo, request, days):
    with demo.at(demo.moment(days, 11)):
        _as(demo, BUYER, request).action_submit()


# Each story is one order, or a few; its docstring names it when it fails.


def _waiting(demo, sources):
    """purchase orders that wait at each level"""
    for number, (amount, dearer) in enumerate(
        ((6_000, 1.0), (40_000, 1.06), (260_000, 1.0)), 1
    ):
        order = _order(
            demo, sources, f"purchase_approval_{number}", number, amount, 1, dearer
        )
        _submit(demo, order, 1)
        for _level in range(1, number):
            if order.approval_state == "pending":
                _decide(demo, order, "approve", 0, "同意")


def _rejected(demo, sources):
    """a purchase order that was rejected, and one that came back"""
    order = _order(demo, sources, "purchase_approval_4", 1, 30_000, 4, 1.25)
    _submit(demo, order, 4)
    _decide(demo, order, "reject", 3, "价格高于协议价 25 %，请重新议价。")
    order = _order(demo, sources, "purchase_approval_5", 2, 9_000, 3)
    _submit(demo, order, 3)
    _decide(demo, order, "return", 2, "请补充用料计划。")


def _changes(demo, sources):
    """requests to change and cancel confirmed purchase orders"""
    orders = []
    for number in range(6, 10):
        order = _order(demo, sources, f"purchase_approval_{number}", number, 25_000, 8)
        _confirm(demo, order, 8)
        orders.append(order)
    applied = _request(demo, "purchase_change_1", orders[0], 5)
    applied.line_ids[:1].new_qty = max(round(applied.line_ids[0].old_qty * 0.6), 1)
    _send(demo, applied, 5)
    _decide(demo, applied, "approve", 4, "同意减量。")
    waiting = _request(demo, "purchase_change_2", orders[1], 1, "price")
    waiting.line_ids[:1].new_price = round(waiting.line_ids[0].old_price * 1.04, 4)
    _send(demo, waiting, 1)
    draft = _request(demo, "purchase_change_3", orders[2], 0)
    draft.line_ids[:1].new_qty = draft.line_ids[0].old_qty * 2
    cancelled = _request(
        demo, "purchase_change_4", orders[3], 3, "mistake", kind="cancel"
    )
    _send(demo, cancelled, 3)
    _decide(demo, cancelled, "approve", 2, "同意取消。")


STORIES = (_waiting, _rejected, _changes)
