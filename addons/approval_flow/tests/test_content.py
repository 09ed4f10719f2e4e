from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import ApprovalCase


@tagged("post_install", "-at_install")
class TestContent(ApprovalCase):
    """What was approved is a content: another content needs another approval."""

    def _stale(self, order):
        order.invalidate_recordset()
        return order.approval_state == "stale"

    # -- any change -------------------------------------------------------------------

    def test_each_material_change_makes_an_open_approval_stale(self):
        self._policy(self._users(self.anna), amount_min=1, auto_execute=False)
        changes = {
            "price": lambda order: order.line_ids[0].write({"price": 999}),
            "lines of the order": lambda order: order.write(
                {"line_ids": [Command.update(order.line_ids[0].id, {"qty": 2})]}
            ),
            "offsetting": lambda order: order.line_ids[0].write(
                {"qty": 2, "price": order.line_ids[0].price / 2}
            ),
            "added": lambda order: order.line_ids.create(
                {"order_id": order.id, "qty": 0, "price": 0}
            ),
            "removed": lambda order: order.line_ids[0].unlink(),
            "renamed": lambda order: order.line_ids[0].write({"name": "other"}),
            "partner": lambda order: order.write(
                {"partner_id": self.env.ref("base.main_partner").id}
            ),
            "moved away": lambda order: order.line_ids[0].write(
                {"order_id": self._order().id}
            ),
        }
        for name, change in changes.items():
            for approved in (False, True):
                with self.subTest(name, approved=approved):
                    order = self._pending(lines=2)
                    if approved:
                        self._approve(order, self.anna)
                    change(order)
                    self.assertTrue(self._stale(order))
                    self.assertFalse(self._approvers(order))
                    with self.assertRaises(UserError):
                        order.write({"state": "done"})

    def test_immaterial_fields_are_free(self):
        self._policy(self._users(self.anna), auto_execute=False)
        order = self._pending()
        order.memo = "call first"
        order.line_ids.memo = "blue"
        order.write({"name": "New name", "user_id": self.seller2.id})
        self.assertEqual(order.approval_state, "pending")
        self._approve(order, self.anna)
        order.line_ids.memo = "red"
        self.assertEqual(order.approval_state, "approved")
        order.action_confirm()
        self.assertEqual(order.state, "done")

    def test_a_policy_names_its_own_material_fields(self):
        fields_ = self.env["ir.model.fields"]
        memo = fields_._get("approval.test.order.line", "memo")
        self._policy(self._users(self.anna), material_field_ids=[Command.set(memo.ids)])
        renamed, memo, dearer = self._pending(), self._pending(), self._pending()
        renamed.line_ids.name = "other"
        memo.line_ids.memo = "material now"
        dearer.line_ids.price = 1001  # the amount cannot be left out
        self.assertEqual(renamed.approval_state, "pending")
        self.assertTrue(self._stale(memo))
        self.assertTrue(self._stale(dearer))

    def test_a_change_and_its_opposite_in_one_call_leave_all_as_it_was(self):
        self._policy(self._users(self.anna))
        order = self._pending()
        first = order.line_ids
        order.write(
            {
                "line_ids": [
                    Command.update(first.id, {"price": 5}),
                    Command.update(first.id, {"price": 1000}),
                ]
            }
        )
        self.assertEqual(order.approval_state, "pending")

    def test_what_was_written_past_the_orm_is_seen_at_the_decision(self):
        self._policy(self._users(self.anna))
        order = self._pending()
        order.flush_recordset()
        order.line_ids.flush_recordset()
        self.env.cr.execute(
            "UPDATE approval_test_order_line SET price = 1 WHERE order_id = %s",
            [order.id],
        )
        self.env.invalidate_all()
        action = order.with_user(self.anna).action_approve()
        self.assertEqual(action["params"]["type"], "warning")
        self.assertIn("changed since it was submitted", action["params"]["message"])
        self.assertTrue(self._stale(order))
        self.assertEqual(order.state, "draft")
        self.assertEqual(self._kinds(order), ["submitted", "stale"])

    def test_the_approver_approves_what_he_has_seen(self):
        self._policy(self._users(self.anna), tolerance_percent=10.0)
        order = self._pending()
        seen = self._instance(order).digest
        task = self._task(order, self.anna)
        with self.assertRaisesRegex(UserError, "changed while you were reading"):
            task.action_approve(seen_digest="0" * 64)
        order.line_ids.price = 1010  # a small change, still another content
        with self.assertRaisesRegex(UserError, "changed while you were reading"):
            task.action_approve(seen_digest=seen)
        order.line_ids.price = 1000
        task.action_approve(seen_digest=seen)
        self.assertEqual(order.state, "done")
        self.assertEqual(task.sudo().seen_digest, seen)

    def test_a_condition_that_holds_since_asks_for_its_step(self):
        self._policy(
            self._users(self.anna),
            {**self._users(self.bob), "domain": "[('special', '=', True)]"},
        )
        order = self._pending()
        order.special = True
        order.with_user(self.anna).action_approve()
        self.assertEqual(order.state, "draft")
        self.assertTrue(self._stale(order))
        order.action_confirm()
        self._approve(order, self.anna, self.bob)
        self.assertEqual(order.state, "done")

    # -- tolerance --------------------------------------------------------------------

    def test_tolerance_by_percent(self):
        self._policy(self._users(self.anna), tolerance_percent=5.0)
        for price, stale in [(1050, False), (950, False), (1050.01, True), (949, True)]:
            order = self._pending()
            order.line_ids.price = price
            self.assertEqual(self._stale(order), stale, price)
            self.assertEqual(self._kinds(order)[-1], "stale" if stale else "carried")

    def test_tolerance_by_amount_caps_the_percent(self):
        self._policy(
            self._users(self.anna), tolerance_percent=50.0, tolerance_amount=20
        )
        for price, stale in [(1020, False), (1020.01, True)]:
            order = self._pending()
            order.line_ids.price = price
            self.assertEqual(self._stale(order), stale, price)

    def test_small_steps_add_up(self):
        self._policy(self._users(self.anna), tolerance_percent=5.0)
        order = self._pending()
        for price in (1020, 1040):
            order.line_ids.price = price
            self.assertFalse(self._stale(order))
        order.line_ids.price = 1060
        self.assertTrue(self._stale(order))

    def test_lines_do_not_make_up_for_each_other(self):
        self._policy(self._users(self.anna), tolerance_percent=5.0)
        order = self._pending(lines=2)
        order.write(
            {
                "line_ids": [
                    Command.update(order.line_ids[0].id, {"price": 700}),
                    Command.update(order.line_ids[1].id, {"price": 300}),
                ]
            }
        )
        self.assertEqual(order.amount_total, 1000)
        self.assertTrue(self._stale(order))

    def test_quantity_and_price_do_not_make_up_for_each_other(self):
        self._policy(self._users(self.anna), tolerance_percent=5.0)
        order, small = self._pending(), self._pending()
        order.line_ids.write({"qty": 100, "price": 10})
        self.assertEqual(order.amount_total, 1000)
        self.assertTrue(self._stale(order))
        small.line_ids.write({"qty": 1.02, "price": 985})
        self.assertFalse(self._stale(small))

    def test_only_numbers_are_tolerated(self):
        self._policy(self._users(self.anna), tolerance_percent=50.0)
        for change in (
            lambda order: order.line_ids.write({"name": "other"}),
            lambda order: order.line_ids.create({"order_id": order.id, "price": 1}),
            lambda order: order.line_ids[0].unlink(),
            lambda order: order.write({"currency_id": self.env.ref("base.CHF").id}),
        ):
            order = self._pending(lines=2)
            change(order)
            self.assertTrue(self._stale(order))

    def test_a_small_change_across_a_threshold_asks_the_further_step(self):
        self._policy(
            self._users(self.anna),
            {**self._users(self.bob), "amount_min": 1000},
            tolerance_percent=5.0,
        )
        below, above = self._pending(990), self._pending(990)
        below.line_ids.price = 1000
        above.line_ids.price = 1001
        self.assertFalse(self._stale(below))
        self.assertTrue(self._stale(above))

    def test_a_small_change_taken_back_is_as_submitted(self):
        self._policy(self._users(self.anna), tolerance_percent=5.0)
        order = self._pending()
        instance = self._instance(order)
        order.line_ids.price = 1010
        self.assertEqual(instance.amount, 1010)
        order.line_ids.price = 1000
        self.assertFalse(instance.accepted_digest)
        self.assertEqual(instance.amount, 1000)

    # -- the next round ---------------------------------------------------------------

    def test_reverted_content_needs_a_new_round_without_new_questions(self):
        """Stale is stale; yet nobody is asked twice for the very same content."""
        self._policy(self._users(self.anna), self._users(self.bob))
        order = self._pending()
        self._approve(order, self.anna)
        order.line_ids.price = 5
        order.line_ids.price = 1000
        self.assertTrue(self._stale(order))
        order.action_confirm()
        instance = self._instance(order)
        self.assertEqual(instance.round, 2)
        self.assertEqual(self._approvers(order), self.bob)
        self._approve(order, self.bob)
        self.assertEqual(order.state, "done")

    def test_submitted_again_what_changed_unseen_ends_the_old_round_first(self):
        self._policy(self._users(self.anna))
        order = self._pending()
        order.line_ids.flush_recordset()
        self.env.cr.execute(
            "UPDATE approval_test_order_line SET name = 'other' WHERE order_id = %s",
            [order.id],
        )
        self.env.invalidate_all()
        order.action_confirm()
        self.assertEqual(self._kinds(order), ["submitted", "stale", "submitted"])
        self.assertEqual(self._instance(order).round, 2)

    def test_the_next_round_asks_only_the_steps_that_the_change_touches(self):
        name_field = self.env["ir.model.fields"]._get(
            "approval.test.order.line", "name"
        )
        partner = self.env["ir.model.fields"]._get("approval.test.order", "partner_id")
        self._policy(
            {
                **self._users(self.anna),
                "retrigger_field_ids": [Command.set((name_field | partner).ids)],
            },
            self._users(self.bob),
            self._users(self.carl),
        )
        order = self._pending()
        self._approve(order, self.anna, self.bob)
        order.line_ids.price = 2000
        order.action_confirm()
        instance = self._instance(order)
        self.assertEqual(instance.steps[0]["kept"], self.anna.ids)
        self.assertIn("kept", self._kinds(order))
        self.assertEqual(self._approvers(order), self.bob)
        self._approve(order, self.bob)
        order.line_ids.name = "other"  # touches the first step
        order.action_confirm()
        self.assertEqual(self._approvers(order), self.anna)
        self._approve(order, self.anna)
        order.line_ids.create({"order_id": order.id, "name": "more", "price": 1})
        order.action_confirm()
        self.assertEqual(self._approvers(order), self.anna, "a new line has a name")

    def test_an_earlier_approval_is_not_kept_by_who_has_edited_since(self):
        memo = self.env["ir.model.fields"]._get("approval.test.order", "partner_id")
        self._policy(
            {
                **self._users(self.seller2, self.anna),
                "retrigger_field_ids": [Command.set(memo.ids)],
            },
            self._users(self.bob),
        )
        order = self._pending()
        self._approve(order, self.seller2)
        order.line_ids.with_user(self.seller2).price = 2000
        order.action_confirm()
        self.assertEqual(self._approvers(order), self.anna)

    def test_an_earlier_approval_of_another_step_definition_is_not_kept(self):
        policy = self._policy(self._users(self.anna), self._users(self.bob))
        order = self._pending()
        self._approve(order, self.anna)
        order.with_user(self.bob).action_return("more details")
        policy.step_ids[0].user_ids = self.carl
        order.action_confirm()
        self.assertEqual(self._approvers(order), self.carl)

    def test_returned_without_a_change_goes_back_to_who_returned_it(self):
        self._policy(self._users(self.anna), self._users(self.bob))
        order = self._pending()
        self._approve(order, self.anna)
        order.with_user(self.bob).action_return("call me")
        order.action_confirm()
        self.assertEqual(self._approvers(order), self.bob)

    def test_rejected_or_recalled_starts_from_the_beginning(self):
        self._policy(self._users(self.anna), self._users(self.bob))
        for end in (
            lambda order: order.with_user(self.bob).action_reject("no"),
            lambda order: order.action_recall_approval(),
        ):
            order = self._pending()
            self._approve(order, self.anna)
            end(order)
            order.action_confirm()
            self.assertEqual(self._approvers(order), self.anna)
