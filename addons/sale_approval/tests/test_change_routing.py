from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .gate_common import SaleApprovalCommon


@tagged("post_install", "-at_install")
class TestChangeRouting(SaleApprovalCommon):
    """Who is asked about a change request, and what becomes of their answers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["approval.check"].search([]).active = False
        cls.goods = cls._create_product(name="Pump", list_price=20, is_storable=True)
        cls.warehouse = cls.env["stock.warehouse"].search(
            [("company_id", "=", cls.env.company.id)], limit=1
        )
        cls.env["stock.quant"]._update_available_quantity(
            cls.goods, cls.warehouse.lot_stock_id, 100
        )
        cls.demand = cls.env.ref("approval_flow.change_reason_demand")
        cls.mistake = cls.env.ref("approval_flow.change_reason_mistake")
        cls.invoicing = cls._person("ivy", "account.group_account_invoice")
        cls.stock_user = cls._person("stan", "stock.group_stock_user")

    def _confirmed(self, **values):
        order = self._order(price=100.0, **values)
        order.write(
            {
                "order_line": [
                    Command.create({"product_id": self.goods.id, "product_uom_qty": 10})
                ]
            }
        )
        order.action_confirm()
        return order

    def _request(self, order, quantity=4, **values):
        request = (
            self.env["sale.order.change"]
            .with_user(self.seller)
            .create({"order_id": order.id, "reason_id": self.demand.id, **values})
        )
        if request.kind == "change":
            request.line_ids.filtered(
                lambda line: line.product_id == self.goods
            ).new_qty = quantity
        return request

    def _change_policy(self, *approvers, operation="change", **values):
        return self._policy(
            *approvers,
            model_id=self.env["ir.model"]._get_id("sale.order.change"),
            operation=operation,
            **values,
        )

    def _asked(self, request):
        # sudo: the tasks of other people
        return request.sudo().approval_instance_id.open_task_ids.user_id

    # -- conditions --------------------------------------------------------------------

    def test_the_volume_of_the_change_decides(self):
        self._change_policy(self.sales_manager, amount_min=100)
        small = self._request(self._confirmed(), 9)
        small.action_submit()
        self.assertEqual(small.state, "applied")
        large = self._request(self._confirmed(), 1)
        large.action_submit()
        self.assertEqual(large.state, "submitted")
        self.assertEqual(large.amount_delta, large.amount_new - large.amount_old)
        self.assertLess(large.amount_delta, -100)

    def test_an_exchange_of_equal_value_is_no_small_change(self):
        twin = self._create_product(name="Twin pump", list_price=20)
        self._change_policy(self.sales_manager, amount_min=100)
        order = self._confirmed()
        request = self._request(order, 10)
        line = request.line_ids.filtered(lambda item: item.product_id == self.goods)
        line.write({"product_id": twin.id, "new_price": line.old_price})
        request.action_submit()
        self.assertAlmostEqual(request.amount_delta, 0)
        self.assertEqual(request.state, "submitted")

    def test_conditions_of_the_request(self):
        order = self._confirmed()
        conditions = {
            f"[('reason_id', '=', {self.demand.id})]": True,
            f"[('reason_id', '=', {self.mistake.id})]": False,
            "[('company_amount_new', '>', 150)]": True,
            "[('company_amount_new', '>', 100000)]": False,
            "[('amount_delta', '<', 0)]": True,
            "[('order_age_days', '>', 3)]": False,
            "[('credit_grade', '=', 'C')]": False,
            "[('is_customer', '=', True)]": False,
            "[('line_ids.new_discount', '>', 10)]": False,
        }
        policy = self._change_policy(self.sales_manager)
        for domain, covered in conditions.items():
            with self.subTest(domain=domain):
                policy.domain = domain
                request = self._request(order)
                request.action_preview()
                match = request._approval_match("change")
                self.assertEqual(bool(match), covered)
                request.action_withdraw()

    def test_a_policy_for_cancellations_leaves_changes_alone(self):
        self._change_policy(self.sales_manager, operation="cancel")
        order = self._confirmed()
        change = self._request(order)
        change.action_submit()
        self.assertEqual(change.state, "applied")
        cancel = self._request(order, kind="cancel")
        cancel.action_submit()
        self.assertEqual(cancel.state, "submitted")
        self.assertEqual(order.state, "sale")
        cancel.with_user(self.sales_manager).action_approve()
        self.assertEqual((cancel.state, order.state), ("applied", "cancel"))

    # -- departments concerned ---------------------------------------------------------

    def test_finance_is_asked_when_invoices_are_concerned(self):
        self._change_policy(self.sales_manager)
        order = self._confirmed()
        self.goods.invoice_policy = "order"
        order.sudo()._create_invoices().action_post()
        request = self._request(order)
        request.action_submit()
        self.assertTrue(request.impact_invoiced)
        self.assertEqual(self._asked(request), self.sales_manager)
        request.with_user(self.sales_manager).action_approve()
        self.assertEqual(request.state, "submitted")
        self.assertIn(self.invoicing, self._asked(request))
        self.assertNotIn(self.seller, self._asked(request))
        request.with_user(self.invoicing).action_approve()
        self.assertEqual(request.state, "applied")

    def test_departments_are_asked_without_any_other_policy(self):
        order = self._confirmed()
        moves = order.sudo().picking_ids.move_ids
        moves.filtered(lambda move: move.product_id == self.goods).picked = True
        request = self._request(order)
        request.action_submit()
        self.assertTrue(request.impact_picked)
        self.assertIn(self.stock_user, self._asked(request))
        self.assertNotIn(self.invoicing, self._asked(request))
        request.with_user(self.stock_user).action_approve()
        self.assertEqual(request.state, "applied")

    def test_nobody_is_asked_about_what_does_not_concern_him(self):
        order = self._confirmed()
        request = self._request(order)
        request.action_submit()
        self.assertFalse(request.impact_invoiced or request.impact_picked)
        self.assertEqual(request.state, "applied")

    # -- answers -----------------------------------------------------------------------

    def test_a_rejected_request_changes_nothing_and_is_adjusted(self):
        self._change_policy(self.sales_manager)
        order = self._confirmed()
        request = self._request(order)
        request.action_submit()
        request.with_user(self.sales_manager).action_reject("Not now")
        self.assertEqual(request.state, "rejected")
        self.assertIn(10, order.order_line.mapped("product_uom_qty"))
        self.assertEqual(order.change_revision, 0)
        request.action_reopen()
        request.action_submit()
        self.assertEqual(request.state, "submitted")

    def test_a_returned_or_recalled_request_is_a_draft_again(self):
        self._change_policy(self.sales_manager)
        request = self._request(self._confirmed())
        request.action_submit()
        request.with_user(self.sales_manager).action_return("Which pump?")
        self.assertEqual(request.state, "draft")
        request.action_submit()
        request.action_recall_approval()
        self.assertEqual(request.state, "draft")
        request.line_ids[-1:].new_qty = 8
        request.action_submit()
        self.assertEqual(request.state, "submitted")

    def test_a_withdrawn_request_takes_its_approval_with_it(self):
        self._change_policy(self.sales_manager)
        order = self._confirmed()
        request = self._request(order)
        request.action_submit()
        request.action_withdraw()
        self.assertEqual(request.state, "cancelled")
        self.assertFalse(self._asked(request))
        with self.assertRaises(UserError), self.env.cr.savepoint():
            request.with_user(self.sales_manager).action_approve()
        self.assertEqual(order.change_revision, 0)

    def test_the_customer_agrees_first_where_the_policy_asks_for_it(self):
        self._change_policy(self.sales_manager, ask_partner=True)
        order = self._confirmed()
        request = self._request(order)
        request.action_submit()
        with self.assertRaises(UserError), self.env.cr.savepoint():
            request._change_answer(True, "Joe")
        request.with_user(self.sales_manager).action_approve()
        self.assertEqual((request.state, request.customer_state), ("approved", "asked"))
        self.assertIn(10, order.order_line.mapped("product_uom_qty"))
        request._change_answer(True, "Joe")
        self.assertEqual(request.state, "applied")
        self.assertIn(4, order.order_line.mapped("product_uom_qty"))
        with self.assertRaises(UserError), self.env.cr.savepoint():
            request._change_answer(False, "Joe")

    def test_what_the_customer_refuses_is_not_applied(self):
        self._change_policy(self.sales_manager, ask_partner=True)
        order = self._confirmed()
        request = self._request(order)
        request.action_submit()
        request.with_user(self.sales_manager).action_approve()
        request._change_answer(False, "Joe")
        self.assertEqual(request.state, "cancelled")
        self.assertIn(10, order.order_line.mapped("product_uom_qty"))

    # -- the order moves on ------------------------------------------------------------

    def _deliver(self, order, quantity):
        picking = order.sudo().picking_ids.filtered(lambda p: p.state != "done")
        for move in picking.move_ids:
            wanted = quantity if move.product_id == self.goods else 0
            move.write({"quantity": wanted, "picked": bool(wanted)})
        picking.with_context(skip_backorder=True).button_validate()

    def test_an_order_that_was_delivered_meanwhile_is_a_conflict(self):
        self._change_policy(self.sales_manager)
        order = self._confirmed()
        request = self._request(order)
        request.action_submit()
        self._deliver(order, 3)
        request.with_user(self.sales_manager).action_approve()
        self.assertEqual(request.state, "conflict")
        self.assertIn(10, order.order_line.mapped("product_uom_qty"))
        rows = request._change_conflict_rows()
        self.assertTrue(any("3" in row["new"] for row in rows))
        # the requester looks at it and submits again
        request.action_submit()
        request.with_user(self.sales_manager).action_approve()
        self.assertEqual(request.state, "applied")
        line = order.order_line.filtered(lambda item: item.product_id == self.goods)
        self.assertEqual((line.product_uom_qty, line.qty_delivered), (4, 3))
        self.assertEqual(sum(line._change_open_quantities().values()), 1)
