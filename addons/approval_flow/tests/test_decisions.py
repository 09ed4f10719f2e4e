from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.mail.tests.common import freeze_all_time

from .common import ApprovalCase


@tagged("post_install", "-at_install")
class TestDecisions(ApprovalCase):
    """Deciding, returning, recalling, urging; and who may not."""

    def test_two_levels_then_carried_out_as_requester(self):
        self._policy(self._users(self.anna), self._users(self.bob))
        order = self._pending()
        self._approve(order, self.anna)
        order.with_user(self.bob).action_approve("fine")
        self.assertEqual(order.state, "done")
        self.assertEqual(order.approval_state, "approved")
        self.assertEqual(order.write_uid, self.seller)
        self.assertEqual(
            self._kinds(order),
            ["submitted", "approved", "approved", "granted", "executed"],
        )
        task = self._instance(order).task_ids[-1]
        self.assertEqual((task.decided_by_id, task.comment), (self.bob, "fine"))

    # -- who may not ------------------------------------------------------------------

    def test_nobody_else_decides(self):
        self._policy(self._users(self.anna))
        order = self._pending()
        task = self._instance(order).open_task_ids
        root = self.env.ref("base.user_root")
        for user in (self.bob, self.seller, self.manager, root):
            for call in (
                lambda t: t.action_approve(),
                lambda t: t.action_reject("no"),
                lambda t: t.action_return("no"),
                lambda t: t.action_transfer(self.dora.id),
                lambda t: t.action_add_approver([self.dora.id]),
                lambda t: t.sudo().action_approve(),
            ):
                with self.assertRaisesRegex(UserError, "not yours to decide"):
                    call(task.with_user(user))
            with self.assertRaises(UserError):
                order.with_user(user).action_approve()
        self.assertEqual(order.state, "draft")
        self.assertEqual(self._kinds(order), ["submitted"])

    def test_nobody_decides_before_his_turn_or_twice(self):
        self._policy(
            self._users(self.anna), {**self._users(self.bob, self.carl), "mode": "all"}
        )
        order = self._pending()
        with self.assertRaisesRegex(UserError, "nothing for you to decide"):
            order.with_user(self.bob).action_approve()
        first = self._task(order, self.anna)
        first.action_approve()
        with self.assertRaisesRegex(UserError, "Anna has decided already"):
            first.action_approve()
        with self.assertRaisesRegex(UserError, "Anna has decided already"):
            first.action_reject("changed my mind")
        second = self._task(order, self.bob)
        second.action_reject("no")
        with self.assertRaisesRegex(UserError, "Bob has decided already"):
            self._instance(order).task_ids.filtered(
                lambda task: task.user_id == self.carl
            ).with_user(self.carl).action_approve()

    def test_a_task_of_another_order_changes_only_that_one(self):
        self._policy(self._users(self.anna))
        first, second = self._pending(), self._pending()
        self._task(first, self.anna).action_approve()
        self.assertEqual((first.state, second.state), ("done", "draft"))

    def test_tasks_of_others_in_one_call_are_left_alone(self):
        self._policy({"approver_type": "field", "field_path": "leader_id"})
        mine = self._pending(leader_id=self.anna.id)
        foreign = self._pending(leader_id=self.bob.id)
        tasks = (self._instance(mine) | self._instance(foreign)).task_ids
        action = tasks.with_user(self.anna).action_approve()
        self.assertEqual((mine.state, foreign.state), ("done", "draft"))
        self.assertEqual(action["params"]["type"], "warning")
        self.assertIn("not yours", action["params"]["message"])

    def test_deciding_nothing_is_said_so(self):
        with self.assertRaisesRegex(UserError, "nothing to decide"):
            self.env["approval.task"].with_user(self.anna).action_approve()

    def test_an_approver_who_became_a_customer_does_not_decide(self):
        self._policy(self._users(self.anna))
        order = self._pending()
        self.anna.group_ids = self.env.ref("base.group_portal")
        task = self._instance(order).task_ids
        with self.assertRaises(UserError):
            task.with_user(self.anna).sudo().action_approve()

    # -- comment and files -------------------------------------------------------------

    def test_rejecting_and_returning_need_a_reason(self):
        self._policy(self._users(self.anna))
        order = self._pending()
        task = self._task(order, self.anna)
        for action in (task.action_reject(), task.action_return("  ")):
            self.assertEqual(action["res_model"], "approval.task.decide")
        with self.assertRaisesRegex(UserError, "Say why"):
            task._decide("rejected", " ")
        task.action_reject("too cheap")
        self.assertEqual(order.approval_state, "rejected")
        self.assertEqual(order.approval_status["reason"], "too cheap")
        event = self._instance(order).event_ids[-1]
        self.assertEqual((event.kind, event.comment), ("rejected", "too cheap"))

    def test_files_of_a_decision_are_kept_with_it(self):
        self._policy(self._users(self.anna))
        order = self._pending()
        task = self._task(order, self.anna)
        file = (
            self.env["ir.attachment"]
            .with_user(self.anna)
            .create({"name": "offer.txt", "raw": b"offer"})
        )
        wizard = (
            self.env["approval.task.decide"]
            .with_user(self.anna)
            .create(
                {
                    "task_ids": task.ids,
                    "decision": "approved",
                    "attachment_ids": file.ids,
                }
            )
        )
        wizard.action_confirm()
        self.assertEqual(task.sudo().attachment_ids, file.sudo())
        instance = self._instance(order)
        kept_with = (file.sudo().res_model, file.sudo().res_id)
        self.assertEqual(kept_with, (instance._name, instance.id))
        with self.assertRaises(UserError):
            file.unlink()

    def test_files_of_others_are_not_passed_off_as_ones_own(self):
        self._policy(self._users(self.anna))
        mine = self._pending()
        file = self.env["ir.attachment"].create({"name": "secret", "raw": b"x"})
        own = file.with_user(self.anna).create({"name": "own", "raw": b"x"})
        wizard = self.env["approval.task.decide"].with_user(self.anna)
        wizard = wizard.create(
            {"task_ids": self._task(mine, self.anna).ids, "decision": "approved"}
        )
        wizard.sudo().attachment_ids = file | own.sudo()
        wizard.action_confirm()
        done = self._instance(mine)
        self.assertEqual(done.task_ids.attachment_ids, own.sudo())
        self.assertEqual(own.sudo().res_id, done.id)
        self.assertFalse(file.res_id)

    # -- return ------------------------------------------------------------------------

    def test_returned_to_the_requester_and_submitted_again(self):
        self._policy(self._users(self.anna))
        order = self._pending()
        order.with_user(self.anna).action_return("add the address")
        self.assertEqual(order.approval_state, "returned")
        order.line_ids.qty = 2
        order.action_confirm()
        self.assertEqual(self._instance(order).round, 2)
        self._approve(order, self.anna)
        self.assertEqual(order.state, "done")

    def test_returned_to_an_earlier_step_asks_from_there_again(self):
        self._policy(
            self._users(self.anna), self._users(self.bob), self._users(self.carl)
        )
        order = self._pending()
        self._approve(order, self.anna, self.bob)
        key = self._instance(order).steps[1]["key"]
        order.with_user(self.carl).action_return("check the price", step_key=key)
        self.assertEqual(order.approval_state, "pending")
        self.assertEqual(self._approvers(order), self.bob)
        self._approve(order, self.bob, self.carl)
        self.assertEqual(order.state, "done")
        self.assertEqual(self._instance(order).round, 1)

    def test_only_an_earlier_step_of_the_same_approval_is_returned_to(self):
        self._policy(self._users(self.anna), self._users(self.bob))
        order = self._pending()
        self._approve(order, self.anna)
        steps = self._instance(order).steps
        for key in (steps[1]["key"], "0", "no such step"):
            with self.assertRaisesRegex(UserError, "Choose an earlier step"):
                order.with_user(self.bob).action_return("why", step_key=key)
        self.assertEqual(self._approvers(order), self.bob)
        self.assertNotIn("returned", self._kinds(order))

    # -- recall ------------------------------------------------------------------------

    def test_the_requester_recalls_nobody_else(self):
        self._policy(self._users(self.anna))
        order = self._pending()
        for user in (self.seller2, self.anna):
            with self.assertRaisesRegex(UserError, "Only Seller"):
                self._instance(order).with_user(user).action_recall()
            with self.assertRaises(UserError):
                order.with_user(user).action_recall_approval()
        order.action_recall_approval("wrong customer")
        self.assertEqual(order.approval_state, "required")
        self.assertFalse(self._approvers(order))
        with self.assertRaisesRegex(UserError, "nothing to recall"):
            order.action_recall_approval()
        other = self._pending()
        other.with_user(self.manager).sudo().action_recall_approval()
        self.assertEqual(self._kinds(other)[-1], "recalled")

    def test_what_is_carried_out_is_not_recalled(self):
        self._policy(self._users(self.anna))
        order = self._pending()
        instance = self._instance(order)
        self._approve(order, self.anna)
        with self.assertRaisesRegex(UserError, "nothing to recall"):
            instance.with_user(self.seller).action_recall()
        self.assertEqual(instance.state, "executed")

    # -- urge, copies ------------------------------------------------------------------

    def test_urging_has_a_pause(self):
        self._policy(self._users(self.anna))
        self.env.company.approval_urge_hours = 2
        with freeze_all_time("2024-03-05 10:00:00"):
            order = self._pending()
            instance = self._instance(order).with_user(self.seller)
            instance.open_task_ids.sudo()._engine().write({"mail_pending": False})
            action = instance.action_urge()
            self.assertIn("Anna", action["params"]["message"])
            self.assertTrue(instance.sudo().open_task_ids.mail_pending)
            with self.assertRaisesRegex(UserError, "You can urge again"):
                instance.action_urge()
        with freeze_all_time("2024-03-05 11:59:00"), self.assertRaises(UserError):
            instance.action_urge()
        with freeze_all_time("2024-03-05 12:00:00"):
            instance.action_urge()
            with self.assertRaises(UserError):
                instance.with_user(self.anna).action_urge()
        self.assertEqual(self._kinds(order).count("urged"), 2)
        self._approve(order, self.anna)
        with self.assertRaisesRegex(UserError, "Nobody is asked"):
            instance.action_urge()

    def test_people_copied_to_read_it_and_decide_nothing(self):
        self._policy(self._users(self.anna), cc_user_ids=[(4, self.dora.id)])
        order = self._pending()
        instance = self._instance(order)
        self.assertIn("cc", self._kinds(order))
        self.assertEqual(instance.with_user(self.dora).amount, 1000)
        with self.assertRaises(UserError):
            instance.open_task_ids.with_user(self.dora).action_approve()

    # -- many at once ------------------------------------------------------------------

    def test_many_are_decided_each_for_itself(self):
        self._policy(self._users(self.anna))
        orders = self._order().union(*(self._order() for _n in range(4)))
        orders.action_confirm()
        orders[1].line_ids.flush_recordset()
        self.env.cr.execute(
            "UPDATE approval_test_order_line SET price = 1 WHERE order_id = %s",
            [orders[1].id],
        )
        self.env.invalidate_all()
        tasks = orders.sudo().approval_instance_id.open_task_ids.with_user(self.anna)
        message = tasks.action_approve()["params"]["message"]
        self.assertIn("4 documents approved", message)
        self.assertIn("changed since", message)
        self.assertEqual(
            orders.mapped("state"), ["done", "draft", "done", "done", "done"]
        )
