"""Approvals under real conditions: several processes, several people at once."""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.client import RpcError
from tests.server import OdooServer

LINK = 4  # many2many command "link"
CREATE = 0
SET = 6


def at_once(*functions):
    """Run functions at the same instant; return their results or exceptions."""
    start = threading.Barrier(len(functions))

    def run(function):
        start.wait()
        try:
            return function()
        except RpcError as error:
            return error

    with ThreadPoolExecutor(len(functions)) as pool:
        return list(pool.map(run, functions))


class Shop:
    """A company with salespeople, approvers and a policy, on a server."""

    def __init__(self, server, prefix="t"):
        self.server = server
        self.admin = server.client("admin")
        self.product = self.admin.call(
            "product.product", "create", {"name": "Sensor", "list_price": 100.0}
        )
        self.partner = self.admin.call("res.partner", "create", {"name": "Customer"})
        self.seller = self._person(f"{prefix}.seller", "sales_team.group_sale_salesman")
        self.anna = self._person(
            f"{prefix}.anna", "sales_team.group_sale_salesman_all_leads"
        )
        self.bob = self._person(
            f"{prefix}.bob", "sales_team.group_sale_salesman_all_leads"
        )
        self.admin.call(
            "approval.check", "write", self._ids("approval.check"), {"active": False}
        )

    def _ids(self, model, domain=()):
        return self.admin.call(model, "search", list(domain))

    def _ref(self, name):
        module, name = name.split(".")
        found = self.admin.call(
            "ir.model.data",
            "search_read",
            [["module", "=", module], ["name", "=", name]],
            ["res_id"],
        )
        return found[0]["res_id"]

    def _person(self, login, group):
        self.admin.call(
            "res.users",
            "create",
            {
                "name": login,
                "login": login,
                "password": login,
                "group_ids": [
                    (LINK, self._ref(group)),
                    (LINK, self._ref("base.group_user")),
                ],
            },
        )
        return self.server.client(login)

    def policy(self, *approvers, model="sale.order", **values):
        """Create a policy in which any of the approvers decides; on confirming."""
        return self.admin.call(
            "approval.policy",
            "create",
            {
                "name": "Sales orders",
                "model_id": self.admin.call(
                    "ir.model", "search", [["model", "=", model]]
                )[0],
                "operation": "confirm",
                "step_ids": [
                    (
                        CREATE,
                        0,
                        {
                            "name": "Check",
                            "approver_type": "users",
                            "user_ids": [
                                (SET, 0, [client.uid for client in approvers])
                            ],
                        },
                    )
                ],
                **values,
            },
        )

    def order(self, lines=1):
        """Create a quotation as the salesperson."""
        return self.seller.call(
            "sale.order",
            "create",
            {
                "partner_id": self.partner,
                "order_line": [
                    (CREATE, 0, {"product_id": self.product, "product_uom_qty": 1})
                    for _number in range(lines)
                ],
            },
        )

    def read(self, order, *names):
        """Return fields of an order as it is now."""
        return self.admin.call("sale.order", "read", [order], list(names))[0]

    def events(self, order):
        """Return what happened in the approvals of an order."""
        found = self.admin.call(
            "approval.event",
            "search_read",
            [
                ["instance_id.res_id", "=", order],
                ["instance_id.res_model", "=", "sale.order"],
            ],
            ["kind"],
        )
        return [event["kind"] for event in found]


@pytest.fixture(scope="module")
def shop(odoo_server):
    shop = Shop(odoo_server)
    shop.policy(shop.anna, shop.bob)
    # what the losers of a race and forgers are told is logged as a warning
    with odoo_server.may_log("could not serialize|approval|decide|Private methods"):
        yield shop
    policies = shop._ids("approval.policy", [["res_model", "=", "sale.order"]])
    shop.admin.call("approval.policy", "write", policies, {"active": False})


def test_two_approvers_at_the_same_instant(shop):
    """One decision counts; the other approver is told who decided."""
    for _attempt in range(5):
        order = shop.order()
        shop.seller.call("sale.order", "action_confirm", [order])
        results = at_once(
            lambda o=order: shop.anna.call("sale.order", "action_approve", [o], "yes"),
            lambda o=order: shop.bob.call("sale.order", "action_reject", [o], "no"),
        )
        errors = [item for item in results if isinstance(item, RpcError)]
        assert len(errors) == 1, results
        assert "UserError" in errors[0].name, errors
        events = shop.events(order)
        assert ("approved" in events) != ("rejected" in events), events


def test_submitted_once_by_two_clicks(shop):
    """Two submissions at the same instant make one approval."""
    order = shop.order()
    results = at_once(
        *[lambda: shop.seller.call("sale.order", "action_confirm", [order])] * 2
    )
    assert not any(isinstance(item, RpcError) for item in results), results
    assert shop.events(order).count("submitted") == 1


def test_edited_while_it_is_approved(shop):
    """Whatever comes first: an order is confirmed only with the content approved."""
    for _attempt in range(5):
        order = shop.order()
        line = shop.read(order, "order_line")["order_line"][0]
        shop.seller.call("sale.order", "action_confirm", [order])
        at_once(
            lambda o=order: shop.anna.call("sale.order", "action_approve", [o]),
            lambda i=line: shop.seller.call(
                "sale.order.line", "write", [i], {"price_unit": 1.0}
            ),
        )
        found = shop.read(order, "state", "approval_state", "amount_untaxed")
        events = shop.events(order)
        if found["state"] == "sale":
            assert found["amount_untaxed"] == 100.0, events
        else:
            assert found["approval_state"] == "stale", found


def test_programs_are_refused(shop):
    """The external API confirms nothing that is not approved."""
    order = shop.order()
    key = shop.server.api_key("t.seller")
    for context in ({}, {"approval_engine": True, "skip_validation_check": True}):
        answer = shop.server.client().json2(
            key,
            "sale.order",
            "write",
            ids=[order],
            vals={"state": "sale"},
            context=context,
        )
        assert answer.status_code >= 400
        assert "approval" in answer.text
    for method in ("_action_confirm", "_approval_submit", "_approval_set_instance"):
        answer = shop.server.client().json2(key, "sale.order", method, ids=[order])
        assert answer.status_code >= 400
    assert shop.read(order, "state")["state"] == "draft"


def test_forged_records_are_refused(shop):
    """Nobody writes approvals by hand, not even the administrator."""
    order = shop.order()
    shop.seller.call("sale.order", "action_confirm", [order])
    instance = shop.read(order, "approval_instance_id")["approval_instance_id"][0]
    tasks = shop._ids("approval.task", [["instance_id", "=", instance]])
    for client in (shop.seller, shop.anna, shop.admin):
        for model, ids in (("approval.instance", [instance]), ("approval.task", tasks)):
            with pytest.raises(RpcError, match="AccessError"):
                client.call(model, "write", ids, {"state": "approved"})
            with pytest.raises(RpcError, match="AccessError"):
                client.call(model, "unlink", ids)
    assert shop.read(order, "state")["state"] == "draft"


def test_server_killed_while_an_order_is_carried_out(prepared, template):
    """Nothing is half-done, and the approver can simply approve again."""
    with OdooServer(prepared, template, name="killed") as server:
        shop = Shop(server)
        shop.policy(shop.anna)
        order = shop.order(lines=150)
        shop.seller.call("sale.order", "action_confirm", [order])
        approving = threading.Thread(
            target=lambda: _ignore(
                shop.anna.call, "sale.order", "action_approve", [order]
            )
        )
        approving.start()
        time.sleep(0.5)  # let the confirmation begin; any moment must be safe
        _kill_all(server)
        approving.join()
        server.start()
        shop.admin = server.client("admin")
        found = shop.read(order, "state", "approval_state", "picking_ids")
        if found["state"] == "sale":
            assert found["picking_ids"] and found["approval_state"] == "approved"
        else:
            assert found["approval_state"] == "pending" and not found["picking_ids"]
            server.client("t.anna").call("sale.order", "action_approve", [order])
            found = shop.read(order, "state", "picking_ids")
            assert found["state"] == "sale" and found["picking_ids"]


def _ignore(function, *args):
    try:
        function(*args)
    except Exception:
        return  # the connection breaks: that is what is tested


def _kill_all(server):
    """Kill the server and its workers as a power cut would."""
    children = os.popen(f"pgrep -P {server._pid}").read().split()
    for pid in [server._pid, *map(int, children)]:
        try:
            os.kill(int(pid), signal.SIGKILL)
        except ProcessLookupError:
            continue
    while server.is_alive():
        time.sleep(0.05)
