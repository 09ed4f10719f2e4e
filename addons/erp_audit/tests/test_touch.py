import json
from datetime import timedelta

from odoo import Command
from odoo.exceptions import AccessError, MissingError
from odoo.fields import Domain
from odoo.tests import tagged
from odoo.tools import SQL, mute_logger

from .. import history_index
from ..models import erp_audit_touch
from .common_reading import ReadingCase


@tagged("post_install", "-at_install")
class TestTouch(ReadingCase):
    """Who touched this document, and all that belongs to it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contact = cls.env["res.partner"].create(
            {"name": "Contact of Azure", "parent_id": cls.partner.id}
        )
        cls.other = cls.env["res.partner"].create({"name": "Other"})
        cls.env.flush_all()
        with cls._tampering(cls) as cr:
            cr.execute("DELETE FROM erp_audit_log")

    def _page(self, user, days=0, record=None):
        pages = self.env["erp.audit.touch"].with_user(user)
        page = pages.get_page("res.partner", (record or self.partner).id, days)
        # as the browser gets it
        return json.loads(json.dumps(page))

    def _people(self, page):
        return {person["name"]: person for person in page["people"]}

    def test_page(self):
        self._done(self.anna, ago=3)
        self._done(self.anna, ago=2, res_id=self.contact.id)
        self._done(self.anna, {"name": "A"}, ago=4, op="c")
        self._done(self.bob, {}, ago=1, op="e", event="print")
        self._done(self.dora, res_id=self.other.id)
        page = self._page(self.auditor)
        self.assertEqual(page["name"], "Azure")
        self.assertEqual([p["name"] for p in page["people"]], ["Bob", "Anna"])
        (line,) = self._people(page)["Anna"]["lines"]
        self.assertEqual(line["label"], "Contact")
        self.assertEqual(line["documents"], 2)
        self.assertEqual(line["count"], 3)
        kinds = {kind["name"]: kind["count"] for kind in line["kinds"]}
        self.assertEqual(kinds, {"Changed": 2, "Created": 1})
        (line,) = self._people(page)["Bob"]["lines"]
        self.assertEqual(line["kinds"], [{"name": "Printed", "count": 1}])

    def test_period(self):
        self._done(self.anna, ago=24 * 40)
        self.assertFalse(self._page(self.auditor, 30)["people"])
        self.assertTrue(self._page(self.auditor, 90)["people"])

    def test_what_points_to_it(self):
        """A user is somebody's contact: what happens to him is told with it."""
        partner = self.dora.partner_id
        source = self.env["erp.audit.source"]._number("res.users")
        self._done(self.bob, source=source, res_id=self.dora.id)
        page = self._page(self.auditor, record=partner)
        (line,) = self._people(page)["Bob"]["lines"]
        self.assertEqual(line["model"], "res.users")

    def test_nothing_that_rules_hide(self):
        for user in (self.anna, self.bob, self.dora, self.sam):
            self._done(user)
        seen = {
            self.auditor: {"Anna", "Bob", "Dora", "Sam"},
            self.carl: {"Anna", "Bob"},
            self.bob: {"Anna", "Bob"},
            self.anna: {"Anna"},
            self.dora: {"Dora"},
        }
        for user, names in seen.items():
            self.assertEqual(set(self._people(self._page(user))), names, user.login)

    @mute_logger("odoo.addons.base.models.ir_rule")
    def test_documents_one_may_not_read(self):
        self._done(self.anna)
        self._done(self.anna, res_id=self.contact.id)
        self.env["ir.rule"].create(
            {
                "name": "Not for Bob",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "domain_force": f"[('id', 'not in', [{self.contact.id}])]",
                "groups": [Command.link(self.bob.group_ids[0].id)],
            }
        )
        rules = self.env["ir.rule"].search([("name", "=", "Not for Bob")])
        rules.groups = self.env["res.groups"].create(
            {"name": "Only Bob", "user_ids": [Command.link(self.bob.id)]}
        )
        self.assertEqual(self._page(self.auditor)["people"][0]["count"], 2)
        self.assertEqual(self._page(self.bob)["people"][0]["count"], 1)
        with self.assertRaises(AccessError):
            self._page(self.bob, record=self.contact)

    def test_lines_lead_to_what_they_count(self):
        self._done(self.anna)
        self._done(self.anna, res_id=self.contact.id)
        self._done(self.bob)
        pages = self.env["erp.audit.touch"].with_user(self.auditor)
        page = self._page(self.auditor)
        for person in page["people"]:
            for line in person["lines"]:
                action = pages.action_records(
                    "res.partner",
                    self.partner.id,
                    0,
                    line["model"],
                    person["login"],
                    person["user_id"],
                )
                records = self.env["erp.audit.record"].with_user(self.auditor)
                self.assertEqual(
                    records.search_count(action["domain"]), line["count"], person
                )
        with self.assertRaises(MissingError):
            pages.action_records("res.partner", self.partner.id, 0, "x.y", "anna")
        self.assertFalse(self.env["erp.audit.source"].search([("name", "=", "x.y")]))

    def test_deleted_person(self):
        self._done(self.anna, real_uid=987654, login="zoe")
        page = self._page(self.auditor)
        self.assertEqual(set(self._people(page)), {"zoe"})
        pages = self.env["erp.audit.touch"].with_user(self.auditor)
        action = pages.action_records(
            "res.partner", self.partner.id, 0, "res.partner", "zoe", False
        )
        records = self.env["erp.audit.record"].with_user(self.auditor)
        self.assertEqual(records.search_count(action["domain"]), 1)

    def test_only_the_newest(self):
        self.patch(erp_audit_touch, "DOCUMENTS", 1)
        people = [self.anna, self.bob]
        for user in people:
            user.partner_id = self.partner
        page = self._page(self.auditor)
        cut = {kind["label"]: kind["cut"] for kind in page["kinds"]}
        self.assertTrue(cut["User"])

    def test_no_document(self):
        for model, number in (("x.y", 1), ("erp.audit.record", 1)):
            with self.assertRaises(MissingError):
                self.env["erp.audit.touch"].get_page(model, number)
        gone = self.other.id
        self.other.unlink()
        with self.assertRaises(MissingError):
            self.env["erp.audit.touch"].get_page("res.partner", gone)

    def test_large_trail(self):
        """Documents are found by an index, however long the trail is."""
        records = type(self.env["erp.audit.record"])
        self.patch(records, "_is_large", lambda self: True)
        self._done(self.anna, ts=str(self.now - timedelta(days=300)))
        self.assertEqual(set(self._people(self._page(self.auditor))), {"Anna"})

    def test_queries(self):
        def count():
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self._page(self.auditor)
            return self.cr.sql_log_count - before

        self._done(self.anna)
        count()
        one = count()
        for number in range(100):
            partner = self.env["res.partner"].create(
                {"name": f"P{number}", "parent_id": self.partner.id}
            )
            self._done(self.anna, tx=602 + number, res_id=partner.id)
        self.assertLessEqual(count(), one + 1)

    def test_deleted_documents_are_found_by_an_index(self):
        """Of all deletions, the index gives those that pointed at the document."""
        source = self.env["erp.audit.source"]._number("res.users")
        self.cr.execute(
            """INSERT INTO erp_audit_log (op, source, res_id, real_uid, uid, company,
                                          diff)
               SELECT 'd', %s, 1000000 + n, %s, 1, %s,
                      jsonb_build_object('partner_id', 1000000 + n / 2, 'name', 'x')
                 FROM generate_series(1, 5000) n;
               ANALYZE erp_audit_log""",
            [source, self.anna.id, self.company.id],
        )
        domain = Domain("source_id", "=", source) & Domain("op", "=", "d")
        domain &= history_index.pointing(["partner_id", "x"], [1000100, 7])
        records = self.env["erp.audit.record"].with_user(self.auditor)
        query = records._search(domain, order="id desc", limit=10)
        rows = self.env.execute_query(SQL("EXPLAIN %s", query.select()))
        plan = "\n".join(line for (line,) in rows)
        self.assertRegex(plan, "Bitmap Index Scan on erp_audit_log_.*diff_idx")
        self.assertEqual(len(records.browse(query.get_result_ids())), 2)
