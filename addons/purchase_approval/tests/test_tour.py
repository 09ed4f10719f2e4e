from odoo.tests import HttpCase, tagged

from .common import PurchaseApprovalCommon


@tagged("post_install", "-at_install")
class TestTour(HttpCase, PurchaseApprovalCommon):
    """A buyer submits; an approver without rights opens the order and decides."""

    def _url(self, action, record):
        return f"/odoo/action-{self.env.ref(action).id}/{record.id}"

    def test_buyer_confirms_and_sees_who_decides(self):
        self._policy(self.manager)
        order = self._order()
        self.start_tour(
            self._url("purchase.purchase_rfq", order),
            "purchase_approval_submit",
            login="bob",
        )
        self.assertEqual(order.approval_state, "pending")

    def test_order_of_before_the_policy_is_submitted(self):
        order = self._order()
        order.state = "to approve"
        self._policy(self.manager)
        self.start_tour(
            self._url("purchase.purchase_rfq", order),
            "purchase_approval_submit",
            login="bob",
        )
        self.assertEqual(order.approval_state, "pending")

    def test_approver_without_rights_opens_the_order(self):
        self._policy(self.finance)
        order = self._submitted()
        self.start_tour(
            self._url(
                "approval_flow.approval_instance_action", order.approval_instance_id
            ),
            "purchase_approval_open_document",
            login="fay",
        )
        self.assertEqual(order.approval_state, "pending")


@tagged("post_install", "-at_install")
class TestPhoneTour(HttpCase, PurchaseApprovalCommon):
    """A manager with a phone."""

    browser_size = "390x844"
    touch_enabled = True

    def test_manager_decides_on_a_phone(self):
        self._policy(self.manager)
        order = self._submitted(name="PO-PHONE")
        action = self.env.ref("approval_flow.approval_task_action_inbox")
        self.start_tour(
            f"/odoo/action-{action.id}", "purchase_approval_decide_phone", login="pam"
        )
        self.assertEqual(order.state, "purchase")
