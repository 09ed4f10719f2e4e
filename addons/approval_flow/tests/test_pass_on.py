from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import ApprovalCase


@tagged("post_install", "-at_install")
class TestPassOn(ApprovalCase):
    """Passing on, and adding approvers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls._policy(cls._users(cls.anna))

    def _submitted(self):
        order = self._pending()
        return order, self._task(order, self.anna)

    # -- transfer ---------------------------------------------------------------------

    def test_passed_on_the_other_person_decides(self):
        order, task = self._submitted()
        task.action_transfer(self.bob.id, "you know the customer")
        self.assertEqual(self._approvers(order), self.bob)
        with self.assertRaises(UserError):
            task.action_approve()
        self._approve(order, self.bob)
        self.assertEqual(order.state, "done")
        self.assertEqual(
            self._kinds(order),
            ["submitted", "transferred", "approved", "granted", "executed"],
        )

    def test_nobody_passes_it_on_to_who_may_not_decide(self):
        _order, task = self._submitted()
        portal = self._person("portal", "base.group_portal")
        self.dora.active = False
        company = self.env["res.company"].create({"name": "Other"})
        stranger = self._person("stranger")
        stranger.write({"company_ids": company.ids, "company_id": company.id})
        cases = {
            self.seller: "has a part",
            self.anna: "already asked",
            portal: "no active employee",
            self.dora: "no active employee",
            stranger: "no active employee",
            self.env.ref("base.user_root"): "no active employee",
        }
        for person, reason in cases.items():
            for call in (task.action_transfer, task.action_add_approver):
                with self.assertRaisesRegex(UserError, reason):
                    call(person.id)

    def test_nobody_passes_it_on_to_who_decided_an_earlier_step(self):
        self._policy(self._users(self.anna), self._users(self.bob), sequence=1)
        order = self._pending()
        self._approve(order, self.anna)
        with self.assertRaisesRegex(UserError, "has a part"):
            self._task(order, self.bob).action_transfer(self.anna.id)

    def test_the_step_may_forbid_both(self):
        self.policy.step_ids.write({"allow_transfer": False, "allow_add": False})
        _order, task = self._submitted()
        for call in (task.action_transfer, task.action_add_approver):
            with self.assertRaisesRegex(UserError, "does not allow this"):
                call(self.bob.id)

    # -- add --------------------------------------------------------------------------

    def test_added_at_the_same_time_both_decide(self):
        for first, second in ((self.anna, self.bob), (self.bob, self.anna)):
            order, task = self._submitted()
            task.action_add_approver([self.bob.id], "parallel")
            self.assertEqual(self._approvers(order), self.anna | self.bob)
            self._approve(order, first)
            self.assertEqual(order.state, "draft")
            self._approve(order, second)
            self.assertEqual(order.state, "done")

    def test_added_before_all_of_them_decide_first(self):
        order, task = self._submitted()
        task.action_add_approver([self.bob.id, self.carl.id], "before")
        self.assertEqual(self._approvers(order), self.bob | self.carl)
        with self.assertRaises(UserError):
            task.action_approve()
        for user in (self.carl, self.bob):
            self.assertNotIn(self.anna, self._approvers(order))
            self._approve(order, user)
        self.assertEqual(self._approvers(order), self.anna)
        self._approve(order, self.anna)
        self.assertEqual(order.state, "done")

    def test_added_after_is_asked_after(self):
        order, task = self._submitted()
        task.action_add_approver([self.bob.id], "after")
        self.assertEqual(self._approvers(order), self.anna)
        with self.assertRaises(UserError):
            order.with_user(self.bob).action_approve()
        self._approve(order, self.anna)
        self.assertEqual(self._approvers(order), self.bob)
        self._approve(order, self.bob)
        self.assertEqual(order.state, "done")

    def test_added_after_is_asked_though_somebody_else_decided(self):
        self._policy(self._users(self.anna, self.carl), sequence=1)
        order, task = self._submitted()
        task.action_add_approver([self.bob.id], "after")
        self._approve(order, self.carl)
        self.assertEqual(self._approvers(order), self.bob)
        self._approve(order, self.bob)
        self.assertEqual(order.state, "done")

    def test_an_added_person_rejects_even_without_veto(self):
        self.policy.step_ids.veto = False
        order, task = self._submitted()
        task.action_add_approver([self.bob.id])
        order.with_user(self.bob).action_reject("no")
        self.assertEqual(order.approval_state, "rejected")

    def test_an_added_person_never_replaces_those_of_the_policy(self):
        """However his task wanders, it counts besides those of the policy."""
        order, task = self._submitted()
        task.action_add_approver([self.bob.id])
        added = self._task(order, self.bob)
        added.action_transfer(self.carl.id)
        self._approve(order, self.carl)
        self.assertEqual(order.state, "draft")
        self.assertEqual(self._approvers(order), self.anna)
        other, task = self._submitted()
        task.action_add_approver([self.bob.id])
        delegation = self.env["approval.delegation"].create(
            {
                "user_id": self.bob.id,
                "delegate_id": self.dora.id,
                "date_from": "2020-01-01",
                "date_to": "2100-01-01",
            }
        )
        self.assertEqual(self._approvers(other), self.anna | self.dora)
        delegation.action_end()
        self._approve(other, self.bob)
        self.assertEqual(other.state, "draft")
        self._approve(other, self.anna)
        self.assertEqual(other.state, "done")

    def test_the_added_before_stays_before_when_passed_on(self):
        order, task = self._submitted()
        task.action_add_approver([self.bob.id], "before")
        self._task(order, self.bob).action_transfer(self.carl.id)
        self.assertEqual(self._approvers(order), self.carl)
        self._approve(order, self.carl)
        self.assertEqual(self._approvers(order), self.anna)

    def test_passed_on_the_one_added_after_waits_for_the_new_person(self):
        order, task = self._submitted()
        task.action_add_approver([self.bob.id], "after")
        task.action_transfer(self.carl.id)
        self.assertEqual(self._approvers(order), self.carl)
        self._approve(order, self.carl)
        self.assertEqual(self._approvers(order), self.bob)

    def test_wrong_arguments_are_refused(self):
        _order, task = self._submitted()
        with self.assertRaisesRegex(UserError, "before, after or parallel"):
            task.action_add_approver([self.bob.id], "instead")
        with self.assertRaisesRegex(UserError, "Choose who decides"):
            task.action_add_approver([], "before")
        task.action_add_approver([self.bob.id, self.bob.id], "after")
        with self.assertRaisesRegex(UserError, "already asked"):
            task.action_add_approver([self.bob.id])
