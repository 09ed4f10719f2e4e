from odoo.tests import HttpCase, tagged

from .change_common import PurchaseChangeCommon


@tagged("post_install", "-at_install")
class TestChangeTour(HttpCase, PurchaseChangeCommon):
    """From the wish to the changed purchase order, at a desk."""

    def _url(self, action, record):
        return f"/odoo/action-{self.env.ref(action).id}/{record.id}"

    def test_change_is_requested_approved_and_seen(self):
        self._change_policy(self.finance)
        order = self._confirmed()
        self.start_tour(
            self._url("purchase.purchase_rfq", order),
            "purchase_approval_request_change",
            login="bob",
        )
        request = order.change_ids
        self.assertEqual(request.state, "submitted")
        self.assertEqual(self._of(order).product_qty, 10)
        self.start_tour(
            self._url(
                "approval_flow.approval_instance_action", request.approval_instance_id
            ),
            "purchase_approval_approve_change",
            login="fay",
        )
        self._approve(request, self.finance)
        self.assert_open(order, self.bolt, 4)
        self.start_tour(
            self._url("purchase.purchase_rfq", order),
            "purchase_approval_changed_order",
            login="bob",
        )
