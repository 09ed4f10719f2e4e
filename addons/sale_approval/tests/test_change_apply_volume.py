from odoo.tests import tagged

from .change_common import ChangeCommon


@tagged("post_install", "-at_install")
class TestChangeApplyVolume(ChangeCommon):
    """What requests on long orders cost, in queries."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.products = cls.env["product.product"].create(
            [
                {
                    "name": f"Part {number}",
                    "list_price": 5,
                    "is_storable": True,
                    "invoice_policy": "order",
                    "taxes_id": False,
                }
                for number in range(60)
            ]
        )
        cls.env["stock.quant"].create(
            [
                {"product_id": product.id, "location_id": cls.stock.id, "quantity": 99}
                for product in cls.products
            ]
        )

    def _long_order(self, count):
        """Return an invoiced order after three deliveries of all its lines."""
        order = self._confirmed(
            *((product, 10, 5.0) for product in self.products[:count])
        )
        for _number in range(3):
            self._deliver(order, *[1] * count)
        self._invoice(order)
        return order

    def _wish(self, request):
        """Change every line, each in one of the ways there are."""
        wishes = (
            {"new_qty": 6},
            {"new_qty": 14},
            {"new_price": 4},
            {"new_date": "2031-01-01 12:00:00"},
            {"is_removed": True},
        )
        for number, line in enumerate(request.line_ids):
            line.write(wishes[number % len(wishes)])

    def _counted(self, work):
        self.env.flush_all()
        self.env.invalidate_all()
        start = self.env.cr.sql_log_count
        work()
        self.env.flush_all()
        return self.env.cr.sql_log_count - start

    def _costs(self, count, wish):
        """Return the queries of preview and apply of a request on a long order."""
        request = self._request(self._long_order(count))
        wish(request)
        shown = self._counted(request._change_prepare)
        applied = self._counted(request._change_apply)
        self.assertEqual(request.state, "applied")
        return shown, applied

    def test_the_preview_costs_what_the_apply_costs(self):
        self._costs(5, self._wish)  # as in a server at work
        few, many = self._costs(10, self._wish), self._costs(60, self._wish)
        self.assertLess(many[0], 1.2 * many[1])
        for less, more in zip(few, many, strict=True):
            self.assertLess((more - less) / 50, 36, "queries for each changed line")

    def test_lines_that_stay_cost_nothing(self):
        def one(request):
            request.line_ids[:1].new_qty = 6

        self._costs(5, one)
        few, many = self._costs(10, one), self._costs(60, one)
        for less, more in zip(few, many, strict=True):
            self.assertLess((more - less) / 50, 0.5, "queries for each line that stays")
