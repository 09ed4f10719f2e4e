from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models import res_users_apikeys
from ..ratelimit import RateLimit
from .common import AuditCase


@tagged("post_install", "-at_install")
class TestEvents(AuditCase):
    def test_login(self):
        """A login is recorded with the person, and without the password."""
        self.env["res.users"]._login(
            {"login": "anna", "password": "annaxxxx", "type": "password"},
            {"interactive": True},
        )
        (event,) = self._records("res.users", event="login")
        self.assertEqual(event["res_id"], self.anna.id)
        self.assertEqual(event["real_uid"], self.anna.id)
        self.assertEqual(event["login"], "anna")
        self.assertEqual(event["diff"], {"type": "password", "mfa": "default"})

    def test_rights_in_words(self):
        """Given on the user or on the group: what it brings in effect is named."""
        group = self.env.ref("base.group_system")
        self.anna.write({"group_ids": [(4, group.id)]})
        (event,) = self._records("res.users", event="rights")
        refs = {item["ref"] for item in event["diff"]["gained"]}
        self.assertLessEqual({"base.group_system", "base.group_erp_manager"}, refs)
        self.assertFalse(event["diff"]["lost"])
        self._mark()
        group.write({"user_ids": [(3, self.anna.id)]})
        (event,) = self._records("res.users", event="rights")
        self.assertIn("base.group_system", {i["ref"] for i in event["diff"]["lost"]})
        self._mark()
        group.write({"user_ids": [(4, self.anna.id)]})
        (event,) = self._records("res.users", event="rights")
        gained = {i["ref"] for i in event["diff"]["gained"]}
        self.assertIn("base.group_system", gained)
        self.assertNotIn("base.group_user", gained)

    def test_rights_of_a_group(self):
        """A group that brings another along changes the rights of all its members."""
        group = self.env["res.groups"].create({"name": "G"})
        group.user_ids = self.anna
        self._mark()
        group.implied_ids = self.env.ref("base.group_system")
        (event,) = self._records("res.groups", event="rights")
        self.assertEqual(
            [item["ref"] for item in event["diff"]["gained"]], ["base.group_system"]
        )
        (event,) = self._records("res.users", event="rights")
        self.assertEqual(event["res_id"], self.anna.id)

    def test_links_of_rights_by_sql(self):
        """A group given past the ORM is recorded as well."""
        self.env.cr.execute(
            "INSERT INTO res_groups_users_rel (gid, uid) VALUES (%s, %s)",
            [self.env.ref("base.group_system").id, self.anna.id],
        )
        (record,) = self._records(None)
        self.assertEqual(record["op"], "l")
        self.assertEqual(
            {record["model"], record["diff"] and "x"}, {record["model"], "x"}
        )
        self.assertEqual(
            {record["res_id"], record["other_id"]},
            {self.env.ref("base.group_system").id, self.anna.id},
        )

    def test_second_factor(self):
        """Switched on and off, never the secret."""
        self.anna.sudo().write({"totp_secret": "JBSWY3DPEHPK3PXP"})
        (event,) = self._records("res.users", event="second_factor")
        self.assertEqual(event["diff"], {"kind": "totp", "on": True})
        self.env.cr.execute(
            "SELECT count(*) FROM erp_audit_log WHERE diff::text LIKE '%JBSWY%'"
        )
        self.assertEqual(self.env.cr.fetchone()[0], 0)

    def test_api_keys(self):
        """Made and removed: recorded by the table, the key itself never."""
        keys = self.env["res.users.apikeys"].with_user(self.anna).sudo()
        key = keys._generate("rpc", "Robot", None)
        (record,) = self._records("res.users.apikeys")
        self.assertEqual(record["op"], "c")
        self.assertEqual(record["diff"]["name"], "Robot")
        self.assertEqual(record["diff"]["key"], "•••")
        self.assertEqual(record["diff"]["index"], "•••")
        self._mark()
        keys.search([("name", "=", "Robot")])._remove()
        (record,) = self._records("res.users.apikeys")
        self.assertEqual(record["op"], "d")
        self.assertNotIn(key, str(record))

    def test_governance_is_recorded_without_rules(self):
        """Access lists, rules, parameters, jobs and actions."""
        access = self.env["ir.model.access"].search([], limit=1)
        rule = self.env["ir.rule"].search([], limit=1)
        action = self.env["ir.actions.server"].search([], limit=1)
        access.perm_unlink = not access.perm_unlink
        rule.domain_force = "[(1, '=', 1)]"
        action.name = "Other"
        self.env["ir.config_parameter"].set_param("web.base.url", "http://evil")
        for records in (access, rule, action):
            with self.subTest(records._name):
                self.assertTrue(self._records(records._name, records.ids))
        (record,) = self._records("ir.config_parameter")
        self.assertEqual(record["diff"]["value"][1], "http://evil")

    def test_secret_parameters(self):
        """The value of a parameter is a secret if its key says so."""
        parameters = self.env["ir.config_parameter"]
        parameters.set_param("iap.api_key", "S3cret!")
        parameters.set_param("database.secret", "S3cret!2")
        self.env.flush_all()
        parameters.set_param("iap.api_key", "S3cret!3")
        records = self._records("ir.config_parameter")
        self.assertEqual([record["op"] for record in records], ["c", "w", "w"])
        self.assertNotIn("S3cret!", str(records))

    def test_export(self):
        """Which records and fields were taken out."""
        self.anna.group_ids |= self.env.ref("base.group_allow_export")
        partners = self.env["res.partner"].with_user(self.anna).search([], limit=3)
        partners.export_data(["name", "country_id/name"])
        (event,) = self._records("res.partner", event="export")
        self.assertEqual(event["diff"]["count"], 3)
        self.assertEqual(event["diff"]["ids"], partners.ids)
        self.assertEqual(event["diff"]["fields"], ["name", "country_id/name"])
        self.assertEqual(event["real_uid"], self.anna.id)

    def test_reads_of_sensitive_documents(self):
        """Reading, searching and summing up are recorded once, with the numbers."""
        self._rule("res.partner.category", log_reads=True)
        tags = self.env["res.partner.category"]
        tag = tags.create({"name": "Secret"})
        self._mark()
        tags.with_user(self.anna).search_read([("id", "=", tag.id)], ["name"])
        (event,) = self._records("res.partner.category", event="read")
        self.assertEqual(event["diff"], {"count": 1, "ids": [tag.id]})
        self.assertEqual(event["real_uid"], self.anna.id)
        self._mark()
        tags.invalidate_model()
        tag.sudo().read(["name"])
        self.assertFalse(self._records("res.partner.category", event="read"))
        self.env.cr.precommit.clear()  # another transaction
        tags.with_user(self.anna).formatted_read_group([], ["color"], ["__count"])
        self.assertTrue(self._records("res.partner.category", event="read"))

    def test_reads_of_other_documents_cost_nothing(self):
        """No query, no record."""
        partners = self.env["res.partner"].with_user(self.anna)
        partners.search([], limit=1)
        partners.invalidate_model()
        with self.assertQueryCount(1):
            partners.search_fetch([], ["name"], limit=1)
        self.assertFalse(self._records("res.partner", event="read"))

    def test_printing(self):
        """Printing of chosen documents is recorded, of others not."""
        self._rule("res.partner", log_files=False)
        reports = self.env["ir.actions.report"]
        report = reports.create(
            {
                "name": "R",
                "model": "res.partner",
                "report_name": "web.external_layout",
                "report_type": "qweb-html",
            }
        )
        reports._note_printing(report, self.anna.partner_id.ids, "html")
        self.assertFalse(self._records("res.partner", event="print"))
        self._rule("res.partner", log_files=True)
        reports._note_printing(report, self.anna.partner_id.ids, "html")
        (event,) = self._records("res.partner", event="print")
        self.assertEqual(event["res_id"], self.anna.partner_id.id)

    def test_reading_the_trail_is_recorded(self):
        """Auditors are on record as well."""
        records = self.env["erp.audit.record"].with_user(self.auditor)
        records.search_read([], ["diff"], limit=2)
        (event,) = self._records("erp.audit.record", event="read")
        self.assertEqual(event["real_uid"], self.auditor.id)

    def _refused_fields(self, field):
        """Return the fields of contacts that Anna is refused when she reads one."""
        refused = []
        with (
            patch.object(
                type(self.env["erp.audit.event"]),
                "_denied",
                lambda *args, **detail: refused.append(detail["field"]),
            ),
            mute_logger("odoo.models"),
            self.assertRaises(AccessError),
        ):
            self.anna.partner_id.with_user(self.anna).read([field])
        return refused

    def test_refused_fields(self):
        """What Odoo refuses is recorded."""
        partners = self.env["res.partner"]
        self.assertTrue(partners._audit_asks_core_only)
        self.patch(partners._fields["ref"], "groups", "base.group_system")
        self.assertEqual(self._refused_fields("ref"), ["ref"])

    def test_fields_refused_by_another_addon(self):
        """An addon that refuses more, for all models, is asked as ever."""
        partners = self.env["res.partner"]
        self.addCleanup(partners._mark_field_checks)

        def refuse(model, field, operation):
            if field.name == "ref":
                raise AccessError(field.name)

        (other,) = [
            found
            for found in type(self.env["base"]).__mro__
            if found.__module__ == "odoo.addons.mail.models.models"
        ]
        self.patch(other, "_check_field_access", refuse)
        partners._mark_field_checks()
        self.assertEqual(self._refused_fields("ref"), ["ref"])

    def test_tried_passwords_hide_no_bad_keys(self):
        """Passwords are tried as keys first: they use up nothing of what is told."""
        recorded, alone = [], False
        self.patch(
            type(self.env["erp.audit.event"]),
            "_log_apart",
            lambda _self, event, *args, **who: recorded.append(event),
        )
        self.patch(res_users_apikeys, "FAILED", RateLimit(2, 60))
        keys = self.env["res.users.apikeys"]
        self.patch(type(keys), "_is_alone", lambda _self: alone)
        for _n in range(3):
            keys._check_credentials(scope="rpc", key="password" * 5)
        self.assertFalse(recorded)
        alone = True
        for _n in range(3):
            keys._check_credentials(scope="rpc", key="x" * 40)
        self.assertEqual(recorded, ["login_failed"] * 2)

    def test_events_have_no_public_face(self):
        """Nobody forges an event by calling a method."""
        events = self.env["erp.audit.event"]
        public = {
            name
            for name in dir(type(events))
            if not name.startswith("_")
            and callable(getattr(type(events), name))
            and not hasattr(self.env["res.country"], name)
        }
        self.assertFalse(public)

    def test_refusals_do_not_disturb(self):
        """Whoever is refused gets the same error as ever."""
        with self.assertRaises(AccessError):
            self.env["ir.config_parameter"].with_user(self.anna).search([])
        with self.assertRaises(AccessError):
            self.anna.with_user(self.anna).read(["totp_secret"])
