import time

from odoo.tests import tagged, warmup

from .change_common import PurchaseChangeCommon


@tagged("post_install", "-at_install")
class TestChangeVolume(PurchaseChangeCommon):
    """What a preview, a held write and the columns of a list cost."""

    def _large(self, lines):
        products = self.env["product.product"].create(
            [
                {
                    "name": f"Part {number}",
                    "is_storable": True,
                    "supplier_taxes_id": False,
                }
                for number in range(lines)
            ]
        )
        return self._confirmed(
            *(self._line(product, quantity=10, price=5) for product in products)
        )

    def test_preview_costs_less_than_two_applies(self):
        order = self._large(60)
        for _number in range(2):
            picking = self._open_receipts(order)[:1]
            for move in picking.move_ids:
                move.write({"quantity": 2, "picked": True})
            picking._action_done()
        request = self._request(order)
        request.line_ids.new_qty = 7
        self.env.flush_all()
        request.action_preview()  # as in a server at work
        self.env.invalidate_all()
        start = time.monotonic()
        request.action_preview()
        preview = time.monotonic() - start
        self.env.invalidate_all()
        start = time.monotonic()
        request._change_apply()
        self.env.flush_all()
        apply = time.monotonic() - start
        self.assertLess(preview, 2 * apply)
        self.assertEqual(set(order.order_line.mapped("product_qty")), {7})

    @warmup
    def test_writes_that_are_not_held_cost_nothing(self):
        orders = self._order() | self._order()
        lines = orders.order_line
        lines.write({"product_qty": 2})
        self.env.flush_all()
        self.env.invalidate_all()
        lines.mapped("order_id.state")
        with self.assertQueryCount(9):
            lines.write({"name": "Bolt, zinc plated"})
            self.env.flush_all()

    @warmup
    def test_columns_of_the_list(self):
        orders = self.env["purchase.order"].concat(
            *(self._confirmed() for _number in range(12))
        )
        for order in orders[:6]:
            self._request(order)
        names = {"change_state": {}, "change_summary": {}, "change_revision": {}}
        requests = self.env["purchase.order"].with_user(self.buyer)

        def count(limit):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            requests.web_search_read([("id", "in", orders.ids)], names, limit=limit)
            return self.env.cr.sql_log_count - before

        count(1)
        self.assertLessEqual(count(12), count(1) + 6)
