from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import ApprovalCase

CHINESE = ("需要审批", "第 1 级：Check", "第 2 级：Board", "审批全部通过后自动执行")


@tagged("post_install", "-at_install")
class TestPolicies(ApprovalCase):
    """A policy nobody could satisfy is refused; each change keeps a version."""

    def _assert_refused(self, message, *steps, **values):
        with self.assertRaisesRegex(ValidationError, message), self.env.cr.savepoint():
            self._policy(*steps, **values)

    # -- checks -----------------------------------------------------------------------

    def test_a_policy_nobody_could_satisfy_is_refused(self):
        group = self._group()
        anna, two = self._users(self.anna), self._users(self.anna, self.bob)
        self._assert_refused("has no step")
        self._assert_refused("Say who approves", {"approver_type": "users"})
        self._assert_refused("Say who approves", {"approver_type": "group"})
        self._assert_refused("Say who approves", {"approver_type": "field"})
        self._assert_refused(
            "Say who approves", {"approver_type": "manager", "manager_level": 0}
        )
        self._assert_refused(
            "no active member", {"approver_type": "group", "group_id": group.id}
        )
        self._assert_refused(
            "needs 3 approvals, but has only 2",
            {**two, "mode": "quorum", "quorum": 3},
        )
        self._assert_refused(
            "already asked in it",
            {**anna, "on_timeout": "escalate", "escalate_user_id": self.anna.id},
        )
        self.carl.active = False
        self._assert_refused(
            "is not active",
            {**anna, "on_timeout": "escalate", "escalate_user_id": self.carl.id},
        )
        self._assert_refused("Say who approves", self._users(self.carl))
        self._assert_refused("up to which amount", {**anna, "on_timeout": "approve"})
        self._policy(
            {
                "approver_type": "group",
                "group_id": group.id,
                "fallback_user_id": self.dora.id,
            }
        )

    def test_conditions_and_paths_must_be_understood(self):
        anna = self._users(self.anna)
        for domain in (
            "[('no_such_field', '=', 1)]",
            "[('create_uid', '=', uid)]",
            "[('name', 'nonsense', 1)]",
            "not a domain",
            "__import__('os')",
            "[('partner_id.nothing', '=', 1)]",
        ):
            self._assert_refused("cannot be understood", anna, domain=domain)
            self._assert_refused("cannot be understood", {**anna, "domain": domain})
        for path, message in {
            "nothing": "is not a path to a person",
            "name": "is not a path to a person",
            "leader_id.nothing": "is not a path to a person",
            "partner_id": "must end at a user",
            "leader_id.name": "is not a path to a person",
        }.items():
            self._assert_refused(
                message, {"approver_type": "field", "field_path": path}
            )

    @mute_logger("odoo.sql_db")
    def test_an_unknown_operation_and_wrong_amounts_are_refused(self):
        anna = self._users(self.anna)
        self._assert_refused("has no operation", anna, operation="explode")
        for values in (
            {"amount_min": 100, "amount_max": 50},
            {"tolerance_percent": 101},
            {"tolerance_amount": -1},
        ):
            with self.assertRaises(IntegrityError), self.env.cr.savepoint():
                self._policy(anna, **values)

    def test_the_last_step_is_not_removed_from_an_active_policy(self):
        policy = self._policy(self._users(self.anna))
        with self.assertRaisesRegex(ValidationError, "has no step"):
            policy.step_ids.unlink()
        with self.assertRaisesRegex(ValidationError, "has no step"):
            policy.write({"step_ids": [Command.clear()]})
        policy.active = False
        policy.step_ids.unlink()
        with self.assertRaisesRegex(ValidationError, "has no step"):
            policy.active = True

    # -- versions ---------------------------------------------------------------------

    def test_each_save_that_changes_something_is_one_version(self):
        policy = self._policy(self._users(self.anna), self._users(self.bob))
        self.assertEqual(policy.version, 1)
        policy.write(
            {
                "amount_min": 50,
                "step_ids": [
                    Command.update(policy.step_ids[0].id, {"name": "First"}),
                    Command.create(
                        {"name": "Third", "user_ids": self.carl.ids, "sequence": 3}
                        | {"approver_type": "users"}
                    ),
                    Command.delete(policy.step_ids[1].id),
                ],
            }
        )
        self.assertEqual(policy.version, 2)
        policy.write({"amount_min": 50})
        self.assertEqual(policy.version, 2)
        policy.step_ids[0].quorum = 3
        self.assertEqual(policy.version, 3)
        policy.active = False
        self.assertEqual(policy.version, 4)
        policy.sequence = 3
        self.assertEqual(policy.version, 5)
        self.assertEqual(policy.version_ids.mapped("number"), [5, 4, 3, 2, 1])
        contents = [version.content["amount_min"] for version in policy.version_ids]
        self.assertEqual(contents, [50, 50, 50, 50, 0])
        self.assertTrue(policy.version_ids[-1].summary)

    def test_the_number_of_a_version_cannot_be_written(self):
        policy = self._policy(self._users(self.anna), version=7)
        self.assertEqual(policy.version, 1)
        policy.with_user(self.manager).write({"version": 9})
        self.assertEqual(policy.version, 1)

    def test_a_failed_save_leaves_no_trace(self):
        policy = self._policy(self._users(self.anna))
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            policy.write({"domain": "nonsense"})
        policy.amount_min = 5
        self.assertEqual(policy.version, 2)

    def test_a_change_never_touches_running_approvals(self):
        policy = self._policy(self._users(self.anna), self._users(self.bob))
        pending, granted = self._pending(), self._pending()
        policy.auto_execute = False
        waiting = self._pending()
        self._approve(waiting, self.anna, self.bob)
        policy.write(
            {
                "auto_execute": False,
                "tolerance_percent": 50,
                "step_ids": [
                    Command.update(
                        policy.step_ids[1].id,
                        {"user_ids": [Command.set(self.carl.ids)]},
                    ),
                    Command.create(
                        {"name": "More", "sequence": 9, "user_ids": self.dora.ids}
                        | {"approver_type": "users"}
                    ),
                ],
            }
        )
        self._approve(pending, self.anna)
        self.assertEqual(self._approvers(pending), self.bob)
        self._approve(pending, self.bob)
        self.assertEqual(pending.state, "done")
        policy.active = False
        self._approve(granted, self.anna, self.bob)
        self.assertEqual(granted.state, "done")
        policy.active = True
        waiting.action_confirm()
        self.assertEqual(waiting.state, "done", "approved under the older version")
        fresh = self._pending()
        self._approve(fresh, self.anna)
        self.assertEqual(self._approvers(fresh), self.carl)
        self.assertEqual(self._instance(fresh).policy_version, policy.version)

    def test_two_versions_are_asked_in_one_call_each_by_its_own(self):
        policy = self._policy(self._users(self.anna), self._users(self.bob))
        before = self._pending()
        policy.step_ids[1].user_ids = self.carl
        after = self._pending()
        tasks = (self._instance(before) | self._instance(after)).open_task_ids
        tasks.with_user(self.anna).action_approve()
        self.assertEqual(self._approvers(before), self.bob)
        self.assertEqual(self._approvers(after), self.carl)

    def test_a_policy_with_running_approvals_is_archived_not_deleted(self):
        policy = self._policy(self._users(self.anna))
        order = self._pending()
        with self.assertRaisesRegex(UserError, "Archive it instead"):
            policy.unlink()
        self._approve(order, self.anna)
        policy.unlink()
        self.assertEqual(self._instance(order).state, "executed")

    # -- in words ----------------------------------------------------------------------

    def test_the_summary_says_it_in_plain_words(self):
        policy = self._policy(
            {**self._users(self.anna), "name": "Check"},
            {
                **self._users(self.anna, self.bob),
                "name": "Board",
                "mode": "quorum",
                "amount_min": 5000,
                "domain": "[('special', '=', True)]",
                "deadline_hours": 4,
            },
            amount_min=1000,
        )
        summary = policy.with_context(lang="en_US").summary
        for words in (
            "Throw-away Order, Confirm: needs approval when the amount is above",
            "1,000.00",
            "Level 1: Check: any one of Anna",
            "Level 2: Board: 2 of Anna, Bob, only when",
            "Special = yes",
            "within 4 working hours",
            "carried out by itself",
        ):
            self.assertIn(words, summary.replace("\xa0", " "))
        self.env["res.lang"]._activate_lang("zh_CN")
        summary = policy.with_context(lang="zh_CN").summary.replace("\xa0", " ")
        for words in CHINESE:
            self.assertIn(words, summary)

    # -- simulation --------------------------------------------------------------------

    def test_the_simulation_says_which_policy_decides_why_and_who_is_asked(self):
        first = self._policy(
            self._users(self.anna), name="Special", domain="[('special', '=', True)]"
        )
        second = self._policy(
            self._users(self.bob),
            {**self._users(self.carl), "amount_min": 5000},
            name="All",
            sequence=20,
        )
        order = self._order()
        wizard = (
            self.env["approval.policy.simulate"]
            .with_user(self.manager)
            .create({"model_id": first.model_id.id, "operation": "confirm"})
        )
        rows = wizard._explain(order)
        self.assertEqual([row["name"] for row in rows], ["All", "Special"])
        deciding, other = rows
        self.assertEqual(
            (deciding["decides"], deciding["matches"], other["matches"]),
            (True, True, False),
        )
        self.assertIn("does not hold", other["why"])
        self.assertEqual(
            [(step["people"], step["asked"]) for step in deciding["steps"]],
            [("Bob", True), ("Carl", False)],
        )
        self.assertFalse(order.approval_instance_id, "nothing was submitted")
        second.company_id = self.env["res.company"].create({"name": "Other"})
        self.assertIn("another company", str(wizard.sudo()._explain(order)))
