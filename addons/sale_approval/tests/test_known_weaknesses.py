"""The weaknesses of other approval addons, one test each: they do not exist here.

The numbers are those of the study of OCA's base_tier_validation (b1 to b15).
"""

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .gate_common import SIGNATURE, SaleApprovalCommon


@tagged("post_install", "-at_install")
class TestKnownWeaknesses(SaleApprovalCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls._policy(cls.leader, cls.sales_manager)

    def _forge(self, model, values):
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            self.env[model].with_user(self.seller).create(values)
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            self.env[model].create(values)

    def test_b01_approval_cannot_be_forged(self):
        order = self._submitted()
        instance = order.sudo().approval_instance_id
        task = instance.open_task_ids
        self._forge(
            "approval.task",
            {
                "instance_id": instance.id,
                "user_id": self.seller.id,
                "step_key": task.step_key,
                "state": "approved",
            },
        )
        self._forge(
            "approval.instance",
            {
                "res_model": "sale.order",
                "res_id": order.id,
                "document_name": order.name,
                "operation": "confirm",
                "company_id": order.company_id.id,
                "requester_id": self.seller.id,
                "request_date": "2020-01-01",
                "state": "approved",
            },
        )
        for user in (self.seller, self.leader, self.sales_manager, self.env.user):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                task.with_user(user).write({"state": "approved"})
        order.action_confirm()
        self.assertEqual(order.state, "draft")

    def test_b02_context_keys_open_nothing(self):
        order = self._order()
        hostile = {
            "skip_validation_check": True,
            "approval_engine": "ENGINE",
            "approval_editing": True,
            "bypass_risk": True,
            "check_exception": False,
        }
        with self.assertRaises(UserError), self.env.cr.savepoint():
            order.with_context(**hostile).write({"state": "sale"})
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            order.with_context(**hostile).write({"approval_instance_id": 1})
        order.with_context(**hostile).action_confirm()
        self.assertEqual(order.state, "draft")

    def test_b03_create_is_gated(self):
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self.env["sale.order"].with_user(self.seller).create(
                self._order_values(state="sale")
            )

    def test_b04_what_was_approved_is_what_is_confirmed(self):
        self.policy.auto_execute = False
        order = self._submitted()
        self._approve(order, self.leader, self.sales_manager)
        order.order_line.discount = 50
        self.assertEqual(order.approval_state, "stale")
        order.action_confirm()
        self.assertEqual(order.state, "draft")

    def test_b05_policies_are_asked_again_after_a_change(self):
        self.policy.step_ids[1].amount_min = 10000
        self.policy.auto_execute = False
        order = self._submitted(price=1000)
        self._approve(order, self.leader)
        self.assertEqual(order.approval_state, "approved")
        order.order_line.price_unit = 100000
        order.action_confirm()
        self._approve(order, self.leader)
        self.assertEqual(order.state, "draft")
        self.assertEqual(
            order.sudo().approval_instance_id.open_task_ids.user_id, self.sales_manager
        )

    def test_b06_every_source_state_is_gated(self):
        order = self._order()
        order.action_cancel()
        with self.assertRaises(UserError), self.env.cr.savepoint():
            order.write({"state": "sale"})
        approved = self._submitted()
        self.policy.auto_execute = False
        self._approve(approved, self.leader)
        line = approved.order_line
        with self.assertRaises(UserError), self.env.cr.savepoint():
            approved.write(
                {
                    "state": "sale",
                    "order_line": [Command.update(line.id, {"price_unit": 0})],
                }
            )

    def test_b07_nobody_approves_his_own_order(self):
        other = self._person("lou", "sales_team.group_sale_salesman_all_leads")
        self.policy.step_ids[0].user_ids = [Command.set((self.leader | other).ids)]
        order = self._order(user=self.leader)
        order.action_confirm()
        self.assertEqual(order.sudo().approval_instance_id.open_task_ids.user_id, other)
        with self.assertRaises(UserError):
            order.with_user(self.leader).action_approve()
        # passed on to the creator by a colleague: refused as well
        task = order.sudo().approval_instance_id.open_task_ids
        with self.assertRaises(UserError):
            task.with_user(other).action_transfer(self.leader.id)
        # created by one, submitted by another: the creator still has a part in it
        self.policy.step_ids[1].unlink()
        colleague = self._order(user=self.leader)
        colleague.with_user(self.sales_manager).action_confirm()
        self.assertNotIn(
            self.leader, colleague.sudo().approval_instance_id.open_task_ids.user_id
        )

    def test_b08_customers_meet_no_exception(self):
        order = self._order(require_signature=True)
        portal = order.with_user(self.env.ref("base.public_user")).sudo()
        portal.write({"signed_by": "Customer", "signature": SIGNATURE})
        portal._validate_order()
        self.assertEqual(order.approval_state, "pending")
        order.action_quotation_sent()  # sending is free unless a policy covers it
        self.assertEqual(order.state, "sent")
        self.assertEqual(order.approval_state, "pending")

    def test_b09_order_of_levels_cannot_be_bypassed(self):
        order = self._submitted()
        with self.assertRaises(UserError):
            order.with_user(self.sales_manager).action_approve()
        with self.assertRaises(UserError):
            order.with_user(self.sales_manager).action_reject("out of turn")
        # the wizard decides only what the user himself is asked
        task = order.sudo().approval_instance_id.open_task_ids
        wizard = self.env["approval.task.decide"].with_user(self.sales_manager)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            wizard.create(
                {"task_ids": [Command.set(task.ids)], "decision": "approved"}
            ).action_confirm()
        self.assertEqual(order.approval_state, "pending")

    def test_b10_history_survives_everything(self):
        order = self._submitted()
        order.with_user(self.leader).action_reject("too cheap")
        events = order.sudo().approval_instance_id.event_ids
        count = self.env["approval.event"].search_count([])
        order.action_confirm()
        order.action_recall_approval()
        order.action_cancel()
        order.action_draft()
        self.assertTrue(events.exists())
        self.assertGreater(self.env["approval.event"].search_count([]), count)
        comment = events.filtered(lambda event: event.kind == "rejected").comment
        self.assertEqual(comment, "too cheap")
        order.action_cancel()
        order.with_user(self.sales_manager).unlink()
        self.assertTrue(events.exists())
        with self.assertRaises(AccessError):
            events.sudo().unlink()

    def test_b11_later_decisions_leave_earlier_ones_alone(self):
        order = self._submitted()
        self._approve(order, self.leader)
        first = order.sudo().approval_instance_id.task_ids.filtered("decided_date")
        before = first.read(["state", "decided_by_id", "decided_date", "comment"])
        self._approve(order, self.sales_manager)
        after = first.read(["state", "decided_by_id", "decided_date", "comment"])
        self.assertEqual(after, before)
        self.assertEqual(first.decided_by_id, self.leader)

    def test_b12_writes_cost_nothing_and_batches_are_batches(self):
        Orders = self.env["sale.order"].with_user(self.seller)
        orders = Orders.create([self._order_values() for _number in range(100)])
        self._queries_of_a_write(orders)
        governed = self._queries_of_a_write(orders)
        self.policy.active = False
        self._queries_of_a_write(orders)
        self.assertEqual(governed, self._queries_of_a_write(orders))
        self.policy.active = True
        # one that is blocked does not hold up the others
        orders[0].order_line = [Command.create({"name": "no product"})]
        action = orders[:3].action_confirm()
        self.assertEqual(orders[1].approval_state, "pending")
        self.assertIn(orders[0].name, action["params"]["message"])

    def _queries_of_a_write(self, orders):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        orders.write({"client_order_ref": "x"})
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def test_b13_implied_members_are_approvers(self):
        self.policy.step_ids[1].unlink()
        self.policy.step_ids.write(
            {
                "approver_type": "group",
                "group_id": self.env.ref("sales_team.group_sale_salesman").id,
            }
        )
        seller = self._person("tim", "base.group_user")
        seller.group_ids += self.env.ref("sales_team.group_sale_salesman")
        order = self._order(user=seller)
        order.action_confirm()
        asked = order.sudo().approval_instance_id.open_task_ids.user_id
        self.assertIn(self.sales_manager, asked)
        self.assertNotIn(seller, asked)

    def test_b14_requester_is_told_once_of_each_result(self):
        approved, rejected = self._submitted(), self._submitted()
        self._approve(approved, self.leader, self.sales_manager)
        rejected.with_user(self.leader).action_reject("too cheap")
        for order in (approved, rejected):
            instance = order.sudo().approval_instance_id
            self.assertTrue(instance.mail_pending)
            self.assertFalse(instance.task_ids.filtered("mail_pending"))

    def test_b15_batches_of_two_are_gated_one_by_one(self):
        self.policy.amount_min = 500
        small, large = self._order(price=100), self._order(price=900)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            (small | large).write({"state": "sale"})
        (small | large).action_confirm()
        self.assertEqual((small | large).mapped("state"), ["sale", "draft"])
