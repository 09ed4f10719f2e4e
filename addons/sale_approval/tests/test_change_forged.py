import math

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .change_common import ChangeCommon


@tagged("post_install", "-at_install")
class TestChangeForged(ChangeCommon):
    """What policies and people judge by is computed, and nobody makes it up."""

    def _cover_changes(self, **values):
        return self._policy(
            self.sales_manager,
            model_id=self.env["ir.model"]._get_id("sale.order.change"),
            operation="change",
            **values,
        )

    def test_totals_of_quotations_are_not_forged(self):
        self._policy(self.sales_manager, amount_min=100)
        order = self._order(price=1000)
        order.write({"amount_total": 1, "amount_untaxed": 1})
        order.order_line.write({"price_subtotal": 1, "price_total": 1})
        order.action_confirm()
        self.assertEqual(order.state, "draft")
        self.assertEqual(order.amount_untaxed, 1000)

    def test_totals_of_confirmed_orders_are_not_forged(self):
        self._cover_changes(amount_min=100)
        order = self._confirmed((self.goods, 10, 20.0))
        order.order_line.with_user(self.seller).write({"price_subtotal": 10.0})
        order.with_user(self.seller).write({"amount_total": 10.0})
        request = self._request(order, {"new_price": 1})
        request.action_submit()
        self.assertEqual(request.state, "submitted")

    def test_facts_of_requests_are_not_forged(self):
        self._cover_changes()
        order = self._confirmed((self.goods, 10, 20.0))
        request = self._request(order, {"new_qty": 9})
        forged = {
            "currency_id": False,
            "partner_id": self.env.user.partner_id.id,
            "user_id": self.sales_manager.id,
            "company_id": False,
            "amount_delta": 7,
            "impact_invoiced": True,
            "is_open": False,
            "old_shipping_id": self.env.user.partner_id.id,
        }
        for name, value in forged.items():
            with self.subTest(field=name):
                with self.assertRaises(UserError), self.env.cr.savepoint():
                    request.write({name: value})

    def test_what_a_line_does_is_computed(self):
        self._cover_changes()
        order = self._confirmed((self.goods, 10, 20.0))
        request = self._request(order, {"new_price": 1})
        request.line_ids.write({"action": "keep"})
        request.action_submit()
        self.assertEqual(request.line_ids.action, "change")
        self.assertTrue(any("1" in row["new"] for row in request._change_rows()))

    def test_figures_that_are_no_numbers(self):
        order = self._confirmed((self.goods, 10, 20.0))
        for name in ("new_qty", "new_price", "new_discount"):
            for value in (math.nan, math.inf, 1e300):
                with self.subTest(field=name, value=value):
                    with self.assertRaises(UserError), self.env.cr.savepoint():
                        self._request(order, {name: value})

    def test_products_that_are_not_sold(self):
        for values in ({"active": False}, {"sale_ok": False}):
            with self.subTest(values=values):
                product = self._create_product(name="Old valve", list_price=10)
                product.write(values)
                order = self._confirmed((self.goods, 10, 20.0))
                request = self._request(order)
                self._adding(request, product, 3, 10)
                with self.assertRaises(UserError), self.env.cr.savepoint():
                    request.action_submit()

    def test_a_cancellation_says_what_is_cancelled(self):
        order = self._confirmed((self.goods, 10, 20.0))
        request = self._request(order, kind="cancel")
        request.write({"cancel_kind": False})
        with self.assertRaises(UserError):
            request.action_submit()

    def test_a_rejected_request_does_not_come_back_beside_another(self):
        self._cover_changes()
        order = self._confirmed((self.goods, 10, 20.0))
        rejected = self._request(order, {"new_qty": 1})
        rejected.action_submit()
        rejected.with_user(self.sales_manager).action_reject("no")
        self._request(order, {"new_qty": 2}).action_submit()
        with self.assertRaises(UserError):
            rejected.action_submit()

    def test_an_order_that_was_taken_back_does_not_change(self):
        order = self._confirmed((self.goods, 10, 20.0))
        self._deliver(order, 5)
        self._cancelled(order, "after_delivery")
        request = self._request(order)
        self._adding(request, self.other, 10, 10)
        with self.assertRaises(UserError):
            request.action_submit()

    def test_more_on_an_order_that_was_closed_opens_it_again(self):
        order = self._confirmed((self.goods, 10, 20.0))
        self._deliver(order, 5)
        self._cancelled(order, "remaining")
        self.assertEqual(order.change_closed, "remaining")
        request = self._request(order, {"new_qty": 8})
        request.action_submit()
        self.assertEqual(request.state, "applied")
        self.assertFalse(order.change_closed)

    def test_records_of_requests_are_kept(self):
        self._cover_changes()
        order = self._confirmed((self.goods, 10, 20.0))
        request = self._request(order, {"new_qty": 9})
        request.action_submit()
        request.action_withdraw()
        with self.assertRaises(UserError), self.env.cr.savepoint():
            request.with_user(self.sales_manager).unlink()
        cancelled = self._confirmed((self.goods, 10, 20.0))
        self._cancelled(cancelled, "full")
        with self.assertRaises(UserError), self.env.cr.savepoint():
            cancelled.with_user(self.sales_manager).unlink()

    def test_another_unit_is_no_way_to_another_quantity(self):
        self._cover_changes()
        order = self._confirmed((self.goods, 10, 20.0))
        dozen = self.env.ref("uom.product_uom_dozen")
        request = self._request(order, {"new_qty": 12, "uom_id": dozen.id})
        request.action_submit()
        self.assertEqual(request.line_ids.uom_id, order.order_line.product_uom_id)
        kilogram = self.env.ref("uom.product_uom_kgm")
        other = self._confirmed((self.goods, 10, 20.0))
        request = self._request(other)
        request.write(
            {
                "line_ids": [
                    Command.create(
                        {
                            "product_id": self.other.id,
                            "new_qty": 1,
                            "uom_id": kilogram.id,
                        }
                    )
                ]
            }
        )
        with self.assertRaises(UserError):
            request.action_submit()
