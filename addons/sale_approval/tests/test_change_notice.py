from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import html2plaintext, mute_logger

from .change_common import ChangeCommon

FOLLOW_UP = "approval_flow.mail_activity_type_change"


class NoticeCommon(ChangeCommon):
    """People of the departments, named in the settings; a customer with an address."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.keeper = cls._person("kim", "stock.group_stock_user")
        cls.buyer = cls._person("bea", "base.group_user")
        cls.accountant = cls._person("ann", "account.group_account_invoice")
        cls.partner.write(
            {"name": "Gemini", "email": "gemini@example.com", "lang": "en_US"}
        )
        cls.control = cls.env["approval.change.control"].create(
            {
                "model_id": cls.env["ir.model"]._get_id("sale.order"),
                "company_id": cls.env.company.id,
                "warehouse_user_ids": cls.keeper.ids,
                "purchasing_user_ids": cls.buyer.ids,
                "finance_user_ids": cls.accountant.ids,
            }
        )
        people = cls.seller | cls.keeper | cls.buyer | cls.accountant
        people.write({"notification_type": "inbox", "lang": "en_US"})

    def _notices(self, request):
        """Return {name of the person: text of the notice}."""
        messages = self.env["mail.message"].search(
            [
                ("model", "=", request._name),
                ("res_id", "=", request.id),
                ("message_type", "=", "user_notification"),
            ]
        )
        return {message.partner_ids.name: message.body for message in messages}

    def _to_customer(self, order):
        """Return the messages that the customer got and sees in the portal."""
        messages = self.env["mail.message"].search(
            [
                ("model", "=", "sale.order"),
                ("res_id", "=", order.id),
                ("message_type", "=", "auto_comment"),
            ]
        )
        for message in messages:
            self.assertFalse(message.is_internal)
            self.assertFalse(message.subtype_id.internal)
        return messages

    def _tasks(self, document):
        return document.activity_ids.filtered(
            lambda item: item.activity_type_id == self.env.ref(FOLLOW_UP)
        )

    def _picked(self, order):
        """Take the goods of an order off their shelf."""
        picking = order.picking_ids
        for move in picking.move_ids:
            move.quantity = move.product_uom_qty
            move.picked = True
        return picking


@tagged("post_install", "-at_install")
class TestChangeNotice(NoticeCommon):
    """Who is told of an applied request, and what."""

    def test_only_the_departments_concerned_are_told(self):
        request = self._changed(self._confirmed(), {"new_qty": 6})
        notices = self._notices(request)
        self.assertEqual(set(notices), {"Sam", "Kim"})
        for text in ("Change notice", request.name, "10 Units", "6 Units", "Pump"):
            self.assertIn(text, notices["Kim"])
        self.assertIn("What is to be done", notices["Kim"])

    def test_finance_is_told_of_what_is_invoiced(self):
        order = self._confirmed()
        self._invoice(order)
        request = self._changed(order, {"new_qty": 6})
        notices = self._notices(request)
        self.assertEqual(set(notices), {"Sam", "Kim", "Ann"})
        self.assertIn("credit note", notices["Ann"])
        self.assertNotIn("WH/OUT", notices["Ann"], "the warehouse's tasks are its own")
        self.assertIn("WH/OUT", notices["Sam"], "the contact person is told all")

    def test_responsible_person_of_a_document_is_told_instead(self):
        other = self._person("kay", "stock.group_stock_user")
        order = self._confirmed()
        order.picking_ids.user_id = other
        notices = self._notices(self._changed(order, {"new_qty": 6}))
        self.assertEqual(set(notices), {"Sam", "Kay"})

    def test_notice_tells_no_margin(self):
        request = self._changed(self._confirmed(), {"new_price": 15})
        for text in self._notices(request).values():
            self.assertNotIn("argin", html2plaintext(text))

    def test_notice_speaks_the_readers_language(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.keeper.lang = "zh_CN"
        notices = self._notices(self._changed(self._confirmed(), {"new_qty": 6}))
        self.assertIn("变更通知单", notices["Kim"])
        self.assertIn("变更前", notices["Kim"])
        self.assertIn("Change notice", notices["Sam"])

    def test_notice_tells_the_readers_time(self):
        self.keeper.tz, self.seller.tz = "Asia/Shanghai", "UTC"
        order = self._confirmed()
        day = {"new_commitment_date": "2999-01-31 20:00:00"}
        notices = self._notices(self._changed(order, **day))
        self.assertIn("1/31/99", notices["Sam"])
        self.assertIn("2/1/99", notices["Kim"])

    def test_difference_is_in_the_history_of_the_order(self):
        order = self._confirmed()
        request = self._changed(order, {"new_qty": 6})
        log = order.message_ids.filtered(lambda item: request.name in (item.body or ""))
        log = log.filtered(lambda item: item.message_type == "notification")
        self.assertEqual(len(log), 1)
        self.assertIn("6 Units", log.body)
        self.assertTrue(log.subtype_id.internal, "not for the portal")

    def test_preview_tells_nobody(self):
        self._approved_by()
        order = self._confirmed()
        before = self.env["mail.message"].search_count([])
        activities = self.env["mail.activity"].search_count([])
        request = self._request(order, {"new_qty": 6})
        created = self.env["mail.message"].search_count([])
        with patch.object(type(request), "_change_tell") as tell:
            request.action_preview()
        tell.assert_not_called()
        self.assertEqual(self.env["mail.message"].search_count([]), created)
        self.assertGreaterEqual(created, before)
        self.assertEqual(self.env["mail.activity"].search_count([]), activities)
        self.assertFalse(self._to_customer(order))

    def test_failing_message_does_not_undo_the_change(self):
        order = self._confirmed()
        request = self._request(order, {"new_qty": 6})

        def broken(*args, **kwargs):
            raise ValueError("no mail today")

        with (
            patch.object(type(self.env["mail.thread"]), "message_notify", broken),
            mute_logger("odoo.addons.approval_flow.models.approval_change_notice"),
        ):
            request.action_submit()
        self.assertEqual(request.state, "applied")
        self.assertEqual(order.order_line.product_uom_qty, 6)
        self.assertFalse(self._notices(request))
        self.assertTrue(self._to_customer(order), "the others are told all the same")

    # -- the customer ------------------------------------------------------------------

    def test_customer_is_told_the_difference(self):
        order = self._confirmed()
        request = self._changed(order, {"new_qty": 6}, effective_date="2999-01-31")
        message = self._to_customer(order)
        self.assertEqual(len(message), 1)
        self.assertIn(self.partner, message.notified_partner_ids)
        self.assertIn("has been changed", message.subject)
        for text in ("10 Units", "6 Units", "01/31/2999", request.name):
            self.assertIn(text, message.body)
        self.assertIn(f"/my/orders/{order.id}/changes", message.body)
        for secret in ("WH/OUT", "argin", self.seller.name):
            self.assertNotIn(secret, html2plaintext(message.body))

    def test_mail_to_the_customer_is_queued(self):
        order = self._confirmed()
        self._changed(order, {"new_qty": 6})
        mail = self.env["mail.mail"].search(
            [("mail_message_id", "=", self._to_customer(order).id)]
        )
        mail = mail.filtered(lambda item: self.partner in item.recipient_ids)
        self.assertEqual(mail.state, "outgoing")
        self.assertIn("6 Units", mail.body_html)

    def test_customer_is_told_in_chinese(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.partner.lang = "zh_CN"
        order = self._confirmed()
        self._changed(order, {"new_qty": 6})
        message = self._to_customer(order)
        for text in ("变更前", "变更后", "数量"):
            self.assertIn(text, message.body)
        self.assertNotIn("Before", message.body)
        self.assertNotIn("changed", message.subject)

    def test_customer_is_told_of_a_cancellation(self):
        order = self._confirmed()
        self._cancelled(order, "full")
        message = self._to_customer(order)
        self.assertIn("is cancelled", message.subject)
        self.assertIn("0 Units", message.body)

    def test_company_that_tells_customers_itself(self):
        self.control.tell_partner = False
        order = self._confirmed()
        self._changed(order, {"new_qty": 6})
        self.assertFalse(self._to_customer(order))

    def test_text_message_only_where_it_is_switched_on(self):
        if "sms.sms" not in self.env:
            return
        self.partner.phone = "+1 555 0100"
        messages = self.env["sms.sms"]
        self._changed(self._confirmed(), {"new_qty": 6})
        self.assertFalse(messages.search([("partner_id", "=", self.partner.id)]))
        self.control.tell_sms = True
        order = self._confirmed()
        self._changed(order, {"new_qty": 6})
        sent = messages.search([("partner_id", "=", self.partner.id)])
        self.assertEqual(len(sent), 1)
        self.assertEqual(sent.state, "outgoing", "queued, not sent by the apply")
        self.assertIn(order.name, sent.body)

    # -- on paper ----------------------------------------------------------------------

    def _paper(self, request, user):
        report = self.env["ir.actions.report"].with_user(user)
        html, _kind = report.with_context(lang=user.lang)._render_qweb_html(
            "sale_approval.change_notice", request.ids
        )
        return html.decode()

    def test_printed_notice(self):
        self._approved_by(self.sales_manager)
        request = self._request(self._confirmed(), {"new_qty": 6}, note="By phone")
        request.action_submit()
        request.with_user(self.sales_manager).action_approve()
        html = self._paper(request, self.seller)
        for text in (
            "Change notice",
            request.name,
            request.order_id.name,
            "Gemini",
            "10 Units",
            "6 Units",
            self.reason.name,
            "By phone",
            "Sam",
            "Max",
            "What is to be done",
            "Warehouse",
        ):
            self.assertIn(text, html)
        self.assertNotIn("not applied yet", html)

    def test_printed_cancellation_in_chinese(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.seller.lang = "zh_CN"
        request = self._cancelled(self._confirmed(), "full")
        html = self._paper(request, self.seller)
        self.assertIn("取消通知单", html)
        self.assertIn("生效日期", html)

    def test_notice_of_what_is_not_applied_says_so(self):
        self._approved_by()
        request = self._request(self._confirmed(), {"new_qty": 6})
        request.action_submit()
        self.assertIn("not applied yet", self._paper(request, self.seller))


@tagged("post_install", "-at_install")
class TestChangeFollowUp(NoticeCommon):
    """Tasks for people where the system may not act alone."""

    def test_picked_goods_are_put_back(self):
        order = self._confirmed()
        picking = self._picked(order)
        self._changed(order, {"new_qty": 6})
        task = self._tasks(picking)
        self.assertEqual(task.user_id, self.keeper)
        self.assertIn("put goods back", task.summary)
        self.assertIn("4 Units", task.note)

    def test_picked_goods_of_a_cancelled_order_are_put_back(self):
        order = self._confirmed()
        picking = self._picked(order)
        self._cancelled(order, "full")
        self.assertEqual(picking.state, "cancel")
        self.assertIn("10 Units", self._tasks(picking).note)

    def test_printed_transfer_is_printed_again(self):
        order = self._confirmed()
        order.picking_ids.printed = True
        self._changed(order, {"new_qty": 6})
        self.assertIn("print", self._tasks(order.picking_ids).summary)

    def test_untouched_transfer_needs_nobody(self):
        order = self._confirmed()
        self._changed(order, {"new_qty": 6})
        self.assertFalse(self._tasks(order.picking_ids))

    def test_credit_note_is_checked_and_posted(self):
        order = self._confirmed()
        self._invoice(order)
        self._changed(order, {"new_qty": 6})
        note = self._notes(order)
        self.assertEqual(note.state, "draft")
        self.assertEqual(self._tasks(note).user_id, self.accountant)

    def test_return_is_received(self):
        order = self._confirmed()
        self._deliver(order, 10)
        self._cancelled(order, "after_delivery")
        back = self._incoming(order).picking_id
        self.assertIn("receive the return", self._tasks(back).summary)

    def test_down_payment_is_settled(self):
        order = self._confirmed()
        self.env["sale.advance.payment.inv"].with_context(
            active_model="sale.order", active_ids=order.ids
        ).create(
            {"advance_payment_method": "fixed", "fixed_amount": 150}
        ).create_invoices()
        invoice = order.invoice_ids
        invoice.action_post()
        self._deliver(order, 2)
        request = self._cancelled(order, "remaining")
        task = self._tasks(invoice)
        self.assertEqual(task.user_id, self.accountant)
        self.assertIn("settle the down payment", task.summary)
        self.assertIn("110.00", task.note)
        self.assertIn("110.00", self._notices(request)["Ann"])

    def test_down_payment_that_is_used_up_needs_nobody(self):
        order = self._confirmed()
        self.env["sale.advance.payment.inv"].with_context(
            active_model="sale.order", active_ids=order.ids
        ).create(
            {"advance_payment_method": "fixed", "fixed_amount": 50}
        ).create_invoices()
        order.invoice_ids.action_post()
        self._changed(order, {"new_qty": 6})
        self.assertFalse(self._tasks(order.invoice_ids))

    def test_without_settings_the_contact_person_acts(self):
        self.control.unlink()
        order = self._confirmed()
        order.picking_ids.printed = True
        self._changed(order, {"new_qty": 6})
        self.assertEqual(self._tasks(order.picking_ids).user_id, self.seller)

    def test_responsible_person_of_the_transfer_acts(self):
        other = self._person("kay", "stock.group_stock_user")
        order = self._confirmed()
        order.picking_ids.write({"printed": True, "user_id": other.id})
        self._changed(order, {"new_qty": 6})
        self.assertEqual(self._tasks(order.picking_ids).user_id, other)

    def test_told_again_it_leaves_no_second_task(self):
        order = self._confirmed()
        order.picking_ids.printed = True
        request = self._changed(order, {"new_qty": 6})
        task = self._tasks(order.picking_ids)
        request._change_system()._change_follow_up()
        self.assertEqual(self._tasks(order.picking_ids), task)
        task.action_feedback()
        request._change_system()._change_follow_up()
        self.assertFalse(self._tasks(order.picking_ids), "done is done")

    def test_person_who_may_not_open_the_document_is_not_asked(self):
        self.control.finance_user_ids = self.buyer
        order = self._confirmed()
        self._invoice(order)
        self._changed(order, {"new_qty": 6})
        task = self._tasks(self._notes(order))
        self.assertNotEqual(task.user_id, self.buyer)
        self.assertTrue(self._notes(order).with_user(task.user_id).has_access("read"))
