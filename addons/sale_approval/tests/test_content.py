from unittest.mock import MagicMock, patch

from odoo import Command
from odoo.tests import tagged

from .gate_common import SaleApprovalCommon


@tagged("post_install", "-at_install")
class TestContent(SaleApprovalCommon):
    """What was approved is what is confirmed, whichever way the order is edited."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls._policy(cls.leader, auto_execute=False)

    def _approved(self, **values):
        order = self._submitted(**values)
        self._approve(order, self.leader)
        self.assertEqual(order.approval_state, "approved")
        return order

    def _assert_stale(self, order):
        self.env.flush_all()
        self.assertEqual(order.approval_state, "stale")
        order.action_confirm()
        self.assertEqual(order.state, "draft")
        self.assertEqual(order.approval_state, "pending")

    def test_discount_wizard(self):
        order = self._approved()
        self.env["sale.order.discount"].with_user(self.seller).create(
            {
                "sale_order_id": order.id,
                "discount_type": "sol_discount",
                "discount_percentage": 0.5,
            }
        ).action_apply_discount()
        self._assert_stale(order)

    def test_catalog(self):
        order = self._approved()
        # the catalogue changes lines from a web request; none is at work here
        with patch("odoo.addons.sale.models.sale_order.request", MagicMock()):
            order._update_order_line_info(self.service_product.id, 3)
        self._assert_stale(order)

    def test_line_changes(self):
        changes = {
            "price": lambda o: o.order_line.write({"price_unit": 90}),
            "quantity": lambda o: o.order_line.write({"product_uom_qty": 9}),
            "discount": lambda o: o.order_line.write({"discount": 5}),
            "removed": lambda o: o.order_line[0].unlink(),
            "added": lambda o: o.order_line.create(
                {"order_id": o.id, "product_id": self.product.id}
            ),
            "through header": lambda o: o.write(
                {"order_line": [Command.update(o.order_line[0].id, {"price_unit": 1})]}
            ),
            "same total": lambda o: o.order_line[0].write(
                {"product_id": self.service_product.id, "price_unit": 100}
            ),
            "customer": lambda o: o.write({"partner_id": self.partner.copy().id}),
            "payment term": lambda o: o.write(
                {
                    "payment_term_id": self.env.ref(
                        "account.account_payment_term_30days"
                    ).id
                }
            ),
            "as superuser": lambda o: o.order_line.sudo().write({"price_unit": 90}),
            "with context": lambda o: o.order_line.with_context(
                approval_engine=True
            ).write({"price_unit": 90}),
        }
        for name, change in changes.items():
            with self.subTest(name):
                order = self._approved(lines=2)
                change(order)
                self._assert_stale(order)

    def test_free_fields_stay_free(self):
        order = self._approved()
        order.write({"client_order_ref": "PO 7", "note": "call before"})
        order.order_line.write({"name": "another text"})
        self.assertEqual(order.approval_state, "approved")
        order.action_confirm()
        self.assertEqual(order.state, "sale")

    def test_content_put_back_fits_again_before_it_is_looked_at(self):
        order = self._approved()
        line = order.order_line
        order.write(
            {
                "order_line": [
                    Command.update(line.id, {"price_unit": 50}),
                    Command.update(line.id, {"price_unit": 100}),
                ]
            }
        )
        self.assertEqual(order.approval_state, "approved")

    def test_small_change_is_carried_and_adds_up(self):
        self.policy.write({"tolerance_percent": 5, "tolerance_amount": 100})
        order = self._approved(price=1000)
        order.order_line.price_unit = 970
        self.assertEqual(order.approval_state, "approved")
        self.assertIn(
            "carried", order.approval_instance_id.sudo().event_ids.mapped("kind")
        )
        order.order_line.price_unit = 940  # 3 % more, 6 % in all
        self._assert_stale(order)
