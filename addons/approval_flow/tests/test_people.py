from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import ApprovalCase


@tagged("post_install", "-at_install")
class TestPeople(ApprovalCase):
    """People leave while approvals run: no approval gets stuck."""

    def test_others_of_the_step_go_on(self):
        people = self._users(self.anna, self.bob)
        for mode in ("any", "all"):
            policy = self._policy({**people, "mode": mode})
            order = self._pending()
            self.anna.active = False
            self.assertEqual(self._approvers(order), self.bob)
            self._approve(order, self.bob)
            self.assertEqual(order.state, "done")
            self.anna.active = True
            policy.active = False

    def test_the_last_missing_voice_of_all_leaves_and_the_step_is_done(self):
        self._policy({**self._users(self.anna, self.bob), "mode": "all"})
        order = self._pending()
        self._approve(order, self.anna)
        self.bob.active = False
        self.assertEqual(order.state, "done")

    def test_the_only_approver_leaves_and_the_substitute_is_asked(self):
        self._policy({**self._users(self.anna), "fallback_user_id": self.dora.id})
        order = self._pending()
        self.anna.active = False
        self.assertEqual(self._approvers(order), self.dora)

    def test_nobody_is_left_and_the_administrators_are_asked(self):
        self._policy(self._users(self.anna))
        order = self._pending()
        self.anna.active = False
        self.assertIn(self.manager, self._approvers(order))
        self.assertIn("reassigned", self._kinds(order))
        self._approve(order, self.manager)
        self.assertEqual(order.state, "done")

    def test_a_quorum_out_of_reach_asks_the_administrators(self):
        people = self._users(self.anna, self.bob, self.carl)
        self._policy({**people, "mode": "quorum", "quorum": 2})
        order = self._pending()
        self.anna.active = False
        self.assertEqual(self._approvers(order), self.bob | self.carl)
        self.bob.active = False
        self.assertIn(self.manager, self._approvers(order))
        self._approve(order, self.carl, self.manager)
        self.assertEqual(order.state, "done")

    def test_nobody_at_all_is_left_and_the_order_comes_back_with_the_reason(self):
        group = self.env.ref("approval_flow.group_approval_manager")
        group.user_ids = [(5, 0, 0)]
        self._policy(self._users(self.anna))
        order = self._pending()
        self.anna.active = False
        self.assertEqual(order.approval_state, "returned")
        event = self._instance(order).event_ids[-1]
        self.assertIn("Nobody may decide", event.comment)

    def test_several_leave_at_once(self):
        people = self._users(self.anna, self.bob, self.carl)
        self._policy({**people, "mode": "all"}, self._users(self.dora))
        order = self._pending()
        self._approve(order, self.carl)
        (self.anna | self.bob).active = False
        self.assertEqual(self._approvers(order), self.dora)

    def test_a_group_emptied_asks_the_administrators_of_the_next_level(self):
        group = self._group(self.bob)
        self._policy(
            self._users(self.anna),
            {"approver_type": "group", "group_id": group.id},
        )
        order = self._pending()
        group.user_ids = [(5, 0, 0)]
        self._approve(order, self.anna)
        self.assertIn(self.manager, self._approvers(order))
        with self.assertRaisesRegex(UserError, "Nobody may decide"):
            self._order().action_confirm()

    def test_an_added_person_leaves_and_does_not_hold_it_up(self):
        self._policy(self._users(self.anna))
        for position in ("before", "parallel", "after"):
            order = self._pending()
            task = self._task(order, self.anna)
            task.action_add_approver([self.bob.id], position)
            self.bob.active = False
            self.assertEqual(self._approvers(order), self.anna)
            self._approve(order, self.anna)
            self.assertEqual(order.state, "done")
            self.bob.active = True

    def test_who_waits_behind_a_person_who_left_is_asked(self):
        self._policy(self._users(self.anna, self.carl))
        order = self._pending()
        self._task(order, self.anna).action_add_approver([self.bob.id], "after")
        self.anna.active = False
        self.assertEqual(self._approvers(order), self.bob | self.carl)

    def test_the_delegate_of_a_person_who_left_decides_no_more(self):
        self._policy(self._users(self.anna, self.carl))
        self.env["approval.delegation"].create(
            {
                "user_id": self.anna.id,
                "delegate_id": self.bob.id,
                "date_from": "2020-01-01",
                "date_to": "2100-01-01",
            }
        )
        order = self._pending()
        self.assertEqual(self._approvers(order), self.bob | self.carl)
        self.anna.active = False
        self.assertEqual(self._approvers(order), self.carl)

    def test_activities_go_with_the_tasks(self):
        self._policy(self._users(self.anna, self.bob))
        order = self._pending()
        self.anna.active = False
        tasks = self._instance(order).task_ids
        self.assertEqual(tasks.activity_ids.user_id, self.bob)

    def test_a_requester_archived_meanwhile_gets_his_order_done(self):
        self._policy(self._users(self.anna))
        order = self._pending()
        self.seller.active = False
        self._approve(order, self.anna)
        self.assertEqual(order.sudo().state, "done")
