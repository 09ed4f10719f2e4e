from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .gate_common import SaleApprovalCommon


@tagged("post_install", "-at_install")
class TestCopyLines(SaleApprovalCommon):
    """Lines of a customer's earlier orders, added to a new quotation."""

    def _wizard(self, order, **values):
        action = order.action_copy_from_earlier()
        wizard = self.env[action["res_model"]].with_user(self.seller)
        return wizard.with_context(**action["context"]).create(values)

    def test_lines_with_the_earlier_prices(self):
        earlier = self._order(lines=2, price=70)
        order = self._order(order_line=[])
        wizard = self._wizard(order, source_id=earlier.id, prices="earlier")
        wizard.action_add()
        self.assertEqual(order.order_line.product_id, self.product)
        self.assertEqual(order.order_line.mapped("price_unit"), [70, 70])

    def test_chosen_lines_with_the_prices_of_today(self):
        earlier = self._order(lines=2, price=70)
        order = self._order(order_line=[])
        line = earlier.order_line[0]
        wizard = self._wizard(order, line_ids=[Command.set(line.ids)])
        wizard.action_add()
        self.assertEqual(order.order_line.price_unit, self.product.list_price)

    def test_what_cannot_be_copied_is_said(self):
        order = self._order()
        with self.assertRaisesRegex(UserError, "at least one line"):
            self._wizard(order).action_add()
        earlier = self._order()
        self.product.sale_ok = False
        with self.assertRaisesRegex(UserError, "not sold any more"):
            self._wizard(order, source_id=earlier.id).action_add()
