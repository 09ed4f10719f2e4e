from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .common import ApprovalCase


@tagged("post_install", "-at_install")
class TestRouting(ApprovalCase):
    """Who is asked, in which order, and when a step has enough approvals."""

    # -- levels -----------------------------------------------------------------------

    def test_levels_are_asked_one_after_the_other(self):
        self._policy(
            self._users(self.anna), self._users(self.bob), self._users(self.carl)
        )
        order = self._pending()
        for user in (self.anna, self.bob, self.carl):
            self.assertEqual(self._approvers(order), user)
            self.assertEqual(order.state, "draft")
            self._approve(order, user)
        self.assertEqual(order.state, "done")

    def test_steps_of_one_level_are_asked_at_the_same_time_and_joined(self):
        self._policy(
            {**self._users(self.anna), "sequence": 1},
            {**self._users(self.bob), "sequence": 1},
            {**self._users(self.carl), "sequence": 2},
        )
        order = self._pending()
        self.assertEqual(self._approvers(order), self.anna | self.bob)
        self._approve(order, self.bob)
        self.assertEqual(self._approvers(order), self.anna)
        self._approve(order, self.anna)
        self.assertEqual(self._approvers(order), self.carl)

    def test_one_rejection_in_a_parallel_step_ends_the_others(self):
        self._policy(
            {**self._users(self.anna), "sequence": 1},
            {**self._users(self.bob), "sequence": 1},
        )
        order = self._pending()
        order.with_user(self.anna).action_reject("too cheap")
        self.assertEqual(order.approval_state, "rejected")
        self.assertFalse(self._approvers(order))

    # -- modes ------------------------------------------------------------------------

    def test_any_one_is_enough_and_the_others_lose_the_task(self):
        self._policy(self._users(self.anna, self.bob))
        order = self._pending()
        task = self._task(order, self.anna)
        self._approve(order, self.bob)
        self.assertEqual(order.state, "done")
        self.assertEqual(task.sudo().state, "skipped")
        self.assertFalse(task.sudo().activity_ids)

    def test_all_means_each_of_them(self):
        self._policy({**self._users(self.anna, self.bob, self.carl), "mode": "all"})
        order = self._pending()
        self._approve(order, self.carl, self.anna)
        self.assertEqual(order.state, "draft")
        self._approve(order, self.bob)
        self.assertEqual(order.state, "done")

    def test_all_is_rejected_by_one_even_without_veto(self):
        self._policy({**self._users(self.anna, self.bob), "mode": "all", "veto": False})
        order = self._pending()
        order.with_user(self.anna).action_reject("no")
        self.assertEqual(order.approval_state, "rejected")

    def test_quorum_counts_so_many(self):
        people = self._users(self.anna, self.bob, self.carl)
        self._policy({**people, "mode": "quorum", "quorum": 2})
        order = self._pending()
        self._approve(order, self.anna)
        self.assertEqual(order.state, "draft")
        self._approve(order, self.carl)
        self.assertEqual(order.state, "done")
        self.assertFalse(self._approvers(order))

    def test_quorum_with_veto_is_rejected_by_one(self):
        people = self._users(self.anna, self.bob, self.carl)
        self._policy({**people, "mode": "quorum", "quorum": 2})
        order = self._pending()
        self._approve(order, self.anna)
        order.with_user(self.bob).action_reject("no")
        self.assertEqual(order.approval_state, "rejected")

    def test_quorum_without_veto_is_rejected_only_when_out_of_reach(self):
        people = self._users(self.anna, self.bob, self.carl, self.dora)
        self._policy({**people, "mode": "quorum", "quorum": 2, "veto": False})
        order, lost = self._pending(), self._pending()
        for document in (order, lost):
            document.with_user(self.anna).action_reject("no")
            document.with_user(self.bob).action_reject("no")
            self.assertEqual(document.approval_state, "pending")
        self._approve(order, self.carl, self.dora)
        self.assertEqual(order.state, "done")
        self._approve(lost, self.carl)
        lost.with_user(self.dora).action_reject("no")
        self.assertEqual(lost.approval_state, "rejected")

    def test_any_without_veto_goes_on_until_nobody_is_left(self):
        self._policy({**self._users(self.anna, self.bob), "veto": False})
        order, lost = self._pending(), self._pending()
        for document in (order, lost):
            document.with_user(self.anna).action_reject("no")
            self.assertEqual(document.approval_state, "pending")
        self._approve(order, self.bob)
        self.assertEqual(order.state, "done")
        lost.with_user(self.bob).action_reject("no")
        self.assertEqual(lost.approval_state, "rejected")

    # -- conditions -------------------------------------------------------------------

    def test_a_step_asks_only_under_its_condition(self):
        special = [("special", "=", True)]
        self._policy(
            self._users(self.anna),
            {**self._users(self.bob), "amount_min": 5000},
            {**self._users(self.carl), "domain": str(special)},
        )
        cases = [
            ({}, self.anna),
            ({"amount": 5000}, self.anna),
            ({"amount": 5000.01}, self.anna | self.bob),
            ({"special": True}, self.anna | self.carl),
        ]
        for values, people in cases:
            with self.subTest(values=values):
                order = self._pending(**values)
                steps = self._instance(order).steps
                planned = [uid for step in steps for uid in step["planned"]]
                self.assertEqual(set(planned), set(people.ids))

    def test_amount_and_condition_both_or_one_of_them(self):
        both = {"amount_min": 100, "domain": "[('special', '=', True)]"}
        expected = {"and": [True, False, False, False], "or": [True, True, True, False]}
        documents = [
            self._order(500, special=True),
            self._order(500),
            self._order(50, special=True),
            self._order(50),
        ]
        for join, covered in expected.items():
            with self.subTest(join=join):
                policy = self._policy(
                    {**self._users(self.anna), **both, "condition_join": join}
                )
                found = documents[0].union(*documents)._approval_match("confirm")
                self.assertEqual([order.id in found for order in documents], covered)
                policy.unlink()

    def test_the_first_policy_that_matches_decides(self):
        self._policy(self._users(self.bob), sequence=20)
        self._policy(
            self._users(self.anna), sequence=10, domain="[('special', '=', True)]"
        )
        self.assertEqual(self._approvers(self._pending()), self.bob)
        self.assertEqual(self._approvers(self._pending(special=True)), self.anna)

    def test_limits_of_a_policy_are_above_and_up_to(self):
        self._policy(self._users(self.anna), amount_min=100, amount_max=200)
        for amount, state in [(100, "done"), (100.01, "draft"), (200, "draft")]:
            self.assertEqual(self._pending(amount).state, state, amount)
        self.assertEqual(self._pending(200.01).state, "done")

    # -- sources ----------------------------------------------------------------------

    def test_a_group_asks_implied_members_too(self):
        group = self._group(self.anna)
        self._group(self.bob, implied_ids=[(4, group.id)])
        self._policy({"approver_type": "group", "group_id": group.id})
        self.assertEqual(self._approvers(self._pending()), self.anna | self.bob)

    def test_a_field_path_names_the_person(self):
        self._policy({"approver_type": "field", "field_path": "leader_id"})
        order = self._pending(leader_id=self.carl.id)
        self.assertEqual(self._approvers(order), self.carl)
        self._policy(
            {"approver_type": "field", "field_path": "partner_id.user_id"}, sequence=1
        )
        partner = self.env["res.partner"].create(
            {"name": "Customer", "user_id": self.dora.id}
        )
        self.assertEqual(
            self._approvers(self._pending(partner_id=partner.id)), self.dora
        )

    def test_an_empty_field_asks_the_substitute_or_refuses_with_the_reason(self):
        policy = self._policy({"approver_type": "field", "field_path": "leader_id"})
        with self.assertRaisesRegex(UserError, "Nobody may decide the step “Step 1”"):
            self._order().action_confirm()
        policy.step_ids.fallback_user_id = self.dora
        order = self._pending()
        self.assertEqual(self._approvers(order), self.dora)
        self.assertEqual(self._instance(order).task_ids.origin, "fallback")

    def test_the_manager_chain_skips_those_who_left(self):
        self.seller.approval_manager_id = self.anna
        self.anna.approval_manager_id = self.bob
        self.bob.approval_manager_id = self.carl
        self._policy(
            {"approver_type": "manager", "manager_level": 1},
            {"approver_type": "manager", "manager_level": 2},
        )
        order = self._pending()
        self.assertEqual(self._approvers(order), self.anna)
        self._approve(order, self.anna)
        self.assertEqual(self._approvers(order), self.bob)
        self.anna.active = False
        self.assertEqual(self._approvers(self._pending()), self.bob)

    def test_a_chain_too_short_is_refused(self):
        self.seller.approval_manager_id = self.anna
        self._policy({"approver_type": "manager", "manager_level": 2})
        with self.assertRaises(UserError):
            self._order().action_confirm()

    def test_nobody_is_his_own_manager(self):
        self.anna.approval_manager_id = self.bob
        with self.assertRaises(ValidationError):
            self.bob.approval_manager_id = self.anna
        with self.assertRaises(ValidationError):
            self.carl.approval_manager_id = self.carl

    def test_archived_people_and_customers_are_never_asked(self):
        portal = self._person("portal", "base.group_portal")
        self._policy({"approver_type": "field", "field_path": "leader_id"})
        self.carl.active = False
        for leader in (self.carl, portal, self.env.ref("base.user_root")):
            with self.assertRaises(UserError):
                self._order(leader_id=leader.id).action_confirm()
