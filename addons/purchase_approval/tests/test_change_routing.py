from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .change_common import PurchaseChangeCommon


@tagged("post_install", "-at_install")
class TestChangeRouting(PurchaseChangeCommon):
    """Who is asked about a change, and what comes of the answers."""

    def test_applied_after_the_last_approval(self):
        self._change_policy(self.manager, self.finance)
        order = self._confirmed()
        request = self._changed(order, new_qty=4)
        self.assertEqual(request.state, "submitted")
        self.assertEqual(self._of(order).product_qty, 10)
        self._approve(request, self.manager)
        self.assertEqual(self._of(order).product_qty, 10)
        self._approve(request, self.finance)
        self.assertEqual(request.state, "applied")
        self.assert_open(order, self.bolt, 4)

    def test_refused_request_changes_nothing(self):
        self._change_policy(self.manager)
        order = self._confirmed()
        request = self._changed(order, new_qty=4)
        request.with_user(self.manager).action_reject("needed")
        self.assertEqual(request.state, "rejected")
        self.assertEqual(self._of(order).product_qty, 10)
        self.assert_open(order, self.bolt, 10)

    def test_price_after_receipt_asks_finance(self):
        policy = self.env.ref("purchase_approval.approval_policy_change_impact")
        policy.active = True
        order = self._confirmed()
        self._receive(order, bolt=4)
        free = self._changed(order, new_qty=12)
        self.assertEqual(free.state, "applied")
        request = self._changed(order, new_price=120)
        self.assertEqual(request.state, "submitted")
        self.assertIn(self.accountant, request.approval_approver_ids)
        self._approve(request, self.accountant)
        self.assertEqual(request.state, "applied")
        self.assertEqual(self._of(order).price_unit, 120)

    def test_goods_at_the_door_ask_the_warehouse(self):
        self.env.ref("purchase_approval.approval_policy_change_impact").active = True
        order = self._confirmed()
        move = self._of(order).move_ids
        move.write({"quantity": 8, "picked": True})
        request = self._changed(order, new_qty=2)
        self.assertIn(self.keeper, request.approval_approver_ids)
        # he reads the request that he is asked about, and no other
        self.assertEqual(request.with_user(self.keeper).order_name, order.name)
        other = self._request(self._confirmed())
        with self.assertRaises(AccessError):
            other.with_user(self.keeper).read(["note"])

    def test_supplement_follows_the_policy(self):
        self.env.ref("purchase_approval.approval_policy_change_impact").active = True
        self._change_policy(self.manager)
        order = self._confirmed()
        self._receive(order, bolt=4)
        request = self._changed(order, new_price=120)
        self.assertEqual(request.approval_approver_ids, self.manager)
        self._approve(request, self.manager)
        self.assertEqual(request.state, "submitted")
        self.assertIn(self.accountant, request.approval_approver_ids)

    def test_conflict_when_goods_came_meanwhile(self):
        self._change_policy(self.manager)
        order = self._confirmed()
        request = self._changed(order, new_qty=4)
        self._receive(order, bolt=5)
        self._approve(request, self.manager)
        self.assertEqual(request.state, "conflict")
        self.assertEqual(self._of(order).product_qty, 10)
        request.action_reopen()
        self.assertEqual(self._line_of(request, self.bolt).qty_done, 5)
        with self.assertRaises(UserError):
            request.action_submit()
        self._line_of(request, self.bolt).new_qty = 5
        request.action_submit()
        self._approve(request, self.manager)
        self.assertEqual(request.state, "applied")
        self.assert_open(order, self.bolt, 0)

    def test_conflict_is_only_about_the_touched_lines(self):
        self._change_policy(self.manager)
        order = self._confirmed()
        request = self._changed(order, new_qty=4)
        self._receive(order, nut=10)
        self._approve(request, self.manager)
        self.assertEqual(request.state, "applied")
        self.assert_open(order, self.bolt, 4)

    def test_failure_leaves_the_order_untouched(self):
        self._change_policy(self.manager)
        order = self._confirmed()
        request = self._changed(order, new_qty=4)
        # receipts that do not follow: the proof finds it out
        with patch.object(
            type(self.env["stock.move"]),
            "_purchase_shrink",
            lambda moves, surplus: None,
        ):
            self._approve(request, self.manager)
        self.assertEqual(request.state, "failed")
        self.assertIn("10 would be expected instead of 4", request.error)
        self.assertEqual(self._of(order).product_qty, 10)
        self.assertEqual(order.change_revision, 0)
        request.action_retry()
        self.assertEqual(request.state, "applied")
        self.assert_open(order, self.bolt, 4)

    def test_requester_does_not_decide(self):
        self._change_policy(self.manager)
        with self.assertRaises(UserError):
            self._changed(self._confirmed(), user=self.manager, new_qty=4)

    def test_companies(self):
        other = self.env["res.company"].create({"name": "Other"})
        stranger = self._person("sid", "purchase.group_purchase_user")
        stranger.write({"company_ids": [(6, 0, other.ids)], "company_id": other.id})
        request = self._request(self._confirmed())
        with self.assertRaises(AccessError):
            request.with_user(stranger).read(["note"])
        self.assertFalse(
            self.env["purchase.order.change"].with_user(stranger).search([])
        )

    def test_employees_without_rights(self):
        order = self._confirmed()
        with self.assertRaises(AccessError):
            self._request(order, user=self.finance)
        request = self._request(order)
        with self.assertRaises(AccessError):
            request.with_user(self.keeper).action_submit()
