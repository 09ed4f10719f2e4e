import json

from lxml import etree

from odoo.exceptions import UserError
from odoo.tests import HttpCase, tagged
from odoo.tools import SQL

from ..sqltext import MASK
from .common_reading import ReadingCase

# as many records as make a search by an index worth it
MANY = 20_000


@tagged("post_install", "-at_install")
class TestReadingScreens(ReadingCase):
    """What the screens of the trail ask for, and what that costs."""

    def _list(self, user, *domain):
        """Return what the list of operations shows, found by a domain."""
        fields = {
            name: {} for name in ("date", "person", "kind", "summary", "action_name")
        }
        records = self.env["erp.audit.record"].with_user(user)
        return records.web_search_read([*domain], fields, limit=80)["records"]

    def _found(self, *domain, user=None):
        """Return the numbers of what is found, without what was read."""
        found = self._list(user or self.auditor, ("op", "!=", "e"), *domain)
        return {record["id"] for record in found}

    def _large(self):
        records = type(self.env["erp.audit.record"])
        self.patch(records, "_is_large", lambda self: True)

    def test_facets(self):
        """One record is found by each of the words that it has."""
        mine = self._done(
            self.anna,
            {"city": ["Rome", "Oslo"]},
            ip="10.1.2.3",
            action="res.partner.action_archive",
            tx=777,
        )
        self._done(self.bob, {"name": ["A", "B"]}, ip="10.9.9.9", res_id=self.bob.id)
        for condition in (
            ("document", "ilike", "Azure"),
            ("document", "ilike", str(self.partner.id)),
            ("person", "ilike", "Anna"),
            ("person", "ilike", "anna"),
            ("source_id", "ilike", "Contact"),
            ("changed_field", "ilike", "City"),
            ("changed_value", "ilike", "oslo"),
            ("changed_value", "ilike", "Rome"),
            ("action_name", "ilike", "Archive"),
            ("ip", "=like", "10.1.%"),
            ("operation", "=", "777"),
        ):
            with self.subTest(condition=condition):
                found = self._found(condition)
                self.assertIn(mine, found)
                if condition[0] != "source_id":
                    self.assertEqual(found, {mine})

    def test_every_filter_and_group_of_the_search(self):
        self._done(self.anna)
        view = self.env.ref("erp_audit.erp_audit_record_view_search")
        arch = etree.fromstring(view.arch)
        records = self.env["erp.audit.record"].with_user(self.auditor)
        for item in arch.iter("filter"):
            with self.subTest(filter=item.get("name")):
                if item.get("domain"):
                    domain = item.get("domain").replace("uid", str(self.auditor.id))
                    records.search(json.loads(self._json(domain)))
                if item.get("context"):
                    group = json.loads(item.get("context").replace("'", '"'))
                    name = group["group_by"]
                    groups = records.formatted_read_group([], [name], ["__count"])
                    self.assertTrue(groups)

    @staticmethod
    def _json(domain):
        """Return the text of a simple domain as JSON."""
        for old, new in (("'", '"'), ("(", "["), (")", "]")):
            domain = domain.replace(old, new)
        return domain

    def test_forms_are_told_in_words(self):
        row = self._done(self.anna, {"city": ["Rome", "Oslo"]})
        record = self.env["erp.audit.record"].browse(row)
        for user in (self.anna, self.bob, self.auditor):
            mine = record.with_user(user)
            view = mine.get_view(view_type="form")
            arch = etree.fromstring(view["arch"])
            names = {field.get("name") for field in arch.iter("field")}
            names &= set(mine.fields_get())
            (values,) = mine.web_read({name: {} for name in names})
            self.assertIn("Oslo", values["change_table"])
            self.assertEqual("raw" in values, user == self.auditor, user.login)

    def test_addresses_are_told_in_words(self):
        for action, words in (
            ("/web/session/authenticate", "Log in or out"),
            ("/odoo/audit-operations", "Open a page"),
            ("/my/orders", "Customer portal"),
            ("/report/pdf/x", "Print"),
            ("/unknown", "/unknown"),
        ):
            record = self.env["erp.audit.record"].new({"action": action})
            self.assertEqual(record.action_name, words)

    def test_events_are_told_in_words(self):
        row = self._done(
            self.anna,
            {"type": "password", "device": "linux"},
            op="e",
            event="login_failed",
            source=self.env["erp.audit.source"]._number("res.partner"),
        )
        record = self.env["erp.audit.record"].with_user(self.auditor).browse(row)
        self.assertEqual(record.kind, "Login failed")
        self.assertIn("Way of logging in: password; Device: Linux", record.summary)

    def test_what_was_read_is_told_in_words(self):
        """How many, and what was looked for: no numbers, no names of fields."""
        row = self._done(
            self.auditor,
            {
                "count": 80,
                "ids": list(range(80)),
                "groups": True,
                "filter": [["date", ">=", "today -7d"], ["login", "=", "anna"]],
            },
            op="e",
            event="read",
            res_id=None,
            action="erp.audit.record.web_search_read",
            source=self.env["erp.audit.source"]._number("erp.audit.record"),
        )
        record = self.env["erp.audit.record"].with_user(self.auditor).browse(row)
        self.assertEqual(
            record.summary,
            "Read: Audit Record – Records: 80; "
            "Looked for: Time ≥ 7 days ago; Login = anna",
        )
        self.assertEqual(record.action_name, "Audit Record: Read")

    def test_rights_are_told_in_the_reader_s_language(self):
        group = self.env.ref("base.group_system")
        row = self._done(
            self.sam,
            {"gained": [{"id": group.id, "ref": "x", "name": "Old"}], "lost": []},
            op="e",
            event="rights",
            source=self.env["erp.audit.source"]._number("res.users"),
            res_id=self.anna.id,
        )
        record = self.env["erp.audit.record"].with_user(self.auditor).browse(row)
        self.assertIn(f"Gained: {group.display_name}", record.summary)

    def test_auditors_reach_the_history_of_what_they_may_not_open(self):
        """Not the document, but what happened to it is theirs to read."""
        row = self._done(self.anna)
        record = self.env["erp.audit.record"].with_user(self.auditor).browse(row)
        self.patch(
            type(self.env["res.partner"]),
            "_filtered_access",
            lambda self, operation: self.browse(),
        )
        self.patch(
            type(self.env["erp.audit.rule"]),
            "_recorded_names",
            lambda self: frozenset({"res.partner"}),
        )
        self.assertFalse(record.can_open)
        self.assertTrue(record.has_history)
        self.assertIn("Azure", record.document)
        action = record.action_history()
        self.assertEqual(
            action["params"],
            {"res_model": "res.partner", "res_id": self.partner.id},
        )
        shown = self.env["erp.audit.history"].with_user(self.auditor)
        found = shown.load_page(*action["params"].values())
        self.assertIn("Azure", found["name"])

    def test_evidence_of_alerts_shows_no_codes(self):
        arch = self.env.ref("erp_audit.erp_audit_alert_view_form").arch
        evidence = etree.fromstring(arch).find(".//field[@name='record_ids']")
        shown = {field.get("name") for field in evidence.iter("field")}
        self.assertLessEqual({"person", "kind", "summary"}, shown)
        self.assertFalse({"event", "action", "op"} & shown)

    def test_lists_tell_values_as_the_history_does(self):
        """Amounts, links and secrets read alike wherever a change is told."""
        dora = self.dora.partner_id
        row = self._done(
            self.anna,
            {
                "parent_id": [None, dora.id],
                "active": [True, False],
                "comment": [None, MASK],
            },
        )
        record = self.env["erp.audit.record"].with_user(self.auditor).browse(row)
        lines, _hidden = (
            self.env["erp.audit.words"].with_user(self.auditor)._changes(record)[row]
        )
        history = self.env["erp.audit.history"].with_user(self.auditor)
        (entry,) = history.load_page("res.partner", self.partner.id)["entries"]
        told = {
            value["label"]: (value["old"], value.get("note") or value["new"])
            for value in entry["groups"][0]["values"]
        }
        self.assertEqual({label: (old, new) for label, old, new in lines}, told)
        self.assertIn(dora.display_name, record.summary)
        self.assertNotIn(MASK, record.summary)

    def test_deleted_documents_keep_their_names(self):
        """Who may have seen it still reads what it was called."""
        row = self._done(self.anna, {"name": "Gone Ltd"}, op="d", res_id=2**30)
        records = self.env["erp.audit.record"]
        record = records.with_user(self.auditor).browse(row)
        self.assertEqual(record.document, "Contact Gone Ltd (deleted)")
        self.patch(
            type(self.env["erp.audit.rule"]),
            "_recorded_names",
            lambda self: frozenset({"res.partner"}),
        )
        self.assertFalse(record.can_open)

    def test_long_values_are_short_in_lists(self):
        row = self._done(self.anna, {"comment": ["<p>a</p>", "b" * 1000]})
        record = self.env["erp.audit.record"].with_user(self.auditor).browse(row)
        self.assertLess(len(record.summary), 150)

    def test_queries_of_the_list(self):
        def count(user):
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self._list(user)
            return self.cr.sql_log_count - before

        readers = (self.auditor, self.bob)
        self._done(self.anna)
        one = {user: count(user) and count(user) for user in readers}
        for number in range(100):
            partner = self.env["res.partner"].create({"name": f"P{number}"})
            self._done(self.anna, tx=602 + number, res_id=partner.id)
        for user in readers:
            with self.subTest(user=user.login):
                self.assertLessEqual(count(user), one[user] + 2)

    def test_summaries_tell_the_most_telling(self):
        """The name first, what the machine counts last, nothing of what is empty."""
        row = self._done(
            self.anna,
            {
                "sequence": 3,
                "active": True,
                "ref": "R1",
                "name": "Azure",
                "city": None,
                "street": "Main Street 1",
                "comment": "",
            },
            op="c",
        )
        record = self.env["erp.audit.record"].with_user(self.auditor).browse(row)
        self.assertTrue(
            record.summary.startswith("Created: Contact Azure – Name: Azure; "),
            record.summary,
        )
        self.assertTrue(record.summary.endswith("; 2 more"), record.summary)
        self.assertNotIn("City", str(record.change_table))

    # -- a large trail -----------------------------------------------------------------

    def test_searches_without_bounds_are_refused(self):
        self._large()
        self._done(self.anna)
        for condition in (
            ("changed_field", "ilike", "Name"),
            ("changed_value", "ilike", "A"),
            ("ip", "=like", "10.%"),
            ("action_name", "ilike", "Save"),
            ("login", "=", "anna"),
        ):
            with self.subTest(condition=condition):
                with self.assertRaisesRegex(UserError, "too large to look for this"):
                    self._list(self.auditor, condition)
                self._list(self.auditor, condition, ("date", ">=", "today -7d"))

    def test_groups_without_bounds_are_refused(self):
        self._large()
        self._done(self.anna)
        records = self.env["erp.audit.record"].with_user(self.auditor)
        for domain in ([], [("date", ">=", "2020-01-01")]):
            with self.assertRaisesRegex(UserError, "too large to be grouped"):
                records.web_read_group(domain, ["user_id"], ["__count"])
        week = [("date", ">=", "today -7d")]
        groups = records.web_read_group(week, ["user_id"], ["__count"])["groups"]
        self.assertTrue(groups)
        # the statistics know all of it
        self._seal()
        rollups = self.env["erp.audit.rollup"]
        rollups._count(self.cr)
        rollups = rollups.with_user(self.auditor)
        self.assertTrue(rollups.formatted_read_group([], ["user_id"], ["count:sum"]))

    def _fill(self):
        """Fill a month of the trail, one record in a thousand of them Anna's."""
        self.cr.execute(
            """INSERT INTO erp_audit_log
                   (ts, tx, op, source, res_id, real_uid, uid, login, company, diff)
               SELECT timestamp '2020-02-01' + n * interval '1 minute', 1000 + n / 5,
                      'w', %s, n, CASE WHEN n %% 1000 = 0 THEN %s ELSE %s END,
                      %s, 'x', %s, '{}'
                 FROM generate_series(1, %s) n;
               ANALYZE erp_audit_log""",
            [
                self.source,
                self.anna.id,
                self.bob.id,
                self.bob.id,
                self.company.id,
                MANY,
            ],
        )

    def _read_as_a_whole(self, user, domain, order=None):
        """Return the large parts of the trail of which a search reads everything."""
        records = self.env["erp.audit.record"].with_user(user)
        query = records._search(domain, order=order or records._order, limit=80)
        plan = SQL("EXPLAIN (FORMAT JSON) %s", query.select())
        rows = self.env.execute_query(plan)
        found, nodes = [], [rows[0][0][0]["Plan"]]
        while nodes:
            node = nodes.pop()
            nodes += node.get("Plans", [])
            if node["Node Type"] == "Seq Scan" and node["Relation Name"].endswith(
                "2020_02"
            ):
                found.append(node["Relation Name"])
        return found

    def test_screens_use_indexes(self):
        self._fill()
        number = self.env["erp.audit.record"].search([("res_id", "=", 500)]).operation
        period = [("date", ">=", "2020-02-01"), ("date", "<", "2020-02-28")]
        for user in (self.anna, self.bob, self.auditor):
            for domain, order in (
                ([("date", ">=", "2020-02-14 00:00:00")], None),
                ([("user_id", "=", self.anna.id), *period], "date desc, id desc"),
                ([("operation", "=", number)], None),
                ([("source_id", "=", self.source), ("res_id", "=", 7)], None),
                ([("document", "ilike", "Azure")], None),
                ([("person", "ilike", "Anna")], None),
                ([("event", "in", ["denied"])], None),
            ):
                with self.subTest(user=user.login, domain=domain):
                    self.assertFalse(self._read_as_a_whole(user, domain, order))


@tagged("post_install", "-at_install")
class TestReadingTour(HttpCase, ReadingCase):
    """From an operation to its person, and back."""

    def setUp(self):
        super().setUp()
        self._done(self.anna, {"city": ["Rome", "Oslo"]}, ip="10.1.2.3", tx=777)
        self._done(self.bob, {"name": ["A", "B"]}, tx=778)

    def test_desk(self):
        self.start_tour(
            "/odoo/audit-operations", "erp_audit_reading_desk", login="auditor"
        )


@tagged("post_install", "-at_install")
class TestReadingPhoneTour(TestReadingTour):
    browser_size = "390x844"
    touch_enabled = True

    def test_desk(self):
        self.start_tour(
            f"/odoo/audit-person?user_id={self.anna.id}",
            "erp_audit_reading_phone",
            login="auditor",
        )
