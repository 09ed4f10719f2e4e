from odoo import Command

from .common import NO_TRACKING, AuditCase


class TestCapture(AuditCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rule = cls._rule("res.partner")
        cls._rule("res.partner.category")
        cls.partners = cls.env["res.partner"].with_context(**NO_TRACKING)
        cls.ada, cls.bob = cls.partners.create(
            [{"name": "Ada", "email": "ada@example.com"}, {"name": "Bob"}]
        )
        cls.tag = cls.env["res.partner.category"].create({"name": "Tag", "color": 1})

    def test_write_records_old_and_new_of_changed_columns_only(self):
        """One record per changed row, without the time of writing."""
        self.ada.with_user(self.anna).write({"city": "Paris", "email": "a@example.com"})
        record = self._one(self.ada)
        self.assertEqual(record["op"], "w")
        self.assertEqual(record["diff"]["city"], [None, "Paris"])
        self.assertEqual(record["diff"]["email"], ["ada@example.com", "a@example.com"])
        self.assertFalse({"write_date", "write_uid", "name"} & record["diff"].keys())
        self.assertEqual(record["uid"], self.anna.id)
        self.assertEqual(record["real_uid"], self.anna.id)
        self.assertEqual(record["login"], "anna")

    def test_write_of_the_same_values_records_nothing(self):
        """Saving a form without a change leaves no record."""
        self.ada.write({"name": "Ada", "email": "ada@example.com"})
        self.assertFalse(self._records("res.partner", self.ada.ids))

    def test_create_keeps_new_values_and_delete_the_old_ones(self):
        """NULL is not written down, everything else is."""
        partner = self.partners.create({"name": "Carl", "color": 3})
        record, computed = self._records("res.partner", partner.ids)
        self.assertEqual(computed["op"], "w")
        self.assertEqual(computed["diff"]["complete_name"], [None, "Carl"])
        self.assertEqual(record["op"], "c")
        self.assertEqual(record["diff"]["name"], "Carl")
        self.assertEqual(record["diff"]["color"], 3)
        self.assertNotIn("street", record["diff"])
        self._mark()
        number = partner.id
        partner.unlink()
        (record,) = self._records("res.partner", [number])
        self.assertEqual(record["op"], "d")
        self.assertEqual(record["diff"]["name"], "Carl")

    def test_archive(self):
        """Archiving is a change of a column like any other."""
        self.ada.action_archive()
        self.assertEqual(self._one(self.ada)["diff"], {"active": [True, False]})

    def test_many_rows_of_one_statement(self):
        """A thousand rows, one record each, quickly."""
        partners = self.partners.create([{"name": f"P{n}"} for n in range(1000)])
        self._mark()
        partners.write({"function": "Buyer"})
        found = self._records("res.partner", set(partners.ids))
        self.assertEqual(len(found), 1000)
        self.assertEqual({item["res_id"] for item in found}, set(partners.ids))
        self.assertEqual(len({item["tx"] for item in found}), 1)

    def test_links_from_both_sides(self):
        """A tag given on the partner, and a partner taken off the tag."""
        self.ada.category_id = self.tag
        self.assertEqual(
            self._diffs(self.ada), [("l", {"category_id": [None, self.tag.id]})]
        )
        self._mark()
        self.tag.partner_ids = [Command.unlink(self.ada.id)]
        (record,) = self._records("res.partner", self.ada.ids)
        self.assertEqual(record["op"], "u")
        self.assertEqual(record["other_id"], self.tag.id)

    def test_recomputed_columns(self):
        """What a change of one record computes on another is recorded there."""
        self.bob.parent_id = self.ada
        self.env.flush_all()
        self._mark()
        self.ada.name = "Ada Ltd"
        (record,) = self._records("res.partner", self.bob.ids)
        self.assertEqual(record["diff"]["complete_name"], ["Ada, Bob", "Ada Ltd, Bob"])

    def test_translation(self):
        """Each language of a translated column is part of its value."""
        self.env["res.lang"]._activate_lang("fr_FR")
        self.tag.with_context(lang="fr_FR").name = "Étiquette"
        self.assertEqual(
            self._one(self.tag)["diff"],
            {"name": [{"en_US": "Tag"}, {"en_US": "Tag", "fr_FR": "Étiquette"}]},
        )
        self._mark()
        self.tag.update_field_translations("name", {"fr_FR": "Marque"})
        self.assertEqual(self._one(self.tag)["diff"]["name"][1]["fr_FR"], "Marque")

    def test_cascade_of_the_database(self):
        """Rows that the database deletes by itself are recorded."""
        child = self.env["res.partner.category"].create(
            {"name": "Child", "parent_id": self.tag.id}
        )
        self._mark()
        self.tag.unlink()
        deleted = self._records("res.partner.category")
        self.assertEqual(
            sorted((item["op"], item["res_id"]) for item in deleted),
            sorted([("d", self.tag.id), ("d", child.id)]),
        )

    def test_load(self):
        """An import records each row that it makes or changes."""
        result = self.partners.load(["name", "city"], [["L1", "Rome"], ["L2", "Bonn"]])
        self.assertFalse(result["messages"])
        found = self._records("res.partner", result["ids"])
        created = [item["diff"]["city"] for item in found if item["op"] == "c"]
        self.assertEqual(created, ["Rome", "Bonn"])

    def test_copy(self):
        """A copy is a creation."""
        copy = self.ada.copy()
        created = self._records("res.partner", copy.ids)[0]
        self.assertEqual((created["op"], created["diff"]["name"]), ("c", copy.name))

    def test_merge_of_partners(self):
        """Merging repoints links and columns by SQL, and deletes: all is recorded."""
        self.bob.category_id = self.tag
        child = self.partners.create({"name": "Child", "parent_id": self.bob.id})
        self.env.flush_all()
        self._mark()
        bob = self.bob.id
        merge = self.env["base.partner.merge.automatic.wizard"].create({})
        merge._merge((self.ada | self.bob).ids, self.ada)
        ops = {
            (item["op"], item["res_id"])
            for item in self._records("res.partner", {bob, self.ada.id, child.id})
        }
        self.assertLessEqual(
            {("d", bob), ("u", bob), ("l", self.ada.id), ("w", child.id)}, ops
        )

    def test_raw_sql(self):
        """SQL past the ORM is recorded; who did it is not guessed from the row."""
        self.ada.with_user(self.anna).city = "Oslo"
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE res_partner SET write_date = write_date - interval '1 day'"
            " WHERE id = %s",
            [self.ada.id],
        )
        self._mark()
        self.env.cr.execute("SELECT set_config('erp_audit.ctx', '', false)")
        self.env.cr.execute(
            "UPDATE res_partner SET city = 'Rome' WHERE id = %s", [self.ada.id]
        )
        record = self._one(self.ada)
        self.assertEqual(record["diff"], {"city": ["Oslo", "Rome"]})
        self.assertIsNone(record["action"])
        self.assertIsNone(record["uid"])
        self.assertIsNone(record["real_uid"])

    def test_sql_upsert(self):
        """INSERT … ON CONFLICT: the row that was there is a change."""
        self.env.cr.execute(
            """INSERT INTO res_partner_category (id, name) VALUES (%s, '{}')
               ON CONFLICT (id) DO UPDATE SET color = 7""",
            [self.tag.id],
        )
        self.assertEqual(self._one(self.tag)["diff"], {"color": [1, 7]})

    def test_sql_changes_the_number_of_a_row(self):
        """A row with another id is another record: one goes, one comes."""
        self.env.cr.execute(
            "UPDATE res_partner_category SET id = 987654 WHERE id = %s", [self.tag.id]
        )
        found = self._records("res.partner.category")
        self.assertEqual(
            [(item["op"], item["res_id"]) for item in found],
            [("d", self.tag.id), ("c", 987654)],
        )
        self.assertEqual(found[1]["diff"]["name"], {"en_US": "Tag"})

    def test_truncate(self):
        """Emptying a table records each of its rows, and that it was emptied."""
        self.env["res.partner.category"].create({"name": "Other"})
        self.env.flush_all()
        self._mark()
        self.env.cr.execute("TRUNCATE res_partner_category CASCADE")
        gone = self._records("res.partner.category")
        self.assertIn(self.tag.id, [item["res_id"] for item in gone])
        self.assertEqual({item["op"] for item in gone}, {"d"})
        self.assertEqual(
            len(self._records("res.partner.category", event="truncate")), 1
        )

    def test_rollback_of_a_savepoint_records_nothing(self):
        """What was not done is not recorded."""
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            self.ada.city = "Nowhere"
            self.env.flush_all()
            self.assertTrue(self._records("res.partner", self.ada.ids))
            raise ZeroDivisionError
        self.assertFalse(self._records("res.partner", self.ada.ids))

    def test_nobody_can_switch_it_off_by_a_context(self):
        """No context key keeps a change out of the trail."""
        self.ada.with_context(
            tracking_disable=True, auditlog_disabled=True, erp_audit=False, no_audit=1
        ).city = "Lima"
        self.assertEqual(self._one(self.ada)["diff"], {"city": [None, "Lima"]})

    def test_several_users_of_one_transaction(self):
        """Each is recorded with what he did, links and deletions included."""
        bruno = self.anna.copy({"login": "bruno", "name": "Bruno"})
        self._mark()
        self.ada.with_user(self.anna).city = "A"
        self.bob.with_user(bruno).city = "B"
        self.env.flush_all()
        self.ada.with_user(bruno).category_id = self.tag
        temporary = self.partners.create({"name": "Temporary"})
        number = temporary.id
        temporary.with_user(self.anna).unlink()
        who = [
            (item["res_id"], item["op"], item["uid"])
            for item in self._records("res.partner")
        ]
        self.assertIn((self.ada.id, "w", self.anna.id), who)
        self.assertIn((self.bob.id, "w", bruno.id), who)
        self.assertIn((self.ada.id, "l", bruno.id), who)
        self.assertIn((number, "d", self.anna.id), who)

    def test_sudo_stays_the_user(self):
        """What is done with all rights is still done by the person."""
        self.ada.with_user(self.anna).sudo().city = "Bern"
        self.assertEqual(self._one(self.ada)["uid"], self.anna.id)
