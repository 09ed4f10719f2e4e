from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import ApprovalCase


@tagged("post_install", "-at_install")
class TestDecisions(ApprovalCase):
    def test_two_levels_then_carried_out_as_requester(self):
        self._policy(self._users(self.anna), self._users(self.bob))
        order = self._order()
        order.action_confirm()
        self.assertEqual(order.state, "draft")
        self.assertEqual(self._approvers(order), self.anna)
        order.with_user(self.anna).action_approve()
        self.assertEqual(self._approvers(order), self.bob)
        order.with_user(self.bob).action_approve("fine")
        self.assertEqual(order.state, "done")
        self.assertEqual(order.approval_state, "approved")
        self.assertEqual(
            self._kinds(order),
            ["submitted", "approved", "approved", "granted", "executed"],
        )

    def test_nobody_else_decides(self):
        self._policy(self._users(self.anna))
        order = self._order()
        order.action_confirm()
        task = order.sudo().approval_instance_id.open_task_ids
        for user in (self.bob, self.seller, self.manager):
            with self.assertRaises(UserError):
                task.with_user(user).action_approve()
        self.assertEqual(order.state, "draft")
