from odoo.exceptions import AccessError
from odoo.tests import HttpCase, tagged

from .common import ApprovalCase


@tagged("post_install", "-at_install")
class TestSheet(ApprovalCase, HttpCase):
    """The printable sheet, as HTML: what is shown without wkhtmltopdf."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.seller | cls.anna | cls.bob | cls.dora).lang = "en_US"
        cls._policy(
            cls._users(cls.anna), cls._users(cls.bob), name="Two levels", active=True
        )

    def setUp(self):
        super().setUp()
        self.order = self._order(amount=800.0, lines=2)
        self.order.action_confirm()
        self.first = self.order.sudo().approval_instance_id
        task = self.first.open_task_ids.with_user(self.anna)
        task.action_return("mend the price")
        self.order.line_ids[:1].price = 300.0
        self.order.action_confirm()
        self.second = self.order.sudo().approval_instance_id
        self.second.open_task_ids.with_user(self.anna).action_approve("better")

    def _html(self, user, instance):
        report = self.env["ir.actions.report"].with_user(user)
        report = report.with_context(lang=user.lang)
        html, kind = report._render_qweb_html(
            "approval_flow.approval_sheet", instance.ids
        )
        self.assertEqual(kind, "html")
        return html.decode()

    def test_all_rounds_with_their_facts(self):
        html = self._html(self.seller, self.second)
        for text in (
            "ORDER",
            "Two levels",
            "mend the price",
            "better",
            "Anna",
            "Bob",
            "Round <span>1</span>",
            "Round <span>2</span>",
            self.first.digest,
            self.second.digest,
            "700.00",
        ):
            self.assertIn(text.replace("<span>", "").replace("</span>", ""), html)

    def test_content_is_the_submitted_one(self):
        html = self._html(self.seller, self.first)
        self.assertIn("800.00", html)
        self.assertIn("L1", html)

    def test_approvers_may_print_and_others_not(self):
        self.assertIn("ORDER", self._html(self.bob, self.second))
        with self.assertRaises(AccessError):
            self._html(self.dora, self.second)

    def test_route_without_wkhtmltopdf(self):
        self.authenticate("seller", "seller")
        page = self.url_open(
            f"/report/html/approval_flow.approval_sheet/{self.second.id}"
        )
        self.assertEqual(page.status_code, 200)
        self.assertIn(self.second.digest, page.text)

    def test_from_the_document(self):
        action = self.order.action_print_approval()
        self.assertEqual(action["report_name"], "approval_flow.approval_sheet")
        self.assertEqual(action["context"]["active_ids"], self.second.ids)

    def test_deleted_document(self):
        second = self.second
        self.order.sudo().unlink()
        self.assertIn("ORDER", self._html(self.seller, second))
