"""Change requests under real conditions: several people at once, other programs."""

import pytest

from tests.client import RpcError
from tests.test_approvals_server import Shop, at_once

UPDATE = 1


class ChangeShop(Shop):
    """A shop whose orders are confirmed, and change by request."""

    def __init__(self, server):
        super().__init__(server, prefix="c")
        self.reason = self._ref("approval_flow.change_reason_demand")
        self.storer = self._person("c.storer", "stock.group_stock_user")
        self.admin.call(
            "product.product", "write", [self.product], {"is_storable": True}
        )

    def confirmed(self, quantity=10):
        """Return a confirmed order of one line, with its goods at hand."""
        order = self.order()
        self.seller.call(
            "sale.order.line",
            "write",
            self.lines(order),
            {"product_uom_qty": quantity},
        )
        self.seller.call("sale.order", "action_confirm", [order])
        return order

    def lines(self, order):
        """Return the ids of the order's lines."""
        return self.read(order, "order_line")["order_line"]

    def line(self, order, *names):
        """Return fields of the only line of an order as it is now."""
        return self.admin.call(
            "sale.order.line", "read", self.lines(order), list(names)
        )[0]

    def request(self, order, quantity, client=None):
        """Create a change request for another quantity, as the salesperson."""
        client = client or self.seller
        request = client.call(
            "sale.order.change",
            "create",
            {"order_id": order, "reason_id": self.reason},
        )
        lines = client.call("sale.order.change", "read", [request], ["line_ids"])
        client.call(
            "sale.order.change",
            "write",
            [request],
            {"line_ids": [(UPDATE, lines[0]["line_ids"][0], {"new_qty": quantity})]},
        )
        return request

    def approve(self, client, request):
        """Approve a request as one of the approvers."""
        client.call("sale.order.change", "action_approve", [request])

    def state(self, request):
        """Return the state of a request as it is now."""
        return self.admin.call("sale.order.change", "read", [request], ["state"])[0][
            "state"
        ]

    def still_open(self, order):
        """Return the quantity that is still to be delivered."""
        moves = self.admin.call(
            "stock.move",
            "search_read",
            [
                ["sale_line_id", "in", self.lines(order)],
                ["state", "not in", ["done", "cancel"]],
                ["location_dest_usage", "=", "customer"],
            ],
            ["product_uom_qty"],
        )
        return sum(move["product_uom_qty"] for move in moves)


@pytest.fixture(scope="module")
def shop(odoo_server):
    shop = ChangeShop(odoo_server)
    shop.policy(shop.anna, shop.bob, model="sale.order.change", operation="change")
    yield shop
    policies = shop._ids(
        "approval.policy",
        [["res_model", "=", "sale.order.change"], ["is_supplement", "=", False]],
    )
    shop.admin.call("approval.policy", "write", policies, {"active": False})


def test_two_requests_for_one_order_at_the_same_instant(shop):
    """One request is opened; the other person is told that there is one."""
    order = shop.confirmed()
    # the index of the table says it where both looked at the same time
    with shop.server.may_log("sale_order_change_open_unique"):
        results = at_once(
            lambda: shop.request(order, 4), lambda: shop.request(order, 6, shop.anna)
        )
    errors = [item for item in results if isinstance(item, RpcError)]
    assert len(errors) == 1, results
    opened = shop._ids("sale.order.change", [["order_id", "=", order]])
    assert len(opened) == 1


def test_two_approvers_apply_once(shop):
    """The change is applied once, whoever was first."""
    for _attempt in range(3):
        order = shop.confirmed()
        request = shop.request(order, 4)
        shop.seller.call("sale.order.change", "action_submit", [request])
        assert shop.state(request) == "submitted"
        at_once(
            lambda r=request: shop.approve(shop.anna, r),
            lambda r=request: shop.approve(shop.bob, r),
        )
        assert shop.state(request) == "applied"
        assert shop.read(order, "change_revision")["change_revision"] == 1
        assert shop.line(order, "product_uom_qty")["product_uom_qty"] == 4
        assert shop.still_open(order) == 4


def test_delivered_while_the_change_is_approved(shop):
    """Whatever comes first: nothing is delivered that is not ordered."""
    for _attempt in range(3):
        order = shop.confirmed()
        request = shop.request(order, 4)
        shop.seller.call("sale.order.change", "action_submit", [request])
        picking = shop.read(order, "picking_ids")["picking_ids"]
        moves = shop._ids("stock.move", [["picking_id", "in", picking]])

        def deliver(moves=moves, picking=picking):
            shop.storer.call(
                "stock.move", "write", moves, {"quantity": 7, "picked": True}
            )
            shop.storer.call(
                "stock.picking",
                "button_validate",
                picking,
                context={"skip_backorder": True},
            )

        at_once(
            deliver,
            lambda r=request: shop.approve(shop.anna, r),
        )
        found = shop.line(order, "product_uom_qty", "qty_delivered")
        if shop.state(request) == "applied":
            assert found["product_uom_qty"] == 4, found
            wanted = max(4 - found["qty_delivered"], 0)
        else:
            assert shop.state(request) in ("conflict", "submitted", "failed")
            assert found["product_uom_qty"] == 10, found
            wanted = 10 - found["qty_delivered"]
        assert shop.still_open(order) == wanted, found


def test_programs_change_no_confirmed_order(shop):
    """The external API holds to the same rule, whatever it sends along."""
    order = shop.confirmed()
    key = shop.server.api_key("c.seller")
    line = shop.lines(order)
    forged = {
        "approval_change_pass": {"model": "sale.order", "ids": [order]},
        "approval_engine": True,
        "skip_procurement": True,
    }
    client = shop.server.client()
    for context in ({}, forged):
        for model, ids, vals in (
            ("sale.order.line", line, {"price_unit": 1.0}),
            ("sale.order.line", line, {"product_uom_qty": 1.0}),
            ("sale.order", [order], {"state": "cancel"}),
            ("sale.order", [order], {"order_line": [[2, line[0], 0]]}),
        ):
            answer = client.json2(
                key, model, "write", ids=ids, vals=vals, context=context
            )
            assert answer.status_code >= 400, (model, vals)
        answer = client.json2(key, "sale.order", "action_cancel", ids=[order])
        assert answer.status_code >= 400
        assert "request" in answer.text
    request = shop.request(order, 4)
    for method in ("_change_apply", "_change_answer", "_change_engine"):
        answer = client.json2(key, "sale.order.change", method, ids=[request])
        assert answer.status_code >= 400
    answer = client.json2(
        key, "sale.order.change", "write", ids=[request], vals={"state": "applied"}
    )
    assert answer.status_code >= 400
    found = shop.line(order, "price_unit", "product_uom_qty")
    assert (found["price_unit"], found["product_uom_qty"]) == (100.0, 10.0)
