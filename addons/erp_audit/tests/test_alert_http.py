from odoo.tests import new_test_user, tagged
from odoo.tests.common import JsonRpcException
from odoo.tools import mute_logger

from .common_alert import AlertMixin
from .common_http import AuditHttpCase


@tagged("post_install", "-at_install")
class TestAlertHttp(AlertMixin, AuditHttpCase):
    """What browsers really do raises alerts; on the screen, auditors decide."""

    groups = f"{AuditHttpCase.groups},base.group_allow_export"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.boss = new_test_user(
            cls.env, "boss", "base.group_system", password="bossboss"
        )
        cls.auditor = new_test_user(
            cls.env,
            "auditor",
            "erp_audit.group_audit_auditor",
            password="auditorauditor",
            name="Auditor",
        )
        cls._rule("res.partner", log_reads=False)

    def _sign_in(self, login, password):
        page = self.url_open("/web/login").text
        token = page.split('name="csrf_token" value="')[1].split('"')[0]
        return self.url_open(
            "/web/login",
            data={"login": login, "password": password, "csrf_token": token},
        )

    def _call(self, model, method, *args, **kwargs):
        return self.make_jsonrpc_request(
            f"/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": args, "kwargs": kwargs},
        )

    def _triggered(self):
        cron = self.env.ref("erp_audit.ir_cron_alert")
        return self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)])

    def test_guessing_a_password(self):
        """Wrong ones, then the right one: two rules see it."""
        with (
            self._doing("brute_force", attempts=5) as guessed,
            self._doing("success_after_failures", attempts=5) as got_in,
        ):
            with mute_logger("odoo.addons.base.models.res_users"):
                for _n in range(5):
                    self._sign_in("anna", "wrong")
            self._sign_in("anna", "annaanna")
        self.assertIn(self.anna, guessed.alerts.person_id)
        self.assertEqual(got_in.alerts.person_id, self.anna)
        self.assertIn("127.0.0.1", got_in.alerts.name)

    def test_one_wrong_password(self):
        """Who mistypes once is nobody to look at."""
        with (
            self._doing("brute_force") as guessed,
            self._doing("success_after_failures") as got_in,
        ):
            with mute_logger("odoo.addons.base.models.res_users"):
                self._sign_in("anna", "wrong")
            self._sign_in("anna", "annaanna")
        self.assertFalse(guessed.alerts + got_in.alerts)

    def test_becoming_superuser(self):
        """Told at once: the engine is woken with the event; a login wakes nobody."""
        before = self._triggered()
        self._sign_in("boss", "bossboss")
        self.assertEqual(self._triggered(), before)
        with self._doing("superuser") as found:
            self.url_open("/web/become", allow_redirects=False)
        self.assertEqual(found.alerts.person_id, self.boss)
        self.assertGreater(self._triggered(), before)

    def test_devices(self):
        """A login says what kind of device it was made with."""
        before = self._last()
        page = self.url_open("/web/login").text
        token = page.split('name="csrf_token" value="')[1].split('"')[0]
        self.opener.post(
            self.base_url() + "/web/login",
            data={"login": "boss", "password": "bossboss", "csrf_token": token},
            headers={
                "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) "
                "Gecko/20100101 Firefox/128.0"
            },
        )
        self.env.cr.execute(
            "SELECT diff->>'device' FROM erp_audit_log"
            " WHERE event = 'login' AND id > %s",
            [before],
        )
        self.assertEqual(self.env.cr.fetchall(), [("linux firefox",)])

    def test_exporting_a_file(self):
        """A file with as many records as the rule says."""
        partners = self.env["res.partner"].create([{"name": n} for n in "abc"])
        self.authenticate("anna", "annaanna")
        with self._doing("export_large", records=3) as found:
            self._export([["id", "in", partners.ids]])
        self.assertEqual(found.alerts.person_id, self.anna)

    def test_probing(self):
        """Refused time and again, though all of it is undone."""
        self.authenticate("anna", "annaanna")
        with (
            self._doing("probing", attempts=4) as found,
            mute_logger("odoo.http"),
        ):
            for model in ("ir.config_parameter", "ir.rule", "ir.cron", "ir.ui.menu"):
                with self.assertRaisesRegex(JsonRpcException, "AccessError"):
                    self._call(model, "unlink", [1])
        self.assertEqual(found.alerts.person_id, self.anna)

    def test_a_tour_of_an_alert(self):
        """From the list to the form, the evidence, and a decision with its reason."""
        rule = self._rule_of("superuser", by_email=False)
        before = self._last()
        self._record_event("become_superuser", self.boss, ip="10.1.1.1")
        self._look(rule, before)
        alert = self._alerts(rule).filtered(lambda item: item.person_id == self.boss)
        self.start_tour("/odoo/alerts", "erp_audit_alert", login="auditor")
        self.assertEqual(alert.state, "dismissed")
        self.assertEqual(alert.reason, "A drill, announced before")
        self.assertEqual(alert.decided_by_id, self.auditor)
