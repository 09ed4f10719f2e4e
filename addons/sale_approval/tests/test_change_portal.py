import re
from datetime import date, timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged

from .test_change_notice import FOLLOW_UP, NoticeCommon

TOMORROW = date.today() + timedelta(days=1)


class ChangePortalCommon(HttpCase, NoticeCommon):
    """A customer with a login, and one with only the address of his order."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer = cls._person("cus", "base.group_portal")
        cls.partner = cls.customer.partner_id
        cls.partner.write({"name": "Gemini", "email": "gemini@example.com"})
        cls.stranger = cls._person("str", "base.group_portal")
        cls.reason_other = cls.env.ref("approval_flow.change_reason_other")

    def _url(self, order, suffix="", token=True):
        url = f"/my/orders/{order.id}/changes{suffix}"
        return f"{url}?access_token={order._portal_ensure_token()}" if token else url

    def _get(self, url, status=200, **options):
        response = self.url_open(url, **options)
        self.assertEqual(response.status_code, status, response.text[:300])
        return response

    def _csrf(self, page):
        found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page.text)
        return found.group(1) if found else self.csrf_token_of_login()

    def csrf_token_of_login(self):
        """Return a token of the present session, for pages without a form."""
        page = self.url_open("/web/login")
        return re.search(r'csrf_token: "([^"]+)"', page.text).group(1)

    def _send(self, order, kind="change", status=303, token=True, **form):
        """Post the form as the browser does; return the response."""
        url = self._url(order, f"/{kind}", token)
        form.setdefault("reason", str(self.reason.id))
        data = {"csrf_token": self._csrf(self._get(url)), **form}
        response = self._get(url, status, data=data, allow_redirects=False)
        self.env.invalidate_all()
        return response

    def _raised(self, order):
        return order.change_ids.filtered("is_customer")

    def _qty(self, order, quantity, line=0):
        return {f"qty_{order.order_line[line].id}": str(quantity)}


@tagged("post_install", "-at_install")
class TestChangePortal(ChangePortalCommon):
    """The customer asks, and is told how it stands."""

    def test_request_waits_for_its_approval(self):
        self._approved_by()
        order = self._confirmed()
        response = self._send(order, note="Less, please", **self._qty(order, 6))
        self.assertIn("message=received", response.headers["Location"])
        request = self._raised(order)
        self.assertEqual(request.state, "submitted")
        self.assertEqual(request.requester_id, self.seller)
        self.assertEqual(request.line_ids.new_qty, 6)
        self.assertEqual(request.customer_state, "accepted")
        self.assertEqual(order.order_line.product_uom_qty, 10, "nothing is promised")
        page = self._get(self._url(order))
        self.assertIn("Received, being checked", page.text)
        self.assertIn("Less, please", page.text)
        request.with_user(self.sales_manager).action_approve()
        self.assertEqual(request.state, "applied")
        page = self._get(self._url(order))
        for text in ("Done", "10 Units", "6 Units", "120.00"):
            self.assertIn(text, page.text)

    def test_without_policy_a_person_looks_first(self):
        order = self._confirmed()
        self._send(order, **self._qty(order, 6))
        request = self._raised(order)
        self.assertEqual(request.state, "draft")
        self.assertEqual(order.order_line.product_uom_qty, 10)
        task = request.activity_ids
        self.assertEqual(task.activity_type_id, self.env.ref(FOLLOW_UP))
        self.assertEqual(task.user_id, self.seller)
        request.with_user(self.seller).action_submit()
        self.assertEqual(request.state, "applied")
        self.assertEqual(order.order_line.product_uom_qty, 6)
        self.assertFalse(request.activity_ids, "nothing is left to do")

    def test_small_change_of_a_customer_is_approved_too(self):
        self._approved_by()
        self.control.tolerance_percent = 50
        order = self._confirmed()
        self._send(order, **self._qty(order, 9))
        self.assertEqual(self._raised(order).state, "submitted")

    def test_salesperson_does_not_approve_what_he_could_have_sent(self):
        self._approved_by(self.seller | self.sales_manager)
        order = self._confirmed()
        self._send(order, **self._qty(order, 6))
        request = self._raised(order)
        self.assertEqual(request.approval_approver_ids, self.sales_manager)

    def test_cancellation(self):
        self._approved_by(operation="cancel")
        order = self._confirmed()
        self._send(order, "cancel")
        request = self._raised(order)
        self.assertEqual((request.kind, request.cancel_kind), ("cancel", "full"))
        self.assertEqual((request.state, order.state), ("submitted", "sale"))
        request.with_user(self.sales_manager).action_approve()
        self.assertEqual(order.state, "cancel")
        self.assertIn("0 Units", self._get(self._url(order)).text)

    def test_cancellation_of_a_partly_delivered_order_keeps_what_is_delivered(self):
        order = self._confirmed()
        self._deliver(order, 4)
        self._send(order, "cancel")
        self.assertEqual(self._raised(order).cancel_kind, "remaining")

    def test_dates_of_lines_and_of_the_order(self):
        order = self._confirmed((self.goods, 10), (self.other, 5))
        first = order.order_line[0]
        self._send(
            order,
            date=TOMORROW.isoformat(),
            **{f"date_{first.id}": (TOMORROW + timedelta(days=7)).isoformat()},
        )
        request = self._raised(order)
        self.assertEqual(request.new_commitment_date.date(), TOMORROW)
        by_line = {line.order_line_id: line for line in request.line_ids}
        self.assertEqual(by_line[first].new_date.date(), TOMORROW + timedelta(days=7))
        self.assertEqual(by_line[order.order_line[1]].action, "keep")

    def test_nothing_of_a_line_is_its_removal(self):
        order = self._confirmed((self.goods, 10), (self.other, 5))
        self._send(order, **self._qty(order, 0))
        lines = self._raised(order).line_ids
        self.assertEqual(lines.mapped("action"), ["remove", "keep"])

    # -- what was typed ----------------------------------------------------------------

    def _assert_refused(self, order, kind="change", **form):
        """Return the page that comes back, with nothing done."""
        page = self._send(order, kind, status=200, **form)
        self.assertIn('id="o_change_errors"', page.text)
        self.assertFalse(order.change_ids)
        return page

    def test_errors_keep_all_that_was_typed(self):
        order = self._confirmed((self.goods, 10), (self.other, 5))
        page = self._assert_refused(
            order,
            reason="",
            note="Half & <b>half</b>",
            **self._qty(order, "3.5"),
            **self._qty(order, "abc", 1),
        )
        for text in ("3.5", "abc", "Half &amp; &lt;b&gt;half&lt;/b&gt;"):
            self.assertIn(text, page.text)
        self.assertIn("Choose a reason", page.text)
        self.assertIn("Enter a number", page.text)

    def test_below_delivered_says_so(self):
        order = self._confirmed()
        self._deliver(order, 4)
        page = self._assert_refused(order, **self._qty(order, 3))
        self.assertIn("4 Units are delivered already", page.text)

    def test_garbage_is_refused(self):
        order = self._confirmed()
        line = order.order_line.id
        for form in (
            self._qty(order, "-1"),
            self._qty(order, "1e9"),
            self._qty(order, "NaN"),
            self._qty(order, "inf"),
            self._qty(order, "1,5"),
            self._qty(order, "99999999999999999999"),
            {f"date_{line}": "2001-02-03"},
            {f"date_{line}": "9999-12-31"},
            {f"date_{line}": "2999-02-31"},
            {f"date_{line}": "tomorrow"},
            {"date": "20300101"},
            {"note": "x" * 2001, **self._qty(order, 6)},
            {"reason": "0", **self._qty(order, 6)},
            {"reason": "1 OR 1=1", **self._qty(order, 6)},
            {},
        ):
            self._assert_refused(order, **form)

    def test_figures_of_a_chinese_keyboard(self):
        order = self._confirmed()
        self._send(order, **self._qty(order, "１２"))
        self.assertEqual(self._raised(order).line_ids.new_qty, 12)

    def test_characters_that_the_database_does_not_take(self):
        order = self._confirmed()
        self._send(order, note="a\x00b\x07c\r\nd", **self._qty(order, 6))
        self.assertEqual(self._raised(order).note, "abc\nd")

    def test_everything_to_nothing_is_a_cancellation(self):
        order = self._confirmed()
        page = self._assert_refused(order, **self._qty(order, 0))
        self.assertIn("Request its cancellation", page.text)

    def test_reasons_of_colleagues_are_not_offered(self):
        internal = self.env.ref("approval_flow.change_reason_price")
        order = self._confirmed()
        self.assertNotIn(internal.name, self._get(self._url(order, "/change")).text)
        self._assert_refused(order, reason=str(internal.id), **self._qty(order, 6))

    def test_only_quantities_and_dates_of_the_own_order(self):
        order, other = self._confirmed(), self._confirmed()
        line = order.order_line.id
        self._send(
            order,
            **self._qty(order, 6),
            **self._qty(other, 1),
            **{
                f"price_{line}": "1",
                "new_price": "1",
                "state": "applied",
                "is_customer": "",
                "requester_id": str(self.sales_manager.id),
                "customer_state": "none",
            },
        )
        request = self._raised(order)
        self.assertEqual(request.state, "draft")
        self.assertEqual(request.line_ids.new_price, 20)
        self.assertEqual(request.requester_id, self.seller)
        self.assertFalse(other.change_ids)

    def test_text_is_shown_as_text(self):
        order = self._confirmed()
        text = "<script>alert(1)</script>"
        self._send(order, note=text, **self._qty(order, 6))
        page = self._get(self._url(order))
        self.assertNotIn(text, page.text)
        self.assertIn("&lt;script&gt;alert(1)&lt;/script&gt;", page.text)
        self._raised(order).with_user(self.seller).action_submit()
        for message in order.message_ids | self._raised(order).message_ids:
            self.assertNotIn("<script", message.body)

    def test_one_request_at_a_time(self):
        order = self._confirmed()
        url = self._url(order, "/change")
        data = {
            "csrf_token": self._csrf(self._get(url)),
            "reason": str(self.reason.id),
            **self._qty(order, 6),
        }
        for message in ("received", "busy"):
            response = self._get(url, 303, data=data, allow_redirects=False)
            self.assertIn(f"message={message}", response.headers["Location"])
        self.assertEqual(len(order.change_ids), 1)
        self.assertIn("message=busy", self._get(url).url, "nor is a form offered")

    def test_request_of_colleagues_is_not_shown(self):
        order = self._confirmed()
        request = self._request(order, {"new_qty": 6}, note="He will not notice")
        self.assertIn("message=busy", self._get(self._url(order, "/change")).url)
        page = self._get(self._url(order))
        self.assertNotIn(request.name, page.text)
        self.assertNotIn(request.note, page.text)

    def test_not_more_requests_than_a_person_sends_in_a_day(self):
        order = self._confirmed()
        for _number in range(5):
            self._send(order, **self._qty(order, 6))
            self._raised(order)[:1]._change_withdraw_raised()
            self.env.flush_all()
        page = self._send(order, status=200, **self._qty(order, 6))
        self.assertIn("several requests today", page.text)
        self.assertEqual(len(self._raised(order)), 5)

    def test_customer_withdraws(self):
        order = self._confirmed()
        self._send(order, **self._qty(order, 6))
        request = self._raised(order)
        url = self._url(order)
        self._get(
            self._url(order, f"/{request.id}/withdraw"),
            303,
            data={"csrf_token": self._csrf(self._get(url))},
            allow_redirects=False,
        )
        self.env.invalidate_all()
        self.assertEqual(request.state, "cancelled")
        self.assertFalse(self._to_customer(order), "the page said so")

    def test_what_a_customer_asked_is_not_deleted(self):
        order = self._confirmed()
        self._send(order, **self._qty(order, 6))
        with self.assertRaises(UserError):
            self._raised(order).with_user(self.seller).unlink()

    def test_opening_pages_changes_nothing(self):
        self._approved_by()
        order = self._confirmed()
        self._send(order, **self._qty(order, 6))
        request = self._raised(order)
        before = request.read(load=None)
        for suffix in (
            "",
            "/change",
            "/cancel",
            f"/{request.id}/answer",
            f"/{request.id}/withdraw",
        ):
            url = self._url(order, suffix) + "&answer=accept&reason=1&qty_1=1"
            self.url_open(url)
            self.url_open(url, method="HEAD")
        self.env.invalidate_all()
        self.assertEqual(request.read(load=None), before)

    def test_forms_need_their_token(self):
        order = self._confirmed()
        data = {"reason": str(self.reason.id), **self._qty(order, 6)}
        with self.assertLogs("odoo.http", "WARNING"):
            self._get(self._url(order, "/change"), 400, data=data)
        self.assertFalse(order.change_ids)

    def test_order_that_is_not_confirmed(self):
        order = self._order(partner_id=self.partner.id)
        page = self._get(self._url(order, "/change"))
        self.assertIn("message=busy", page.url)

    def test_closed_order(self):
        order = self._confirmed()
        self._deliver(order, 4)
        self._cancelled(order, "remaining")
        self.assertIn("message=busy", self._get(self._url(order, "/change")).url)
        self.assertNotIn(
            'name="request_change"', self._get(order.get_portal_url()).text
        )


@tagged("post_install", "-at_install")
class TestChangePortalAccess(ChangePortalCommon):
    """Own orders only; a foreign one looks like one that does not exist."""

    def setUp(self):
        super().setUp()
        self.order = self._confirmed()
        self.order._portal_ensure_token()

    def _paths(self, order_id, request_id=1):
        base = f"/my/orders/{order_id}/changes"
        return [base, f"{base}/change", f"{base}/cancel"]

    def test_foreign_order_is_like_none(self):
        missing = self.env["sale.order"].search([], order="id desc", limit=1).id + 999
        for login in (None, "str"):
            self.authenticate(login, login)
            for own, none in zip(
                self._paths(self.order.id), self._paths(missing), strict=True
            ):
                answers = [
                    self.url_open(f"{path}{query}", allow_redirects=False)
                    for path in (own, none)
                    for query in ("", "?access_token=", "?access_token=wrong")
                ]
                self.assertEqual({answer.status_code for answer in answers}, {303})
                places = {answer.headers["Location"] for answer in answers}
                self.assertEqual(len(places), 1)
                self.assertTrue(places.pop().endswith("/my"))

    def test_foreign_order_takes_no_request(self):
        self.authenticate("str", "str")
        data = {
            "csrf_token": self.csrf_token_of_login(),
            "reason": str(self.reason.id),
            **self._qty(self.order, 6),
        }
        for token in ("", "wrong"):
            response = self._get(
                f"/my/orders/{self.order.id}/changes/change",
                303,
                data={**data, "access_token": token},
                allow_redirects=False,
            )
            self.assertTrue(response.headers["Location"].endswith("/my"))
        self.assertFalse(self.order.change_ids)

    def test_own_order_by_login(self):
        self.authenticate("cus", "cus")
        self._send(self.order, token=False, **self._qty(self.order, 6))
        request = self._raised(self.order)
        self.assertEqual(request.create_uid, self.customer)

    def test_request_of_another_order_is_not_reached(self):
        self._approved_by()
        other = self._confirmed()
        request = self._request(other, {"new_qty": 6})
        request._change_engine().write({"is_customer": True})
        self.authenticate("cus", "cus")
        for act in ("answer", "withdraw"):
            response = self._get(
                f"/my/orders/{self.order.id}/changes/{request.id}/{act}",
                303,
                data={"csrf_token": self.csrf_token_of_login(), "answer": "accept"},
                allow_redirects=False,
            )
            self.assertTrue(response.headers["Location"].endswith("/my"))
        self.assertEqual(request.state, "draft")

    def test_employee_does_not_ask_for_the_customer(self):
        self.authenticate("sam", "sam")
        page = self._send(
            self.order, status=200, token=False, **self._qty(self.order, 6)
        )
        self.assertIn("logged in as an employee", page.text)
        self.assertFalse(self.order.change_ids)

    def test_customers_read_nothing_by_other_ways(self):
        request = self._changed(self.order, {"new_qty": 6})
        for name in ("sale.order.change", "sale.order.change.line"):
            with self.assertRaises(AccessError):
                self.env[name].with_user(self.customer).search([])
        with self.assertRaises(AccessError):
            request.with_user(self.customer).read(["impact"])
        own = self.order.with_user(self.customer)
        self.assertEqual(own.read(["name", "change_revision"])[0]["change_revision"], 1)
        self.assertNotIn("change_ids", own.fields_get())
        with self.assertRaises(AccessError):
            own.read(["change_ids"])
        with self.assertRaises(AccessError):
            own.search([("change_ids.note", "ilike", "x")])


@tagged("post_install", "-at_install")
class TestChangeAgreement(ChangePortalCommon):
    """The customer is asked before a change takes effect."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        policy = cls._policy(
            cls.sales_manager,
            model_id=cls.env["ir.model"]._get_id("sale.order.change"),
            operation="change",
        )
        policy.ask_partner = True

    def _asked(self, order):
        request = self._request(order, {"new_qty": 6}, note="Internal thoughts")
        request.action_submit()
        request.with_user(self.sales_manager).action_approve()
        self.assertEqual((request.state, request.customer_state), ("approved", "asked"))
        return request

    def _answer(self, order, request, answer, page=None):
        page = page or self._get(self._url(order))
        seen = re.search(r'name="seen"[^>]* value="([^"]+)"', page.text)
        response = self._get(
            self._url(order, f"/{request.id}/answer"),
            303,
            data={
                "csrf_token": self._csrf(page),
                "answer": answer,
                "seen": seen.group(1) if seen else "",
            },
            allow_redirects=False,
        )
        self.env.invalidate_all()
        return response.headers["Location"]

    def test_customer_is_asked_and_agrees(self):
        order = self._confirmed()
        request = self._asked(order)
        question = self._to_customer(order)
        self.assertIn("It takes effect only if you agree", question.body)
        page = self._get(self._url(order))
        self.assertIn("Please answer", page.text)
        for secret in ("Internal thoughts", "Max", "Level 1", "WH/OUT"):
            self.assertNotIn(secret, page.text)
        self.assertEqual(order.order_line.product_uom_qty, 10)
        self.assertIn("message=accepted", self._answer(order, request, "accept", page))
        self.assertEqual(request.state, "applied")
        self.assertEqual(order.order_line.product_uom_qty, 6)
        # once more, with the page that is still open
        self.assertIn("message=outdated", self._answer(order, request, "decline", page))
        self.assertEqual((request.state, request.revision), ("applied", 1))

    def test_customer_does_not_agree(self):
        order = self._confirmed()
        request = self._asked(order)
        self.assertIn("message=declined", self._answer(order, request, "decline"))
        self.assertEqual(
            (request.state, request.customer_state), ("cancelled", "refused")
        )
        self.assertEqual(order.order_line.product_uom_qty, 10)
        self.assertEqual(len(self._to_customer(order)), 1, "he knows what he said")
        self.assertIn("You did not agree", self._get(self._url(order)).text)

    def test_answer_to_an_older_proposal_does_not_count(self):
        order = self._confirmed()
        request = self._asked(order)
        page = self._get(self._url(order))
        request.with_user(self.seller).action_recall_approval()
        self.assertEqual(request.state, "draft")
        request.line_ids.with_user(self.seller).new_qty = 2
        request.with_user(self.seller).action_submit()
        request.with_user(self.sales_manager).action_approve()
        self.assertEqual(request.customer_state, "asked")
        self.assertIn("message=outdated", self._answer(order, request, "accept", page))
        self.assertEqual(request.state, "approved")
        self.assertEqual(order.order_line.product_uom_qty, 10)

    def test_employee_does_not_answer_for_the_customer(self):
        order = self._confirmed()
        request = self._asked(order)
        page = self._get(self._url(order))
        self.authenticate("sam", "sam")
        self._get(
            self._url(order, f"/{request.id}/answer", token=False),
            303,
            data={
                "csrf_token": self.csrf_token_of_login(),
                "answer": "accept",
                "seen": re.search(r'name="seen"[^>]* value="([^"]+)"', page.text)[1],
            },
            allow_redirects=False,
        )
        self.assertEqual(request.customer_state, "asked")

    def test_what_he_asked_for_himself_needs_no_second_question(self):
        order = self._confirmed()
        self._send(order, **self._qty(order, 6))
        request = self._raised(order)
        request.with_user(self.sales_manager).action_approve()
        self.assertEqual(request.state, "applied")

    def test_what_colleagues_made_of_it_does(self):
        order = self._confirmed()
        self._send(order, **self._qty(order, 6))
        request = self._raised(order)
        request.with_user(self.sales_manager).action_return("8 at least")
        self.assertEqual((request.state, request.customer_state), ("draft", "accepted"))
        request.with_user(self.seller).write(
            {"line_ids": [(1, request.line_ids.id, {"new_qty": 8})]}
        )
        self.assertEqual(request.customer_state, "none")
        request.with_user(self.seller).action_submit()
        request.with_user(self.sales_manager).action_approve()
        self.assertEqual((request.state, request.customer_state), ("approved", "asked"))

    def test_another_kind_of_cancellation_is_asked_again(self):
        self.env["approval.policy"].search([("operation", "=", "change")]).copy(
            {"operation": "cancel", "active": True}
        )
        order = self._confirmed()
        self._deliver(order, 4)
        self._send(order, "cancel")
        request = self._raised(order)
        self.assertEqual(request.customer_state, "accepted")
        request.with_user(self.sales_manager).action_return("take all back")
        request.with_user(self.seller).cancel_kind = "after_delivery"
        self.assertEqual(request.customer_state, "none")
        request.with_user(self.seller).action_submit()
        request.with_user(self.sales_manager).action_approve()
        self.assertEqual((request.state, request.customer_state), ("approved", "asked"))
        self._answer(order, request, "accept")
        self.assertEqual(request.state, "applied")

    def test_agreement_ends_when_a_line_alone_is_edited(self):
        order = self._confirmed()
        self._send(order, **self._qty(order, 6))
        request = self._raised(order)
        request.with_user(self.sales_manager).action_return("8 at least")
        request.line_ids.with_user(self.seller).write({"new_price": 30})
        request.with_user(self.seller).action_submit()
        request.with_user(self.sales_manager).action_approve()
        self.assertEqual((request.state, request.customer_state), ("approved", "asked"))

    def test_order_that_moved_on_before_the_answer(self):
        order = self._confirmed()
        request = self._asked(order)
        self._deliver(order, 8)
        self._answer(order, request, "accept")
        self.assertEqual(request.state, "conflict")
        self.assertEqual(order.order_line.product_uom_qty, 10)


@tagged("post_install", "-at_install")
class TestChangeEnding(ChangePortalCommon):
    """A request of the customer that is not carried out: one polite message."""

    def _sent(self):
        self._approved_by()
        order = self._confirmed()
        self._send(order, **self._qty(order, 6))
        return order, self._raised(order)

    def _message(self, order):
        message = self._to_customer(order)
        self.assertEqual(len(message), 1)
        for secret in ("secret", "Max", "WH/OUT"):
            self.assertNotIn(secret, message.body)
        return message.body

    def test_rejected(self):
        order, request = self._sent()
        request.with_user(self.sales_manager).action_reject("secret reason")
        self.assertIn("We will call you", self._message(order))
        page = self._get(self._url(order))
        self.assertIn("Not possible", page.text)
        self.assertNotIn("secret", page.text)

    def test_moved_on(self):
        order, request = self._sent()
        self._deliver(order, 8)
        request.with_user(self.sales_manager).action_approve()
        self.assertEqual(request.state, "conflict")
        self.assertIn("has moved on", self._message(order))
        self.assertIn("Received, being checked", self._get(self._url(order)).text)

    def test_withdrawn_by_colleagues(self):
        order, request = self._sent()
        request.with_user(self.seller).action_withdraw()
        self.assertIn("was withdrawn", self._message(order))

    def test_requests_of_colleagues_end_silently(self):
        self._approved_by()
        order = self._confirmed()
        request = self._request(order, {"new_qty": 6})
        request.action_submit()
        request.with_user(self.sales_manager).action_reject("secret reason")
        self.assertFalse(self._to_customer(order))


@tagged("post_install", "-at_install")
class TestChangePortalTour(ChangePortalCommon):
    """The customer with a phone."""

    browser_size = "390x844"
    touch_enabled = True

    def setUp(self):
        super().setUp()
        self._approved_by()
        self.cancelling = self._approved_by(operation="cancel")

    def test_customer_requests_a_cancellation(self):
        order = self._confirmed()
        self.start_tour(
            f"/my/orders/{order.id}", "sale_approval_customer_cancels", login="cus"
        )
        request = self._raised(order)
        self.assertEqual((request.state, order.state), ("submitted", "sale"))
        self.assertEqual(request.note, "We ordered this twice")

    def test_customer_sees_what_has_changed(self):
        order = self._confirmed()
        request = self._request(order, {"new_qty": 6})
        request.action_submit()
        request.with_user(self.sales_manager).action_approve()
        self.start_tour(
            order.get_portal_url(), "sale_approval_customer_sees_change", login=None
        )

    def test_customer_agrees(self):
        self.env["approval.policy"].search([("operation", "=", "change")]).write(
            {"ask_partner": True}
        )
        order = self._confirmed()
        request = self._request(order, {"new_qty": 6})
        request.action_submit()
        request.with_user(self.sales_manager).action_approve()
        self.start_tour(
            f"/my/orders/{order.id}", "sale_approval_customer_agrees", login="cus"
        )
        self.assertEqual(request.state, "applied")
