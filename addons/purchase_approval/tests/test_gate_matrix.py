from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import PurchaseApprovalCommon

CONDITIONS = ("nothing", "to approve", "pending", "rejected", "stale", "recalled")
CONDITIONS += ("used",)


@tagged("post_install", "-at_install")
class TestGateMatrix(PurchaseApprovalCommon):
    """Every way to confirm a purchase order × every state of its approval."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls._policy(cls.manager, auto_execute=False)
        cls.manager2 = cls._person("mia", "purchase.group_purchase_manager")

    # -- the states of the approval ------------------------------------------------

    def _order_with(self, condition):
        order = self._order()
        if condition == "nothing":
            return order
        if condition == "to approve":  # core asked for a second signature before
            order.state = "to approve"
            return order
        order.button_confirm()
        if condition == "rejected":
            order.with_user(self.manager).action_reject("too dear")
        elif condition == "recalled":
            order.action_recall_approval()
        elif condition == "stale":
            order.with_user(self.manager).action_approve()
            order.order_line.price_unit = 500.0
            self.assertEqual(order.approval_state, "stale")
        elif condition == "used":
            order.with_user(self.manager).action_approve()
            order.button_confirm()
            self.assertEqual(order.state, "purchase")
            self._cancel(order)
            order.button_draft()
        return order

    # -- the ways ------------------------------------------------------------------

    def _ways(self):
        return {
            "write as buyer": lambda o: o.write({"state": "purchase"}),
            "write as purchasing manager": lambda o: o.with_user(self.manager).write(
                {"state": "purchase"}
            ),
            "write as superuser": lambda o: o.sudo().write({"state": "purchase"}),
            "write with date": lambda o: o.write(
                {"state": "purchase", "date_approve": "2999-01-01"}
            ),
            "write with content": lambda o: o.write(
                {
                    "state": "purchase",
                    "order_line": [
                        Command.update(o.order_line[0].id, {"price_unit": 1000})
                    ],
                }
            ),
            "write of two orders": lambda o: (o | self._order()).write(
                {"state": "purchase"}
            ),
            "cancel and write back": lambda o: (
                o.button_cancel(),
                o.write({"state": "purchase"}),
            ),
            "cancel and approve": lambda o: (
                o.button_cancel(),
                o.with_user(self.manager).button_approve(force=True),
            ),
            "hostile context": lambda o: o.with_context(
                skip_validation_check=True,
                skip_alternative_check=True,
                approval_engine=True,
                approval_flow=False,
                install_mode=True,
                import_file=True,
                tracking_disable=True,
                mark_rfq_as_sent=True,
            ).write({"state": "purchase"}),
            "server action": self._server_action,
            "import": self._import_state,
            "attribute": lambda o: setattr(o, "state", "purchase"),
        }

    def _server_action(self, order):
        action = self.env["ir.actions.server"].create(
            {
                "name": "way around",
                "model_id": self.env["ir.model"]._get_id("purchase.order"),
                "state": "code",
                "code": "records.sudo().write({'state': 'purchase'})",
            }
        )
        action.with_context(active_model="purchase.order", active_ids=order.ids).run()

    def _import_state(self, order):
        external = order.sudo().export_data(["id"])["datas"][0][0]
        result = order.load(["id", "state"], [[external, "purchase"]])
        if not result["ids"]:
            raise UserError(result["messages"][0]["message"])

    def test_no_way_confirms_without_a_valid_approval(self):
        for condition in CONDITIONS:
            for name, way in self._ways().items():
                with self.subTest(condition=condition, way=name):
                    order = self._order_with(condition)
                    state = order.state
                    with self.assertRaises(UserError), self.env.cr.savepoint():
                        way(order)
                    self.env.invalidate_all()
                    self.assertEqual(order.state, state)
                    self.assertFalse(self._receipts(order))

    def test_buttons_submit_instead_of_confirming(self):
        for condition in CONDITIONS:
            for user in (self.buyer, self.manager2):
                for name in ("button_confirm", "button_approve"):
                    with self.subTest(condition=condition, button=name, user=user):
                        order = self._order_with(condition)
                        state = order.state
                        getattr(order.with_user(user), name)()
                        self.assertEqual(order.state, state)
                        self.assertEqual(order.approval_state, "pending")
                        self.assertFalse(self._receipts(order))

    def test_no_receipt_without_the_state(self):
        order = self._order()
        order.sudo()._create_picking()
        self.assertFalse(self._receipts(order))

    def test_approved_order_confirms_on_every_way(self):
        ways = self._ways()
        for name in (
            "write with content",
            "write of two orders",
            "cancel and write back",
            "cancel and approve",
        ):
            ways.pop(name)
        ways["confirm"] = lambda o: o.button_confirm()
        ways["approve"] = lambda o: o.button_approve()
        for name, way in ways.items():
            with self.subTest(way=name):
                order = self._submitted()
                order.with_user(self.manager).action_approve()
                self.assertEqual(order.state, "draft")
                way(order)
                self.assertEqual(order.state, "purchase")
                self.assertEqual(order.approval_instance_id.state, "executed")

    def test_confirming_after_approval_makes_the_receipt(self):
        self.policy.auto_execute = True
        order = self._submitted()
        order.with_user(self.manager).action_approve()
        self.assertEqual(order.state, "purchase")
        self.assertTrue(order.date_approve)
        self.assertEqual(self._receipts(order).move_ids.product_uom_qty, 1.0)

    # -- create --------------------------------------------------------------------

    def test_created_in_the_state_is_refused(self):
        values = self._order_values(state="purchase")
        for env in (
            self.env(user=self.buyer),
            self.env(user=self.manager),
            self.env,
        ):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                env["purchase.order"].create(values)
            with self.assertRaises(UserError), self.env.cr.savepoint():
                env["purchase.order"].with_context(default_state="purchase").create(
                    self._order_values()
                )

    def test_created_in_the_state_is_submitted_if_the_policy_says_so(self):
        self.policy.api_policy = "submit"
        values = [self._order_values(state="purchase"), self._order_values()]
        orders = self.env["purchase.order"].with_user(self.buyer).create(values)
        self.assertEqual(orders.mapped("state"), ["draft", "draft"])
        self.assertEqual(orders.mapped("approval_state"), ["pending", "required"])
        self.assertFalse(self._receipts(orders))

    def test_created_in_the_state_passes_where_no_policy_covers(self):
        self.policy.amount_min = 1000
        order = self.env["purchase.order"].create(self._order_values(state="purchase"))
        self.assertEqual(order.state, "purchase")
        self.assertTrue(self._receipts(order), "plain Odoo receives such an order")

    def test_import_tells_the_reason_of_each_row(self):
        self.policy.amount_min = 500
        header = [
            "name",
            "partner_id/.id",
            "state",
            "order_line/product_id/.id",
            "order_line/product_qty",
            "order_line/price_unit",
        ]
        vendor, bolt = str(self.vendor.id), str(self.bolt.id)
        rows = [
            ["IMP1", vendor, "purchase", bolt, "1", "100"],
            ["IMP2", vendor, "purchase", bolt, "1", "900"],
            ["IMP3", vendor, "draft", bolt, "1", "900"],
        ]
        result = self.env["purchase.order"].with_user(self.buyer).load(header, rows)
        self.assertFalse(result["ids"])
        self.assertEqual([m["rows"]["from"] for m in result["messages"]], [1])
        self.assertIn("IMP2", result["messages"][0]["message"])

        self.policy.api_policy = "submit"
        result = self.env["purchase.order"].with_user(self.buyer).load(header, rows)
        self.assertFalse(result["messages"])
        orders = self.env["purchase.order"].browse(result["ids"])
        self.assertEqual(orders.mapped("state"), ["purchase", "draft", "draft"])
        self.assertEqual(
            orders.mapped("approval_state"), ["not_required", "pending", "required"]
        )

    # -- batches -------------------------------------------------------------------

    def test_batch_confirms_the_free_and_submits_the_others(self):
        self.policy.amount_min = 500
        small, large = self._order(price=100), self._order(price=900)
        action = (small | large).button_confirm()
        self.assertEqual(small.state, "purchase")
        self.assertEqual(large.approval_state, "pending")
        self.assertIn("Pam", action["params"]["message"])

    def test_second_confirm_says_who_decides(self):
        order = self._submitted()
        action = order.button_confirm()
        self.assertIn("Pam", action["params"]["message"])
        self.assertEqual(
            self.env["approval.instance"].search_count([("res_id", "=", order.id)]), 1
        )

    def test_cancel_ends_the_approval(self):
        orders = self._submitted() | self._submitted()
        orders.button_cancel()
        self.assertEqual(set(orders.mapped("state")), {"cancel"})
        self.assertEqual(set(orders.approval_instance_id.mapped("state")), {"recalled"})

    def test_own_fields_cannot_be_written(self):
        order = self._submitted()
        other = self._submitted()
        for values in (
            {"approval_instance_id": other.approval_instance_id.id},
            {"approval_instance_id": False},
            {"approval_revision": 0},
        ):
            for env in (self.env(user=self.manager), self.env):
                with self.assertRaises(AccessError), self.env.cr.savepoint():
                    order.with_env(env).write(values)
