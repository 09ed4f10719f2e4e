from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .gate_common import SaleApprovalCommon

CONDITIONS = ("nothing", "pending", "rejected", "stale", "recalled", "used")


@tagged("post_install", "-at_install")
class TestGateMatrix(SaleApprovalCommon):
    """Every way to confirm an order × every state of its approval."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls._policy(cls.leader, auto_execute=False)

    # -- the states of the approval ---------------------------------------------------

    def _order_with(self, condition):
        order = self._order()
        if condition == "nothing":
            return order
        order.action_confirm()
        if condition == "rejected":
            order.with_user(self.leader).action_reject("too cheap")
        elif condition == "recalled":
            order.action_recall_approval()
        elif condition == "stale":
            order.with_user(self.leader).action_approve()
            order.order_line.price_unit = 1.0
            self.assertEqual(order.approval_state, "stale")
        elif condition == "used":
            order.with_user(self.leader).action_approve()
            order.action_confirm()
            self.assertEqual(order.state, "sale")
            self._cancel_confirmed(order)
            order.action_draft()
        return order

    # -- the ways ----------------------------------------------------------------------

    def _ways(self):
        return {
            "write as salesperson": lambda o: o.write({"state": "sale"}),
            "write as sales manager": lambda o: o.with_user(self.sales_manager).write(
                {"state": "sale"}
            ),
            "write as superuser": lambda o: o.sudo().write({"state": "sale"}),
            "write with content": lambda o: o.write(
                {
                    "state": "sale",
                    "order_line": [
                        Command.update(o.order_line[0].id, {"price_unit": 0})
                    ],
                }
            ),
            "write of two orders": lambda o: (o | self._order()).write(
                {"state": "sale"}
            ),
            "cancel and write back": lambda o: (
                o.action_cancel(),
                o.write({"state": "sale"}),
            ),
            "hostile context": lambda o: o.with_context(
                skip_validation_check=True,
                approval_engine=True,
                approval_flow=False,
                install_mode=True,
                import_file=True,
                tracking_disable=True,
                mail_notrack=True,
                active_test=False,
            ).write({"state": "sale"}),
            "private confirmation": lambda o: o._action_confirm(),
            "private confirmation as superuser": lambda o: o.sudo()._action_confirm(),
            "server action": self._server_action,
            "import": self._import_state,
            "attribute": lambda o: setattr(o, "state", "sale"),
        }

    def _deliveries(self, order):
        return order.sudo().picking_ids.filtered(lambda item: item.state != "cancel")

    def _server_action(self, order):
        action = self.env["ir.actions.server"].create(
            {
                "name": "way around",
                "model_id": self.env["ir.model"]._get_id("sale.order"),
                "state": "code",
                "code": "records.sudo().write({'state': 'sale'})",
            }
        )
        action.with_context(active_model="sale.order", active_ids=order.ids).run()

    def _import_state(self, order):
        external = order.sudo().export_data(["id"])["datas"][0][0]
        result = order.load(["id", "state"], [[external, "sale"]])
        if not result["ids"]:
            raise UserError(result["messages"][0]["message"])

    def test_no_way_confirms_without_a_valid_approval(self):
        for condition in CONDITIONS:
            for name, way in self._ways().items():
                with self.subTest(condition=condition, way=name):
                    order = self._order_with(condition)
                    with self.assertRaises(UserError):
                        with self.env.cr.savepoint():
                            way(order)
                    order.invalidate_recordset()
                    self.assertNotEqual(order.state, "sale")
                    self.assertFalse(self._deliveries(order))

    def test_buttons_submit_instead_of_confirming(self):
        for condition in CONDITIONS:
            for name in ("action_confirm", "_validate_order"):
                with self.subTest(condition=condition, way=name):
                    order = self._order_with(condition)
                    getattr(order, name)()
                    self.assertEqual(order.state, "draft")
                    self.assertEqual(order.approval_state, "pending")
                    self.assertFalse(self._deliveries(order))

    def test_approved_order_confirms_on_every_way(self):
        ways = self._ways()
        for name in ("private confirmation", "private confirmation as superuser"):
            ways.pop(name)  # they do not move the state
        for name in (
            "write with content",
            "write of two orders",
            "cancel and write back",
        ):
            ways.pop(name)
        ways["button"] = lambda o: o.action_confirm()
        for name, way in ways.items():
            with self.subTest(way=name):
                order = self._submitted()
                order.with_user(self.leader).action_approve()
                self.assertEqual(order.state, "draft")
                way(order)
                self.assertEqual(order.state, "sale")
                self.assertEqual(order.approval_instance_id.state, "executed")

    # -- create ------------------------------------------------------------------------

    def test_created_in_the_state_is_refused(self):
        values = self._order_values(state="sale")
        for env in (
            self.env(user=self.seller),
            self.env(user=self.sales_manager),
            self.env,
        ):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                env["sale.order"].create(values)
            with self.assertRaises(UserError), self.env.cr.savepoint():
                env["sale.order"].with_context(default_state="sale").create(
                    self._order_values()
                )

    def test_created_in_the_state_is_submitted_if_the_policy_says_so(self):
        self.policy.api_policy = "submit"
        values = [self._order_values(state="sale"), self._order_values()]
        orders = self.env["sale.order"].with_user(self.seller).create(values)
        self.assertEqual(orders.mapped("state"), ["draft", "draft"])
        self.assertEqual(orders.mapped("approval_state"), ["pending", "required"])
        self.assertFalse(orders.picking_ids)

    def test_created_in_the_state_passes_where_no_policy_covers(self):
        self.policy.amount_min = 1000
        orders = self.env["sale.order"].create(
            [self._order_values(state="sale"), self._order_values(state="sale")]
        )
        self.assertEqual(orders.mapped("state"), ["sale", "sale"])
        self.assertTrue(orders.picking_ids, "plain Odoo delivers such an order")

    def test_import_tells_the_reason_of_each_row(self):
        self.policy.amount_min = 500
        header = [
            "name",
            "partner_id/.id",
            "state",
            "order_line/product_id/.id",
            "order_line/price_unit",
        ]
        partner, product = str(self.partner.id), str(self.product.id)
        rows = [
            ["IMP1", partner, "sale", product, "100"],
            ["IMP2", partner, "sale", product, "900"],
            ["IMP3", partner, "draft", product, "900"],
        ]
        result = self.env["sale.order"].with_user(self.seller).load(header, rows)
        self.assertFalse(result["ids"])
        self.assertEqual([m["rows"]["from"] for m in result["messages"]], [1])
        self.assertIn("IMP2", result["messages"][0]["message"])

        self.policy.api_policy = "submit"
        result = self.env["sale.order"].with_user(self.seller).load(header, rows)
        self.assertFalse(result["messages"])
        orders = self.env["sale.order"].browse(result["ids"])
        self.assertEqual(orders.mapped("state"), ["sale", "draft", "draft"])
        self.assertEqual(
            orders.mapped("approval_state"), ["not_required", "pending", "required"]
        )

    # -- batches ---------------------------------------------------------------------

    def test_batch_confirms_the_free_and_submits_the_others(self):
        self.policy.amount_min = 500
        small, large = self._order(price=100), self._order(price=900)
        action = (small | large).action_confirm()
        self.assertEqual(small.state, "sale")
        self.assertEqual(large.approval_state, "pending")
        self.assertIn("Lee", action["params"]["message"])

    def test_second_confirm_says_who_decides(self):
        order = self._submitted()
        action = order.action_confirm()
        self.assertIn("Lee", action["params"]["message"])
        self.assertEqual(
            self.env["approval.instance"].search_count([("res_id", "=", order.id)]), 1
        )

    def test_mass_cancel_ends_the_approval(self):
        orders = self._submitted() | self._submitted()
        self.env["sale.mass.cancel.orders"].with_context(active_ids=orders.ids).create(
            {}
        ).action_mass_cancel()
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
            for env in (self.env(user=self.sales_manager), self.env):
                with self.assertRaises(AccessError), self.env.cr.savepoint():
                    order.with_env(env).write(values)
