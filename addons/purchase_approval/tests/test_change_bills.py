from odoo.tests import tagged

from .change_common import PurchaseChangeCommon


@tagged("post_install", "-at_install")
class TestChangeBills(PurchaseChangeCommon):
    """Posted bills are corrected by a draft note, draft bills are pointed at."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.bolt | cls.nut).purchase_method = "purchase"

    def test_below_billed(self):
        order = self._confirmed()
        bill = self._bill(order)
        request = self._changed(order, new_qty=6)
        self.assert_notes(request, ("in_refund", 400))
        note = request.sudo().move_ids
        self.assertEqual(note.reversed_entry_id, bill)
        self.assertEqual(note.invoice_line_ids.purchase_line_id, self._of(order))
        self.assertEqual(self._of(order).qty_invoiced, 6)
        self.assertEqual(self._of(order).qty_to_invoice, 0)
        self.assertEqual(bill.state, "posted")

    def test_still_above_billed(self):
        order = self._confirmed()
        self._bill(order, bolt=4)
        request = self._changed(order, new_qty=6)
        self.assert_notes(request)
        self.assertEqual(self._of(order).qty_to_invoice, 2)

    def test_price_of_billed_goods(self):
        order = self._confirmed()
        self._bill(order)
        request = self._changed(order, new_price=90)
        self.assert_notes(request, ("in_refund", 100))
        self.assertEqual(self._of(order).qty_invoiced, 10)
        dearer = self._changed(order, new_price=95)
        self.assert_notes(dearer, ("in_invoice", 50))

    def test_less_and_dearer(self):
        order = self._confirmed()
        self._bill(order)
        request = self._changed(order, new_qty=6, new_price=110)
        # 4 x 100 back, and 6 x 10 more
        self.assert_notes(request, ("in_refund", 340))
        self.assertEqual(self._of(order).qty_invoiced, 6)

    def test_billed_in_another_unit(self):
        order = self._confirmed(
            self._line(quantity=2, price=1200, product_uom_id=self.uom_dozen.id)
        )
        bill = self._bill(order, post=False)
        bill.invoice_line_ids.write(
            {
                "product_uom_id": self.bolt.uom_id.id,
                "quantity": 24,
                "price_unit": 100,
            }
        )
        bill.action_post()
        request = self._changed(order, new_qty=1)
        self.assert_notes(request, ("in_refund", 1200))

    def test_discount_of_billed_goods(self):
        order = self._confirmed()
        self._bill(order)
        request = self._changed(order, new_discount=5)
        self.assert_notes(request, ("in_refund", 50))

    def test_draft_bill_stays_the_vendors_paper(self):
        order = self._confirmed()
        bill = self._bill(order, post=False)
        request = self._changed(order, new_qty=6)
        self.assert_notes(request)
        item = bill.invoice_line_ids.filtered(lambda i: i.product_id == self.bolt)
        self.assertEqual(item.quantity, 10)
        codes = [effect["code"] for effect in request.impact["effects"]]
        self.assertIn("draft_bill", codes)

    def test_billed_on_receipt(self):
        """What is billed of the received goods is not touched by what is to come."""
        self.bolt.purchase_method = "receive"
        order = self._confirmed()
        self._receive(order, bolt=4)
        self._bill(order)
        request = self._changed(order, new_qty=5)
        self.assert_notes(request)
        self.assertEqual(self._of(order).qty_to_invoice, 0)

    def test_two_requests_take_back_once(self):
        order = self._confirmed()
        self._bill(order)
        first = self._changed(order, new_qty=8)
        second = self._changed(order, new_qty=5)
        self.assert_notes(first, ("in_refund", 200))
        self.assert_notes(second, ("in_refund", 300))
        self.assertEqual(self._of(order).qty_invoiced, 5)
