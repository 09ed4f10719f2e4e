from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common_reading import ReadingCase


@tagged("post_install", "-at_install")
class TestVisibility(ReadingCase):
    """Who sees which records of the trail."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.by = {
            user: cls._done(user)
            for user in (cls.anna, cls.bob, cls.carl, cls.dora, cls.sam, cls.auditor)
        }
        cls.unknown = cls._done(cls.anna, real_uid=None, login=None, company=None)

    def test_everybody_sees_his_own(self):
        for user in (self.anna, self.dora, self.sam):
            self.assertEqual(self._seen(user), {self.by[user]}, user.login)

    def test_managers_see_all_below_them(self):
        mine = {self.by[user] for user in (self.anna, self.bob)}
        self.assertEqual(self._seen(self.bob), mine)
        self.assertEqual(self._seen(self.carl), mine | {self.by[self.carl]})

    def test_the_team_follows_its_manager_at_once(self):
        self._seen(self.bob)
        self.anna.approval_manager_id = self.carl
        self.assertEqual(self._seen(self.bob), {self.by[self.bob]})
        self.assertIn(self.by[self.anna], self._seen(self.carl))

    def test_people_who_left_stay_in_the_team(self):
        self.anna.active = False
        self.assertIn(self.by[self.anna], self._seen(self.bob))

    def test_who_leads_without_the_tier_sees_no_team(self):
        self.bob.group_ids = [
            Command.unlink(self.env.ref("erp_audit.group_tier_management").id)
        ]
        self.assertEqual(self._seen(self.bob), {self.by[self.bob]})

    def test_auditors_see_all(self):
        self.assertEqual(self._seen(self.auditor), {*self.by.values(), self.unknown})

    def test_readers_of_a_rule_see_its_documents(self):
        group = self.env["res.groups"].create({"name": "Readers of partners"})
        other = self._done(self.bob, source=self.source + 100000)
        self.assertNotIn(self.by[self.bob], self._seen(self.anna))
        self.rule.reader_group_ids = group
        self.anna.group_ids = [Command.link(group.id)]
        seen = self._seen(self.anna)
        self.assertEqual(seen, set(self.by.values()))
        self.assertNotIn(other, seen)
        self.rule.reader_group_ids = False
        self.assertEqual(self._seen(self.anna), {self.by[self.anna]})

    def test_companies(self):
        company = self._other_company()
        there = self._done(self.anna, company=company.id)
        for user in (self.anna, self.bob, self.auditor):
            self.assertNotIn(there, self._seen(user), user.login)
            user.company_ids = [Command.link(company.id)]
            # also where he has not chosen it among his companies just now
            self.assertIn(there, self._seen(user), user.login)

    @mute_logger("odoo.addons.base.models.ir_rule")
    def test_reading_one_that_is_not_his(self):
        other = self.env["erp.audit.record"].browse(self.by[self.bob])
        for user in (self.anna, self.sam, self.dora):
            mine = other.with_user(user)
            for call in (
                lambda r: r.read(["login"]),
                lambda r: r.web_read({"summary": {}}),
                lambda r: r.action_proof(),
                lambda r: r.action_open_document(),
                lambda r: r.action_touch(),
            ):
                with self.assertRaises(AccessError):
                    call(mine)
        with self.assertRaises(AccessError):
            other.with_user(self.anna).export_data(["login"])

    def test_figures_of_others(self):
        records = self.env["erp.audit.record"]
        domain = [("op", "=", "w")]
        for user in (self.anna, self.sam, self.dora):
            groups = records.with_user(user)._read_group(domain, [], ["__count"])
            self.assertEqual(groups, [(1,)], user.login)
            groups = records.with_user(user).formatted_read_group(
                domain, ["login"], ["__count"]
            )
            self.assertEqual([group["login"] for group in groups], [user.login])
            self.assertEqual(records.with_user(user).search_count(domain), 1)

    @mute_logger("odoo.models")
    def test_raw_values_are_for_auditors(self):
        for user in (self.anna, self.bob, self.sam, self.dora):
            records = self.env["erp.audit.record"].with_user(user)
            own = records.browse(self.by[user])
            self.assertNotIn("diff", records.fields_get())
            for call in (
                lambda own: own.read(["diff"]),
                lambda own: own.read(["raw"]),
                lambda own: own.diff,
                lambda own: own.raw,
                lambda own: own.read(["session"]),
                lambda own: own.export_data(["diff"]),
                lambda own: own.search([("diff", "ilike", "B")]),
                lambda own: own.search([("changed_value", "ilike", "B")]),
                lambda own: own.search([], order="diff"),
                lambda own: own.search_fetch([], ["diff"]),
                lambda own: own._read_group([], ["diff"]),
                lambda own: own._read_group([], [], ["diff:array_agg"]),
            ):
                self.assertRefused(call, own)
        record = self.env["erp.audit.record"].with_user(self.auditor)
        record = record.browse(self.by[self.anna])
        self.assertEqual(record.diff, {"name": ["A", "B"]})

    def assertRefused(self, call, own):
        try:
            with self.env.cr.savepoint():
                found = call(own)
        except (AccessError, UserError, ValueError):
            return
        code = call.__code__
        self.fail(f"{own.env.user.login} got {found}, line {code.co_firstlineno}")

    def test_fields_of_others_are_not_told(self):
        """What only other groups see in a document, they see in its trail only."""
        secret = {"name": ["A", "B"], "barcode": ["old-4711", "new-4711"]}
        row = self._done(self.anna, secret)
        field = self.env["res.partner"]._fields["barcode"]
        self.patch(field, "groups", "base.group_system")
        record = self.env["erp.audit.record"].browse(row)
        for user in (self.anna, self.bob):
            mine = record.with_user(user)
            self.assertIn("A → B", mine.summary)
            self.assertNotIn("new-4711", f"{mine.summary}{mine.change_table}")
            self.assertIn("1 more", mine.change_table)
            found = mine.search([("changed_field", "=", "barcode")])
            self.assertFalse(found)
            self.assertIn(mine, mine.search([("changed_field", "=", "name")]))
            with mute_logger("odoo.models"), self.assertRaises(AccessError):
                mine.action_proof()
        auditor = record.with_user(self.auditor)
        self.assertIn("old-4711", auditor.change_table)
        self.assertEqual(auditor.search([("changed_field", "=", "barcode")]), auditor)
        found = auditor.search([("changed_value", "ilike", "w-4711")])
        self.assertEqual(found, auditor)

    def test_documents_of_others_are_not_named(self):
        """A manager sees that his people did something, not in what he may not read."""
        self.env["ir.rule"].create(
            {
                "name": "Not for Bob",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "domain_force": f"[('id', '!=', {self.partner.id})]"
                f" if user.id == {self.bob.id} else []",
            }
        )
        record = self.env["erp.audit.record"].browse(self.by[self.anna])
        mine = record.with_user(self.bob)
        self.assertEqual(mine.document, f"Contact {self.partner.id}")
        self.assertFalse(mine.can_open)
        self.assertNotIn("B", mine.summary.replace("Contact", ""))
        self.assertIn("Azure", record.with_user(self.auditor).document)

    def test_nobody_writes(self):
        for user in (self.anna, self.sam, self.auditor):
            record = self.env["erp.audit.record"].with_user(user)
            record = record.browse(self.by[user])
            rollups = self.env["erp.audit.rollup"].with_user(user)
            for method, values in (
                (record.write, [{"login": "x"}]),
                (record.unlink, []),
                (record.create, [{"login": "x"}]),
                (rollups.create, [{"count": 1}]),
            ):
                with mute_logger("odoo.addons.base.models.ir_model"):
                    with self.assertRaises(AccessError):
                        method(*values)


@tagged("post_install", "-at_install")
class TestReadingIsRecorded(ReadingCase):
    """Reading the trail is in the trail."""

    def _readings(self, user):
        self.cr.execute(
            "SELECT diff FROM erp_audit_log WHERE event = 'read' AND real_uid = %s",
            [user.id],
        )
        return [diff for (diff,) in self.cr.fetchall()]

    def test_one_event(self):
        for _number in range(3):
            self._done(self.anna)
        records = self.env["erp.audit.record"].with_user(self.auditor)
        records.web_search_read(
            [("login", "=", "anna")], {"summary": {}, "person": {}}, limit=80
        )
        records.search([]).mapped("summary")
        self.assertEqual(len(self._readings(self.auditor)), 1)
        self.assertEqual(
            self._readings(self.auditor)[0]["filter"], [["login", "=", "anna"]]
        )

    def test_exports_are_recorded(self):
        row = self._done(self.anna)
        record = self.env["erp.audit.record"].with_user(self.auditor).browse(row)
        record.export_data(["login"])
        self.cr.execute("SELECT diff FROM erp_audit_log WHERE event = 'export'")
        self.assertEqual(self.cr.fetchone()[0]["ids"], [row])
