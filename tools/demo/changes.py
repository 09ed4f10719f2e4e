"""Requests to change and cancel confirmed orders, in every state."""

from datetime import timedelta
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.fields import Command

from tools.demo import stock, users
from tools.demo.approvals import MEDIUM
from tools.demo.desk import Case, Desk
from tools.demo.people import CUSTOMER

MODEL = "sale.order.change"
REASON = "approval_flow.change_reason_"
# Who is told of applied requests, and does what is left to do.
PEOPLE = {
    "warehouse": "ma.chao",
    "production": "guo.liang",
    "purchasing": "huang.tao",
    "finance": "he.jing",
}


class Request(Case):
    """A request on its way: raised, submitted, decided, applied.

    :param order: the confirmed order
    :param age: working days since it was raised
    :param lines: values of the request's lines in turn, None for those that stay; a
        function gets the line and returns its values
    :param values: of the request
    """

    def __init__(self, desk, name, order, age, kind="change", lines=(), **values):
        self.desk, self.demo = desk, desk.demo
        self.seller = order.user_id
        self.moment = self._start(age)
        reason = self.demo.ref(REASON + values.pop("reason", "demand"))
        with self.demo.at(self.moment):
            self.order = self._raise(order, kind, reason, lines, values)
        self.demo.name(self.order, [name])

    def _raise(self, order, kind, reason, lines, values):
        model = self._as(self.seller, self.demo.env[MODEL])
        request = model.create(
            {
                "order_id": order.id,
                "kind": kind,
                "reason_id": reason.id,
                "effective_date": self.moment.date() + timedelta(days=2),
                **values,
            }
        )
        for line, wanted in zip(request.line_ids, lines, strict=False):
            if wanted:
                line.write(wanted(line) if callable(wanted) else wanted)
        return request.with_env(self.demo.env)

    def submit(self):
        """The salesperson submits the request."""
        self._wait(0.5)
        with self.demo.at(self.moment):
            self._as(self.seller, self.order).action_submit()
        return self

    def withdraw(self):
        """The salesperson gives the request up."""
        self._wait()
        with self.demo.at(self.moment):
            self._as(self.seller, self.order).action_withdraw()
        return self


class PortalRequest(Request):
    """A request that the customer raised in the portal."""

    def _raise(self, order, kind, reason, lines, values):
        customer = self.demo.ref(f"user_{CUSTOMER}")
        # As the portal does it, once it has checked the access.
        order = self._as(customer, order).sudo()
        wanted = dict(zip(order.order_line.ids, lines, strict=False))
        request = order.env[MODEL]._change_raise(
            order,
            {"kind": kind, "reason_id": reason.id, **values},
            {key: value for key, value in wanted.items() if value},
        )
        return request.with_env(self.demo.env)


def less(share):
    """Return what makes a line of a request ask for a share of its quantity."""
    return lambda line: {"new_qty": max(round(line.old_qty * share), 1)}


def make(demo):
    """Name who is told, and bring requests into every state."""
    if not demo.has(MODEL, "customer_told"):
        return None
    _name_people(demo)
    _ask_customers(demo)
    desk = Desk(demo)
    for story in STORIES:
        with demo.guard(story.__doc__):
            story(desk)
    found = demo.named(MODEL, "change_")
    states = found.grouped("state")
    return ", ".join(f"{len(states[s])} {s}" for s in sorted(states))


def _name_people(demo):
    """Enter who of each department is told of applied requests."""
    values = {
        f"{department}_user_ids": [Command.set(users.user(demo, login).ids)]
        for department, login in PEOPLE.items()
    }
    values["model_id"] = demo.env["ir.model"]._get_id("sale.order")
    values["company_id"] = demo.env.company.id
    demo.make("approval.change.control", {"change_control_sale": values})


def _ask_customers(demo):
    """Let customers agree to new prices before they take effect."""
    policy = demo.ref("sale_approval.approval_policy_sale_change")
    reason = demo.ref(REASON + "price")
    (asked,) = demo.make(
        "approval.policy",
        {
            "change_policy_price": {
                "name": "Price changes of sales orders: the customer agrees",
                "sequence": 10,
                "model_id": policy.model_id.id,
                "operation": "change",
                "company_id": demo.env.company.id,
                "domain": [("reason_id", "=", reason.id)],
                "ask_partner": True,
                "step_ids": [
                    Command.create(
                        {
                            "name": "Sales manager",
                            "approver_type": "users",
                            "user_ids": [Command.set(users.user(demo, "wu.jian").ids)],
                        }
                    )
                ],
            }
        },
    )
    demo.translate(asked, name="销售订单价格变更：须经客户同意")


def _order(desk, number):
    """Return one of the orders that everybody approved, not delivered yet."""
    return desk.demo.ref(f"approval_done_{number}")


def _of_history(desk, wanted):
    """Return an order of the last year that is `wanted` and has no request yet."""
    orders = desk.demo.named("sale.order", "order_").sorted("id", reverse=True)
    staff = users.everybody(desk.demo)
    return next(
        order
        for order in orders
        if order.user_id in staff
        and order.state == "sale"
        and not order.change_ids
        and wanted(order)
    )


def _for_customer(desk, name, age):
    """Return a confirmed order of the customer who logs in to the portal."""
    customer = "customer_001"
    seller = desk.demo.ref(customer).user_id.login
    case = Case(desk, name, seller, MEDIUM, age, customer=customer)
    case.submit().approve_all().expect("sale")
    return case.order


# Each story is one request, or a few; its docstring names it when it fails.


def _applied(desk):
    """changes that were applied, two of them on the same order"""
    order = _order(desk, 1)
    case = Request(
        desk, "change_applied_1", order, 4, lines=[less(0.8)], note="客户项目规模缩小。"
    )
    case.submit().approve_all().expect("applied")
    day = order.commitment_date + timedelta(days=10)
    case = Request(
        desk,
        "change_applied_2",
        order,
        2,
        reason="date",
        new_commitment_date=day,
        note="客户仓库搬迁，推迟收货。",
    )
    case.submit().approve_all().expect("applied")
    case = Request(
        desk, "change_applied_3", _order(desk, 4), 3, lines=[less(1.5), less(0.9)]
    )
    case.submit().approve_all().expect("applied")


def _applied_after_invoice(desk):
    """a change that corrects an invoice"""
    order = _of_history(
        desk,
        lambda order: order.invoice_ids.filtered(lambda move: move.state == "posted")
        and order.currency_id == order.company_id.currency_id,
    )
    case = Request(
        desk,
        "change_invoiced",
        order,
        3,
        reason="quality",
        lines=[lambda line: {"new_discount": line.old_discount + 5}],
        note="部分产品外观有划痕，给予 5 % 折让。",
    )
    case.submit().approve_all().expect("applied")


def _cancelled_orders(desk):
    """cancellations: of everything, of what is left, after delivery"""
    case = Request(
        desk, "change_cancel_full", _order(desk, 9), 2, "cancel", reason="mistake"
    )
    case.submit().approve_all().expect("applied")
    partly = _of_history(
        desk,
        lambda order: any(
            0 < line.qty_delivered < line.product_uom_qty for line in order.order_line
        ),
    )
    case = Request(
        desk, "change_cancel_remaining", partly, 2, "cancel", cancel_kind="remaining"
    )
    case.submit().approve_all().expect("applied")
    done = _of_history(
        desk,
        lambda order: len(order.picking_ids) == 1
        and order.picking_ids.state == "done"
        and order.invoice_ids,
    )
    case = Request(
        desk,
        "change_cancel_after",
        done,
        1,
        "cancel",
        reason="quality",
        cancel_kind="after_delivery",
        note="整批退货。",
    )
    case.submit().approve_all().expect("applied")


def _waiting(desk):
    """requests that wait: for the sales manager, for finance, for the customer"""
    case = Request(desk, "change_waiting_1", _order(desk, 2), 0, lines=[less(0.7)])
    case.submit().expect("submitted")
    case = Request(
        desk, "change_waiting_2", _order(desk, 10), 1, "cancel", reason="late"
    )
    case.submit().expect("submitted")
    invoiced = _of_history(
        desk,
        lambda order: order.invoice_ids.filtered(lambda move: move.state == "posted"),
    )
    case = Request(
        desk,
        "change_waiting_finance",
        invoiced,
        1,
        reason="other",
        lines=[lambda line: {"new_price": line.old_price * 0.97}],
        note="按年度框架协议补差价。",
    )
    case.submit().approve().expect("submitted")


def _of_portal_customer(desk):
    """requests of the customer who logs in: waiting, asked, applied, refused"""
    waiting = _for_customer(desk, "change_order_waiting", 3)
    quantity = max(round(waiting.order_line[0].product_uom_qty * 0.5), 1)
    case = PortalRequest(
        desk,
        "change_portal_waiting",
        waiting,
        0,
        lines=[{"new_qty": quantity}],
        note="下游项目延期，先要一半，请确认能否办理。",
    )
    case.expect("submitted")
    asked = desk.demo.ref("approval_portal_done")
    case = Request(
        desk,
        "change_portal_asked",
        asked,
        1,
        reason="price",
        lines=[lambda line: {"new_price": line.old_price * 1.04}],
        note="原材料涨价，内部毛利测算见附件。",
    )
    case.submit().approve_all().expect("approved")
    applied = _for_customer(desk, "change_order_applied", 6)
    case = PortalRequest(
        desk,
        "change_portal_applied",
        applied,
        3,
        lines=[{"new_qty": applied.order_line[0].product_uom_qty * 2}],
        note="请增加一倍数量。",
    )
    case.approve_all().expect("applied")
    rejected = _for_customer(desk, "change_order_rejected", 5)
    case = PortalRequest(
        desk,
        "change_portal_rejected",
        rejected,
        2,
        "cancel",
        reason="late",
        note="交期太长，想取消。",
    )
    case.decide("reject", "已按客户要求备料，不能取消，请与客户沟通。")
    case.expect("rejected")


def _conflict(desk):
    """a request whose order was shipped while people were deciding"""
    order = _order(desk, 3)
    case = Request(desk, "change_conflict", order, 2, lines=[less(0.1)])
    case.submit()
    stock.deliver(desk.demo, {order: case.moment}, order)
    case.approve_all().expect("conflict")


def _failed(desk):
    """a request that could not be applied, and can be tried again"""
    case = Request(desk, "change_failed", _order(desk, 7), 1, lines=[less(0.6)])
    case.submit()

    def refuse(request):
        raise UserError("调拨单正在由仓库人员处理，请稍后重试。")

    with patch.object(type(case.order), "_change_perform", refuse):
        case.approve_all()
    case.expect("failed")


def _ended(desk):
    """requests that were rejected, withdrawn, or not submitted yet"""
    case = Request(
        desk, "change_rejected", _order(desk, 5), 2, lines=[less(0.3)]
    ).submit()
    case.decide("reject", "已进入备货阶段，不能减少这么多，请与客户协商。")
    case.expect("rejected")
    case = Request(desk, "change_withdrawn", _order(desk, 8), 1, "cancel").submit()
    case.withdraw().expect("cancelled")
    Request(desk, "change_draft", _order(desk, 6), 0, lines=[less(1.2)]).expect("draft")


def _in_production(desk):
    """a request that production has to agree to"""
    order = desk.demo.optional("__demo__.made_4")
    if order and not order.change_ids:
        case = Request(desk, "change_production", order, 0, lines=[less(0.5)])
        case.submit().approve().expect("submitted")


STORIES = (
    _applied,
    _applied_after_invoice,
    _cancelled_orders,
    _waiting,
    _of_portal_customer,
    _conflict,
    _failed,
    _ended,
    _in_production,
)
