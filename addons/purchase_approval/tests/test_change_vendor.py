import json
from datetime import datetime

from odoo.tests import HttpCase, tagged

from .change_common import PurchaseChangeCommon


@tagged("post_install", "-at_install")
class TestChangeVendor(HttpCase, PurchaseChangeCommon):
    """The vendor is told, proposes dates, and agrees where he is asked."""

    def _messages(self, order):
        return order.sudo().message_ids.filtered(
            lambda message: self.vendor in message.partner_ids
        )

    # -- told ----------------------------------------------------------------------

    def test_vendor_is_told_the_difference(self):
        order = self._confirmed()
        self._changed(order, new_qty=4, new_price=90)
        message = self._messages(order)
        self.assertEqual(len(message), 1)
        self.assertIn(order.name, message.subject)
        for text in ("Bolt", "10 Units", "4 Units", "90.00"):
            self.assertIn(text, message.body.replace("\xa0", " "))
        self.assertNotIn("Receipt", message.body, "what it sets off is internal")

    def test_vendor_is_told_of_a_cancellation(self):
        order = self._confirmed()
        self._cancelled(order)
        self.assertIn("is cancelled", self._messages(order).body)

    def test_vendor_is_told_in_his_language(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.vendor.lang = "zh_CN"
        order = self._confirmed()
        self._changed(order, new_qty=4)
        self.assertIn("我方订单", self._messages(order).body)

    def test_company_may_keep_it_to_itself(self):
        self.env["approval.change.control"].create(
            {
                "model_id": self.env["ir.model"]._get_id("purchase.order"),
                "tell_partner": False,
            }
        )
        order = self._confirmed()
        self._changed(order, new_qty=4)
        self.assertFalse(self._messages(order))

    def test_notice_is_printed(self):
        order = self._confirmed()
        request = self._changed(order, new_qty=4)
        html, kind = self.env["ir.actions.report"]._render_qweb_html(
            "purchase_approval.report_change_notice", request.ids
        )
        self.assertEqual(kind, "html")
        text = html.decode()
        for part in (request.name, order.name, "Bolt", "Change notice"):
            self.assertIn(part, text)

    # -- on his page ---------------------------------------------------------------

    def test_page_tells_what_changed(self):
        order = self._confirmed()
        request = self._changed(order, new_qty=4)
        page = self.url_open(order.get_portal_url())
        self.assertEqual(page.status_code, 200)
        self.assertIn(request.name, page.text)
        self.assertNotIn("Bob", page.text.split('id="changes"')[1].split("</h3>")[0])

    def _propose(self, order, date, line=None):
        line = line or order.order_line[0]
        order._portal_ensure_token()
        return self.url_open(
            f"/my/purchase/{order.id}/update",
            data=json.dumps(
                {
                    "params": {
                        "access_token": order.access_token,
                        str(line.id): date,
                    }
                }
            ),
            headers={"Content-Type": "application/json"},
        )

    def test_proposed_date_is_a_request(self):
        self._change_policy(self.manager)
        order = self._confirmed()
        line = self._of(order)
        before = line.date_planned
        self._propose(order, "2999-03-01", line)
        request = order.change_ids
        self.assertTrue(request.is_customer)
        self.assertEqual(request.state, "submitted")
        self.assertEqual(line.date_planned, before)
        page = self.url_open(order.get_portal_url())
        self.assertIn("o_change_proposed", page.text)
        self.assertNotIn("Pam", page.text)
        self._approve(request, self.manager)
        self.assertEqual(line.date_planned.date(), datetime(2999, 3, 1).date())
        self.assertEqual(line.move_ids.date_deadline.month, 3)

    def test_proposed_date_waits_for_a_person(self):
        order = self._confirmed()
        line = self._of(order)
        self._propose(order, "2999-03-01", line)
        self.assertEqual(order.change_ids.state, "draft")
        self.assertEqual(line.date_planned.month, 1)
        self.assertIn(self.buyer, order.change_ids.activity_ids.user_id)

    def test_buyer_does_not_approve_for_the_vendor(self):
        self._change_policy(self.buyer | self.manager)
        order = self._confirmed()
        self._propose(order, "2999-03-01")
        self.assertEqual(order.change_ids.approval_approver_ids, self.manager)

    def test_proposal_while_a_request_is_open(self):
        order = self._confirmed()
        request = self._request(order)
        self._propose(order, "2999-03-01")
        self.assertEqual(order.change_ids, request)
        self.assertIn("Bolt", request.activity_ids.note)

    def test_same_date_is_no_proposal(self):
        order = self._confirmed()
        self._propose(order, "2999-01-15")
        self.assertFalse(order.change_ids)

    def test_dates_of_a_request_for_quotation_as_ever(self):
        order = self._order()
        order.print_quotation()
        self._propose(order, "2999-03-01")
        self.assertEqual(order.order_line.date_planned.month, 3)

    def test_strangers_propose_nothing(self):
        order = self._confirmed()
        order._portal_ensure_token()
        order.access_token = "right"
        body = {"params": {"access_token": "wrong", str(order.order_line[0].id): "x"}}
        self.url_open(
            f"/my/purchase/{order.id}/update",
            data=json.dumps(body),
            headers={"Content-Type": "application/json"},
        )
        self.assertFalse(order.change_ids)

    # -- agreement -----------------------------------------------------------------

    def _asked(self):
        self._change_policy(self.manager, ask_partner=True)
        order = self._confirmed()
        request = self._changed(order, new_price=90)
        self._approve(request, self.manager)
        self.assertEqual(request.customer_state, "asked")
        self.assertEqual(self._of(order).price_unit, 100)
        order._portal_ensure_token()
        return order, request

    def _answer(self, order, request, answer, **values):
        page = self.url_open(order.get_portal_url())
        self.assertIn("o_change_asked", page.text)
        token = page.text.split('name="csrf_token"')[1].split('value="')[1]
        return self.url_open(
            f"/my/purchase/{order.id}/changes/{request.id}/answer",
            data={
                "csrf_token": token.split('"')[0],
                "access_token": order.access_token,
                "answer": answer,
                "seen": request._change_proposal_digest(),
                **values,
            },
        )

    def test_applied_when_the_vendor_agrees(self):
        order, request = self._asked()
        self.assertEqual(len(self._messages(order)), 1)
        self._answer(order, request, "accept")
        self.assertEqual(request.state, "applied")
        self.assertEqual(self._of(order).price_unit, 90)

    def test_not_applied_when_he_does_not(self):
        order, request = self._asked()
        self._answer(order, request, "decline")
        self.assertEqual(request.state, "cancelled")
        self.assertEqual(self._of(order).price_unit, 100)

    def test_answer_needs_the_link(self):
        order, request = self._asked()
        self._answer(order, request, "accept", access_token="wrong")
        self.assertEqual(request.state, "approved")

    def test_answer_is_to_what_was_shown(self):
        order, request = self._asked()
        self._answer(order, request, "accept", seen="something else")
        self.assertEqual(request.state, "approved")
        self.assertEqual(self._of(order).price_unit, 100)
