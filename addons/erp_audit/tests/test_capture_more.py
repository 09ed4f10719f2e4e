"""Paths by which rows change that are easily forgotten, and tables that are odd."""

import io

from odoo import Command
from odoo.tests import new_test_user

from .. import capture
from .common import NO_TRACKING, AuditCase

# columns with the names that the functions use themselves
WORDS = (
    "c started known changes changed n o d e f r p who diff company op old_id place"
    " whole tg_op new_rows mine others"
).split()


class TestCaptureMore(AuditCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._rule("res.partner")
        cls._rule("res.partner.category")
        cls.rules = cls.env["erp.audit.rule"]
        cls.partners = cls.env["res.partner"].with_context(**NO_TRACKING)
        cls.ada, cls.bob = cls.partners.create([{"name": "Ada"}, {"name": "Bob"}])
        cls.tags = cls.env["res.partner.category"]
        cls.tag = cls.tags.create({"name": "Tag", "color": 1})

    def _sql(self, query, *params):
        self.env.flush_all()
        self.env.cr.execute(query, params or None)
        self.env.invalidate_all()

    def _alter(self, change, sync=True):
        self._sql(f"ALTER TABLE res_partner_category {change}")
        if sync:
            self.rules._sync()

    def _set(self, tag, **values):
        """Change a tag by SQL."""
        sets = ", ".join(f'"{name}" = %s' for name in values)
        query = f"UPDATE res_partner_category SET {sets} WHERE id = %s"
        self._sql(query, *values.values(), tag.id)

    # -- the database's own work -------------------------------------------------------

    def test_one_row_changed_by_several_foreign_keys(self):
        """Deleting a person empties several columns of a row, one after the other."""
        eve = new_test_user(self.env, "eve", "base.group_user")
        self.ada.user_id = eve
        self._sql(
            "UPDATE res_partner SET create_uid = %s, write_uid = %s WHERE id = %s",
            eve.id,
            eve.id,
            self.ada.id,
        )
        number = eve.id
        self._mark()
        self._sql("DELETE FROM res_users WHERE id = %s", number)
        self.assertEqual(self._diffs(self.ada), [("w", {"user_id": [number, None]})])

    def test_recorded_columns_emptied_by_two_foreign_keys(self):
        """Each step says what was there before it, and none is told twice."""
        reference = "integer REFERENCES res_partner ON DELETE SET NULL"
        self._alter(f"ADD x_one {reference}, ADD x_two {reference}")
        other = self.tags.create({"name": "Other"})
        self._set(self.tag, x_one=self.ada.id, x_two=self.bob.id)
        self._set(other, x_one=self.bob.id)
        values = {"x_one": self.ada.id, "x_two": self.bob.id}
        self._mark()
        self._sql("DELETE FROM res_partner WHERE id IN %s", (self.ada.id, self.bob.id))
        steps = []
        for _op, diff in self._diffs(self.tag):
            for name, (old, new) in diff.items():
                self.assertEqual(old, values[name])
                values[name] = new
                steps.append(name)
        self.assertEqual(values, {"x_one": None, "x_two": None})
        self.assertEqual(sorted(steps), ["x_one", "x_two"])
        self.assertEqual([diff["x_one"][1] for _op, diff in self._diffs(other)], [None])

    def test_merge_statement(self):
        """MERGE: one row changed, one made, one deleted."""
        gone = self.tags.create({"name": "Gone"})
        self._mark()
        self._sql(
            """MERGE INTO res_partner_category t
               USING (VALUES (%s, 1), (%s, 2), (987655, 3)) AS v (id, what)
                  ON v.id = t.id
                WHEN MATCHED AND v.what = 1 THEN UPDATE SET color = 9
                WHEN MATCHED THEN DELETE
                WHEN NOT MATCHED THEN
                     INSERT (id, name) VALUES (v.id, '{"en_US": "New"}')""",
            self.tag.id,
            gone.id,
        )
        found = self._records("res.partner.category")
        self.assertEqual(
            sorted((item["op"], item["res_id"]) for item in found),
            sorted([("w", self.tag.id), ("d", gone.id), ("c", 987655)]),
        )

    def test_several_statements_in_one(self):
        """Writable WITH: each row that changes has its record."""
        other = self.tags.create({"name": "Other", "color": 1})
        self.ada.category_id = self.tag | other
        self._mark()
        self._sql(
            """WITH a AS (UPDATE res_partner_category SET color = 5 WHERE id = %s
                          RETURNING id),
                    b AS (UPDATE res_partner_category SET color = 6 WHERE id = %s
                          RETURNING id),
                    c AS (INSERT INTO res_partner_category (name, color)
                          SELECT '{"en_US": "I"}', id FROM a RETURNING id)
               DELETE FROM res_partner_res_partner_category_rel
                WHERE category_id IN (SELECT id FROM b)""",
            self.tag.id,
            other.id,
        )
        self.assertEqual(self._diffs(self.tag, "w"), [("w", {"color": [1, 5]})])
        self.assertEqual(self._diffs(other, "w"), [("w", {"color": [1, 6]})])
        made = [i for i in self._records("res.partner.category") if i["op"] == "c"]
        self.assertEqual([item["diff"]["color"] for item in made], [self.tag.id])
        links = [i for i in self._records(None) if i["op"] == "u"]
        self.assertEqual(
            [{i["res_id"], i["other_id"]} for i in links], [{self.ada.id, other.id}]
        )

    def test_copy_into_a_table(self):
        """COPY, as restores and bulk loaders do it."""
        self.env.flush_all()
        rows = io.StringIO('{"en_US": "C1"}\t4\n{"en_US": "C2"}\t5\n')
        self.env.cr._obj.copy_expert(
            "COPY res_partner_category (name, color) FROM STDIN", rows
        )
        made = self._records("res.partner.category")
        self.assertEqual(
            [(item["op"], item["diff"]["color"]) for item in made],
            [("c", 4), ("c", 5)],
        )

    def test_rows_that_get_other_numbers(self):
        """Several in one statement: each goes, and comes again."""
        tags = self.tags.create([{"name": "A"}, {"name": "B"}])
        self._mark()
        self._sql(
            "UPDATE res_partner_category SET id = -id, color = 4 WHERE id IN %s",
            tags._ids,
        )
        found = self._records("res.partner.category")
        self.assertEqual([item["op"] for item in found], ["d", "c"] * 2)

    # -- names and types ---------------------------------------------------------------

    def test_columns_named_like_our_own_words(self):
        """Neither before nor after the triggers know them."""
        self._alter(", ".join(f'ADD "{name}" timestamp' for name in WORDS), sync=False)
        for day in (1, 2):
            self._mark()
            self._set(self.tag, **dict.fromkeys(WORDS, f"2020-01-0{day}"))
            self.assertEqual(self._one(self.tag)["diff"].keys(), set(WORDS))
            self._mark()
            new = self.tags.create({"name": "X"})
            number = new.id
            new.unlink()
            found = self._records("res.partner.category", [number])
            ops = [item["op"] for item in found]
            self.assertEqual((ops[0], ops[-1]), ("c", "d"))
            self._sql("SAVEPOINT emptied; TRUNCATE res_partner_category CASCADE")
            self._sql("ROLLBACK TO emptied")
            self.rules._sync()

    def test_type_of_a_column_changes(self):
        """Also into types that cannot be compared."""
        self._alter("ADD x_t text, ADD x_i integer")
        for name, kind, value in (
            ("x_t", "integer", "5"),
            ("x_t", "json", '{"a": 1}'),
            ("x_t", "jsonb", '{"a": 1}'),
            ("x_i", "point", "(1,2)"),
            ("x_i", "bytea", "abc"),
            ("x_i", "text", "abc"),
        ):
            self._alter(f"ALTER {name} TYPE {kind} USING NULL", sync=False)
            self._mark()
            self._set(self.tag, **{name: value})
            self.assertIn(name, self._one(self.tag)["diff"], kind)

    def test_company_and_people_of_another_type(self):
        """A row that does not say it in numbers says nothing."""
        self._alter("ADD company_id varchar", sync=False)
        for color in (3, 4):
            self._mark()
            self._set(self.tag, company_id="abc", color=color)
            self.assertEqual(self._one(self.tag)["diff"]["color"][1], color)
            self.rules._sync()
        for name in ("create_uid", "write_uid"):
            self._sql(
                "ALTER TABLE res_partner_category"
                f" DROP CONSTRAINT res_partner_category_{name}_fkey,"
                f" ALTER {name} TYPE varchar"
            )
        for color in (5, 6):
            self._mark()
            self._set(self.tag, write_uid=f"zz{color}", color=color)
            self.assertEqual(self._one(self.tag)["diff"]["color"][1], color)
            self.rules._sync()

    def test_secret_parameters_whatever_happens_to_the_table(self):
        """Also where the columns have changed, and where the table is emptied."""
        parameters = self.env["ir.config_parameter"]
        parameters.set_param("some.api_secret", "S3cret-1")
        parameters.set_param("some.harmless", "plain-1")
        self._sql("ALTER TABLE ir_config_parameter ADD COLUMN x_n integer")
        self._mark()
        update = "UPDATE ir_config_parameter SET value = %s WHERE key = %s"
        self._sql(update, "S3cret-2", "some.api_secret")
        self._sql(update, "plain-2", "some.harmless")
        secret = "ir_config_parameter WHERE key = 'some.api_secret'"
        self._sql(
            "UPDATE ir_config_parameter SET id = -id WHERE key = 'some.api_secret'"
        )
        self._sql(f"DELETE FROM {secret}")
        parameters.set_param("other.api_secret", "S3cret-3")
        self._sql("TRUNCATE ir_config_parameter")
        texts = str([item["diff"] for item in self._records("ir.config_parameter")])
        self.assertNotIn("S3cret", texts)
        self.assertIn("plain-2", texts)

    def test_files_of_a_table_that_has_changed(self):
        """They are not copied into the trail, not even then."""
        self._alter("ADD x_file bytea")
        self._alter("ADD x_n integer", sync=False)
        self._mark()
        self._set(self.tag, x_file="abc")
        self.assertEqual(self._one(self.tag)["diff"], {"x_file": [None, capture.MASK]})

    # -- people ------------------------------------------------------------------------

    def test_links_of_new_records_by_several_people(self):
        """Whoever creates a record has made its links."""
        bert = new_test_user(self.env, "bert", "base.group_partner_manager")
        links = [Command.link(self.tag.id)]
        self._mark()
        for user in (self.anna, bert):
            partners = self.partners.with_user(user)
            partners.create({"name": user.login, "category_id": links})
        found = [item for item in self._records("res.partner") if item["op"] == "l"]
        self.assertEqual([item["uid"] for item in found], [self.anna.id, bert.id])

    def test_cascades_are_not_the_last_writer_s(self):
        """Whoever wrote a row last has not done what the database does to it."""
        reference = "integer REFERENCES res_partner ON DELETE SET NULL"
        self._alter(f"ADD x_one {reference}, ADD x_two {reference}")
        self.tag.with_user(self.anna).sudo().color = 7
        self._set(self.tag, x_one=self.ada.id, x_two=self.bob.id)
        past = "write_date = write_date - interval '1 day'"
        self._sql(f"UPDATE res_partner_category SET {past}")
        self._sql("SELECT set_config('erp_audit.ctx', '', false)")
        self._mark()
        self._sql("DELETE FROM res_partner WHERE id IN %s", (self.ada.id, self.bob.id))
        found = self._records("res.partner.category", self.tag.ids)
        self.assertEqual({item["uid"] for item in found}, {None})

    # -- fields and models made in the screens -----------------------------------------

    def _field(self, **values):
        vals = {
            "name": "x_note",
            "ttype": "char",
            "model_id": self.env["ir.model"]._get_id("res.partner.category"),
            "field_description": "Note",
            **values,
        }
        return self.env["ir.model.fields"].create(vals)

    def test_custom_relation_is_recorded_at_once(self):
        """A list of links made in the screens, from its first link on."""
        self._field(name="x_companies", ttype="many2many", relation="res.company")
        self._mark()
        self.tag.write({"x_companies": [Command.link(self.env.company.id)]})
        self.assertEqual(
            self._diffs(self.tag), [("l", {"x_companies": [None, self.env.company.id]})]
        )

    def test_custom_fields_are_no_findings(self):
        """They come, get another name, and go: the triggers follow at once."""
        field = self._field()
        self.assertFalse(self.rules._findings())
        field.name = "x_note_2"
        self.assertFalse(self.rules._findings())
        field.unlink()
        self.assertFalse(self.rules._findings())
        self._mark()
        self.tag.color = 8
        self.assertEqual(self._one(self.tag)["diff"], {"color": [1, 8]})

    def test_custom_model_with_a_rule(self):
        """It is recorded like others, and may be deleted like others."""
        model = self.env["ir.model"].create(
            {"name": "Thing", "model": "x_thing", "state": "manual"}
        )
        self._field(name="x_size", ttype="integer", model_id=model.id)
        rule = self._rule("x_thing")
        thing = self.env["x_thing"].create({"x_name": "A", "x_size": 1})
        self.env.flush_all()
        self._mark()
        thing.x_size = 2
        self.assertEqual(self._one(thing)["diff"], {"x_size": [1, 2]})
        number = thing.id
        model.unlink()
        self.assertFalse(rule.exists())
        self.assertFalse(self.rules._findings())
        self.assertTrue(self._records("x_thing", [number]))
        self._mark()
        self.tag.color = 9
        self.assertTrue(self._one(self.tag))

    # -- what the functions rely on ----------------------------------------------------

    def test_rewritten_helpers_are_found(self):
        """Whoever changes what values are written with changes what is written."""
        for name, arguments in (
            ("erp_audit_pair", "o text, n text"),
            ("erp_audit_login", "uid integer"),
        ):
            with self.env.cr.savepoint() as point:
                self._sql(
                    f"CREATE OR REPLACE FUNCTION {name}({arguments}) RETURNS text"
                    " LANGUAGE sql AS $$ SELECT '[1, 1]' $$"
                )
                self.assertEqual(self.rules._findings(), [(name, "changed")])
                self.rules._sync()
                self.assertFalse(self.rules._findings())
                point.rollback()
