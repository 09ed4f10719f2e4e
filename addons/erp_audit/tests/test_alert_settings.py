from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from .. import store
from .common import AuditCase
from .common_alert import AlertMixin


@tagged("post_install", "-at_install")
class TestAlertSettings(AlertMixin, AuditCase):
    """Code, applications, settings, and the trail itself."""

    def test_code_of_server_actions(self):
        """New code and changed code; another name is none."""
        with self._doing("code_changed") as found:
            action = self.env["ir.actions.server"].create(
                {
                    "name": "Mend",
                    "model_id": self.env["ir.model"]._get_id("res.partner"),
                    "state": "code",
                    "code": "pass",
                }
            )
        self.assertIn("Mend", found.alerts.name)
        found.alerts.sudo().write({"state": "confirmed"})
        with self._doing("code_changed") as found:
            action.name = "Mend all"
        self.assertFalse(found.alerts)
        with self._doing("code_changed") as found:
            action.code = "records.unlink()"
        self.assertEqual(len(found.alerts), 1)

    def test_scheduled_jobs(self):
        """Switched off raises, that it ran does not."""
        cron = self.env.ref("base.autovacuum_job")
        with self._doing("code_changed") as found:
            cron.sudo().lastcall = "2026-03-02 10:00:00"
        self.assertFalse(found.alerts)
        with self._doing("code_changed") as found:
            cron.sudo().active = False
        self.assertEqual(len(found.alerts), 1)

    def test_applications(self):
        """Installed and removed; brought up to date is none."""
        module = self.env.ref("base.module_base").sudo()
        other = self.env["ir.module.module"].search(
            [("state", "=", "uninstalled")], limit=1
        )
        with self._doing("module_changed") as found:
            module.state = "to upgrade"
            self.env.flush_all()
            module.state = "installed"
        self.assertFalse(found.alerts)
        with self._doing("module_changed") as found:
            other.state = "to install"
            self.env.flush_all()
            other.state = "installed"
        self.assertIn(other.shortdesc, found.alerts.name)

    def test_settings_of_the_system(self):
        """The address and mail servers; any other parameter is none."""
        parameters = self.env["ir.config_parameter"].sudo()
        with self._doing("technical_setting") as found:
            parameters.set_param("some.thing", "1")
        self.assertFalse(found.alerts)
        with self._doing("technical_setting") as found:
            parameters.set_param("web.base.url", "https://evil.example")
            self.env["ir.mail_server"].create(
                {"name": "Elsewhere", "smtp_host": "localhost", "smtp_port": 2525}
            )
        self.assertEqual(len(found.alerts), 2)
        self.assertIn("web.base.url", " ".join(found.alerts.mapped("name")))

    def test_recording_switched_off(self):
        """A rule that stops, an alert rule and a job switched off."""
        rule = self._rule("res.partner.category")
        other = self._rule_of("probing")
        with self._doing("recording_off") as found:
            rule.log_files = True
        self.assertFalse(found.alerts)
        with self._doing("recording_off") as found:
            rule.with_user(self.auditor).action_draft()
            other.with_user(self.auditor).active = False
            self.env.ref("erp_audit.ir_cron_seal").active = False
        self.assertEqual(len(found.alerts), 3)
        self.assertIn(
            self.auditor, found.alerts.person_id, "the auditor is no exception"
        )

    def test_triggers(self):
        """A trigger that is switched off is found by the daily check."""
        self._rule("res.partner.category")
        self.env.cr.execute(
            "ALTER TABLE res_partner_category DISABLE TRIGGER erp_audit_w"
        )
        with (
            self._doing("trigger_off") as found,
            mute_logger("odoo.addons.erp_audit.models.erp_audit_rule_sync"),
        ):
            self.env["erp.audit.rule"]._cron_check()
        self.assertIn("res_partner_category", found.alerts.name)
        with self._doing("trigger_off") as found:
            self.env["erp.audit.rule"]._cron_check()
        self.assertFalse(found.alerts)

    def test_code_against_the_trail(self):
        """Code that poses as somebody else, and code that speaks of the trail."""
        rule = self._rule_of("trail_attacked")
        self.assertEqual(rule.severity, "critical")
        self.assertTrue(rule.at_once)
        detail = {"action": 5, "name": "Tidy up"}
        events = self.env["erp.audit.event"]
        with self._doing("trail_attacked") as found:
            events._log("context_forged", "ir.actions.server", 5, detail)
            for _time in range(2):
                events._log(
                    "code_on_trail",
                    "ir.actions.server",
                    5,
                    {**detail, "words": ["set_config"]},
                )
        forged, spoken = found.alerts.sorted("hits")
        self.assertEqual(spoken.hits, 2)
        self.assertIn("somebody else is at work: “Tidy up”", forged.name)
        self.assertIn("“Tidy up” (set_config)", spoken.name)
        self.assertEqual(found.alerts.person_id, self.env.user)

    def test_attacks_and_backups_have_words(self):
        """An auditor reads what happened, in the list and in the history."""
        words = self.env["erp.audit.record"]._event_words()
        actions = self.env["erp.audit.history"]
        for event in (
            "code_on_trail",
            "context_forged",
            "backup",
            "rehearsal",
            "restore",
        ):
            self.assertIn(event, words)
            self.assertNotEqual(
                actions._event_words(event), actions._event_words("?"), event
            )

    def test_verification(self):
        """A check with findings raises."""
        with self._doing("verification_failed") as found:
            self.env["erp.audit.event"]._log(
                "audit_verification_failed", detail={"findings": 3}
            )
        self.assertIn("3", found.alerts.name)
        self.assertFalse(found.alerts.person_id)

    def test_default_partition(self):
        """Records in no month of their own."""
        with (
            self._doing("default_partition") as found,
            patch.object(store, "strays", lambda cr, month=None: 12),
            mute_logger("odoo.addons.erp_audit.models.erp_audit_retention"),
        ):
            self.env["erp.audit.retention"]._check_strays()
        self.assertIn("12", found.alerts.name)

    # -- checks ------------------------------------------------------------------------

    def _check(self, code, **values):
        rule = self._rule_of(code, **values)
        self.env["erp.audit.alert.engine"]._guarded(rule, None)
        return self._alerts(rule)

    def test_seal_lag(self):
        """Six minutes are too many, four are not."""
        seals = type(self.env["erp.audit.seal"])
        status = {"lag": 240, "unsealed": 9, "late": False, "problem": ""}
        with patch.object(seals, "_status", lambda self: status):
            self.assertFalse(self._check("seal_lag"))
            status["lag"] = 360
            alert = self._check("seal_lag")
            self.assertIn("6", alert.name)
            # it stays one
            self.assertEqual(self._check("seal_lag"), alert)

    def test_sealing_that_stopped(self):
        """A chain that cannot go on is told at once."""
        seals = type(self.env["erp.audit.seal"])
        status = {"lag": 0, "unsealed": 9, "late": False, "problem": "gone"}
        with patch.object(seals, "_status", lambda self: status):
            self.assertTrue(self._check("seal_lag").facts["stopped"])

    def test_silence(self):
        """Nothing now, but at this time of each week before; else it is night."""
        self.env.cr.execute("SELECT now() AT TIME ZONE 'UTC'")
        now = self.env.cr.fetchone()[0]
        self.assertFalse(self._check("silence", records=3, hours=2))
        for week in range(1, 5):
            self.env.cr.execute(
                "SELECT %s::timestamp - %s * interval '7 days' - interval '1 hour'",
                [now, week],
            )
            moment = str(self.env.cr.fetchone()[0])
            for _n in range(3):
                self._record_event("login", self.anna, moment)
        self.assertEqual(len(self._check("silence")), 1)

    def test_no_silence_while_somebody_works(self):
        """One record is enough."""
        self.env.cr.execute("SELECT now() AT TIME ZONE 'UTC' - interval '1 minute'")
        self._record_event("login", self.anna, str(self.env.cr.fetchone()[0]))
        self.assertFalse(self._check("silence", records=1, hours=2))

    def test_backup(self):
        """None for days raises, one of today does not."""
        rule = self._rule_of("backup_missing", days=2)
        self.env.cr.execute(
            "UPDATE erp_audit_alert_rule SET create_date = '2026-01-01' WHERE id = %s",
            [rule.id],
        )
        rule.invalidate_recordset()
        alert = self._check("backup_missing")
        self.assertTrue(alert.facts["never"])
        alert.sudo().write({"state": "confirmed"})
        self.env["erp.audit.event"]._log("backup")
        self.assertEqual(self._check("backup_missing"), alert)
