from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import RecordCapturer, tagged
from odoo.tools import mute_logger

from .common import ApprovalCase

FLOW = "odoo.addons.approval_flow.models.approval_instance_flow"


@tagged("post_install", "-at_install")
class TestExecution(ApprovalCase):
    """After the last approval: carried out as the requester, all or nothing."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls._policy(cls._users(cls.anna))

    def setUp(self):
        super().setUp()
        # a scheduled run may not commit in the transaction of a test
        self.startPatcher(
            patch.object(
                self.env.registry["ir.cron"],
                "_commit_progress",
                lambda self, processed=0, **kwargs: 100,
            )
        )

    def _failed(self):
        order = self._pending(broken=True)
        with mute_logger(FLOW):
            self._approve(order, self.anna)
        return order

    def _warnings(self, order):
        kind = self.env.ref("approval_flow.mail_activity_type_failed")
        return order.sudo().activity_ids.filtered(lambda a: a.activity_type_id == kind)

    # -- failure ----------------------------------------------------------------------

    def test_a_failure_leaves_nothing_half_done_and_tells_the_requester(self):
        order = self._failed()
        instance = self._instance(order)
        self.assertEqual(order.approval_state, "failed")
        self.assertEqual((order.state, order.done_count), ("draft", 0))
        self.assertEqual(instance.error, "no stock")
        activity = self._warnings(order)
        self.assertEqual(activity.user_id, self.seller)
        self.assertIn("no stock", activity.note)
        self.assertEqual(
            self._kinds(order), ["submitted", "approved", "granted", "failed"]
        )

    def test_the_approver_is_told_that_it_was_approved_and_why_it_failed(self):
        order = self._pending(broken=True)
        with mute_logger(FLOW):
            action = order.with_user(self.anna).action_approve()
        self.assertEqual(action["params"]["type"], "warning")
        self.assertIn("no stock", action["params"]["message"])

    def test_retried_by_the_requester_when_mended(self):
        order = self._failed()
        instance = self._instance(order).with_user(self.seller)
        with self.assertRaisesRegex(UserError, "Only Seller"):
            instance.with_user(self.anna).action_retry()
        with mute_logger(FLOW):
            action = instance.action_retry()
        self.assertIn("no stock", action["params"]["message"])
        self.assertEqual(len(self._warnings(order)), 1)
        order.broken = False
        action = instance.action_retry()
        self.assertEqual(action["params"]["type"], "success")
        self.assertEqual((order.state, order.done_count), ("done", 1))
        self.assertEqual(order.approval_state, "approved")
        self.assertFalse(self._warnings(order))
        self.assertFalse(instance.sudo().error)
        with self.assertRaisesRegex(UserError, "nothing to carry out"):
            instance.action_retry()

    def test_confirmed_by_hand_when_mended(self):
        order = self._failed()
        order.broken = False
        order.action_confirm()
        self.assertEqual(order.state, "done")
        self.assertEqual(self._instance(order).state, "executed")
        self.assertFalse(self._warnings(order))

    def test_changed_after_a_failure_it_needs_another_approval(self):
        order = self._failed()
        order.write({"broken": False})
        order.line_ids.price = 5
        self.assertEqual(order.approval_state, "stale")
        with self.assertRaisesRegex(UserError, "nothing to carry out"):
            self._instance(order).with_user(self.seller).action_retry()

    def test_the_rights_are_those_of_the_requester(self):
        order = self._pending()
        self.seller.group_ids = self.env.ref("base.group_user")
        self._approve(order, self.anna)
        self.assertEqual(order.sudo().approval_state, "failed")
        self.assertEqual(order.sudo().state, "draft")

    def test_a_requester_who_left_is_told_through_others(self):
        order = self._pending(broken=True, user_id=self.seller2.id)
        self.seller.active = False
        with mute_logger(FLOW):
            self._approve(order, self.anna)
        self.assertEqual(self._warnings(order).user_id, self.seller2)
        alone = self._pending(broken=True, user=self.seller2)
        self.seller2.active = False
        with mute_logger(FLOW):
            self._approve(alone, self.anna)
        managers = self.env.ref("approval_flow.group_approval_manager").all_user_ids
        self.assertIn(self._warnings(alone).user_id, managers)

    def test_the_operation_that_silently_does_nothing_is_a_failure(self):
        order = self._pending()
        Order = self.env.registry[order._name]
        with patch.object(Order, "action_confirm", lambda self: True):
            self._approve(order, self.anna)
        self.assertEqual(order.approval_state, "failed")
        self.assertIn("did not take place", self._instance(order).error)

    def test_the_approver_context_does_not_reach_the_operation(self):
        order = self._pending()
        Order = self.env.registry[order._name]
        seen = []
        original = Order._confirm

        def spy(orders):
            seen.append((orders.env.uid, orders.env.su, dict(orders.env.context)))
            return original(orders)

        with patch.object(Order, "_confirm", spy):
            order.with_user(self.anna).with_context(
                default_state="cancel", hostile=1
            ).action_approve()
        [[uid, su, context]] = seen
        self.assertEqual((uid, su), (self.seller.id, False))
        self.assertFalse({"default_state", "hostile", "approval_engine"} & set(context))

    # -- not by itself -----------------------------------------------------------------

    def test_without_automatic_execution_a_person_carries_it_out(self):
        self.policy.auto_execute = False
        order = self._pending()
        self._approve(order, self.anna)
        self.assertEqual((order.state, order.approval_state), ("draft", "approved"))
        self.env["approval.instance"]._cron_execute()
        self.assertEqual(order.state, "draft")
        order.action_confirm()
        self.assertEqual(order.state, "done")

    # -- in the background -------------------------------------------------------------

    def _many_approved(self, count=11):
        orders = self._order().union(*(self._order() for _n in range(count - 1)))
        orders.action_confirm()
        tasks = orders.sudo().approval_instance_id.open_task_ids
        cron = self.env.ref("approval_flow.ir_cron_execute")
        domain = [("cron_id", "=", cron.id)]
        with RecordCapturer(self.env["ir.cron.trigger"], domain) as triggers:
            tasks.with_user(self.anna).action_approve()
        return orders, triggers

    def test_more_than_ten_are_carried_out_in_the_background(self):
        orders, triggers = self._many_approved()
        self.assertEqual(set(orders.mapped("state")), {"draft"})
        self.assertEqual(set(orders.mapped("approval_state")), {"approved"})
        self.assertEqual(len(triggers.records), 1)
        self.env["approval.instance"]._cron_execute()
        self.assertEqual(set(orders.mapped("state")), {"done"})
        self.assertEqual(orders.write_uid, self.seller)

    def test_up_to_ten_are_carried_out_at_once(self):
        orders, triggers = self._many_approved(10)
        self.assertEqual(set(orders.mapped("state")), {"done"})
        self.assertFalse(triggers.records)

    def test_a_failing_one_does_not_hold_up_the_others_in_the_background(self):
        orders, _triggers = self._many_approved()
        orders[3].broken = True
        orders[5].line_ids.flush_recordset()
        self.env.cr.execute(
            "UPDATE approval_test_order_line SET price = 1 WHERE order_id = %s",
            [orders[5].id],
        )
        self.env.invalidate_all()
        with mute_logger(FLOW):
            self.env["approval.instance"]._cron_execute()
        self.assertEqual(orders[3].approval_state, "failed")
        self.assertEqual(orders[5].approval_state, "stale")
        done = orders - orders[3] - orders[5]
        self.assertEqual(set(done.mapped("state")), {"done"})

    def test_what_an_interrupted_run_left_is_carried_out_by_the_next_one(self):
        orders, _triggers = self._many_approved()
        with patch.object(
            self.env.registry["ir.cron"],
            "_commit_progress",
            lambda self, processed=0, **kwargs: 0 if processed else 100,
        ):
            self.env["approval.instance"]._cron_execute()
        self.assertEqual(orders.mapped("state").count("done"), 1)
        self.env["approval.instance"]._cron_execute()
        self.assertEqual(set(orders.mapped("state")), {"done"})
        self.assertEqual(set(orders.mapped("done_count")), {1})

    def test_a_deleted_order_does_not_stop_the_background_run(self):
        orders, _triggers = self._many_approved()
        self.env.flush_all()
        self.env.cr.execute(
            "DELETE FROM approval_test_order WHERE id = %s", [orders[0].id]
        )
        self.env.invalidate_all()
        self.env["approval.instance"]._cron_execute()
        self.assertEqual(set(orders[1:].mapped("state")), {"done"})
