from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from .common import NO_TRACKING
from .common_history import HistoryCase

ACL_LOG = "odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule"


class TestHistory(HistoryCase):
    """Who sees which operations on a document, and how they are told."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._rule("res.partner")
        cls._rule("res.partner.category")
        cls.partner = (
            cls.env["res.partner"].with_context(**NO_TRACKING).create({"name": "Ada"})
        )

    def test_one_entry_for_each_operation(self):
        """What one transaction wrote in several steps is one entry, in short."""
        tx = self._operate(self.partner, {"city": ["Rome", "Oslo"]})
        self._operate(self.partner, {"city": ["Oslo", "Bonn"]}, tx=tx)
        self._operate(self.partner, {"street": ["A", "B"]}, tx=tx)
        self._operate(self.partner, {"zip": ["1", "2"]})
        newest, older = self._entries(self.partner)[:2]
        self.assertEqual(self._lines(newest), {"Zip": ("1", "2")})
        self.assertEqual(
            self._lines(older), {"City": ("Rome", "Bonn"), "Street": ("A", "B")}
        )
        self.assertEqual(older["person"], self.anna.name)
        self.assertEqual(older["operation"], str(tx))

    def test_what_is_as_it_was_is_not_told(self):
        """A value that an operation changed and changed back is no change."""
        tx = self._operate(self.partner, {"city": ["Rome", "Oslo"]})
        self._operate(self.partner, {"city": ["Oslo", "Rome"]}, tx=tx)
        operations = [entry["operation"] for entry in self._entries(self.partner)]
        self.assertNotIn(str(tx), operations)

    def test_creation_and_real_writes(self):
        """The records that the database makes are told like any others."""
        partner = (
            self.env["res.partner"]
            .with_user(self.anna)
            .with_context(**NO_TRACKING)
            .create({"name": "Carl", "city": "Rome"})
        )
        partner.city = "Oslo"
        (entry,) = self._entries(partner)
        self.assertEqual(entry["kind"], "create")
        lines = self._lines(entry)
        self.assertEqual(lines["City"], ("", "Oslo"))
        self.assertEqual(entry["person"], self.anna.name)

    def test_links_from_both_sides(self):
        """A tag on the partner, and the partner in the list of the tag."""
        tag = self.env["res.partner.category"].create({"name": "VIP"})
        self.env.flush_all()
        self.partner.category_id = tag
        (group,) = self._entries(self.partner)[0]["groups"]
        (value,) = [v for v in group["values"] if v["name"] == "category_id"]
        self.assertEqual((value["added"], value["removed"]), (["VIP"], []))
        values = self._entries(tag)[0]["groups"][0]["values"]
        (value,) = [value for value in values if value.get("added")]
        self.assertEqual(value["added"], ["Ada"])
        self.assertEqual(value["label"], "Partners")

    def test_cut_and_made_again_is_no_change(self):
        """A list of links that was set again to what it was says nothing."""
        tag = self.env["res.partner.category"].create({"name": "VIP"})
        self.partner.category_id = tag
        self.env.flush_all()
        self._mark()
        self.env.cr.execute(
            "DELETE FROM res_partner_res_partner_category_rel WHERE partner_id = %s",
            [self.partner.id],
        )
        self.partner.category_id = [Command.clear()]
        self.env.invalidate_all()
        self.partner.category_id = [Command.set(tag.ids)]
        (entry,) = [e for e in self._entries(self.partner) if e["kind"] == "create"]
        (value,) = [
            value
            for value in entry["groups"][0]["values"]
            if value["name"] == "category_id"
        ]
        self.assertEqual(value["added"], ["VIP"])

    # -- who sees what -----------------------------------------------------------------

    def test_others_see_their_own_operations(self):
        """A colleague without a task to control sees what he did himself."""
        bob = new_test_user(self.env, "bob", "base.group_user")
        mine = self._operate(self.partner, {"city": ["Rome", "Oslo"]}, user=bob)
        self._operate(self.partner, {"city": ["Oslo", "Bonn"]})
        history = self._history(self.partner, bob)
        self.assertEqual(
            [entry["operation"] for entry in history["entries"]], [str(mine)]
        )
        self.assertEqual(history["scope"], "own")
        self.assertEqual(self._history(self.partner)["scope"], "all")

    def test_fields_that_the_reader_may_not_see(self):
        """A field for others is not told, and an operation on it alone neither."""
        self.patch(
            self.env["res.partner"]._fields["comment"], "groups", "base.group_system"
        )
        both = self._operate(
            self.partner,
            {"comment": ["<p>a</p>", "<p>b</p>"], "city": ["Rome", "Oslo"]},
        )
        hidden = self._operate(self.partner, {"comment": ["<p>b</p>", "<p>c</p>"]})
        found = {e["operation"]: e for e in self._entries(self.partner, self.anna)}
        self.assertEqual(self._lines(found[str(both)]), {"City": ("Rome", "Oslo")})
        self.assertNotIn(str(hidden), found)
        whole = self._history(self.partner, self.anna, "load_operation", [str(both)])
        self.assertNotIn("comment", str(whole))
        choices = self._history(self.partner, self.anna, "load_choices")
        self.assertNotIn("res.partner:comment", dict(choices["fields"]))
        compared = self._history(
            self.partner, self.anna, "compare", ["2026-01-01", "2027-01-01"]
        )
        self.assertNotIn("comment", str(compared))
        with self.assertRaises(AccessError):
            self._history(
                self.partner, self.anna, args=[{"field": "res.partner:comment"}]
            )
        # an auditor sees all
        found = {e["operation"]: e for e in self._entries(self.partner)}
        self.assertEqual(self._lines(found[str(hidden)]), {"Notes": ("b", "c")})

    def test_names_that_the_reader_may_not_see(self):
        """The name of a record out of sight is not told."""
        self.env["ir.rule"].create(
            {
                "name": "Not Eve",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "domain_force": "[('name', '!=', 'Eve')]",
            }
        )
        eve = self.env["res.partner"].create({"name": "Eve"})
        self._operate(self.partner, {"parent_id": [None, eve.id]})
        self.env.flush_all()
        self.env.registry.clear_cache()
        entry = self._entries(self.partner, self.anna)[0]
        self.assertEqual(
            self._lines(entry)["Related Company"], ("", "(not visible to you)")
        )
        entry = self._entries(self.partner)[0]
        self.assertEqual(self._lines(entry)["Related Company"], ("", "Eve"))

    def test_a_deleted_record_keeps_its_name(self):
        """Who was pointed at is known by the record of its deletion."""
        gone = self.env["res.partner"].create({"name": "Old Ltd"})
        self._operate(self.partner, {"parent_id": [gone.id, None]})
        self.env.flush_all()
        gone.unlink()
        for user in (self.auditor, self.anna):
            entry = self._entries(self.partner, user)[0]
            self.assertEqual(self._lines(entry)["Related Company"], ("Old Ltd", ""))
        self._operate(self.partner, {"parent_id": [None, 2**30]})
        entry = self._entries(self.partner)[0]
        self.assertEqual(
            self._lines(entry)["Related Company"][1], f"deleted record no. {2**30}"
        )

    @mute_logger(*ACL_LOG)
    def test_documents_that_the_reader_may_not_see(self):
        """No document, no history; for auditors there is one of each."""
        self.env["ir.rule"].create(
            {
                "name": "Not Ada",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "domain_force": "[('name', '!=', 'Ada')]",
            }
        )
        self._operate(self.partner, {"city": ["Rome", "Oslo"]})
        for method, args in (
            ("load_page", []),
            ("load_choices", []),
            ("load_operation", ["1"]),
            ("compare", ["2026-01-01", "2027-01-01"]),
        ):
            with self.assertRaises(AccessError):
                self._history(self.partner, self.anna, method, args)
        self.assertTrue(self._entries(self.partner))

    def test_portal_users_have_no_history(self):
        """Who is no colleague reads nothing of the trail."""
        portal = new_test_user(self.env, "portal_p", "base.group_portal")
        with mute_logger(*ACL_LOG), self.assertRaises(AccessError):
            self._history(portal.partner_id, portal)

    def test_deleted_documents(self):
        """Auditors read on; others do not."""
        self._operate(self.partner, {"city": ["Rome", "Oslo"]})
        record = self.partner.browse(self.partner.ids)
        self.env.flush_all()
        self.partner.unlink()
        self._operate(record, {"name": "Ada", "city": "Oslo"}, op="d")
        history = self._history(record)
        self.assertFalse(history["exists"])
        self.assertEqual(history["name"], "Ada")
        self.assertEqual(history["entries"][0]["kind"], "delete")
        with self.assertRaises(AccessError):
            self._history(record, self.anna)
        # unless the rule names them, and they might have seen the document
        readers = self.env.ref("base.group_user")
        self._rule("res.partner", reader_group_ids=[Command.set(readers.ids)])
        self.assertEqual(self._history(record, self.anna)["scope"], "all")
        self.env["ir.rule"].create(
            {
                "name": "Not Ada",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "domain_force": "[('name', '!=', 'Ada')]",
            }
        )
        with self.assertRaises(AccessError):
            self._history(record, self.anna)

    def test_nonsense_is_refused(self):
        """What a client may send besides documents."""
        history = self.env["erp.audit.history"].with_user(self.auditor)
        for model, number in (
            ("no.such.model", 1),
            ("base", 1),
            ("res.partner", "1"),
            ("res.partner", 0),
            (None, 1),
        ):
            with self.assertRaises(UserError):
                history.load_page(model, number)

    # -- filters, pages, comparing -----------------------------------------------------

    def test_filters(self):
        """By person, by field, and by period."""
        bob = new_test_user(self.env, "bob", "base.group_user")
        first = self._operate(
            self.partner, {"city": ["Rome", "Oslo"]}, ts="2026-11-01 10:00:00"
        )
        second = self._operate(
            self.partner,
            {"city": ["Oslo", "Bonn"], "zip": ["1", "2"]},
            user=bob,
            ts="2026-11-02 10:00:00",
        )

        def found(**filters):
            entries = self._history(self.partner, args=[filters])["entries"]
            return [int(entry["operation"]) for entry in entries]

        self.assertEqual(found(user_id=bob.id), [second])
        (entry,) = self._history(self.partner, args=[{"field": "res.partner:zip"}])[
            "entries"
        ]
        self.assertEqual(self._lines(entry), {"Zip": ("1", "2")})
        self.assertEqual(found(field="res.partner:zip"), [second])
        self.assertEqual(found(field="res.partner:city"), [second, first])
        self.assertEqual(
            found(since="2026-11-01 00:00:00", until="2026-11-01 23:00:00"), [first]
        )
        self.assertEqual(found(field="res.partner:zip", until="2026-11-01"), [])
        with self.assertRaises(UserError):
            found(since="yesterday or so")
        choices = self._history(self.partner, method="load_choices")
        self.assertIn((bob.id, bob.name), choices["people"])
        self.assertIn(["res.partner:zip", "Zip"], choices["fields"])

    def test_pages(self):
        """All operations, each once and whole, newest first."""
        made = []
        for number in range(50):
            made.append(
                self._operate(self.partner, {"city": [str(number), str(number + 1)]})
            )
        # an operation that lasted, and ended after others
        self._operate(self.partner, {"zip": ["1", "2"]}, tx=made[0])
        found, before = [], None
        while True:
            page = self._history(self.partner, args=[{}, before])
            found += [int(entry["operation"]) for entry in page["entries"]]
            for entry in page["entries"]:
                if entry["operation"] == str(made[0]):
                    self.assertEqual(
                        self._lines(entry), {"City": ("0", "1"), "Zip": ("1", "2")}
                    )
            before = page["next"]
            if not before:
                break
        found = [number for number in found if number in made]
        self.assertEqual(found, [made[0], *reversed(made[1:])])

    def test_a_very_large_operation(self):
        """An operation of more records than a page looks at ends, and goes on."""
        first = self._operate(self.partner, {"zip": ["0", "1"]})
        tx = self._operate(self.partner, {"city": ["0", "1"]})
        source = self.env["erp.audit.source"]._number("res.partner")
        self.env.cr.execute(
            """INSERT INTO erp_audit_log (tx, op, source, res_id, real_uid, diff)
               SELECT %s, 'w', %s, %s, %s, jsonb_build_object(
                   'city', jsonb_build_array(n::text, (n + 1)::text))
                 FROM generate_series(1, 3000) n""",
            [tx, source, self.partner.id, self.anna.id],
        )
        page = self._history(self.partner)
        self.assertEqual(page["entries"][0]["operation"], str(tx))
        found, pages = [], 0
        while page["next"] and pages < 5:
            page = self._history(self.partner, args=[{}, page["next"]])
            found += [int(entry["operation"]) for entry in page["entries"]]
            pages += 1
        self.assertEqual([n for n in found if n in (first, tx)], [first])

    def test_comparing_two_moments(self):
        """The values then and then, whatever was in between."""
        for day, values in (
            (1, {"city": ["Rome", "Oslo"]}),
            (2, {"city": ["Oslo", "Bonn"], "zip": ["1", "2"]}),
            (3, {"city": ["Bonn", "Paris"]}),
            (4, {"city": ["Paris", "Rome"]}),
        ):
            self._operate(self.partner, values, ts=f"2026-11-0{day} 10:00:00")

        def compared(since, until):
            result = self._history(
                self.partner,
                None,
                "compare",
                [f"2026-11-0{since} 12:00:00", f"2026-11-0{until} 12:00:00"],
            )
            self.assertFalse(result["partial"])
            return self._lines(result)

        self.assertEqual(compared(1, 3), {"City": ("Oslo", "Paris"), "Zip": ("1", "2")})
        self.assertEqual(compared(2, 3), {"City": ("Bonn", "Paris")})
        self.assertEqual(compared(1, 1), {})
        result = self._history(
            self.partner, self.auditor, "compare", ["2026-10-31", "2026-11-05"]
        )
        self.assertEqual(self._lines(result), {"Zip": ("1", "2")})
        # who sees a part of it is told so
        bob = new_test_user(self.env, "bob", "base.group_user")
        self.assertTrue(
            self._history(self.partner, bob, "compare", ["2026-10-31", "2026-11-05"])[
                "partial"
            ]
        )

    def test_reading_is_recorded(self):
        """An auditor's look at a history is part of the trail."""
        self._history(self.partner)
        (event,) = self._records("res.partner", self.partner.ids, event="trail_read")
        self.assertEqual(event["real_uid"], self.auditor.id)
