"""Attempts to switch the capture off, to forge who it was, and to break it."""

from unittest.mock import patch

from odoo import Command
from odoo.tests import new_test_user

from .. import reading
from .common import AuditCase
from .common_alert import AlertMixin

CODE = """
env.cr.execute("SELECT set_config('erp_audit.ctx', %s, false)", [
    '{"u": 1, "e": 1, "l": "somebody else", "a": "cron: innocent"}'])
"""


class TestCaptureAttacks(AlertMixin, AuditCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._rule("res.partner")
        cls.partner = cls.env["res.partner"].create({"name": "Customer"})
        cls.boss = new_test_user(cls.env, "code_boss", "base.group_system")

    def _action(self, code):
        return self.env["ir.actions.server"].create(
            {
                "name": "Tidy up",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "state": "code",
                "code": code,
            }
        )

    def _run(self, code):
        action = self._action(code).with_context(
            active_model="res.partner",
            active_ids=self.partner.ids,
            active_id=self.partner.id,
        )
        self._mark()
        events = type(self.env["erp.audit.event"])
        # a second connection would not see what the test has made
        with patch.object(events, "_log_apart", events._log):
            action.run()

    def test_no_key_of_a_context_opens_anything(self):
        keys = (
            "tracking_disable mail_notrack auditlog_disabled erp_audit_disable no_audit"
            " install_mode import_file module erp_audit erp_audit_ctx prefetch_fields"
            " bin_size defer_fields_computation uninstall_mode _force_unlink"
        ).split()
        for key in keys:
            context = {key: True, "erp_audit.ctx": "{}"}
            partner = self.env["res.partner"].create({"name": key})
            self._mark()
            partner = partner.with_user(self.anna).with_context(**context)
            partner.write({"ref": key})
            item = self._one(partner)
            self.assertEqual(item["diff"]["ref"][1], key)
            self.assertEqual(item["uid"], self.anna.id, key)

    def test_company_is_one_of_the_user(self):
        other = self.env["res.company"].create({"name": "Other"})
        wrong = [[other.id], [10**12], [-1], ["x"], "1", [[1]], {"a": 1}, [None], [1.5]]
        own = self.anna.company_id.id
        for value in wrong:
            self._mark()
            if value == [other.id]:
                user = self.anna
                record = self.partner.with_user(user).with_context(
                    allowed_company_ids=value
                )
                # Odoo itself refuses most of them; whatever passes is checked
                record.env["erp.audit.event"]._log("try", "res.partner", 1)
            else:
                env = self.env(user=self.anna, context={"allowed_company_ids": value})
                env["erp.audit.event"]._log("try", "res.partner", 1)
            (item,) = self._records("res.partner", event="try")
            self.assertEqual(item["company"], own, value)

    def test_forged_context_is_recorded_and_mended(self):
        self._run(CODE)
        (event,) = self._records(None, event="context_forged")
        self.assertEqual(event["diff"]["name"], "Tidy up")
        self.assertEqual(event["uid"], self.env.uid)
        self.assertTrue(self._records(None, event="code_on_trail"))
        # what comes after is told rightly
        self.partner.ref = "after"
        self.assertNotEqual(self._one(self.partner)["login"], "somebody else")

    def test_code_that_reads_the_trail(self):
        """Code has all rights: that it looked at what the records hold is recorded."""
        self._run("record.env['erp.audit.record'].sudo().search([], limit=1)")
        (event,) = self._records(None, event="code_on_trail")
        self.assertEqual(event["diff"]["words"], ["erp.audit"])
        self._mark()
        action = self._action("log(str(model.sudo().search([], limit=1).diff))")
        action.model_id = self.env["ir.model"]._get_id("erp.audit.record")
        events = type(self.env["erp.audit.event"])
        # a second connection would not see what the test has made
        with patch.object(events, "_log_apart", events._log):
            action.with_user(self.boss).run()
        found = self._records(None, event="code_on_trail")
        # for what it was made, and what it did
        self.assertEqual(
            [item["diff"]["words"] for item in found], [["erp.audit.record"], ["sudo"]]
        )
        self.assertEqual({item["uid"] for item in found}, {self.boss.id})

    def test_code_that_is_after_rights(self):
        """Code could give rights as if they had been requested: that is told."""
        action = self._action("model.search([], limit=1)")
        action.model_id = self.env["ir.model"]._get_id("erp.access.grant")
        events = type(self.env["erp.audit.event"])
        self._mark()
        with patch.object(events, "_log_apart", events._log):
            action.run()
            self._run("env['erp.role'].search([], limit=1)")
        (event,) = self._records(None, event="code_on_trail")
        self.assertEqual(event["diff"]["words"], ["erp.role"])
        self._mark()
        with patch.object(events, "_log_apart", events._log):
            action.run()
            action.code = "model._cron_due()"
            action.run()
        (event,) = self._records(None, event="code_on_trail")
        self.assertEqual(event["diff"]["words"], ["erp.access.grant"])

    def test_code_of_a_field_that_reads_the_trail(self):
        """Whatever code it is: all rights on the trail do not go unseen."""
        self.partner.ref = "secret"
        self.env.flush_all()
        self._mark()
        records = self.env["erp.audit.record"].with_user(self.boss)
        self.assertIn("secret", str(records.sudo().search([], limit=1).diff))
        (event,) = self._records(None, event="code_on_trail")
        self.assertEqual(event["uid"], self.boss.id)
        self.assertEqual(event["model"], "erp.audit.record")
        self._forget_reads()
        with self._doing("trail_attacked") as found:
            records.sudo().search([], limit=1).mapped("diff")
        self.assertEqual(found.alerts.person_id, self.boss)
        # auditors read with their own rights, and the superuser is a program
        self._forget_reads()
        records.with_user(self.auditor).sudo().search([], limit=1).mapped("diff")
        self.env["erp.audit.record"].search([], limit=1).mapped("diff")
        self.assertFalse(self._records(None, event="code_on_trail"))

    def _forget_reads(self):
        """Begin as another transaction does, which has recorded no reads yet."""
        self.env.cr.precommit.data.pop(reading.KEY, None)
        self.env.invalidate_all()
        self._mark()

    def test_code_that_leaves_the_trail_alone(self):
        self._run("record.write({'ref': 'x'})")
        self.assertFalse(self._records(None, event="code_on_trail"))
        self.assertFalse(self._records(None, event="context_forged"))

    def test_replica_role_and_disabled_triggers(self):
        """Odoo's role may not set the first; the second is found."""
        self.env.cr.execute(
            "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
        )
        self.assertFalse(self.env.cr.fetchone()[0])
        self.env.cr.execute(
            "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'erp_audit_%'"
            " AND tgenabled <> 'A' AND NOT tgisinternal AND tgparentid = 0"
            " AND tgrelid = 'res_partner'::regclass"
        )
        self.assertEqual(self.env.cr.fetchone()[0], 0)
        self.env.cr.execute("ALTER TABLE res_partner DISABLE TRIGGER erp_audit_w")
        findings = self.env["erp.audit.rule"]._findings()
        self.assertIn(("res_partner", "disabled"), findings)

    def test_odd_texts(self):
        odd = [
            "NUL-free \x01\x02\x1f\x7f",
            "quotes ' \" \\ $$ $erp_audit$ %s {} {{ }} </script>",
            "\ud7ff\uffff\U0010ffff \u202e evil \u200b",
            "𝒳" * 3000,
            "\\u0000 and \\x00",
        ]
        for text in odd:
            self._mark()
            self.partner.comment = self.partner.ref = text
            item = self._one(self.partner)
            self.assertEqual(item["diff"]["ref"][1], text)

    def test_very_long_values(self):
        text = "長" * 400_000
        self.partner.comment = text
        item = self._one(self.partner)
        self.assertLess(len(item["diff"]["comment"][1]), 3000)
        self.assertIn("sha256", item["diff"]["comment"][1])
        self._mark()
        self.partner.comment = text[:-1] + "短"
        old, new = self._one(self.partner)["diff"]["comment"]
        self.assertNotEqual(old, new)

    def test_ten_thousand_rows_of_one_statement(self):
        self._rule("res.partner.category")
        self._mark()
        cr = self.env.cr
        with self.assertQueryCount(2):
            cr.execute(
                "INSERT INTO res_partner_category (name, active, color)"
                " SELECT jsonb_build_object('en_US', 'T' || i), true, 0"
                " FROM generate_series(1, 10000) AS i RETURNING id"
            )
            ids = [row for (row,) in cr.fetchall()]
            cr.execute(
                "UPDATE res_partner_category SET color = id WHERE id = ANY(%s)", [ids]
            )
        found = self._records("res.partner.category", set(ids))
        for op in "cw":
            mine = [item["res_id"] for item in found if item["op"] == op]
            self.assertEqual(sorted(mine), sorted(ids))
        for item in found:
            if item["op"] == "w":
                self.assertEqual(item["diff"], {"color": [0, item["res_id"]]})

    def test_shadowed_names(self):
        """Functions and tables of somebody's own do not come before ours."""
        self.env.cr.execute(
            "CREATE TEMP TABLE erp_audit_log (LIKE public.erp_audit_log)"
        )
        self.env.cr.execute("CREATE TEMP TABLE res_partner_shadow (id int)")
        self._mark_public()
        self.partner.ref = "shadow"
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT diff FROM public.erp_audit_log WHERE id > %s AND res_id = %s",
            [self.last, self.partner.id],
        )
        self.assertEqual(self.env.cr.fetchall(), [({"ref": [None, "shadow"]},)])

    def _mark_public(self):
        self.env.flush_all()
        self.env.cr.execute("SELECT coalesce(max(id), 0) FROM public.erp_audit_log")
        self.last = self.env.cr.fetchone()[0]

    def test_links_by_someone_else_after_a_write(self):
        """Links say who made them, also when another user wrote just before."""
        bert = new_test_user(self.env, "bert", "base.group_partner_manager")
        tag = self.env["res.partner.category"].create({"name": "Tag"})
        self.env.flush_all()
        self._mark()
        self.partner.with_user(self.anna).write({"ref": "1"})
        self.partner.with_user(bert).write({"category_id": [Command.link(tag.id)]})
        self.partner.with_user(self.anna).write({"ref": "2"})
        found = self._records("res.partner", self.partner.ids)
        self.assertEqual([i["uid"] for i in found if i["op"] == "l"], [bert.id])
        writes = [i["uid"] for i in found if i["op"] == "w"]
        self.assertLessEqual(set(writes), {self.anna.id, bert.id})
