from ..sqltext import MASK
from .common_history import HistoryCase


class TestHistoryWords(HistoryCase):
    """Values and operations in the words that a person knows."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for model in ("res.partner", "res.partner.category", "res.users"):
            cls._rule(model)
        cls.partner = cls.env["res.partner"].create({"name": "Ada"})

    def _told(self, name, old, new, record=None, op="w", **context):
        """Return what is said of a change of a field."""
        diff = {name: [old, new] if op == "w" else new}
        self._operate(record or self.partner, diff, op=op)
        entry = self._entries(record or self.partner, **context)[0]
        return [
            value
            for group in entry["groups"]
            for value in group["values"]
            if value["name"] == name
        ]

    def _pair(self, *args, **context):
        (value,) = self._told(*args, **context)
        return value["old"], value["new"]

    def test_values_of_all_kinds(self):
        """Labels, names, dates and numbers, not what the database holds."""
        self.assertEqual(self._pair("active", True, False), ("Yes", "No"))
        self.assertEqual(
            self._pair("type", "contact", "delivery"), ("Contact", "Delivery")
        )
        self.assertEqual(self._pair("color", 3, 0), ("3", "0"))
        self.assertEqual(self._pair("city", None, "Rome"), ("", "Rome"))
        self.assertEqual(
            self._pair("user_id", None, self.anna.id), ("", self.anna.name)
        )
        self.assertEqual(
            self._pair("comment", None, "<p>Dear <b>all</b></p>"), ("", "Dear *all*")
        )

    def test_dates_in_the_reader_s_time_and_format(self):
        """A moment is told in his time zone, a day as it is."""
        self._rule("ir.cron")
        cron = self.env["ir.cron"].search([], limit=1)
        told = self._pair(
            "nextcall",
            "2026-03-01T20:30:00",
            "2026-03-02T20:30:00.123456",
            cron,
            tz="Asia/Shanghai",
        )
        self.assertEqual(told, ("03/02/2026 04:30:00 AM", "03/03/2026 04:30:00 AM"))

    def test_masked_values(self):
        """That it changed is known, what it is was never recorded."""
        (value,) = self._told("barcode", MASK, MASK)
        self.assertEqual(value["note"], "changed (not recorded)")
        (value,) = self._told("barcode", None, MASK)
        self.assertEqual(value["note"], "changed (not recorded)")

    def test_languages(self):
        """The reader's language, and which other language was changed."""
        tag = self.env["res.partner.category"].create({"name": "Tag"})
        values = {"en_US": "Tag", "zh_CN": "标签"}, {"en_US": "Label", "zh_CN": "标记"}
        told = self._told("name", *values, tag)
        self.assertEqual(
            [(v["label"], v["old"], v["new"]) for v in told],
            [
                ("Name", "Tag", "Label"),
                ("Name (Chinese, Simplified / 简体中文)", "标签", "标记"),
            ],
        )
        told = self._told("name", *values, tag, lang="zh_CN")
        self.assertEqual((told[1]["old"], told[1]["new"]), ("标签", "标记"))
        self.assertNotIn("Chinese", told[1]["label"])

    def test_labels_in_the_reader_s_language(self):
        """Chinese readers see the labels and options in Chinese."""
        field = self.env["ir.model.fields"]._get("res.partner", "city")
        field.with_context(lang="zh_CN").field_description = "城市（测试）"
        self.env.flush_all()
        self.env.registry.clear_cache("stable")
        self.env.registry.clear_cache()
        (value,) = self._told("city", "Rome", "Oslo", lang="zh_CN")
        self.assertEqual(value["label"], "城市（测试）")

    def test_long_texts(self):
        """Only the words that differ, with some of what is around them."""
        start = " ".join(f"word{number}" for number in range(60))
        (value,) = self._told("street", f"{start} old end", f"{start} new end")
        self.assertEqual(
            [part for part in value["words"] if part[0] != "same"],
            [["old", "old"], ["new", "new"]],
        )
        self.assertLess(len(str(value["words"])), 200)
        self.assertLess(len(value["old"]), 250)
        (value,) = self._told(
            "street", "请于星期一送到后门" * 8, "请于星期二送到后门" * 8
        )
        self.assertIn(["old", "一"], value["words"])

    def test_values_of_another_time(self):
        """A field that was of another type, or is gone, is told as it was."""
        self.assertEqual(self._pair("color", "red", "blue"), ("red", "blue"))
        self.assertEqual(self._pair("user_id", "x", None), ("no. x", ""))
        self.assertEqual(self._pair("type", "old_option", None), ("old_option", ""))
        self.assertEqual(self._pair("no_such_field", "a", "b"), ("a", "b"))
        self.assertFalse(
            [
                value
                for entry in self._entries(self.partner, self.anna)
                for group in entry["groups"]
                for value in group["values"]
                if value["name"] == "no_such_field"
            ]
        )

    def test_company_dependent_values(self):
        """One line for each company of the reader."""
        other = self.env["res.company"].create({"name": "Other"})
        field = self.env["res.partner"]._fields["barcode"]
        self.assertTrue(field.company_dependent)
        mine = str(self.env.company.id)
        old, new = {mine: "1", str(other.id): "8"}, {mine: "2", str(other.id): "9"}
        told = self._told("barcode", old, new)
        self.assertEqual({value["new"] for value in told}, {"2", "9"})
        found = [
            value["new"]
            for group in self._entries(self.partner, self.anna)[0]["groups"]
            for value in group["values"]
        ]
        self.assertEqual(found, ["2"])

    # -- what was done -----------------------------------------------------------------

    def _text(self, action, diff=None, op="w", **values):
        self._operate(
            self.partner, diff or {"city": ["a", "b"]}, op=op, action=action, **values
        )
        entry = self._entries(self.partner)[0]
        return entry["kind"], entry["text"]

    def test_what_was_done(self):
        """Buttons by their names, jobs by theirs; no method, no path."""
        for action, kind, text in (
            ("res.partner.web_save", "change", "changed it"),
            ("res.partner.action_confirm", "button", "confirmed it"),
            ("res.partner.load", "change", "changed it by an import"),
            ("res.users.action_archive", "button", "archived it (User)"),
            ("install", "machine", "by installing or updating an application"),
            (None, "outside", "changed it directly in the database"),
            ("/my/account", "change", "changed it on the website"),
            ("res.partner.no_such_method", "button", "changed it"),
        ):
            with self.subTest(action=action):
                self.assertEqual(self._text(action), (kind, text))
        self.assertEqual(
            self._text("res.partner.web_save", {"name": "Ada"}, op="c"),
            ("create", "created it"),
        )
        self.assertEqual(
            self._text("res.partner.unlink", {"name": "Ada"}, op="d"),
            ("delete", "deleted it"),
        )

    def test_buttons_by_their_labels(self):
        """A button that nobody knows is named as its form shows it."""
        self.env["ir.ui.view"].create(
            {
                "name": "form",
                "type": "form",
                "model": "res.partner",
                "arch": "<form><button name='action_archive' type='object'"
                " string='Put away'/></form>",
            }
        )
        words = self.env["erp.audit.history"]._button_label(
            "res.partner", "action_archive", "en_US"
        )
        self.assertEqual(words, "Put away")

    def test_scheduled_actions(self):
        """By their names, in the reader's language."""
        cron = self.env["ir.cron"].search([], limit=1)
        name = cron.with_context(lang="en_US").cron_name
        kind, text = self._text(f"cron: {name}")
        self.assertEqual((kind, text), ("machine", f"by the scheduled action “{name}”"))

    def test_somebody_without_a_name(self):
        """Raw SQL: nobody is blamed, and it is said where it came from."""
        self._operate(self.partner, {"city": ["a", "b"]}, uid=None, login=None)
        entry = self._entries(self.partner)[0]
        self.assertFalse(entry["known"])

    def test_events_of_a_document(self):
        """Printing is part of what happened."""
        for number in range(2):
            report = {"report": f"Label {number}"}
            self._operate(self.partner, report, op="e", event="print")
        events = [e for e in self._entries(self.partner) if e["kind"] == "event"]
        self.assertEqual([event["text"] for event in events], ["printed it"] * 2)

    def test_scheduled_actions_in_the_reader_s_language(self):
        """By the name that a scheduled action has in his menus."""
        cron = self.env.ref("erp_audit.ir_cron_verify")
        action = cron.ir_actions_server_id
        action.with_context(lang="zh_CN").name = "审计：校验"
        english = action.with_context(lang="en_US").name
        self.env.flush_all()
        self.env.registry.clear_cache("templates")
        words = self.env["erp.audit.words"].with_context(lang="zh_CN")
        self.assertIn("审计：校验", words._action(f"cron: {english}"))

    # -- queries -----------------------------------------------------------------------

    def _mentors(self):
        """Give contacts a property that names another contact."""
        holder = self.env["properties.base.definition"]
        holder = holder._get_definition_for_property_field("res.partner", "properties")
        holder.sudo().properties_definition = [
            {
                "name": "mentor",
                "string": "Mentor",
                "type": "many2one",
                "comodel": "res.partner",
            }
        ]

    def _parts(self, number):
        """Change contacts, each by one property and for one company."""
        mine = str(self.env.company.id)
        partners = self.env["res.partner"].create(
            [{"name": f"Pupil {n}"} for n in range(number)]
        )
        mentors = self.env["res.partner"].create(
            [{"name": f"Mentor {n}"} for n in range(number)]
        )
        self.env.flush_all()
        for partner, mentor in zip(partners, mentors, strict=True):
            diff = {
                "properties": [{}, {"mentor": mentor.id}],
                "barcode": [{mine: "1"}, {mine: "2"}],
            }
            self._operate(partner, diff)
        return partners

    def test_names_in_properties(self):
        self._mentors()
        [partner] = self._parts(1)
        told = self._lines(self._entries(partner)[0])
        self.assertEqual(told["Mentor"], ("", "Mentor 0"))

    def test_queries_of_values_with_parts(self):
        """A list asks no more for a hundred such values than for one."""
        self._mentors()
        records = self.env["erp.audit.record"].with_user(self.auditor)

        def count(partners):
            found = records.search([("res_id", "in", partners.ids), ("op", "=", "w")])
            for _warm in range(2):
                self.env.invalidate_all()
                before = self.env.cr.sql_log_count
                tables = found.mapped("change_table")
            self.assertIn(f"Mentor {len(partners) - 1}", str(tables))
            return self.env.cr.sql_log_count - before

        one, many = count(self._parts(1)), count(self._parts(100))
        self.assertLessEqual(many, one + 1)
