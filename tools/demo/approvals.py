"""Orders in every state of approval, submitted and decided by the people themselves."""

from odoo.fields import Command

from tools.demo import users
from tools.demo.desk import Case, Desk
from tools.demo.people import salespeople

MODULE = "sale_approval"

# Order values in CNY without tax: each asks one level more, also after discounts.
SMALL, MEDIUM, LARGE, HUGE = 18_000, 75_000, 240_000, 1_100_000
SPECIAL = ("样机订单", "客户要求特殊包装", "客户指定元件品牌")
# Working days since the orders that wait were entered.
AGES = (0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 3)
# Orders that wait for the sales manager.
WAITING = 40


def make(demo):
    """Activate the policies and bring orders into every state of approval."""
    if not demo.has("approval.policy") or not demo.has("sale.order", "approval_state"):
        return None
    policies = _activate(demo)
    if not policies:
        return None
    desk = Desk(demo)
    for story in STORIES:
        with demo.guard(story.__doc__):
            story(desk)
    for number in range(WAITING):
        with demo.guard(f"order {number + 1} that waits for the sales manager"):
            _wait_for_manager(desk, number)
    _hold_mails(demo)
    found = demo.named("sale.order", "approval_")
    states = found.grouped("approval_state")
    counts = ", ".join(f"{len(states[s])} {s}" for s in sorted(states))
    return f"{len(policies)} policies; orders: {counts}"


def _activate(demo):
    """Activate the policies for sales orders that the addon ships."""
    data = demo.env["ir.model.data"].search(
        [("module", "=", MODULE), ("model", "=", "approval.policy")]
    )
    policies = demo.env["approval.policy"].browse(data.mapped("res_id"))
    for policy in policies:
        policy.write({"active": True, "step_ids": _people(demo, policy)})
    return policies


def _people(demo, policy):
    """Return commands that ask managers by name where the administrator is one too.

    He is in every group of managers, and is to decide nothing.
    """
    staff, admin = users.everybody(demo), demo.ref("base.user_admin")
    commands = []
    for step in policy.step_ids.filtered(lambda step: step.approver_type == "group"):
        members = step.group_id.all_user_ids
        people = (members & staff).ids
        if admin in members and people:
            named = {"approver_type": "users", "user_ids": [Command.set(people)]}
            commands.append(Command.update(step.id, named))
    return commands


def _hold_mails(demo):
    """Keep e-mails in their queue: the demo company has no mail server."""
    queue = demo.optional("mail.ir_cron_mail_scheduler_action")
    if queue:
        queue.active = False


# Each story is one order, or a few; its docstring names it when it fails.


def _drafts(desk):
    """orders that need approval and are not submitted yet"""
    Case(desk, "approval_draft_1", "zhang.wei", MEDIUM, 0).expect("required")
    Case(desk, "approval_draft_2", "zhou.min", LARGE, 1).expect("required")


def _refused(desk):
    """orders that the first review stops"""
    blocked = desk.demo.named("res.partner", "customer_").filtered("sale_blocked")
    customer = blocked[:1].get_external_id()[blocked[0].id].split(".")[1]
    Case(desk, "approval_blocked", "zhang.wei", MEDIUM, 1, customer=customer)
    Case(desk, "approval_no_credit", "wang.fang", SMALL, 1, grade="D")
    Case(desk, "approval_archived", "liu.yang", SMALL, 2, product="product_db9_1")


def _waiting_at_each_level(desk):
    """orders that wait at the first to fourth level"""
    rows = (("zhang.wei", SMALL, 0), ("zhang.wei", MEDIUM, 0), ("zhou.min", LARGE, 1))
    for level, (seller, amount, age) in enumerate((*rows, ("liu.yang", HUGE, 2)), 1):
        case = Case(desk, f"approval_level_{level}", seller, amount, age).submit()
        case.approve_until(level).expect("pending", level)


def _confirmed(desk):
    """orders that everybody approved"""
    rows = (
        ("zhang.wei", MEDIUM, 9),
        ("wang.fang", MEDIUM, 7),
        ("liu.yang", LARGE, 8),
        ("yang.fan", LARGE, 6),
        ("zhou.min", MEDIUM, 5),
        ("zhang.wei", HUGE, 11),
        ("chen.jing", LARGE, 9),
        ("zhang.wei", MEDIUM, 3),
        *((seller, SMALL, age) for age, seller in enumerate(salespeople(), 2)),
    )
    for number, (seller, amount, age) in enumerate(rows, 1):
        case = Case(desk, f"approval_done_{number}", seller, amount, age)
        case.submit().approve_all().expect("sale")


def _rejected(desk):
    """orders that were rejected"""
    case = Case(
        desk, "approval_rejected_1", "zhang.wei", MEDIUM, 4, discount=28
    ).submit()
    case.decide("reject", "折扣 28 % 没有说明原因，毛利过低，请重新报价。")
    case.expect("rejected")
    case = Case(desk, "approval_rejected_2", "zhou.min", LARGE, 5, price=0.72).submit()
    case.approve_until(2)
    case.decide("reject", "Price is far below the list and the volume is small.")
    case.expect("rejected")


def _returned(desk):
    """orders that were returned, and one that came back"""
    case = Case(desk, "approval_returned_1", "wang.fang", MEDIUM, 3).submit()
    case.decide("return", "请补充客户的书面订单，并确认交货日期。").expect("returned")
    case = Case(desk, "approval_returned_2", "yang.fan", LARGE, 4).submit()
    case.approve_until(2)
    case.decide("return", "付款条件请与客户再谈，争取预付 30 %。")
    case.expect("returned")
    case = Case(desk, "approval_second_round", "zhang.wei", LARGE, 1).submit()
    case.approve_until(2).decide("return", "数量与客户订单不一致，请核对。")
    case.change(0.8)
    case.submit().expect("pending")


def _recalled(desk):
    """an order that its salesperson took back"""
    case = Case(desk, "approval_recalled", "chen.jing", MEDIUM, 2).submit()
    case.recall("客户要求增加数量，修改后再提交。")


def _stale(desk):
    """orders that were changed while they were being approved"""
    case = Case(desk, "approval_stale_1", "zhang.wei", LARGE, 3).submit()
    case.approve_until(2)
    case.change(1.5)
    case.expect("stale")
    case = Case(desk, "approval_stale_2", "zhou.min", MEDIUM, 1).submit()
    case.change(2)
    case.expect("stale")


def _delegated(desk):
    """orders decided by a deputy"""
    demo = desk.demo
    owner, deputy = users.user(demo, "gao.feng"), users.user(demo, "xu.hui")
    demo.make(
        "approval.delegation",
        {
            "delegation_north": {
                "user_id": owner.id,
                "delegate_id": deputy.id,
                "date_from": demo.moment(6, 8),
                "date_to": demo.moment(-8, 18),
                "reason": "出差：青岛展会",
            }
        },
        owner,
    )
    case = Case(desk, "approval_delegated_1", "yang.fan", MEDIUM, 0).submit()
    case.expect("pending", 1)
    case = Case(desk, "approval_delegated_2", "yang.fan", LARGE, 2).submit()
    case.approve(comment="代高峰审批，同意").expect("pending")


def _passed_on(desk):
    """orders whose approver asked somebody else"""
    case = Case(desk, "approval_transferred", "liu.yang", MEDIUM, 1).submit()
    case.transfer("li.qiang", "我与该客户有关联，请您代为审批。")
    case.expect("pending")
    case = Case(desk, "approval_added", "wang.fang", LARGE, 2).submit()
    case.approve_until(2)
    case.add("li.na", "before", "请财务先确认该客户的回款情况。")
    case.expect("pending")


def _late(desk):
    """orders that wait for too long"""
    Case(desk, "approval_late_1", "zhang.wei", MEDIUM, 6).submit().urge()
    Case(desk, "approval_late_2", "chen.jing", LARGE, 8).submit().approve_until(2)


def _noteworthy(desk):
    """orders that the first review warns of"""
    Case(desk, "approval_discount", "zhang.wei", MEDIUM, 0, discount=22).submit()
    Case(desk, "approval_low_price", "wang.fang", LARGE, 0, price=0.78).submit()
    Case(desk, "approval_credit_c", "liu.yang", MEDIUM, 1, grade="C").submit()
    Case(desk, "approval_shortage", "yang.fan", LARGE, 1, short=True).submit()
    special = "Prototype with customer firmware, liability terms differ"
    case = Case(desk, "approval_special", "zhou.min", MEDIUM, 0, special=special)
    case.submit()
    options = {"discount": 25, "grade": "C", "short": True}
    special = "新客户首批试产，要求 60 天账期"
    case = Case(
        desk, "approval_everything", "zhang.wei", LARGE, 0, special=special, **options
    )
    case.submit()


def _of_portal_customer(desk):
    """quotations and orders of the customer who logs in to the portal"""
    customer = "customer_001"
    seller = desk.demo.ref(customer).user_id.login
    options = {"customer": customer}
    Case(
        desk, "approval_portal_done", seller, LARGE, 7, **options
    ).submit().approve_all()
    Case(desk, "approval_portal_waiting", seller, MEDIUM, 0, **options).submit()
    Case(desk, "approval_portal_sent", seller, SMALL, 1, **options).send().expect(
        "sent"
    )


STORIES = (
    _of_portal_customer,
    _confirmed,
    _rejected,
    _returned,
    _recalled,
    _stale,
    _delegated,
    _passed_on,
    _late,
    _noteworthy,
    _waiting_at_each_level,
    _refused,
    _drafts,
)


def _wait_for_manager(desk, number):
    """Let one more order arrive on the sales manager's desk."""
    rng = desk.rng
    sellers = salespeople()
    seller = sellers[number % len(sellers)]
    amount = round(rng.uniform(0.8, 2.2) * MEDIUM)
    if number % 4 == 3:
        amount = round(rng.uniform(1, 2.5) * LARGE)
    options = {}
    if number % 5 == 0:
        options["discount"] = rng.choice([12, 16, 18, 20, 25])
    if number % 11 == 3:
        options["special"] = rng.choice(
            ["样机订单", "客户要求特殊包装", "客户指定元件品牌"]
        )
    case = Case(
        desk,
        f"approval_waiting_{number + 1:02d}",
        seller,
        amount,
        rng.choice(AGES),
        **options,
    )
    case.submit()
    manager = users.user(desk.demo, "wu.jian")
    while manager not in case.open_tasks().user_id:
        case.approve()
