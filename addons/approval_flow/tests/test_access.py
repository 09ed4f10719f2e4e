from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import ApprovalCase

ENGINE_MODELS = (
    "approval.policy",
    "approval.step",
    "approval.policy.version",
    "approval.check",
    "approval.instance",
    "approval.task",
    "approval.event",
    "approval.delegation",
)


@tagged("post_install", "-at_install")
class TestAccess(ApprovalCase):
    """Who sees what: an approver his document while he is asked, others nothing."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls._policy(cls._users(cls.anna), cls._users(cls.bob))
        cls.hidden = cls._order(name="HIDDEN")

    def _reads(self, order, user):
        """Return whether the user may read the order and its lines, over every door."""
        mine = order.with_user(user)
        self.env.invalidate_all()
        Order, Line = mine.browse(), mine.env["approval.test.order.line"]
        line_ids = order.sudo().line_ids.ids
        doors = {
            "check": lambda: mine.check_access("read") or True,
            "read": lambda: bool(mine.read(["name", "amount_total", "approval_state"])),
            "web_read": lambda: bool(
                mine.web_read(
                    {"name": {}, "line_ids": {"fields": {"price": {}, "qty": {}}}}
                )[0]["line_ids"]
            ),
            "search": lambda: bool(Order.search([("id", "in", order.ids)])),
            "line": lambda: bool(Line.browse(line_ids).read(["price"])),
        }
        found = set()
        for name, door in doors.items():
            try:
                answer = door()
            except AccessError:
                answer = False
            found.add(answer)
            self.assertEqual(found, {answer}, f"{name} says something else")
        return found.pop()

    # -- the document -----------------------------------------------------------------

    def test_an_approver_reads_the_document_while_his_task_is_open(self):
        order = self._pending()
        self.assertTrue(self._reads(order, self.anna))
        self.assertFalse(self._reads(order, self.bob), "not his turn yet")
        self.assertFalse(self._reads(order, self.carl))
        self._approve(order, self.anna)
        self.assertFalse(self._reads(order, self.anna), "decided")
        self.assertTrue(self._reads(order, self.bob))
        order.action_recall_approval()
        self.assertFalse(self._reads(order, self.bob))

    def test_delegate_and_owner_read_it_both(self):
        self.env["approval.delegation"].create(
            {
                "user_id": self.anna.id,
                "delegate_id": self.carl.id,
                "date_from": "2020-01-01",
                "date_to": "2100-01-01",
            }
        )
        order = self._pending()
        self.assertTrue(self._reads(order, self.anna))
        self.assertTrue(self._reads(order, self.carl))

    def test_reading_is_all_he_may(self):
        order = self._pending().with_user(self.anna)
        for call in (
            lambda: order.write({"memo": "x"}),
            lambda: order.unlink(),
            lambda: order.copy(),
            lambda: order.line_ids.write({"price": 1}),
            lambda: order.create({"name": "mine"}),
        ):
            with self.assertRaises(AccessError):
                call()

    def test_lists_show_no_more_than_the_open_task(self):
        order = self._pending()
        Order = self.env["approval.test.order"].with_user(self.anna)
        self.assertEqual(Order.search([]), order.with_user(self.anna))
        self.assertEqual(Order.search_count([]), 1)
        self.assertEqual(Order._read_group([], [], ["__count"]), [(1,)])
        for domain in ([("id", "=", self.hidden.id)], [("id", "in", self.hidden.ids)]):
            self.assertFalse(Order.search(domain))
        self.assertFalse(Order.search([("id", "!=", order.id)]))
        self._approve(order, self.anna)
        with self.assertRaises(AccessError):
            Order.search([])

    def test_lists_of_those_with_own_rights_are_not_widened(self):
        """A record rule hides colleagues' orders; a task shows one, not in lists."""
        seller = self.env.ref("base.group_partner_manager")
        self.env["ir.rule"].create(
            [
                {
                    "name": "Own orders",
                    "model_id": self.env["ir.model"]._get_id(name),
                    "domain_force": f"[('{path}', '=', user.id)]",
                    "groups": [Command.set(seller.ids)],
                }
                for name, path in [
                    ("approval.test.order", "user_id"),
                    ("approval.test.order.line", "order_id.user_id"),
                ]
            ]
        )
        self.policy.step_ids[0].user_ids = self.seller2
        order, own = self._pending(), self._order(user=self.seller2)
        Order = order.with_user(self.seller2).browse()
        self.assertTrue(self._reads(order, self.seller2))
        self.assertEqual(Order.search([]).ids, own.ids)
        self.assertEqual(Order.search([("name", "=", "ORDER")]).ids, own.ids)
        either = ["|", ("id", "in", order.ids), ("name", "=", "ORDER")]
        self.assertEqual(Order.search(either).ids, own.ids)
        other = self._order()
        self.assertFalse(self._reads(other, self.seller2))

    def test_protected_fields_cannot_be_guessed_by_searching(self):
        """A search within the granted document obeys the rights on its fields."""
        order = self._pending()
        field = self.env.registry["approval.test.order"]._fields["memo"]
        self.addCleanup(setattr, field, "groups", field.groups)
        field.groups = "base.group_system"
        Order = order.with_user(self.anna).browse()
        with self.assertRaises(AccessError):
            Order.search([("id", "in", order.ids), ("memo", "ilike", "secret")])

    # -- the records of the engine -----------------------------------------------------

    def test_approvals_are_read_by_readers_of_the_document_and_by_those_with_a_part(
        self,
    ):
        order = self._pending()
        instance = self._instance(order)
        for user, reads in [
            (self.seller, True),
            (self.seller2, True),
            (self.anna, True),
            (self.bob, False),
            (self.carl, False),
            (self.manager, False),
        ]:
            mine = instance.with_user(user)
            found = mine.search([("id", "=", instance.id)])
            self.assertEqual(bool(found), reads, user.name)
            self.assertEqual(mine.has_access("read"), reads, user.name)
            events = self.env["approval.event"].with_user(user)
            found = events.search([("instance_id", "=", instance.id)])
            self.assertEqual(bool(found), reads, user.name)
            if not reads:
                with self.assertRaises(AccessError):
                    mine.read(["amount", "policy"])
        self._approve(order, self.anna)
        self.assertTrue(instance.with_user(self.anna).has_access("read"), "had a part")

    def test_tasks_are_ones_own(self):
        order = self._pending()
        task = self._instance(order).task_ids
        Task = self.env["approval.task"]
        self.assertTrue(Task.with_user(self.anna).search([("id", "=", task.id)]))
        self.assertTrue(Task.with_user(self.manager).search([("id", "=", task.id)]))
        for user in (self.seller, self.seller2, self.bob):
            self.assertFalse(Task.with_user(user).search([("id", "=", task.id)]))

    def test_portal_and_public_read_nothing(self):
        portal = self._person("portal", "base.group_portal")
        public = self.env.ref("base.public_user")
        self._pending()
        for user in (portal, public):
            for name in ENGINE_MODELS:
                model = self.env[name].with_user(user)
                with self.assertRaises(AccessError, msg=name):
                    model.search([])
                with self.assertRaises(AccessError, msg=name):
                    model.browse(1).read([])

    def test_policies_are_for_administrators(self):
        for name in ("approval.policy", "approval.step", "approval.check"):
            with self.assertRaises(AccessError):
                self.env[name].with_user(self.seller).search([])
            self.env[name].with_user(self.manager).search([])

    def test_filters_of_documents_answer_like_their_columns(self):
        order = self._pending()
        Order = order.browse()
        domain = [("id", "in", (order | self.hidden).ids)]
        self.assertEqual(order.approval_approver_ids, self.anna)
        found = Order.search([*domain, ("approval_approver_ids", "in", self.anna.ids)])
        self.assertEqual(found, order)
        mine = order.with_user(self.anna)
        self.assertTrue(mine.approval_can_decide)
        self.assertEqual(
            mine.search([*domain, ("approval_can_decide", "=", True)]), mine
        )
        self.assertFalse(Order.search([*domain, ("approval_can_decide", "=", True)]))

    def test_each_state_is_found_where_it_is_shown(self):
        rejected, stale, done, cancelled = (self._pending() for _n in range(4))
        rejected.with_user(self.anna).action_reject("no")
        stale.line_ids.price = 1
        for order in (done, cancelled):
            self._approve(order, self.anna, self.bob)
        cancelled.action_cancel()
        self.policy.amount_min = 10
        orders = rejected | stale | done | cancelled | self.hidden | self._pending()
        orders |= self._order(5)
        orders.invalidate_recordset()
        field = orders._fields["approval_state"]
        for state in dict(field._description_selection(self.env)):
            found = orders.search(
                [("id", "in", orders.ids), ("approval_state", "=", state)]
            )
            shown = orders.filtered(lambda o, s=state: o.approval_state == s)
            self.assertEqual(found, shown.sorted("id"), state)

    def test_the_seller_does_not_open_a_task_of_others_by_its_number(self):
        order = self._pending()
        task = self._instance(order).task_ids.with_user(self.seller)
        with self.assertRaises(AccessError):
            task.read(["comment"])
        with self.assertRaises(UserError):
            task.action_approve()
