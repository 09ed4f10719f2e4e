from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import HttpCase, tagged

from .common import PurchaseApprovalCommon


@tagged("post_install", "-at_install")
class TestPaths(PurchaseApprovalCommon):
    """Sending, the scheduler and core's obstacles."""

    # -- sending -------------------------------------------------------------------

    def test_sending_needs_nothing_without_a_policy_on_it(self):
        self._policy(self.manager)
        order = self._order()
        self.assertEqual(order.action_rfq_send()["res_model"], "mail.compose.message")
        order.print_quotation()
        self.assertEqual(order.state, "sent")
        self.assertEqual(order.approval_state, "required")

    def test_sending_is_held_where_a_policy_covers_it(self):
        self._policy(self.manager, operation="send")
        for way in ("action_rfq_send", "print_quotation"):
            with self.subTest(way=way):
                order = self._order()
                action = getattr(order, way)()
                self.assertEqual(action["tag"], "display_notification")
                self.assertEqual(order.state, "draft")
                self.assertEqual(order.approval_state, "pending")
                with self.assertRaises(UserError), self.env.cr.savepoint():
                    order.with_context(mark_rfq_as_sent=True).message_post(body="x")
                self._approve(order, self.manager)
                self.assertEqual(order.state, "sent")
                mail = order.message_ids.filtered(
                    lambda message: self.vendor in message.partner_ids
                )
                self.assertTrue(mail, "the vendor got the request")

    # -- scheduler -----------------------------------------------------------------

    def _need(self, quantity):
        """Let the scheduler buy something."""
        warehouse = self.env["stock.warehouse"].search(
            [("company_id", "=", self.company.id)], limit=1
        )
        self.bolt.write(
            {
                "route_ids": [fields.Command.link(warehouse.buy_pull_id.route_id.id)],
                "seller_ids": [
                    fields.Command.clear(),
                    fields.Command.create({"partner_id": self.vendor.id, "price": 9}),
                ],
            }
        )
        self.vendor.group_rfq = "all"
        rule = self.env["stock.rule"]
        rule.run(
            [
                rule.Procurement(
                    self.bolt,
                    quantity,
                    self.bolt.uom_id,
                    warehouse.lot_stock_id,
                    "need",
                    "need",
                    self.company,
                    {
                        "warehouse_id": warehouse,
                        "date_planned": fields.Datetime.now() + timedelta(days=9),
                    },
                )
            ]
        )
        return self.env["purchase.order"].search(
            [("partner_id", "=", self.vendor.id)], order="id"
        )

    def test_scheduler_makes_drafts_that_need_approval(self):
        self._policy(self.manager)
        order = self._need(5)
        self.assertEqual(order.state, "draft")
        self.assertEqual(order.approval_state, "required")
        self.assertEqual(self._need(3), order, "one request collects the needs")
        self.assertEqual(order.order_line.product_qty, 8)

    def test_scheduler_leaves_alone_what_people_decide_on(self):
        self._policy(self.manager, auto_execute=False)
        first = self._need(5)
        first.user_id = self.buyer
        first.with_user(self.buyer).button_confirm()
        self.assertEqual(first.approval_state, "pending")
        # the vendor's buyer is part of what the scheduler looks for
        self.vendor.buyer_id = self.buyer
        second = self._need(3) - first
        self.assertEqual(first.order_line.product_qty, 5)
        self.assertEqual(first.approval_state, "pending")
        self.assertEqual(second.order_line.product_qty, 3)
        self._approve(first, self.manager)
        self.assertFalse(self._need(2) - first - second)
        self.assertEqual(first.approval_state, "approved")
        first.action_recall_approval()
        self.assertEqual(first.approval_state, "required")
        second.button_cancel()
        self.assertFalse(self._need(2) - first - second)
        self.assertEqual(first.order_line.product_qty, 7, "it is open again")

    # -- obstacles -----------------------------------------------------------------

    def test_what_core_would_refuse_is_refused_first(self):
        self._policy(self.manager)
        order = self._order()
        plan = self.env["account.analytic.plan"].create({"name": "Departments"})
        self.env["account.analytic.account"].create(
            {"name": "Workshop", "plan_id": plan.id}
        )
        self.env["account.analytic.applicability"].create(
            {
                "business_domain": "purchase_order",
                "analytic_plan_id": plan.id,
                "applicability": "mandatory",
            }
        )
        with self.assertRaises(UserError):
            order.with_context(validate_analytic=True).button_confirm()
        self.assertEqual(order.approval_state, "required")


@tagged("post_install", "-at_install")
class TestPortal(HttpCase, PurchaseApprovalCommon):
    """Vendors learn nothing of who decides on their orders."""

    def test_vendor_sees_his_request_only(self):
        self._policy(self.manager)
        order = self._order()
        order.print_quotation()
        order.button_confirm()
        page = self.url_open(order.get_portal_url())
        self.assertEqual(page.status_code, 200)
        self.assertIn(order.name, page.text)
        self.assertNotIn("Pam", page.text)
        visitor = order.with_user(self.env.ref("base.public_user"))
        self.assertFalse(visitor.approval_state)
