import json
import re
from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from .common_factor import PASSWORD, FactorCase

PAGE = "/erp_audit/second_factor"


@tagged("post_install", "-at_install")
class TestSecondFactorMore(FactorCase):
    """Further doors for people without the second factor, and passkeys as one."""

    def _token(self):
        page = self.url_open(PAGE).text
        return re.search(r'name="csrf_token" value="([^"]+)"', page).group(1)

    def _key(self, identifier=b"more-credential"):
        found = {"credential_id": identifier, "credential_public_key": b"public"}
        return patch.object(
            self.env.registry["auth.passkey.key"],
            "_verify_registration_options",
            lambda self, registration: found,
        )

    def _make(self, registration='{"id": "more"}'):
        data = {"csrf_token": self._token(), "registration": registration}
        return self.url_open(f"{PAGE}/passkey", data=data, allow_redirects=False)

    def test_passkey_instead_of_an_app(self):
        """Made on the page itself; the person goes on, and next time needs it."""
        self.authenticate("acc_factor", PASSWORD)
        options = self.url_open(f"{PAGE}/passkey/start", json={"params": {}}).json()[
            "result"
        ]
        self.assertEqual(options["user"]["name"], "acc_factor")
        with self._key():
            answer = self._make()
        self.assertEqual(answer.status_code, 303)
        self.assertEqual(self.user.auth_passkey_key_ids.create_uid, self.user)
        self.assertEqual(self.url_open("/odoo", allow_redirects=False).status_code, 200)
        self.assertEqual(self.user._mfa_url(), PAGE)
        self.assertFalse(self.user._second_factor_overdue())

    def test_wrong_answers_of_a_browser(self):
        self.authenticate("acc_factor", PASSWORD)
        self.url_open(f"{PAGE}/passkey/start", json={"params": {}})
        for answer in (
            "",
            "{",
            "[]",
            "{}",
            "7",
            json.dumps({"id": "x", "response": {}}),
        ):
            page = self._make(answer)
            self.assertEqual(page.status_code, 200, answer)
            self.assertIn("could not be made", page.text)
        self.assertFalse(self.user.auth_passkey_key_ids)

    def test_no_passkey_beside_a_factor(self):
        """Whoever has one already adds another in the preferences, with it."""
        self.authenticate("acc_factor", PASSWORD)
        token = self._token()
        with self._key():
            self._make()
        with self._key(b"second"):
            answer = self.url_open(
                f"{PAGE}/passkey",
                data={"csrf_token": token, "registration": '{"id": "more"}'},
                allow_redirects=False,
            )
        self.assertEqual(answer.status_code, 303)
        self.assertEqual(len(self.user.auth_passkey_key_ids), 1)
        with mute_logger("odoo.http"):
            answer = self.url_open(f"{PAGE}/passkey/start", json={"params": {}}).json()
        self.assertIn("error", answer)

    def test_nobody_makes_a_passkey_without_a_session(self):
        self.authenticate(None, None)
        with mute_logger("odoo.http"):
            answer = self.url_open(f"{PAGE}/passkey/start", json={"params": {}}).json()
        self.assertIn("error", answer)
        before = self.env["auth.passkey.key"].search_count([])
        self.url_open(f"{PAGE}/passkey", data={"registration": "{}"})
        self.assertEqual(self.env["auth.passkey.key"].search_count([]), before)

    def test_a_passkey_taken_away(self):
        """An administrator removes it: the person is asked again at once."""
        self.authenticate("acc_factor", PASSWORD)
        with self._key():
            self._make()
        self.assertFalse(self.user._second_factor_overdue())
        self.user.auth_passkey_key_ids.sudo().unlink()
        self.assertTrue(self.user._second_factor_overdue())

    @mute_logger("odoo.http")
    def test_doors_of_programs_in_browsers(self):
        """Sessions by JSON, websockets, share links, switching to the superuser."""
        self.url_open(
            "/web/session/authenticate",
            json={
                "params": {
                    "db": self.env.cr.dbname,
                    "login": "acc_factor",
                    "password": PASSWORD,
                }
            },
        )
        for path, params in (
            ("/web/session/get_session_info", {}),
            ("/web/action/load", {"action_id": "base.action_partner_form"}),
            ("/mail/action", {"fetch_params": [["init_messaging", {}]]}),
            ("/mail/data", {"fetch_params": [["init_messaging", {}]]}),
            ("/websocket/peek_notifications", {"channels": [], "last": 0}),
        ):
            result = self.url_open(path, json={"params": params}).json()
            self.assertIn("error", result, path)
        for path in (
            "/web/become",
            "/websocket",
            "/my/home",
            "/web/dataset/call_kw",
            f"/mail/view?model=res.partner&res_id={self.user.partner_id.id}",
            "/bus/websocket_worker_bundle",
        ):
            answer = self.url_open(path, allow_redirects=False)
            self.assertNotEqual(answer.status_code, 200, path)

    def test_json2_wants_a_key(self):
        for secret in (PASSWORD, "", "x" * 40):
            with mute_logger("odoo.http", "odoo.addons.base.models.ir_http"):
                answer = self.url_open(
                    "/json/2/res.partner/search_count",
                    json={"domain": []},
                    headers={"Authorization": f"Bearer {secret}"},
                )
            self.assertIn(answer.status_code, (401, 403), secret)

    def test_no_longer_when_the_role_ends(self):
        self.authenticate("acc_factor", PASSWORD)
        self.assertEqual(self.url_open("/odoo", allow_redirects=False).status_code, 303)
        self.grant._end("Over")
        self.assertEqual(self.url_open("/odoo", allow_redirects=False).status_code, 200)

    def test_strange_numbers_of_days(self):
        """A slip in the settings locks nobody out, and opens nothing for good."""
        for value, overdue in (
            ("2147483647", False),
            ("9" * 30, False),
            ("-5", True),
            ("two", True),
            ("\u00b2", True),
            ("0", True),
        ):
            self.env["ir.config_parameter"].set_param(
                "erp_audit.second_factor_days", value
            )
            self.env.registry.clear_cache()
            self.assertEqual(self.user._second_factor_overdue(), overdue, value)
