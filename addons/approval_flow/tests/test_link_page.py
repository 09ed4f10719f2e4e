import re
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import HttpCase, tagged

from .common import ApprovalCase


@tagged("post_install", "-at_install")
class TestLinkPage(ApprovalCase, HttpCase):
    """The page behind the buttons of the e-mail, asked over HTTP."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.company.approval_mail_public = True
        people = cls.anna | cls.bob | cls.carl | cls.dora
        people.lang = "en_US"
        cls._policy(cls._users(cls.anna, cls.bob), cls._users(cls.carl))

    def setUp(self):
        super().setUp()
        self.order = self._order(amount=1500.0)
        self.order.action_confirm()
        self.instance = self.order.sudo().approval_instance_id

    def _task(self, user):
        return self.instance.task_ids.filtered(lambda task: task.user_id == user)

    def _address(self, user, task=None, query=""):
        token = (task or self._task(user))._link_token(user)
        return f"/approval/decide/{token}{query}"

    def _get(self, address, status=200, **options):
        response = self.url_open(address, **options)
        self.assertEqual(response.status_code, status, response.text[:500])
        return response

    def _post(self, address, status=303, **values):
        page = self._get(address)
        csrf = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        seen = re.search(r'name="seen" value="([^"]+)"', page.text)
        data = {
            "csrf_token": csrf.group(1) if csrf else self.csrf_token(),
            "seen": seen.group(1) if seen else "",
            **values,
        }
        return self._get(address, status, data=data, allow_redirects=False)

    def csrf_token(self):
        """Return a token of the present session, for pages without a form."""
        page = self.url_open("/web/login")
        return re.search(r'csrf_token: "([^"]+)"', page.text).group(1)

    def _states(self):
        self.env.invalidate_all()
        return {task.user_id.name: task.state for task in self.instance.task_ids}

    # -- opening decides nothing ------------------------------------------------------

    def test_get_never_decides(self):
        for choice in ("approved", "rejected", "nonsense"):
            for _again in range(2):
                self._get(self._address(self.anna, query=f"?choice={choice}&comment=x"))
        self._get(self._address(self.anna), method="HEAD")
        self.assertEqual(self._states(), {"Anna": "pending", "Bob": "pending"})
        self.assertEqual(self._kinds(self.order), ["submitted"])

    def test_page_shows_what_is_to_be_decided(self):
        response = self._get(self._address(self.anna))
        for text in ("ORDER", "1,500.00", "Seller", "Step 1", "Approve", "Reject"):
            self.assertIn(text, response.text)
        self.assertEqual(response.headers["Cache-Control"], "no-store")
        self.assertEqual(response.headers["Referrer-Policy"], "no-referrer")
        self.assertEqual(response.headers["X-Frame-Options"], "DENY")

    # -- deciding ---------------------------------------------------------------------

    def test_approve_is_recorded_as_by_mail(self):
        address = self._address(self.anna)
        self._post(address, choice="approved", comment=" fine ")
        task = self._task(self.anna)
        self.assertEqual(self._states()["Anna"], "approved")
        self.assertEqual(self._states()["Bob"], "skipped")
        self.assertEqual(task.decided_by_id, self.anna)
        self.assertEqual(task.comment, "fine")
        event = self.instance.event_ids.filtered(lambda item: item.kind == "approved")
        self.assertEqual(event.source, "mail")
        self.assertEqual(event.user_id, self.anna)
        self.assertIn("You approved", self._get(address).text)

    def test_last_approval_carries_it_out_as_the_requester(self):
        self._post(self._address(self.anna), choice="approved")
        self._post(self._address(self.carl), choice="approved")
        self.env.invalidate_all()
        self.assertEqual(self.order.state, "done")
        self.assertIn("executed", self._kinds(self.order))

    def test_reject_without_comment_keeps_what_was_chosen(self):
        address = self._address(self.anna)
        response = self._post(address, status=200, choice="rejected", comment="  ")
        self.assertIn('id="problem"', response.text)
        self.assertEqual(self._states()["Anna"], "pending")
        self._post(address, choice="rejected", comment="too cheap")
        self.assertEqual(self._states()["Anna"], "rejected")
        self.assertEqual(self.instance.state, "rejected")
        self.assertIn("You rejected", self._get(address).text)

    def test_problem_keeps_what_was_typed(self):
        response = self._post(
            self._address(self.anna), status=200, choice="", comment="<b>half & half"
        )
        self.assertIn("&lt;b&gt;half &amp; half", response.text)
        self.assertEqual(self._states()["Anna"], "pending")

    def test_post_needs_the_csrf_token(self):
        with self.assertLogs("odoo.http", "WARNING"):
            self._get(
                self._address(self.anna),
                400,
                data={"choice": "approved", "csrf_token": "0"},
            )
        self.assertEqual(self._states()["Anna"], "pending")

    # -- which links work -------------------------------------------------------------

    def test_reuse_decides_nothing(self):
        address = self._address(self.anna)
        self._post(address, choice="approved")
        self._post(address, 200, choice="rejected", comment="changed my mind")
        self.assertEqual(self._states()["Anna"], "approved")
        self.assertEqual(self._kinds(self.order), ["submitted", "approved"])

    def test_token_of_another_person(self):
        # a genuine token, but for a task that is not that person's
        address = self._address(self.dora, self._task(self.anna))
        response = self._get(address)
        self.assertNotIn("1,500.00", response.text)
        self._post(address, 200, choice="approved")
        self.assertEqual(self._states(), {"Anna": "pending", "Bob": "pending"})

    def test_token_of_another_task(self):
        other = self._order(amount=77.0)
        other.action_confirm()
        task = other.sudo().approval_instance_id.task_ids[:1]
        token = task._link_token(self.anna)
        self._post(f"/approval/decide/{token}", choice="approved")
        self.assertEqual(self._states()["Anna"], "pending")
        self.assertEqual(task.state, "approved")

    def test_one_page_for_all_links_that_do_not_work(self):
        token = self._task(self.anna)._link_token(self.anna)
        forged = self._forged(token)
        with patch.object(type(self.company), "approval_mail_hours", -1):
            expired = self._task(self.anna)._link_token(self.anna)
        left = self._task(self.bob)._link_token(self.bob)
        portal = self._task(self.anna)._link_token(self.env.ref("base.public_user"))
        self.bob.active = False
        # a token is good for its own purpose only
        with patch(
            "odoo.addons.approval_flow.models.approval_link.LINK_SCOPE", "mail.other"
        ):
            scope = self._task(self.anna)._link_token(self.anna)
        pages = set()
        for bad in [*forged, expired, left, portal, scope, "x", "%E5%90%8C", "AQ"]:
            response = self._get(f"/approval/decide/{bad}", 404)
            pages.add(self._words(response.text))
        self.assertEqual(len(pages), 1, "nothing tells why a link does not work")
        self.assertEqual(self._states()["Anna"], "pending")

    def _forged(self, token):
        """Return the token changed in its expiry, its signature and its message."""
        import base64

        raw = base64.urlsafe_b64decode(token + "===")
        message = raw[41:].replace(
            str(self.anna.id).encode(), str(self.carl.id).encode(), 1
        )
        for data in (
            raw[:1] + (2**40).to_bytes(8, "little") + raw[9:],
            raw[:1] + (0).to_bytes(8, "little") + raw[9:],
            raw[:20] + bytes([raw[20] ^ 1]) + raw[21:],
            raw[:41] + message,
            b"\x02" + raw[1:],
            raw[:30],
        ):
            yield base64.urlsafe_b64encode(data).decode().rstrip("=")

    def _words(self, text):
        main = text[text.index("<main") : text.index("</main>")]
        return " ".join(re.sub(r"<[^>]*>", " ", main).split())

    def test_expired_on_the_hour(self):
        address = self._address(self.anna)
        later = fields.Datetime.now() + timedelta(hours=71)
        self.assertTrue(self._opened_at(address, later))
        self.assertFalse(self._opened_at(address, later + timedelta(hours=2)))

    def _opened_at(self, address, moment):
        token = address.rsplit("/", 1)[1]
        with patch("odoo.tools.misc.datetime.datetime", wraps=None) as clock:
            clock.now.return_value = moment
            return self.env["approval.task"]._link_open(token)

    def test_changed_content(self):
        address = self._address(self.anna)
        page = self._get(address)
        self.assertIn('name="seen"', page.text)
        # behind the back of the engine: no new round, the digest alone tells
        self.env.cr.execute(
            "UPDATE approval_test_order SET amount_total = 1 WHERE id = %s",
            [self.order.id],
        )
        self.env.invalidate_all()
        response = self._get(address)
        self.assertIn("has changed", response.text)
        self.assertNotIn('name="seen"', response.text)
        self._post(address, choice="approved")
        self.assertEqual(self._states()["Anna"], "pending")

    def test_changed_content_with_a_new_round(self):
        address = self._address(self.anna)
        self.order.line_ids[:1].price = 9000.0
        response = self._get(address)
        self.assertNotIn('name="seen"', response.text)
        self._post(address, choice="approved")
        self.assertNotIn("approved", self._kinds(self.order))

    # -- who is logged in -------------------------------------------------------------

    def test_logged_out_with_login_needed(self):
        self.company.approval_mail_public = False
        address = self._address(self.anna, query="?choice=rejected")
        response = self._get(address, 303, allow_redirects=False)
        location = response.headers["Location"]
        self.assertIn("/web/login?redirect=", location)
        self.assertIn("choice%3Drejected", location)
        self._get(
            address,
            303,
            data={"csrf_token": self.csrf_token(), "choice": "approved"},
            allow_redirects=False,
        )
        self.assertEqual(self._states()["Anna"], "pending")
        self.authenticate("anna", "anna")
        self.assertIn('name="seen"', self._get(address).text)
        self._post(address, choice="approved")
        self.assertEqual(self._states()["Anna"], "approved")

    def test_logged_in_as_somebody_else(self):
        self.authenticate("bob", "bob")
        for public in (False, True):
            self.company.approval_mail_public = public
            response = self._get(self._address(self.anna), 403)
            self.assertIn("Bob", response.text)
            for secret in ("ORDER", "1,500.00", "Anna", 'name="seen"'):
                self.assertNotIn(secret, self._words(response.text))
            self._get(
                self._address(self.anna),
                403,
                data={"csrf_token": self.csrf_token(), "choice": "approved"},
            )
        self.assertEqual(self._states(), {"Anna": "pending", "Bob": "pending"})

    def test_language_of_the_person(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        view = self.env.ref("approval_flow.link_decide")
        view.update_field_translations("arch_db", {"zh_CN": {"Checks": "自动检查"}})
        self.anna.lang = "zh_CN"
        self.instance._engine().checks = [
            {"code": "x", "name": "X", "status": "pass", "reason": "", "field": None}
        ]
        chinese = self._get(self._address(self.anna)).text
        self.assertIn("自动检查", chinese)
        self.assertIn('lang="zh-CN"', chinese)
        self.assertIn("Checks", self._get(self._address(self.bob)).text)
