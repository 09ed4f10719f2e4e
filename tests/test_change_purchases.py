"""Changed and cancelled sales orders whose goods are bought for them."""

from odoo import Command
from odoo.tests import tagged

from odoo.addons.sale_approval.tests.change_common import ChangeCommon


@tagged("post_install", "-at_install")
class TestChangePurchases(ChangeCommon):
    """Vendors are asked for less only while nothing is ordered from them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vendor = cls.env["res.partner"].create({"name": "Vendor"})
        cls.bought = cls._bought("Motor", cls._to_order())

    @classmethod
    def _bought(cls, name, *routes, **values):
        product = cls._goods(name, stock=0, **values)
        product.write(
            {
                "route_ids": [Command.set([route.id for route in routes])],
                "seller_ids": [
                    Command.create({"partner_id": cls.vendor.id, "price": 9})
                ],
            }
        )
        return product

    @classmethod
    def _to_order(cls):
        """Return the route that buys what is sold."""
        route = cls.warehouse.mto_pull_id.route_id
        route.active = True
        buy = cls.warehouse.buy_pull_id.route_id
        cls.buy = buy
        route.rule_ids.filtered(
            lambda rule: rule.warehouse_id == cls.warehouse
        ).procure_method = "make_to_order"
        return route

    def setUp(self):
        super().setUp()
        self.bought.route_ids |= self.buy

    def _purchase(self, order):
        """Return the purchase lines that serve an order."""
        moves = order.order_line.move_ids | order.order_line.move_ids.move_orig_ids
        lines = moves.created_purchase_line_ids | moves.purchase_line_id
        return lines | order.order_line.purchase_line_ids

    def _buy(self, order):
        purchase = self._purchase(order).order_id
        purchase.button_confirm()
        self.assertEqual(purchase.state, "purchase")
        return purchase

    # -- bought for the order ----------------------------------------------------------

    def test_a_request_for_quotation_follows(self):
        order = self._confirmed((self.bought, 10))
        line = self._purchase(order)
        self.assertEqual((line.product_qty, line.state), (10, "draft"))
        request = self._changed(order, {"new_qty": 6})
        self.assertEqual(line.product_qty, 6)
        self.assertEqual(self._open(order), 6)
        self.assertIn("goes from 10 to 6", str(request._approval_effects()))
        self._changed(order, {"new_qty": 9})
        self.assertEqual(sum(self._purchase(order).mapped("product_qty")), 9)
        self._cancelled(order, "full")
        self.assertEqual(sum(self._purchase(order).mapped("product_qty")), 0)

    def test_a_request_for_quotation_of_several_orders(self):
        first, second = (self._confirmed((self.bought, 10)) for _n in range(2))
        lines = self._purchase(first) | self._purchase(second)
        self.assertEqual(sum(lines.mapped("product_qty")), 20)
        self._changed(first, {"new_qty": 7})
        self.assertEqual(sum(lines.mapped("product_qty")), 17)
        self.assertEqual(self._open(second), 10)

    def test_what_is_ordered_from_the_vendor_stays(self):
        order = self._confirmed((self.bought, 10), (self.goods, 5))
        purchase = self._buy(order)
        receipt = purchase.picking_ids.move_ids
        before = self._plain(purchase, receipt)
        request = self._changed(order, {"new_qty": 6})
        self.assertEqual(self._plain(purchase, receipt), before)
        self.assertEqual(self._open(order), 6)
        self.assertIn(
            "purchasing agrees with the vendor", str(request._approval_effects())
        )
        request = self._changed(order, None, {"new_qty": 4})
        self.assertNotIn(
            purchase.name, str(request._approval_effects()), "another line"
        )
        self._move(purchase.picking_ids)
        self._deliver(order, 6)
        self.assertEqual(order.order_line[0].qty_delivered, 6)
        self.assertEqual(self.bought.qty_available, 4, "the rest is in stock")

    def _plain(self, purchase, receipt):
        self.env.flush_all()
        return (
            purchase.order_line.read(["product_qty", "price_unit", "date_planned"]),
            receipt.read(["product_uom_qty", "state", "date"]),
            purchase.read(["state", "amount_total"]),
        )

    def test_cancelled_with_an_order_at_the_vendor(self):
        order = self._confirmed((self.bought, 10))
        purchase = self._buy(order)
        receipt = purchase.picking_ids.move_ids
        before = self._plain(purchase, receipt)
        request = self._cancelled(order, "full")
        self.assertEqual(order.state, "cancel")
        self.assertEqual(self._plain(purchase, receipt), before)
        self.assertIn(
            "purchasing agrees with the vendor", str(request._approval_effects())
        )

    def test_partly_received_and_delivered(self):
        order = self._confirmed((self.bought, 10))
        purchase = self._buy(order)
        receipt = purchase.picking_ids
        move = receipt.move_ids
        move.write({"quantity": 6, "picked": True})
        receipt.with_context(skip_backorder=True).button_validate()
        self._deliver(order, 4)
        self._changed(order, {"new_qty": 5})
        self.assertEqual(self._open(order), 1)
        rest = purchase.picking_ids - receipt
        self.assertEqual(rest.move_ids.product_uom_qty, 4, "ordered is ordered")
        self._deliver(order, 1)
        self.assertEqual(order.order_line.qty_delivered, 5)

    def test_received_in_two_steps_and_shipped_in_two(self):
        self.warehouse.reception_steps = "two_steps"
        self.warehouse.delivery_steps = "pick_ship"
        order = self._confirmed((self.bought, 10))
        purchase = self._buy(order)
        self._changed(order, {"new_qty": 6})
        self.assertEqual(self._open(order), 6)
        self.assertEqual(purchase.picking_ids.move_ids.product_uom_qty, 10)
        self._move(purchase.picking_ids)
        inside = self.env["stock.move"].search(
            [
                ("product_id", "=", self.bought.id),
                ("location_id", "=", self.warehouse.wh_input_stock_loc_id.id),
            ]
        )
        self.assertEqual(sum(inside.mapped("product_uom_qty")), 10)
        self._changed(order, {"new_qty": 3})
        self.assertEqual(
            sum(inside.mapped("product_uom_qty")), 10, "what is bought is put away"
        )
        self.assertEqual(self._open(order), 3)

    def test_a_new_date_leaves_the_vendor_alone(self):
        order = self._confirmed((self.bought, 10))
        purchase = self._buy(order)
        receipt = purchase.picking_ids.move_ids
        before = self._plain(purchase, receipt)
        request = self._changed(order, {"new_date": "2031-01-01 12:00:00"})
        self.assertEqual(self._plain(purchase, receipt), before)
        self.assertIn(
            "purchasing agrees with the vendor", str(request._approval_effects())
        )

    # -- delivered by the vendor -------------------------------------------------------

    def _dropshipped(self):
        """Return a product that the vendor sends to the customer."""
        suppliers = self.env.ref("stock.stock_location_suppliers")
        customers = self.env.ref("stock.stock_location_customers")
        kind = self.env["stock.picking.type"].create(
            {
                "name": "Dropship",
                "code": "incoming",
                "sequence_code": "DSX",
                "default_location_src_id": suppliers.id,
                "default_location_dest_id": customers.id,
                "warehouse_id": False,
            }
        )
        route = self.env["stock.route"].create(
            {
                "name": "Dropship",
                "rule_ids": [
                    Command.create(
                        {
                            "name": "Buy for the customer",
                            "action": "buy",
                            "picking_type_id": kind.id,
                            "location_src_id": suppliers.id,
                            "location_dest_id": customers.id,
                        }
                    )
                ],
            }
        )
        return self._bought("Engine", route)

    def test_dropshipped_and_not_ordered_yet(self):
        order = self._confirmed((self._dropshipped(), 10), (self.goods, 5))
        line = self._purchase(order)
        self.assertEqual((line.product_qty, line.state), (10, "draft"))
        self._changed(order, {"new_qty": 6})
        self.assertEqual(line.product_qty, 6)
        self._changed(order, {"new_qty": 9})
        self.assertEqual(sum(self._purchase(order).mapped("product_qty")), 9)
        self._changed(order, None, {"new_qty": 2})
        self.assertEqual(sum(self._purchase(order).mapped("product_qty")), 9)
        self._cancelled(order, "full")
        self.assertEqual(sum(self._purchase(order).mapped("product_qty")), 0)
        self.assertFalse(
            order.order_line.move_ids.filtered(
                lambda move: move.location_id.usage == "customer"
            )
        )

    def test_dropshipped_and_ordered(self):
        order = self._confirmed((self._dropshipped(), 10))
        purchase = self._buy(order)
        receipt = purchase.picking_ids.move_ids
        before = self._plain(purchase, receipt)
        request = self._changed(order, {"new_qty": 6})
        self.assertEqual(self._plain(purchase, receipt), before)
        self.assertIn(
            "purchasing agrees with the vendor", str(request._approval_effects())
        )
        self._changed(order, {"new_qty": 13})
        lines = self._purchase(order)
        self.assertEqual(sum(lines.mapped("product_qty")), 13)
        self.assertEqual(self._plain(purchase, receipt), before)

    def test_what_is_left_of_a_dropshipment(self):
        order = self._confirmed((self._dropshipped(), 10), (self.goods, 5))
        purchase = self._buy(order)
        self._deliver(order, 0, 2)
        before = self._plain(purchase, purchase.picking_ids.move_ids)
        self._cancelled(order, "remaining")
        self.assertEqual(
            self._plain(purchase, purchase.picking_ids.move_ids),
            before,
            "purchasing has to talk with the vendor first",
        )
        self.assertEqual(order.order_line.mapped("product_uom_qty"), [0, 2])
