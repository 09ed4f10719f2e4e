import base64
import re
import time
import xmlrpc.client
from unittest.mock import patch

from odoo import fields
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.auth_totp.models.totp import TOTP, hotp

from .common_factor import PASSWORD, FactorCase


@tagged("post_install", "-at_install")
class TestSecondFactor(FactorCase):
    """A role asks for a second factor: no way leads around it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = new_test_user(cls.env, "acc_free", password=PASSWORD)

    def _code(self, secret):
        key = base64.b32decode(secret.replace(" ", ""))
        return f"{hotp(key, int(time.time() / 30)):06d}"

    def test_the_page_speaks_the_language_of_the_person(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.user.lang = "zh_CN"
        view = self.env.ref("erp_audit.second_factor")
        source = "Your role asks for more than a password. It takes a minute:"
        view.with_context(lang="en_US").update_field_translations(
            "arch_db", {"zh_CN": {source: "您的角色要求的不只是密码"}}
        )
        self.authenticate("acc_factor", PASSWORD)
        page = self.url_open("/erp_audit/second_factor").text
        self.assertIn("您的角色要求的不只是密码", page)

    def test_who_has_some_days_is_told_and_goes_on(self):
        self.authenticate("acc_factor", PASSWORD)
        self.assertNotIn("Later</a>", self.url_open("/erp_audit/second_factor").text)
        self.env["ir.config_parameter"].set_param("erp_audit.second_factor_days", "3")
        self.env.registry.clear_cache()
        self.assertIn("Later</a>", self.url_open("/erp_audit/second_factor").text)
        self.assertIn("erp_second_factor_due", self.url_open("/odoo").text)
        self.authenticate("acc_free", PASSWORD)
        self.assertNotIn("erp_second_factor_due", self.url_open("/odoo").text)

    def test_page_leads_to_the_set_up_and_then_on(self):
        self.authenticate("acc_factor", PASSWORD)
        for path in ("/odoo", "/web", "/my", "/odoo/access-requests"):
            answer = self.url_open(path, allow_redirects=False)
            self.assertEqual(answer.status_code, 303, path)
            self.assertIn("/erp_audit/second_factor", answer.headers["Location"])
        page = self.url_open("/erp_audit/second_factor").text
        [secret] = re.findall(r"<code[^>]*>([A-Z2-7 ]+)</code>", page)
        [token] = set(re.findall(r'name="csrf_token" value="([^"]+)"', page))
        wrong = self.url_open(
            "/erp_audit/second_factor", data={"csrf_token": token, "code": "12"}
        )
        self.assertIn("not right", wrong.text)
        self.assertFalse(self.user.totp_enabled)
        answer = self.url_open(
            "/erp_audit/second_factor",
            data={"csrf_token": token, "code": self._code(secret)},
            allow_redirects=False,
        )
        self.assertEqual(answer.status_code, 303)
        self.user.invalidate_recordset()
        self.assertTrue(self.user.totp_enabled)
        answer = self.url_open("/odoo", allow_redirects=False)
        self.assertEqual(answer.status_code, 200)

    def test_open_screens_are_sent_to_a_reload(self):
        self.authenticate("acc_factor", PASSWORD)
        params = {
            "model": "res.partner",
            "method": "search_count",
            "args": [[]],
            "kwargs": {},
        }
        for path in (
            "/web/dataset/call_kw",
            "/web/dataset/call_kw/res.partner/search_count",
            "/web/dataset/call_button/res.partner/search_count",
        ):
            answer = self.url_open(path, json={"params": params}).json()
            self.assertIn("second factor", str(answer["error"]), path)

    def test_files_and_exports_are_shut(self):
        self.authenticate("acc_factor", PASSWORD)
        for path in (
            f"/web/image/res.partner/{self.user.partner_id.id}/image_128",
            "/web/content/1",
            "/web/export/csv",
            "/json/1/access-requests",
            "/web/session/account",
        ):
            answer = self.url_open(path, allow_redirects=False)
            self.assertNotEqual(answer.status_code, 200, path)

    def test_others_go_on(self):
        self.authenticate("acc_free", PASSWORD)
        answer = self.url_open("/odoo", allow_redirects=False)
        self.assertEqual(answer.status_code, 200)

    def test_days_to_set_it_up(self):
        self.env["ir.config_parameter"].set_param("erp_audit.second_factor_days", "3")
        self.authenticate("acc_factor", PASSWORD)
        self.assertEqual(self.url_open("/odoo", allow_redirects=False).status_code, 200)

    @mute_logger(
        "odoo.addons.base.models.res_users",
        "odoo.addons.rpc.controllers.xmlrpc",
        "odoo.http",
    )
    def test_programs_need_a_key(self):
        common = self.xmlrpc_common
        with self.assertRaises(xmlrpc.client.Fault) as caught:
            self._call(PASSWORD)
        self.assertIn("second factor", str(caught.exception))
        self.assertFalse(
            common.authenticate(self.env.cr.dbname, "acc_factor", PASSWORD, {})
        )
        key = self._key()
        self.assertEqual(self._call(key), 1)

    @mute_logger(
        "odoo.addons.base.models.res_users",
        "odoo.addons.rpc.controllers.xmlrpc",
        "odoo.http",
    )
    def test_a_known_password_is_looked_at_again(self):
        """Odoo keeps good passwords in memory; what they open may have changed."""
        self.env["ir.config_parameter"].set_param("erp_audit.second_factor_days", "3")
        self.assertEqual(self._call(PASSWORD), 1)
        later = fields.Datetime.add(fields.Datetime.now(), days=9)
        with (
            patch.object(fields.Datetime, "now", staticmethod(lambda *_args: later)),
            self.assertRaises(xmlrpc.client.Fault) as caught,
        ):
            self._call(PASSWORD)
        self.assertIn("second factor", str(caught.exception))

    def test_passkey_alone_does_not_make_a_password_enough(self):
        self.env.cr.execute(
            """INSERT INTO auth_passkey_key
                      (name, credential_identifier, create_uid, sign_count)
               VALUES ('Key', 'acc-credential', %s, 0)""",
            [self.user.id],
        )
        self.env.registry.clear_cache()
        self.env.invalidate_all()
        self.assertEqual(self.user._mfa_url(), "/erp_audit/second_factor")
        self.assertTrue(self.user._rpc_api_keys_only())
        self.assertFalse(self.user._second_factor_overdue())

    def test_administrator_is_not_locked_out(self):
        """The page itself is always open to whoever can log in."""
        admin = self.env.ref("base.user_admin")
        self.env["erp.access.grant"]._grant(admin, self.role, "direct")
        self.authenticate("admin", "admin")
        page = self.url_open("/erp_audit/second_factor")
        self.assertEqual(page.status_code, 200)
        self.assertIn("six digits", page.text)

    def test_costs_no_query_per_request(self):
        self.user._second_factor_overdue()
        with self.assertQueryCount(0):
            self.assertTrue(self.user._second_factor_overdue())

    def test_code_of_the_app(self):
        key = base64.b32decode("JBSWY3DPEHPK3PXP")
        self.assertTrue(TOTP(key).match(int(self._code("JBSWY3DPEHPK3PXP"))))

    def _key(self):
        keys = self.env["res.users.apikeys"].with_user(self.user)
        tomorrow = fields.Datetime.add(fields.Datetime.now(), days=1)
        return keys._generate("rpc", "test", tomorrow)

    def _call(self, secret):
        return self.xmlrpc_object.execute_kw(
            self.env.cr.dbname,
            self.user.id,
            secret,
            "res.users",
            "search_count",
            [[["id", "=", self.user.id]]],
        )

    def test_an_open_screen_is_not_enough(self):
        """Who finds a screen left open makes no second factor of his own."""
        self.authenticate("acc_factor", PASSWORD, ago=3600)
        answer = self.url_open("/erp_audit/second_factor", allow_redirects=False)
        self.assertEqual(answer.status_code, 303)
        self.assertTrue(
            answer.headers["Location"].endswith(
                "/web/login?redirect=%2Ferp_audit%2Fsecond_factor"
            )
        )
        # the session is over: nothing of it can be used
        self.assertIn("/web/login", self.url_open("/erp_audit/second_factor").url)

    def test_logging_in_leads_to_the_page(self):
        """With the password, and then at once."""
        self.authenticate(None, None)
        page = self.url_open("/web/login").text
        token = re.search(r'name="csrf_token" value="([^"]+)"', page).group(1)
        data = {
            "login": "acc_factor",
            "password": PASSWORD,
            "csrf_token": token,
            "redirect": "/erp_audit/second_factor",
        }
        page = self.url_open("/web/login", data=data)
        self.assertIn("six digits", page.text)

    def test_whose_role_asks_for_nothing_uses_the_preferences(self):
        """There Odoo asks for the password."""
        self.authenticate("acc_free", PASSWORD)
        answer = self.url_open("/erp_audit/second_factor", allow_redirects=False)
        self.assertEqual(answer.status_code, 303)
        self.assertTrue(answer.headers["Location"].endswith("/odoo"))
