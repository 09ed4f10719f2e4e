from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged, warmup

from .common import ApprovalCase

VIEW_FIELDS = [
    "view_facts",
    "view_lines",
    "view_files",
    "view_checks",
    "view_changes",
    "view_timeline",
    "can_decide",
    "waiting_for",
    "policy_name",
]


@tagged("post_install", "-at_install")
class TestScreen(ApprovalCase):
    """What the approver's screen, the cards and the strip are told."""

    def _screen(self, order, user):
        instance = self._instance(order).with_user(user)
        return instance.read(VIEW_FIELDS)[0]

    def test_history_tells_who_decided_and_who_comes_next(self):
        self._policy(self._users(self.anna), self._users(self.bob))
        order = self._pending()
        order.with_user(self.anna).action_approve("go ahead")
        screen = self._screen(order, self.bob)
        self.assertEqual(screen["waiting_for"], "Bob")
        self.assertTrue(screen["can_decide"])
        [now] = screen["view_timeline"]
        self.assertEqual(
            [(item["kind"], item["who"]) for item in now["items"]],
            [("submitted", "Seller"), ("approved", "Anna"), ("pending", "Bob")],
        )
        approved = now["items"][1]
        self.assertEqual(
            (approved["comment"], approved["step"]), ("go ahead", "Step 1")
        )
        self.assertTrue(approved["took"])

    def test_history_shows_further_levels(self):
        self._policy(self._users(self.anna), self._users(self.bob))
        order = self._pending()
        [now] = self._screen(order, self.anna)["view_timeline"]
        self.assertEqual(now["items"][-1]["kind"], "next")
        self.assertEqual(now["items"][-1]["who"], "Bob")

    def test_changes_since_the_reader_approved(self):
        self._policy(self._users(self.anna), self._users(self.bob))
        order = self._pending()
        order.with_user(self.anna).action_approve()
        order.with_user(self.bob).action_return("Too much")
        order.line_ids.write({"qty": 3})
        order.with_user(self.seller).action_confirm()
        anna = self._screen(order, self.anna)["view_changes"]
        self.assertTrue(anna["own"])
        self.assertIn("3", {row["new"] for row in anna["rows"]})
        seller = self._screen(order, self.seller)
        self.assertFalse(seller["view_changes"]["own"])
        self.assertEqual([item["round"] for item in seller["view_timeline"]], [2, 1])

    def test_others_see_nothing(self):
        self._policy(self._users(self.anna))
        order = self._pending()
        with self.assertRaises(AccessError):
            self._screen(order, self.carl)

    def test_only_who_is_asked_can_decide(self):
        self._policy(self._users(self.anna), cc_user_ids=[(6, 0, self.carl.ids)])
        order = self._pending()
        self.assertTrue(self._screen(order, self.anna)["can_decide"])
        for user in (self.seller, self.carl):
            self.assertFalse(self._screen(order, user)["can_decide"])
            with self.assertRaises(UserError):
                self._instance(order).with_user(user).action_task_approve()

    def test_what_was_seen_is_what_is_approved(self):
        self._policy(self._users(self.anna))
        order = self._pending()
        instance = self._instance(order).with_user(self.anna)
        old = instance.with_context(approval_flow_seen_digest="of something else")
        with self.assertRaisesRegex(UserError, "was changed while you were reading"):
            old.action_task_approve()
        instance.action_task_approve(seen_digest=instance.shown_digest)
        self.assertEqual(order.state, "done")

    def test_a_task_opens_its_approval(self):
        self._policy(self._users(self.anna))
        task = self._task(self._pending(), self.anna)
        action = task.get_formview_action()
        self.assertEqual(action["res_model"], "approval.instance")
        self.assertEqual(action["res_id"], task.instance_id.id)
        self.assertEqual(task.action_open_approval(), action)

    def test_strip_lets_who_is_asked_decide(self):
        self._policy(self._users(self.anna))
        order = self._pending()
        task = self._task(order, self.anna)
        strip = order.with_user(self.anna).approval_status
        self.assertEqual(strip["task"], task.id)
        self.assertEqual(strip["digest"], task.shown_digest)
        self.assertTrue(strip["can_transfer"])
        self.assertFalse(order.with_user(self.seller).approval_status["task"])

    def test_kind_of_document_groups_lists(self):
        self._policy(self._users(self.anna))
        order = self._pending()
        task = self._task(order, self.anna)
        groups = task.formatted_read_group([], ["model_id"], ["__count"])
        self.assertIn("Throw-away Order", [group["model_id"][1] for group in groups])
        self.assertEqual(task.model_id, self._instance(order).model_id)

    @warmup
    def test_inbox_costs_the_same_for_many(self):
        self._policy(self._users(self.anna))
        fields = ["document_name", "approved_before", "can_transfer", "shown_digest"]
        counts = []
        for number in (1, 50):
            orders = self.env["approval.test.order"]
            for _i in range(number):
                orders |= self._order()
            orders.with_user(self.seller).action_confirm()
            tasks = self.env["approval.task"].with_user(self.anna)
            tasks = tasks.search([("res_id", "in", orders.ids)])
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            tasks.web_read({name: {} for name in fields})
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 1)

    def test_document_whose_addon_was_removed(self):
        self._policy(self._users(self.anna))
        order = self._pending()
        instance = self._instance(order)
        # the model is there, but under approval no more
        instance._engine().write({"res_model": "res.partner", "res_id": 1})
        instance.task_ids._engine().write({"res_model": "res.partner", "res_id": 1})
        self.env.invalidate_all()
        screen = instance.with_user(self.anna).read(VIEW_FIELDS)[0]
        self.assertFalse(screen["view_facts"])
        self.assertTrue(screen["view_timeline"])
        self.assertFalse(instance.task_ids.with_user(self.anna).headline)
