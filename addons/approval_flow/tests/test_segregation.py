from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import ApprovalCase


@tagged("post_install", "-at_install")
class TestSegregation(ApprovalCase):
    """Nobody decides on his own work, and not twice where two are wanted."""

    def _assert_refused(self, order):
        with self.assertRaisesRegex(UserError, "Nobody may decide"):
            order.action_confirm()
        self.assertFalse(order.approval_instance_id)

    def _step(self, *people, **values):
        roles = ("creator", "editor", "responsible")
        off = {f"exclude_{role}": False for role in roles}
        return {**self._users(*people), **off, **values}

    # -- roles ------------------------------------------------------------------------

    def test_neither_creator_nor_requester_decides(self):
        policy = self._policy(self._step(self.seller, exclude_creator=True))
        own = self._order(user=self.seller, user_id=self.seller2.id)
        own.with_user(self.seller2).memo = "read"
        self._assert_refused(own)  # requester and creator
        self._assert_refused(
            own.with_user(self.seller2)
        )  # creator, somebody else submits
        foreign = self._order(user=self.seller2)
        self._assert_refused(foreign.with_user(self.seller))  # requester only
        policy.step_ids.exclude_creator = False
        own.action_confirm()
        self.assertEqual(self._approvers(own), self.seller)

    def test_the_last_editor_of_header_or_lines_does_not_decide(self):
        self._policy(self._step(self.seller2, exclude_editor=True))
        header, line, memo = self._order(), self._order(), self._order()
        header.with_user(self.seller2).partner_id = self.env.ref("base.main_partner")
        header.memo = "the seller was there later, for a trifle"
        self._assert_refused(header)
        line.line_ids.with_user(self.seller2).price = 900
        self._assert_refused(line)
        memo.with_user(self.seller2).memo = "only a remark"
        memo.action_confirm()
        self.assertEqual(self._approvers(memo), self.seller2)

    def test_who_makes_totals_be_computed_again_is_no_editor(self):
        self._policy(self._step(self.anna, exclude_editor=True))
        order = self._order()
        order.env.flush_all()
        self.env.cr.execute(
            "UPDATE approval_test_order SET write_uid = %s WHERE id = %s",
            [self.anna.id, order.id],
        )
        order.invalidate_recordset()
        self.assertEqual(order.write_uid, self.anna)
        order.action_confirm()
        self.assertEqual(self._approvers(order), self.anna)

    def test_the_salesperson_does_not_decide(self):
        self._policy(self._step(self.seller2, exclude_responsible=True))
        self._assert_refused(self._order(user_id=self.seller2.id))
        order = self._pending()
        self.assertEqual(self._approvers(order), self.seller2)

    def test_the_roles_are_all_excluded_unless_said_otherwise(self):
        self._policy(self._users(self.seller, self.seller2, self.anna))
        order = self._order()
        order.line_ids.with_user(self.seller2).price = 900
        order.action_confirm()
        self.assertEqual(self._approvers(order), self.anna)

    def test_who_edits_within_the_tolerance_does_not_decide_any_more(self):
        self._policy(self._users(self.seller2, self.anna), tolerance_percent=10.0)
        order = self._pending()
        order.line_ids.with_user(self.seller2).price = 1050
        self.assertEqual(self._kinds(order)[-1], "carried")
        with self.assertRaisesRegex(UserError, "have a part in this document"):
            order.with_user(self.seller2).action_approve()
        self._approve(order, self.anna)
        self.assertEqual(order.state, "done")

    # -- the same person at several steps ---------------------------------------------

    def test_another_person_at_each_step(self):
        both = self._users(self.anna, self.bob)
        self._policy(both, both)
        order = self._pending()
        self._approve(order, self.bob)
        self.assertEqual(self._approvers(order), self.anna)

    def test_who_is_needed_later_is_not_asked_before(self):
        self._policy(self._users(self.anna, self.bob), self._users(self.anna))
        order = self._pending()
        self.assertEqual(self._approvers(order), self.bob)
        self._approve(order, self.bob, self.anna)
        self.assertEqual(order.state, "done")

    def test_a_dead_end_is_refused_at_submission(self):
        anna, both = self._users(self.anna), self._users(self.anna, self.bob)
        cases = {
            "only approver twice": [anna, anna],
            "two people for three steps": [both, both, both],
            "all, then one of them": [{**both, "mode": "all"}, anna],
            "quorum of two, then one": [{**both, "mode": "quorum"}, both],
            "side by side": [{**anna, "sequence": 1}, {**anna, "sequence": 1}],
        }
        for name, steps in cases.items():
            with self.subTest(name):
                policy = self._policy(*steps)
                self._assert_refused(self._order())
                policy.unlink()

    def test_the_substitute_helps_out_of_a_dead_end(self):
        anna = self._users(self.anna)
        self._policy(anna, {**anna, "fallback_user_id": self.dora.id})
        order = self._pending()
        self._approve(order, self.anna)
        self.assertEqual(self._approvers(order), self.dora)

    def test_all_of_the_remaining_people_after_one_has_decided(self):
        both = self._users(self.anna, self.bob)
        self._policy(both, {**both, "mode": "all"})
        order = self._pending()
        self._approve(order, self.anna)
        self.assertEqual(self._approvers(order), self.bob)

    def test_one_click_does_not_answer_for_two_people(self):
        both = self._users(self.anna, self.bob)
        self._policy({**both, "sequence": 1}, {**both, "sequence": 1})
        order = self._pending()
        self.assertEqual(len(self._instance(order).open_task_ids), 4)
        self._approve(order, self.anna)
        self.assertEqual(order.state, "draft")
        self.assertEqual(self._approvers(order), self.bob)
        self._approve(order, self.bob)
        self.assertEqual(order.state, "done")
        deciders = self._instance(order).task_ids.decided_by_id
        self.assertEqual(deciders, self.anna | self.bob)

    def test_once_asks_the_same_person_once(self):
        both = self._users(self.anna, self.bob)
        self._policy(both, both, self._users(self.anna), same_person="once")
        order = self._pending()
        self._approve(order, self.anna)
        self.assertEqual(order.state, "done")
        self.assertEqual(
            self._instance(order)
            .task_ids.filtered(lambda t: t.origin == "once")
            .mapped("decided_by_id"),
            self.anna,
        )

    def test_once_holds_for_steps_side_by_side(self):
        anna = self._users(self.anna)
        self._policy(
            {**anna, "sequence": 1},
            {**self._users(self.anna, self.bob), "sequence": 1, "mode": "all"},
            same_person="once",
        )
        order = self._pending()
        self._approve(order, self.anna)
        self.assertEqual(self._approvers(order), self.bob)
        self._approve(order, self.bob)
        self.assertEqual(order.state, "done")

    def test_once_asks_nobody_else_where_one_is_enough(self):
        self._policy(
            self._users(self.anna),
            self._users(self.anna, self.bob),
            self._users(self.carl),
            same_person="once",
        )
        order = self._pending()
        self._approve(order, self.anna)
        self.assertEqual(self._approvers(order), self.carl)
        tasks = self._instance(order).task_ids
        self.assertFalse(tasks.filtered(lambda task: task.user_id == self.bob))

    def test_again_asks_the_same_person_at_each_step(self):
        anna = self._users(self.anna)
        self._policy(anna, anna, same_person="again")
        order = self._pending()
        self._approve(order, self.anna)
        self.assertEqual(self._approvers(order), self.anna)
        self._approve(order, self.anna)
        self.assertEqual(order.state, "done")
