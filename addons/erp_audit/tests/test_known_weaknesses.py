"""The twelve weaknesses of OCA's auditlog, none of which may exist here."""

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from .. import context
from .common import NO_TRACKING, AuditCase


class TestKnownWeaknesses(AuditCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._rule("res.partner")
        cls._rule("res.users")
        cls.partner = cls.env["res.partner"].create({"name": "P"})

    def test_01_sessions_cannot_be_hijacked(self):
        """What is kept of a session is a digest of it, of which nothing comes back."""
        sid = "x" * 84
        self.assertNotIn(context.session_hash(sid), sid)
        self.assertEqual(len(context.session_hash(sid)), 16)

    def test_02_no_passwords_or_seeds_in_plain_text(self):
        """Neither the password nor its hash nor the seed of the second factor."""
        self.anna._change_password("S3cret!pass")
        self.anna.totp_secret = "JBSWY3DPEHPK3PXP"
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT diff FROM erp_audit_log WHERE diff::text ~ 'S3cret|pbkdf2|JBSWY'"
        )
        self.assertFalse(self.env.cr.fetchall())
        masked = {}
        for record in self._records("res.users", self.anna.ids):
            masked.update(record["diff"])
        self.assertEqual(masked["password"][1], "•••")
        self.assertEqual(masked["totp_secret"][1], "•••")

    def test_03_clearing_and_archiving_are_recorded(self):
        """False, 0 and empty are values."""
        self.partner.write({"color": 5, "city": "Rome"})
        self.env.flush_all()
        self._mark()
        self.partner.write({"active": False, "color": 0, "city": False})
        self.assertEqual(
            self._one(self.partner)["diff"],
            {"active": [True, False], "color": [5, 0], "city": ["Rome", None]},
        )

    def test_04_the_second_write_of_a_line_is_not_lost(self):
        """Two writes within one call, two records."""
        child = self.env["res.partner"].create(
            {"name": "C", "parent_id": self.partner.id}
        )
        self.env.flush_all()
        self._mark()
        self.partner.write(
            {
                "name": "Q",
                "child_ids": [Command.update(child.id, {"function": "A"})],
            }
        )
        self.env.flush_all()
        self.partner.write({"child_ids": [Command.update(child.id, {"function": "B"})]})
        functions = [
            item["diff"]["function"]
            for item in self._records("res.partner", child.ids)
            if "function" in item["diff"]
        ]
        self.assertEqual(functions, [[None, "A"], ["A", "B"]])

    def test_05_nobody_rewrites_or_wipes_the_trail(self):
        """Not administrators, not the superuser, not SQL."""
        self.partner.city = "Rome"
        self.env.flush_all()
        boss = new_test_user(self.env, "boss", "base.group_system")
        number = self._records("res.partner", self.partner.ids)[0]["id"]
        record = self.env["erp.audit.record"].with_user(boss).browse(number)
        with self.assertRaises(AccessError):
            record.unlink()
        with self.assertRaises(AccessError):
            record.write({"login": "x"})
        for query in (
            "DELETE FROM erp_audit_log",
            "UPDATE erp_audit_log SET login = 'x'",
            "TRUNCATE erp_audit_log",
        ):
            with (
                self.subTest(query),
                mute_logger("odoo.sql_db"),
                self.assertRaisesRegex(Exception, "append-only"),
                self.env.cr.savepoint(),
            ):
                self.env.cr.execute(query)

    def test_06_reads_are_recorded_whatever_the_client_says(self):
        """Also by search_read, with any context."""
        self._rule("res.partner.category", log_reads=True)
        tags = self.env["res.partner.category"].create({"name": "T"})
        tags.with_user(self.anna).with_context(
            auditlog_disabled_read=True, erp_audit=False
        ).search_read([], ["name"])
        self.assertEqual(len(self._records(tags._name, event="read")), 1)

    def test_07_no_query_for_each_record(self):
        """Eighty records cost as many queries as one."""
        partners = self.env["res.partner"].create([{"name": "N"} for _n in range(80)])
        self.env.flush_all()
        counts = []
        for records in (partners[:1], partners):
            self.env.cr.precommit.clear()
            start = self.env.cr.sql_log_count
            records.with_context(**NO_TRACKING).write({"function": str(len(records))})
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - start)
        self.assertEqual(counts[0], counts[1])

    def test_08_computed_fields_are_recorded_as_they_end_up(self):
        """The trail of a new record adds up to what the record holds."""
        partner = self.env["res.partner"].create(
            {"name": "New", "parent_id": self.partner.id, "email": "N@Example.com"}
        )
        values = {}
        for record in self._records("res.partner", partner.ids):
            for name, value in record["diff"].items():
                values[name] = value if record["op"] == "c" else value[1]
        self.assertEqual(values["complete_name"], partner.complete_name)
        self.assertEqual(values["email_normalized"], "n@example.com")
        self.assertEqual(values["commercial_partner_id"], self.partner.id)

    def test_09_a_rule_on_a_mixin_breaks_no_heir(self):
        """It is refused, and the heirs go on."""
        rule = self.env["erp.audit.rule"].create(
            {"model_id": self.env["ir.model"]._get_id("mail.thread")}
        )
        with self.assertRaises(UserError):
            rule.action_confirm()
        self.partner.message_post(body="Hello")
        self.partner.city = "Rome"
        self.assertEqual(self._one(self.partner)["diff"]["city"], [None, "Rome"])

    def test_10_edits_of_rules_take_effect(self):
        """The next write already knows."""
        rule = self._rule("res.partner")
        rule.excluded_field_ids = self.env["ir.model.fields"]._get(
            "res.partner", "city"
        )
        self._mark()
        self.partner.city = "Rome"
        self.assertFalse(self._records("res.partner", self.partner.ids))

    def test_11_values_do_not_leak_across_rights(self):
        """Who manages rights does not read what others did by that."""
        self.partner.with_user(self.anna).city = "Rome"
        self.env.flush_all()
        boss = new_test_user(self.env, "boss", "base.group_erp_manager")
        seen = self.env["erp.audit.record"].with_user(boss).search([])
        self.assertFalse(seen.filtered(lambda r: r.user_id != boss))
        outsider = new_test_user(self.env, "outsider", "base.group_portal")
        with self.assertRaises(AccessError):
            self.env["erp.audit.record"].with_user(outsider).search([])

    def test_12_fast_lists_and_a_lasting_actor(self):
        """The usual searches use an index; who was deleted is still named."""
        bruno = self.anna.copy({"login": "bruno", "name": "Bruno"})
        self.partner.with_user(bruno).city = "Rome"
        self.env.flush_all()
        bruno.unlink()
        self.assertEqual(self._one(self.partner)["login"], "bruno")
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        self.env.cr.execute(
            "EXPLAIN SELECT id FROM erp_audit_log ORDER BY id DESC LIMIT 80"
        )
        plan = str(self.env.cr.fetchall())
        self.assertIn("Index", plan)
        self.assertNotIn("Seq Scan", plan)
