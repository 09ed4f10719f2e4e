from odoo import Command
from odoo.tests import tagged

from .change_common import ChangeCommon


@tagged("post_install", "-at_install")
class TestChangeApplyInvoice(ChangeCommon):
    """What is invoiced follows: drafts are corrected, posted ones by a draft note."""

    def _assert_billed(self, order, amount, lines=None):
        self.assertAlmostEqual(self._billed(order), amount, 2)
        for line in lines or order.order_line:
            share = line.qty_invoiced * line.price_unit * (1 - line.discount / 100)
            self.assertAlmostEqual(
                self._billed(order, line), share, 2, "price now × what is invoiced"
            )

    # -- price and discount ------------------------------------------------------------

    def test_price_before_invoicing(self):
        order = self._confirmed()
        self._changed(order, {"new_price": 18})
        self._invoice(order)
        self._assert_billed(order, 180)
        self.assertFalse(self._notes(order))

    def test_discount_before_invoicing(self):
        order = self._confirmed()
        self._changed(order, {"new_discount": 25})
        self._invoice(order)
        self._assert_billed(order, 150)

    def test_price_with_a_draft_invoice(self):
        order = self._confirmed((self.goods, 10), (self.other, 10, 30))
        invoice = self._invoice(order, post=False)
        request = self._changed(order, {"new_price": 18}, {"new_discount": 10})
        self.assertEqual(order.invoice_ids, invoice)
        self.assertEqual(invoice.amount_untaxed, 180 + 270)
        self._assert_billed(order, 450)
        self.assertTrue(request.impact_invoiced)
        self.assertIn("draft invoice goes from", str(request._approval_effects()))

    def test_a_lower_price_after_posting(self):
        order = self._confirmed()
        invoice = self._invoice(order)
        self._changed(order, {"new_price": 18})
        note = self._notes(order)
        self.assertEqual((note.state, note.move_type), ("draft", "out_refund"))
        self.assertEqual(note.amount_untaxed, 20)
        self.assertEqual(note.reversed_entry_id, invoice)
        self.assertEqual(invoice.amount_untaxed, 200, "posted is posted")
        self.assertEqual(order.order_line.qty_invoiced, 10)
        self._assert_billed(order, 180)
        note.action_post()
        self._assert_billed(order, 180)

    def test_a_higher_price_after_posting(self):
        order = self._confirmed()
        self._invoice(order)
        self._changed(order, {"new_price": 23})
        note = self._notes(order)
        self.assertEqual((note.state, note.move_type), ("draft", "out_invoice"))
        self.assertEqual(note.amount_untaxed, 30)
        self._assert_billed(order, 230)
        self.assertEqual(order.order_line.qty_to_invoice, 0)

    def test_a_discount_after_posting(self):
        order = self._confirmed()
        self._invoice(order)
        self._changed(order, {"new_discount": 10})
        self.assertEqual(self._notes(order).amount_untaxed, 20)
        self._assert_billed(order, 180)

    def test_price_after_two_invoices_at_different_prices(self):
        order = self._confirmed((self.bulk, 10, 20.0))
        self._deliver(order, 4)
        self._invoice(order)
        self.env["approval.change.control"].create(
            {
                "model_id": self.env["ir.model"]._get_id("sale.order"),
                "is_held": False,
            }
        )
        order.order_line.price_unit = 22
        self.env["approval.change.control"].search([]).unlink()
        self._deliver(order, 3)
        self._invoice(order)
        self.assertEqual(self._billed(order), 4 * 20 + 3 * 22)
        self._changed(order, {"new_price": 19})
        self._assert_billed(order, 7 * 19)

    def test_price_twice_the_first_note_still_a_draft(self):
        order = self._confirmed()
        self._invoice(order)
        self._changed(order, {"new_price": 18})
        self._changed(order, {"new_price": 17})
        self.assertEqual(len(self._notes(order)), 2)
        self._assert_billed(order, 170)

    def test_price_twice_the_first_note_posted(self):
        order = self._confirmed()
        self._invoice(order)
        self._changed(order, {"new_price": 23})
        self._notes(order).action_post()
        self._changed(order, {"new_price": 17, "new_qty": 8})
        self._assert_billed(order, 8 * 17)
        self.assertEqual(order.order_line.qty_to_invoice, 0)

    def test_price_up_then_back(self):
        order = self._confirmed()
        self._invoice(order)
        self._changed(order, {"new_price": 23})
        self._changed(order, {"new_price": 20})
        self._assert_billed(order, 200)

    def test_price_after_a_credit_at_another_price(self):
        order = self._confirmed()
        invoice = self._invoice(order)
        back = invoice._reverse_moves()
        back.invoice_line_ids.write({"quantity": 2, "price_unit": 9})
        back.action_post()
        self.assertEqual(order.order_line.qty_invoiced, 8)
        self._changed(order, {"new_price": 15})
        self._assert_billed(order, 8 * 15)

    def test_one_of_several_lines(self):
        order = self._confirmed((self.goods, 10), (self.other, 10, 30))
        self._invoice(order)
        self._changed(order, None, {"new_price": 25})
        note = self._notes(order)
        self.assertEqual(note.invoice_line_ids.product_id, self.other)
        self._assert_billed(order, 450)

    def test_a_price_and_a_quantity_that_cost_the_same(self):
        order = self._confirmed((self.goods, 10), (self.other, 10, 30))
        self._invoice(order)
        self._changed(order, {"new_price": 21}, {"new_price": 29})
        self.assertEqual(self._notes(order).amount_untaxed, 0)
        self._assert_billed(order, 500)

    # -- quantity ----------------------------------------------------------------------

    def test_below_invoiced_is_credited(self):
        order = self._confirmed()
        self._invoice(order)
        request = self._changed(order, {"new_qty": 6})
        note = self._notes(order)
        self.assertEqual((note.state, note.move_type), ("draft", "out_refund"))
        self.assertEqual(note.amount_untaxed, 80)
        line = order.order_line
        self.assertEqual((line.qty_invoiced, line.qty_to_invoice), (6, 0))
        self.assertEqual(line.invoice_status, "invoiced")
        self._assert_billed(order, 120)
        self.assertIn("Draft credit note", str(request._approval_effects()))

    def test_below_a_draft_invoice(self):
        order = self._confirmed()
        invoice = self._invoice(order, post=False)
        self._changed(order, {"new_qty": 6})
        self.assertEqual(invoice.amount_untaxed, 120)
        self.assertFalse(self._notes(order))
        self._changed(order, {"new_qty": 0})
        self.assertEqual(invoice.state, "cancel", "nothing is left on it")
        self._assert_billed(order, 0)

    def test_below_posted_and_draft(self):
        order = self._confirmed()
        first = self._invoice(order, post=False)
        first.invoice_line_ids.quantity = 7
        first.action_post()
        second = self._invoice(order, post=False)
        self.assertEqual(second.invoice_line_ids.quantity, 3)
        self._changed(order, {"new_qty": 5})
        self.assertEqual(second.state, "cancel")
        self.assertEqual(self._notes(order).amount_untaxed, 40)
        self._assert_billed(order, 100)

    def test_more_after_invoicing(self):
        order = self._confirmed()
        self._invoice(order)
        self._changed(order, {"new_qty": 14})
        self.assertFalse(self._notes(order))
        self.assertEqual(order.order_line.qty_to_invoice, 4)

    def test_delivered_quantities_are_invoiced(self):
        order = self._confirmed((self.bulk, 10, 20.0))
        self._deliver(order, 6)
        self._invoice(order)
        self._changed(order, {"new_qty": 7})
        self.assertFalse(self._notes(order), "what is delivered is still to be paid")
        self._changed(order, {"new_price": 19})
        self._assert_billed(order, 114)

    def test_invoiced_ahead_of_delivery_on_purpose(self):
        """A price is corrected, and nothing that the request does not speak of."""
        order = self._confirmed((self.bulk, 10, 20.0))
        done = self._deliver(order, 6)
        self._invoice(order)
        self._send_back(done, 2)
        self.assertEqual(order.order_line.qty_to_invoice, -2)
        self._changed(order, {"new_price": 19})
        self.assertEqual(order.order_line.qty_invoiced, 6)
        self._assert_billed(order, 114)

    def test_quantity_and_price_together(self):
        order = self._confirmed()
        self._invoice(order)
        self._changed(order, {"new_qty": 6, "new_price": 25})
        note = self._notes(order)
        self.assertEqual(note.move_type, "out_refund")
        self.assertEqual(note.amount_untaxed, 50)
        self._assert_billed(order, 150)

    # -- money -------------------------------------------------------------------------

    def test_in_another_currency(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].search([("currency_id", "=", euro.id)]).unlink()
        self.env["res.currency.rate"].create(
            {"currency_id": euro.id, "name": "2020-01-01", "rate": 0.5}
        )
        pricelist = self.env["product.pricelist"].create(
            {"name": "Euro", "currency_id": euro.id}
        )
        order = self._confirmed(pricelist_id=pricelist.id)
        self.assertEqual(order.currency_id, euro)
        self._invoice(order)
        self._changed(order, {"new_price": 18})
        note = self._notes(order)
        self.assertEqual(note.currency_id, euro)
        self.assertEqual(note.amount_total, 20)
        self.assertEqual(abs(note.amount_total_signed), 40)
        self._assert_billed(order, 180)

    def test_invoiced_in_dozens(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        order = self._confirmed((self.goods, 3, 240.0, {"product_uom_id": dozen.id}))
        invoice = self._invoice(order, post=False)
        item = invoice.invoice_line_ids
        item.write(
            {
                "product_uom_id": self.env.ref("uom.product_uom_unit").id,
                "quantity": 24,
                "price_unit": 20,
            }
        )
        self._changed(order, {"new_price": 216})
        self.assertEqual((item.price_unit, item.quantity), (18, 24))
        invoice.action_post()
        self._changed(order, {"new_price": 228, "new_qty": 1})
        self._assert_billed(order, 228)

    # -- down payments -----------------------------------------------------------------

    def _down_payment(self, order, amount):
        wizard = (
            self.env["sale.advance.payment.inv"]
            .with_context(active_ids=order.ids, active_model="sale.order")
            .create({"advance_payment_method": "fixed", "fixed_amount": amount})
        )
        wizard.create_invoices()
        order.invoice_ids.filtered(lambda move: move.state == "draft").action_post()

    def test_a_down_payment_stays(self):
        order = self._confirmed()
        self._down_payment(order, 50)
        paid = order.order_line.filtered(
            lambda line: line.is_downpayment and not line.display_type
        )
        self._changed(order, {"new_qty": 6})
        self.assertEqual(paid.qty_invoiced, 1)
        self.assertFalse(self._notes(order))
        final = order._create_invoices(final=True)
        self.assertEqual(final.amount_untaxed, 120 - 50)

    def test_price_after_the_final_invoice(self):
        order = self._confirmed()
        self._down_payment(order, 50)
        order._create_invoices(final=True).action_post()
        self._changed(order, {"new_price": 18})
        self.assertEqual(self._notes(order).amount_untaxed, 20)
        self.assertEqual(self._billed(order), 180)

    # -- payment terms -----------------------------------------------------------------

    def test_payment_terms_of_draft_invoices(self):
        soon = self.env.ref("account.account_payment_term_15days")
        later = self.env.ref("account.account_payment_term_45days")
        order = self._confirmed(
            (self.goods, 10), (self.service, 5, 50), payment_term_id=soon.id
        )
        posted = self._invoice(order, post=False)
        posted.invoice_line_ids[1].unlink()
        posted.action_post()
        draft = self._invoice(order, post=False)
        self._changed(order, new_payment_term_id=later.id)
        self.assertEqual(order.payment_term_id, later)
        self.assertEqual(draft.invoice_payment_term_id, later)
        self.assertEqual(posted.invoice_payment_term_id, soon)

    def test_sections_on_the_draft_invoice_stay(self):
        order = self._confirmed((self.goods, 10), (self.other, 10, 30))
        order.write(
            {
                "order_line": [
                    Command.create(
                        {"display_type": "line_section", "name": "A", "sequence": 1}
                    )
                ]
            }
        )
        order.invalidate_recordset()
        invoice = self._invoice(order, post=False)
        self._changed(order, None, {"is_removed": True})
        self.assertEqual(invoice.amount_untaxed, 200)
        self._changed(order, {"new_price": 30})
        self.assertEqual(invoice.amount_untaxed, 300)
        self.assertEqual(
            sorted(invoice.invoice_line_ids.mapped("display_type")),
            ["line_section", "product"],
        )
