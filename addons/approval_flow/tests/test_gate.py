from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import ApprovalCase

NEEDED = "needs an approval first"
HOSTILE = {
    "approval_engine": True,
    "approval_editing": {},
    "skip_validation_check": True,
    "active_test": False,
    "tracking_disable": True,
    "install_mode": True,
    "default_approval_state": "approved",
    "force": True,
    "bypass": True,
}


@tagged("post_install", "-at_install")
class TestGate(ApprovalCase):
    """A covered order is done only with an approval of exactly what it holds."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls._policy(cls._users(cls.anna), amount_min=500)

    def _approved(self, **values):
        """Return an order that is fully approved, and not carried out yet."""
        self.policy.auto_execute = False
        order = self._pending(**values)
        self._approve(order, self.anna)
        self.assertEqual(order.approval_state, "approved")
        self.assertEqual(order.state, "draft")
        return order

    def _assert_stands(self, order, state="draft"):
        order.invalidate_recordset()
        self.assertEqual(order.sudo().state, state)

    # -- ways around ------------------------------------------------------------------

    def test_the_button_submits_and_says_who_decides(self):
        order = self._order()
        action = order.action_confirm()
        self.assertEqual(order.state, "draft")
        self.assertEqual(order.approval_state, "pending")
        self.assertIn("Anna", action["params"]["message"])
        again = order.action_confirm()
        self.assertIn("Anna", again["params"]["message"])
        self.assertEqual(self._kinds(order), ["submitted"])

    def test_write_is_gated_from_every_state_for_everybody(self):
        for state in ("draft", "sent", "cancel"):
            order = self._order()
            if state != "draft":
                order.state = state
            for caller in (
                order,
                order.sudo(),
                order.with_user(self.manager),
                order.with_user(self.env.ref("base.user_root")),
                order.with_context(**HOSTILE),
                order.sudo().with_context(**HOSTILE),
            ):
                with self.assertRaises(UserError):
                    caller.write({"state": "done"})
                with self.assertRaises(UserError):
                    caller.state = "done"
                self._assert_stands(order, state)

    def test_a_pending_rejected_returned_recalled_approval_opens_nothing(self):
        for decide in (
            lambda order: None,
            lambda order: order.with_user(self.anna).action_reject("no"),
            lambda order: order.with_user(self.anna).action_return("mend it"),
            lambda order: order.action_recall_approval(),
            lambda order: order.line_ids.write({"qty": 3}),
        ):
            order = self._pending()
            decide(order)
            with self.assertRaisesRegex(UserError, NEEDED):
                order.write({"state": "done"})
            self._assert_stands(order)

    def test_creation_in_the_state_is_gated(self):
        values = {
            "name": "X",
            "state": "done",
            "line_ids": [Command.create({"qty": 1, "price": 900})],
        }
        Order = self.env["approval.test.order"]
        for model in (Order.with_user(self.seller), Order, Order.sudo()):
            with self.assertRaisesRegex(UserError, NEEDED):
                model.create(values)
            with self.assertRaisesRegex(UserError, NEEDED):
                model.create([{"name": "free"}, values])
        without = {name: value for name, value in values.items() if name != "state"}
        for context in (
            {"default_state": "done"},
            {**HOSTILE, "default_state": "done"},
        ):
            with self.assertRaisesRegex(UserError, NEEDED):
                Order.with_user(self.seller).with_context(**context).create(without)
        self.assertFalse(Order.search([("name", "=", "X")]))

    def test_creation_may_be_turned_into_a_submission(self):
        self.policy.api_policy = "submit"
        Order = self.env["approval.test.order"].with_user(self.seller)
        small, large = Order.create(
            [
                {
                    "name": name,
                    "state": "done",
                    "line_ids": [Command.create({"qty": 1, "price": price})],
                }
                for name, price in [("small", 100), ("large", 900)]
            ]
        )
        self.assertEqual((small.state, large.state), ("done", "draft"))
        self.assertEqual(large.approval_state, "pending")
        self.assertFalse(small.approval_instance_id)
        self._approve(large, self.anna)
        self.assertEqual(large.state, "done")

    def test_write_may_be_turned_into_a_submission(self):
        self.policy.api_policy = "submit"
        small, large = self._order(100), self._order(900)
        (small | large).write({"state": "done", "memo": "both"})
        self.assertEqual((small.state, large.state), ("done", "draft"))
        self.assertEqual(large.memo, "both")
        self.assertEqual(large.approval_state, "pending")
        cancelled = self._order(900)
        cancelled.state = "cancel"
        with self.assertRaisesRegex(UserError, NEEDED):
            cancelled.state = "done"

    def test_who_may_not_write_the_order_cannot_submit_it_either(self):
        self.policy.api_policy = "submit"
        order = self._order()
        for call in (
            lambda: order.with_user(self.bob).action_confirm(),
            lambda: order.with_user(self.bob).action_submit_approval(),
            lambda: order.with_user(self.bob).write({"state": "done"}),
        ):
            with self.assertRaises(AccessError):
                call()
        self.assertFalse(order.approval_instance_id)

    def test_an_import_refuses_each_row_with_its_reason(self):
        Order = self.env["approval.test.order"].with_user(self.seller)
        fields_ = ["name", "state", "line_ids/name", "line_ids/qty", "line_ids/price"]
        rows = [["A", "done", "l", "1", "900"], ["B", "done", "l", "1", "800"]]
        result = Order.load(fields_, rows)
        self.assertFalse(result["ids"])
        reasons = [message["message"] for message in result["messages"]]
        self.assertEqual(len(reasons), 2)
        self.assertTrue(all(NEEDED in reason for reason in reasons))
        self.assertTrue(reasons[0].startswith("A:") and reasons[1].startswith("B:"))

    def test_an_import_may_submit_instead(self):
        self.policy.api_policy = "submit"
        Order = self.env["approval.test.order"].with_user(self.seller)
        fields_ = ["name", "state", "line_ids/name", "line_ids/qty", "line_ids/price"]
        result = Order.load(
            fields_, [["A", "done", "l", "1", "900"], ["B", "done", "l", "1", "100"]]
        )
        self.assertFalse(result["messages"])
        orders = Order.browse(result["ids"])
        self.assertEqual(orders.mapped("state"), ["draft", "done"])
        self.assertEqual(orders[0].approval_state, "pending")

    def test_a_server_action_is_gated(self):
        action = self.env["ir.actions.server"].create(
            {
                "name": "Force",
                "model_id": self.env["ir.model"]._get_id("approval.test.order"),
                "state": "code",
                "code": "records.sudo().write({'state': 'done'})",
            }
        )
        order = self._order()
        with self.assertRaisesRegex(UserError, NEEDED):
            action.with_context(
                active_model=order._name, active_ids=order.ids, active_id=order.id
            ).run()

    # -- two at once ------------------------------------------------------------------

    def test_of_two_orders_the_free_one_is_done_and_the_other_submitted(self):
        free, covered = self._order(100), self._order(900)
        message = (free | covered).action_confirm()["params"]["message"]
        self.assertEqual((free.state, covered.state), ("done", "draft"))
        self.assertEqual(covered.approval_state, "pending")
        self.assertIn("1 done at once", message)
        self.assertIn("Anna", message)

    def test_two_orders_written_at_once_are_both_refused(self):
        free, covered = self._order(100), self._order(900)
        with self.assertRaisesRegex(UserError, NEEDED):
            (free | covered).write({"state": "done"})
        self._assert_stands(free)
        self._assert_stands(covered)

    def test_a_refused_one_does_not_hold_up_the_others(self):
        self.policy.step_ids.write(
            {"approver_type": "field", "field_path": "leader_id"}
        )
        good, bad = self._order(leader_id=self.anna.id), self._order()
        action = (good | bad).action_confirm()
        self.assertEqual(good.approval_state, "pending")
        self.assertFalse(bad.approval_instance_id)
        self.assertIn("Nobody may decide", action["params"]["message"])
        self.assertEqual(action["params"]["type"], "warning")

    # -- state and content in one call ------------------------------------------------

    def test_state_and_content_in_one_call_is_judged_as_a_whole(self):
        order = self._approved(amount=2000, lines=2)
        line = order.line_ids[0]
        for values in (
            {"line_ids": [Command.update(line.id, {"price": 2000})]},
            {"line_ids": [Command.create({"qty": 1, "price": 1})]},
            {"line_ids": [Command.delete(line.id)]},
            {"partner_id": self.env.ref("base.main_partner").id},
        ):
            with self.subTest(values), self.assertRaisesRegex(UserError, NEEDED):
                order.write({"state": "done", **values})
            self._assert_stands(order)
            self.assertEqual(self._instance(order).state, "approved")
        self.assertEqual(order.amount_total, 2000)
        small = self._order(100)
        with self.assertRaisesRegex(UserError, NEEDED):
            small.write(
                {
                    "state": "done",
                    "line_ids": [Command.create({"qty": 1, "price": 900})],
                }
            )
        order.write({"state": "done", "memo": "fine"})
        self._assert_stands(order, "done")

    def test_a_condition_is_judged_before_and_after(self):
        self.policy.domain = "[('special', '=', True)]"
        order = self._order(special=True)
        with self.assertRaisesRegex(UserError, NEEDED):
            order.write({"state": "done", "special": False})
        other = self._order()
        with self.assertRaisesRegex(UserError, NEEDED):
            other.write({"state": "done", "special": True})

    # -- an approval is used once -----------------------------------------------------

    def test_an_approval_is_used_up(self):
        order = self._pending()
        self._approve(order, self.anna)
        self._assert_stands(order, "done")
        for way_back in ("action_cancel", "action_draft"):
            if way_back == "action_cancel":
                order.action_cancel()
            order.action_draft()
            with self.assertRaisesRegex(UserError, NEEDED):
                order.write({"state": "done"})
            order.action_confirm()
            self._assert_stands(order)
            self.assertEqual(order.approval_state, "pending")
            self._approve(order, self.anna)
            self._assert_stands(order, "done")
        self.assertEqual(self._kinds(order).count("executed"), 3)

    def test_cancelling_ends_an_open_approval(self):
        for order in (self._pending(), self._approved()):
            order.action_cancel()
            self.assertEqual(self._instance(order).state, "recalled")
            self.assertFalse(self._approvers(order))
            with self.assertRaisesRegex(UserError, NEEDED):
                order.write({"state": "done"})

    def test_an_approval_not_needed_any_more_does_not_lie_in_wait(self):
        pending, approved = self._pending(), self._approved()
        self.policy.active = False
        (pending | approved).action_confirm()
        self.assertEqual((pending | approved).mapped("state"), ["done", "done"])
        self.assertEqual(self._instance(pending).state, "recalled")
        self.assertEqual(self._instance(approved).state, "executed")
        (pending | approved).action_draft()
        self.policy.active = True
        for order in (pending, approved):
            with self.assertRaisesRegex(UserError, NEEDED):
                order.write({"state": "done"})

    # -- fields of the engine ---------------------------------------------------------

    def test_nobody_sets_the_approval_of_an_order(self):
        order, other = self._pending(), self._order()
        values = self._instance(order).id
        for caller in (other, other.sudo(), other.with_user(self.manager)):
            for name, value in [
                ("approval_instance_id", values),
                ("approval_revision", 9),
            ]:
                with self.assertRaises(AccessError):
                    caller.write({name: value})
                with self.assertRaises(AccessError):
                    caller.create({"name": "X", name: value})
        made = other.with_context(
            default_approval_instance_id=values, default_approval_revision=9
        ).create({"name": "X"})
        self.assertFalse(made.approval_instance_id)
        self.assertEqual(made.approval_revision, 0)

    def test_a_copy_has_no_approval(self):
        order = self._pending()
        self._approve(order, self.anna)
        copied = order.copy({"state": "draft"})
        self.assertFalse(copied.approval_instance_id)
        with self.assertRaisesRegex(UserError, NEEDED):
            order.copy({"state": "done", "line_ids": [Command.create({"price": 900})]})

    def test_deleting_the_order_ends_the_approval_and_keeps_its_history(self):
        order = self._pending()
        instance = self._instance(order)
        order.unlink()
        self.assertEqual(instance.state, "recalled")
        self.assertEqual(instance.event_ids.mapped("kind"), ["submitted", "recalled"])
        self.assertFalse(instance.open_task_ids)

    def test_a_policy_that_cannot_be_evaluated_keeps_the_gate_shut(self):
        self.env.cr.execute(
            "UPDATE approval_policy SET domain = %s WHERE id = %s",
            ["[('no_such_field', '=', 1)]", self.policy.id],
        )
        self.policy.invalidate_recordset()
        self.env.registry.clear_cache()
        order = self._order()
        for call in (order.action_confirm, lambda: order.write({"state": "done"})):
            with self.assertRaisesRegex(UserError, "cannot be evaluated"):
                call()

    def test_a_hostile_context_changes_no_answer_for_others(self):
        self.policy.active = False
        self.env.registry.clear_cache()
        order = self._order()
        order.with_context(**HOSTILE).action_confirm()
        self._assert_stands(order, "done")  # archived policies are not woken up
        other = self._order()
        other.action_confirm()
        self._assert_stands(other, "done")

    def test_the_figures_of_the_gate_are_those_of_today(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        company = self.env.company.currency_id
        self.assertNotEqual(euro, company)
        self.env["res.currency.rate"].create(
            {
                "currency_id": euro.id,
                "name": fields.Date.today(),
                "rate": 0.5,
                "company_id": self.env.company.id,
            }
        )
        below, above = (
            self._order(240, currency_id=euro.id),
            self._order(260, currency_id=euro.id),
        )
        below.action_confirm()
        above.action_confirm()
        self.assertEqual((below.state, above.state), ("done", "draft"))
        self.assertEqual(self._instance(above).amount, 520)
