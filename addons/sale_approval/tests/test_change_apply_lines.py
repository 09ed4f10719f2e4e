from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .change_common import ChangeCommon


@tagged("post_install", "-at_install")
class TestChangeApplyLines(ChangeCommon):
    """Lines that are added, removed and replaced, and orders that are locked."""

    def _new_line(self, request):
        return request.line_ids.new_order_line_id

    # -- remove ------------------------------------------------------------------------

    def test_remove(self):
        order = self._confirmed((self.goods, 10), (self.other, 5))
        self._changed(order, {"is_removed": True})
        self.assertEqual(order.order_line.mapped("product_uom_qty"), [0, 5])
        self.assertEqual((self._open(order, 0), self._open(order, 1)), (0, 5))

    def test_remove_what_is_delivered_in_part(self):
        order = self._confirmed()
        self._deliver(order, 4)
        self._changed(order, {"is_removed": True})
        self.assertEqual(order.order_line.product_uom_qty, 4)
        self.assertEqual(self._open(order), 0)

    def test_remove_what_is_delivered_and_invoiced(self):
        order = self._confirmed()
        self._deliver(order, 4)
        self._invoice(order)
        self._changed(order, {"is_removed": True})
        self.assertEqual(order.order_line.product_uom_qty, 4)
        self.assertEqual(self._billed(order), 80)
        self.assertEqual(order.order_line.qty_to_invoice, 0)

    # -- replace -----------------------------------------------------------------------

    def test_replace(self):
        order = self._confirmed()
        request = self._changed(
            order, {"product_id": self.other.id, "new_price": 33, "new_qty": 8}
        )
        old, new = order.order_line
        self.assertEqual((old.product_uom_qty, self._open(order, 0)), (0, 0))
        self.assertEqual(self._new_line(request), new)
        self.assertEqual((new.product_id, new.price_unit), (self.other, 33))
        self.assertEqual((new.product_uom_qty, self._open(order, 1)), (8, 8))
        self.assertEqual(order.amount_untaxed, 264)

    def test_replace_what_is_delivered_in_part(self):
        order = self._confirmed()
        done = self._deliver(order, 4)
        self._changed(order, {"product_id": self.other.id, "new_qty": 6})
        old, _new = order.order_line
        self.assertEqual((old.product_uom_qty, self._open(order, 0)), (4, 0))
        self.assertEqual(self._open(order, 1), 6)
        self.assertEqual(done.move_ids.product_id, self.goods)

    def test_replace_what_is_invoiced(self):
        order = self._confirmed()
        self._deliver(order, 4)
        self._invoice(order)
        self._changed(order, {"product_id": self.other.id, "new_qty": 6})
        old, new = order.order_line
        self.assertEqual((old.qty_invoiced, old.qty_to_invoice), (4, 0))
        self.assertEqual((new.qty_invoiced, new.qty_to_invoice), (0, 6))
        self.assertEqual(self._notes(order).mapped("move_type"), ["out_refund"])
        self.assertEqual(self._notes(order).amount_untaxed, 120)

    def test_replace_by_the_same_product_twice_is_no_confusion(self):
        order = self._confirmed((self.goods, 10), (self.bulk, 3))
        request = self._changed(
            order,
            {"product_id": self.other.id, "new_qty": 1, "new_price": 31},
            {"product_id": self.other.id, "new_qty": 2, "new_price": 32},
        )
        for line in request.line_ids:
            new = line.new_order_line_id
            self.assertEqual(
                (new.product_uom_qty, new.price_unit), (line.new_qty, line.new_price)
            )

    def test_a_replaced_line_keeps_its_own_date(self):
        order = self._confirmed()
        self._changed(order, {"new_date": "2031-03-03 10:00:00"})
        self._changed(order, {"product_id": self.other.id, "new_qty": 6})
        new = order.order_line[1]
        self.assertEqual(str(new.promised_date), "2031-03-03 10:00:00")
        self.assertEqual(str(new.move_ids.date_deadline), "2031-03-03 10:00:00")

    # -- add ---------------------------------------------------------------------------

    def test_add(self):
        order = self._confirmed()
        request = self._request(order)
        self._adding(request, self.other, 3, 31, new_discount=10)
        self._adding(request, self.service, 2, 50)
        request.action_submit()
        self.assertEqual(request.state, "applied")
        _old, goods, service = order.order_line
        self.assertEqual((goods.price_unit, goods.discount), (31, 10))
        self.assertEqual((self._open(order, 1), service.product_uom_qty), (3, 2))
        self.assertEqual(len(order.picking_ids), 1, "with what is open already")
        self.assertEqual(
            request.line_ids.filtered(lambda line: line.action == "add").mapped(
                "new_order_line_id"
            ),
            goods | service,
        )

    def test_add_with_a_date_of_its_own(self):
        order = self._confirmed(commitment_date="2030-01-10 12:00:00")
        request = self._request(order)
        self._adding(request, self.other, 3, new_date="2030-02-10 12:00:00")
        request.action_submit()
        move = order.order_line[1].move_ids
        self.assertEqual(str(move.date_deadline), "2030-02-10 12:00:00")
        self.assertEqual(
            str(order.order_line[0].move_ids.date_deadline), "2030-01-10 12:00:00"
        )

    def test_add_to_a_locked_order_is_delivered(self):
        order = self._confirmed()
        order.action_lock()
        request = self._request(order)
        self._adding(request, self.other, 3)
        request.action_submit()
        self.assertEqual(self._open(order, 1), 3)
        self.assertTrue(order.locked, "locked again")

    # -- locked ------------------------------------------------------------------------

    def test_a_locked_order_changes_and_stays_locked(self):
        order = self._confirmed()
        order.action_lock()
        self._changed(order, {"new_qty": 4, "new_price": 18, "new_discount": 5})
        self.assertTrue(order.locked)
        self.assertEqual(self._open(order), 4)
        self.assertEqual(order.amount_untaxed, 68.4)

    def test_a_locked_order_is_cancelled(self):
        order = self._confirmed()
        order.action_lock()
        self._cancelled(order, "full")
        self.assertEqual(order.state, "cancel")

    # -- other lines -------------------------------------------------------------------

    def test_titles_notes_and_services_stay(self):
        order = self._confirmed((self.goods, 10), (self.service, 2, 50))
        order.write(
            {
                "order_line": [
                    Command.create({"display_type": "line_section", "name": "Pumps"}),
                    Command.create({"display_type": "line_note", "name": "By noon"}),
                ]
            }
        )
        request = self._changed(order, {"new_qty": 4}, {"new_qty": 3})
        self.assertEqual(len(request.line_ids), 2)
        self.assertEqual(
            order.order_line.mapped("display_type"),
            [False, False, "line_section", "line_note"],
        )
        self.assertEqual(order.order_line[1].product_uom_qty, 3)
        self.assertEqual(len(order.order_line.move_ids), 1)

    def test_a_service_below_what_was_done_is_refused(self):
        order = self._confirmed((self.service, 5, 50))
        order.order_line.qty_delivered = 3
        with self.assertRaisesRegex(UserError, "3 are delivered"):
            self._request(order, {"new_qty": 2}).action_submit()
        order.change_ids.action_withdraw()
        self._changed(order, {"new_qty": 3})
        self.assertEqual(order.order_line.product_uom_qty, 3)

    def test_the_price_does_not_follow_the_quantity(self):
        """The price list gives it cheaper from ten on; the agreed price counts."""
        self.env["product.pricelist.item"].create(
            {
                "pricelist_id": self.pricelist.id,
                "applied_on": "1_product",
                "product_tmpl_id": self.goods.product_tmpl_id.id,
                "min_quantity": 10,
                "compute_price": "percentage",
                "percent_price": 50,
            }
        )
        order = self._confirmed((self.goods, 5, 20.0), pricelist_id=self.pricelist.id)
        self._changed(order, {"new_qty": 15})
        line = order.order_line
        self.assertEqual((line.price_unit, line.discount), (20, 0))
        self._changed(order, {"new_qty": 12, "new_price": 19, "new_discount": 3})
        self.assertEqual((line.price_unit, line.discount), (19, 3))

    def test_taxes_included_and_fiscal_position_stay(self):
        included, excluded = self.env["account.tax"].create(
            [
                {
                    "name": "Incl",
                    "amount": 10,
                    "price_include_override": "tax_included",
                },
                {"name": "Excl", "amount": 20},
            ]
        )
        position = self.env["account.fiscal.position"].create({"name": "Export"})
        order = self._confirmed(
            (self.goods, 10, 22.0, {"tax_ids": included.ids}),
            (self.other, 10, 30.0, {"tax_ids": excluded.ids}),
            fiscal_position_id=position.id,
        )
        self._invoice(order)
        self._changed(order, {"new_qty": 5}, {"new_price": 25})
        self.assertEqual(order.order_line[0].tax_ids, included)
        self.assertEqual(order.order_line[1].tax_ids, excluded)
        self.assertEqual(order.fiscal_position_id, position)
        self.assertEqual(order.amount_total, 5 * 22 + 10 * 25 * 1.2)
        note = self._notes(order)
        self.assertEqual(note.amount_total, 5 * 22 + 10 * 5 * 1.2)
        self.assertEqual(note.fiscal_position_id, position)
