from odoo.tests import tagged

from .change_common import ChangeCommon


@tagged("post_install", "-at_install")
class TestChangeApplyHeader(ChangeCommon):
    """Address and dates: what is delivered stays, what is open follows."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.site = cls.env["res.partner"].create(
            {"name": "Site", "parent_id": cls.partner.id, "type": "other"}
        )

    def _dates(self, order):
        moves = order.order_line.move_ids.filtered(
            lambda move: move.state not in ("done", "cancel")
        )
        return {
            move.product_id.name: (str(move.date_deadline)[:10], str(move.date)[:10])
            for move in moves
        }

    # -- address -----------------------------------------------------------------------

    def test_address(self):
        order = self._confirmed()
        done = self._deliver(order, 4)
        before = self._picture(order)
        picture = before["pickings"][done.id]
        position = order.fiscal_position_id
        request = self._changed(order, new_shipping_id=self.site.id)
        self.assertEqual(order.partner_shipping_id, self.site)
        header = before["order"][order.id]
        self.assertEqual(order.partner_invoice_id.id, header["partner_invoice_id"])
        self.assertEqual((order.picking_ids - done).partner_id, self.site)
        self.assertEqual((order.picking_ids - done).move_ids.partner_id, self.site)
        self.assertEqual(self._picture(order)["pickings"][done.id], picture)
        self.assertEqual(order.fiscal_position_id, position)
        self.assertFalse(
            order.picking_ids.activity_ids, "nobody is asked to do what is done"
        )
        self.assertIn("goes to", str(request._approval_effects()))

    def test_address_of_another_fiscal_position(self):
        position = self.env["account.fiscal.position"].create(
            {
                "name": "Abroad",
                "auto_apply": True,
                "country_id": self.env.ref("base.fr").id,
            }
        )
        self.site.write({"country_id": self.env.ref("base.fr").id, "parent_id": False})
        self.partner.country_id = self.env.ref("base.us")
        quotation = self._order(partner_shipping_id=self.site.id)
        self.assertEqual(quotation.fiscal_position_id, position, "as a rule")
        order = self._confirmed()
        taxes = order.order_line.tax_ids
        self._changed(order, new_shipping_id=self.site.id)
        self.assertNotEqual(order.fiscal_position_id, position)
        self.assertEqual(order.order_line.tax_ids, taxes)

    def test_address_with_another_customer_location(self):
        place = self.env["stock.location"].create(
            {
                "name": "Customers abroad",
                "usage": "customer",
                "location_id": self.env.ref("stock.stock_location_customers").id,
            }
        )
        self.site.property_stock_customer = place
        order = self._confirmed()
        self._changed(order, new_shipping_id=self.site.id)
        picking = order.picking_ids
        self.assertEqual(picking.move_ids.location_dest_id, place)
        self.assertEqual(picking.move_line_ids.location_dest_id, place)
        self._move(picking)
        self.assertEqual(order.order_line.qty_delivered, 10)

    def test_address_and_less(self):
        order = self._confirmed((self.goods, 10), (self.other, 5))
        self._changed(order, {"new_qty": 4}, new_shipping_id=self.site.id)
        self.assertEqual(order.picking_ids.partner_id, self.site)
        self.assertEqual((self._open(order, 0), self._open(order, 1)), (4, 5))

    def test_address_and_more_in_one_delivery(self):
        order = self._confirmed()
        self._changed(order, {"new_qty": 14}, new_shipping_id=self.site.id)
        self.assertEqual(order.picking_ids.partner_id, self.site)
        self.assertEqual(self._open(order), 14)

    # -- the date of the order ---------------------------------------------------------

    def test_commitment_date(self):
        self.env.company.security_lead = 2
        order = self._confirmed((self.goods, 10), (self.other, 5))
        done = self._deliver(order, 4, 5)
        kept = self._picture(order)["moves"][done.move_ids[0].id]
        self._changed(order, new_commitment_date="2031-05-10 12:00:00")
        self.assertEqual(str(order.commitment_date), "2031-05-10 12:00:00")
        self.assertEqual(self._dates(order), {"Pump": ("2031-05-10", "2031-05-08")})
        backorder = order.picking_ids - done
        self.assertEqual(str(backorder.scheduled_date), "2031-05-08 12:00:00")
        self.assertEqual(self._picture(order)["moves"][done.move_ids[0].id], kept)

    def test_a_line_with_its_own_date_keeps_it(self):
        order = self._confirmed((self.goods, 10), (self.other, 5))
        self._changed(order, {"new_date": "2030-02-02 12:00:00"})
        self.assertEqual(self._dates(order)["Pump"], ("2030-02-02", "2030-02-02"))
        self._changed(order, new_commitment_date="2031-05-10 12:00:00")
        self.assertEqual(
            self._dates(order),
            {
                "Pump": ("2030-02-02", "2030-02-02"),
                "Valve": ("2031-05-10", "2031-05-10"),
            },
        )

    def test_what_the_warehouse_planned_moves_along(self):
        """It wants to send it three days before; it still does."""
        order = self._confirmed(commitment_date="2031-05-10 12:00:00")
        order.picking_ids.move_ids.date = "2031-05-07 12:00:00"
        self._changed(order, new_commitment_date="2031-06-10 12:00:00")
        self.assertEqual(self._dates(order)["Pump"], ("2031-06-10", "2031-06-07"))

    # -- the date of a line ------------------------------------------------------------

    def test_quantity_and_date_together(self):
        for quantity in (4, 14):
            with self.subTest(quantity=quantity):
                order = self._confirmed()
                self._deliver(order, 2)
                request = self._changed(
                    order, {"new_qty": quantity, "new_date": "2031-05-10 12:00:00"}
                )
                self.assertEqual(self._open(order), quantity - 2)
                self.assertEqual(
                    self._dates(order), {"Pump": ("2031-05-10", "2031-05-10")}
                )
                effects = str(request._approval_effects())
                self.assertIn("is due on 2031-05-10", effects)
                self.assertIn("goes from", effects)

    def test_more_later_joins_the_same_move(self):
        order = self._confirmed()
        self._changed(order, {"new_date": "2031-05-10 12:00:00"})
        self._changed(order, {"new_qty": 14})
        self.assertEqual(order.order_line.move_ids.mapped("product_uom_qty"), [14])

    def test_one_date_of_two_lines(self):
        order = self._confirmed(
            (self.goods, 10), (self.other, 5), commitment_date="2030-01-01 12:00:00"
        )
        self._changed(order, {"new_date": "2031-05-10 12:00:00"})
        self.assertEqual(self._dates(order)["Valve"][0], "2030-01-01")
        self.assertEqual(self._dates(order)["Pump"][0], "2031-05-10")
        self.assertEqual(str(order.commitment_date), "2030-01-01 12:00:00")

    def test_all_at_once(self):
        order = self._confirmed((self.goods, 10), (self.other, 5, 30), (self.bulk, 8))
        self._deliver(order, 2, 1, 3)
        term = self.env.ref("account.account_payment_term_30days")
        request = self._request(
            order,
            {"new_qty": 4, "new_date": "2031-01-01 12:00:00", "new_price": 19},
            {"product_id": self.goods.id, "new_qty": 7},
            {"is_removed": True},
            new_shipping_id=self.site.id,
            new_commitment_date="2031-05-10 12:00:00",
            new_payment_term_id=term.id,
        )
        self._adding(request, self.bulk, 20, 5, new_date="2031-02-02 12:00:00")
        request.action_submit()
        self.assertEqual(request.state, "applied")
        self.assertEqual(order.order_line.mapped("product_uom_qty"), [4, 1, 3, 7, 20])
        self.assertEqual(
            [self._open(order, number) for number in range(5)], [2, 0, 0, 7, 20]
        )
        self.assertEqual(order.payment_term_id, term)
        dates = [
            str(line._change_open_moves().date_deadline)[:10]
            for line in order.order_line
            if line._change_open_moves()
        ]
        self.assertEqual(dates, ["2031-01-01", "2031-05-10", "2031-02-02"])
