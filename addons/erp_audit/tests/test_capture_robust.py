import json

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tools import mute_logger

from .. import capture
from ..hooks import uninstall_hook
from .common import AuditCase

SYNC = "odoo.addons.erp_audit.models.erp_audit_rule_sync"


class TestCaptureRobust(AuditCase):
    """Whatever becomes of tables and rules, business goes on and is recorded."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rule = cls._rule("res.partner.category")
        cls.rules = cls.env["erp.audit.rule"]
        cls.tag = cls.env["res.partner.category"].create({"name": "Tag", "color": 1})

    def _sql(self, query, *params):
        self.env.flush_all()
        self.env.cr.execute(query, params or None)

    def _change(self, **values):
        """Change the tag by SQL; return what was recorded of it."""
        self._mark()
        assignments = ", ".join(f'"{name}" = %s' for name in values)
        self._sql(
            f"UPDATE res_partner_category SET {assignments} WHERE id = %s",
            *values.values(),
            self.tag.id,
        )
        return self._one(self.tag)["diff"]

    def _column(self, definition):
        """Add a column to the audited table, and let the triggers know."""
        self._sql(f"ALTER TABLE res_partner_category ADD COLUMN {definition}")
        self.rules._sync()

    def _triggers(self, table="res_partner_category"):
        return set(capture.installed(self.env.cr).get(table, ("", {}))[1])

    # -- columns that come and go ------------------------------------------------------

    def test_a_column_goes(self):
        """A dropped column stops neither the write nor the record."""
        self._sql("ALTER TABLE res_partner_category DROP COLUMN color")
        self.assertEqual(self._change(active=False), {"active": [True, False]})

    def test_a_column_comes(self):
        """A column that nobody told of is recorded from its first change."""
        self._sql("ALTER TABLE res_partner_category ADD COLUMN x_new varchar")
        self.assertEqual(self._change(x_new="1"), {"x_new": [None, "1"]})
        self.assertEqual(self.rules._findings(), [("res_partner_category", "changed")])
        self.rules._sync()
        self.assertEqual(self._change(x_new="2"), {"x_new": ["1", "2"]})
        self.assertFalse(self.rules._findings())

    def test_a_secret_column_comes(self):
        """Also before the triggers know it, a secret is not written down."""
        self._sql("ALTER TABLE res_partner_category ADD COLUMN x_password varchar")
        changed = self._change(x_password="S3cret!")
        self.assertEqual(changed, {"x_password": [None, capture.MASK]})

    def test_a_column_is_renamed(self):
        """The new name is recorded, and the write goes on."""
        self._sql("ALTER TABLE res_partner_category RENAME COLUMN color TO hue")
        self.assertEqual(self._change(hue=4)["hue"][1], 4)

    def test_custom_field(self):
        """A field made in the screens is recorded, and may be deleted again."""
        field = self.env["ir.model.fields"].create(
            {
                "name": "x_note",
                "ttype": "char",
                "model_id": self.env["ir.model"]._get_id("res.partner.category"),
                "field_description": "Note",
            }
        )
        self._mark()
        self.tag.write({"x_note": "Hello"})
        self.assertEqual(self._one(self.tag)["diff"], {"x_note": [None, "Hello"]})
        field.unlink()
        self.assertEqual(self._change(active=False), {"active": [True, False]})

    def test_the_table_of_a_relation_goes(self):
        """Triggers of a dropped relation leave nothing behind."""
        self._sql("DROP TABLE res_partner_res_partner_category_rel")
        self.assertEqual(self._change(active=False), {"active": [True, False]})
        self.rules._sync()
        self._sql(
            "SELECT 1 FROM pg_proc WHERE proname ="
            " 'erp_audit_f_res_partner_res_partner_category_rel'"
        )
        self.assertFalse(self.env.cr.fetchall())

    def test_a_column_of_a_relation_is_renamed(self):
        """Links whose columns nobody knows any more can still be written."""
        self._sql(
            "ALTER TABLE res_partner_res_partner_category_rel"
            " RENAME COLUMN partner_id TO who"
        )
        self._sql(
            "INSERT INTO res_partner_res_partner_category_rel (who, category_id)"
            " VALUES (%s, %s)",
            self.env.user.partner_id.id,
            self.tag.id,
        )
        self._sql(
            "SELECT who FROM res_partner_res_partner_category_rel"
            " WHERE category_id = %s",
            self.tag.id,
        )
        self.assertEqual(self.env.cr.fetchall(), [(self.env.user.partner_id.id,)])
        # which side is which is not known any more, the link itself is
        [link] = self._records(None)
        self.assertEqual(link["op"], "l")
        self.assertEqual({link["res_id"], link["other_id"]}, {None, self.tag.id})

    # -- kinds of values ---------------------------------------------------------------

    def test_values_are_exact(self):
        """Numbers, dates, nested JSON and arrays come back as they were."""
        self._column("x_num numeric, ADD x_float double precision, ADD x_json jsonb")
        self._column("x_date date, ADD x_list integer[], ADD x_json_plain json")
        old = self._change(
            x_num="12345678901234567890.10", x_float=0.1, x_json='{"1": null}'
        )
        self._sql(
            "SELECT diff->'x_num'->>1 FROM erp_audit_log ORDER BY id DESC LIMIT 1"
        )
        self.assertEqual(self.env.cr.fetchone()[0], "12345678901234567890.10")
        self.assertEqual(old["x_float"], [None, 0.1])
        self.assertEqual(old["x_json"], [None, {"1": None}])
        new = self._change(
            x_float="NaN",
            x_json='{"1": {"a": null}}',
            x_date="2024-02-29",
            x_list=[1, 2],
            x_json_plain='{"b": 1}',
        )
        self.assertEqual(new["x_float"], [0.1, "NaN"])
        self.assertEqual(new["x_json"], [{"1": None}, {"1": {"a": None}}])
        self.assertEqual(new["x_date"], [None, "2024-02-29"])
        self.assertEqual(new["x_list"], [None, [1, 2]])
        self.assertEqual(new["x_json_plain"], [None, '{"b": 1}'])

    def test_binary_columns_are_not_copied(self):
        """It is recorded that they changed."""
        self._column("x_file bytea")
        changed = self._change(x_file=b"1234")
        self.assertEqual(changed, {"x_file": [None, capture.MASK]})
        changed = self._change(x_file=b"5678")
        self.assertEqual(changed, {"x_file": [capture.MASK, capture.MASK]})

    def test_long_texts_are_shortened(self):
        """A very long text is recorded by its beginning and its checksum."""
        self._column("x_text text, ADD x_json jsonb")
        text = "ä" * 200_000
        changed = self._change(x_text=text, x_json=json.dumps({"en_US": text}))
        for name in ("x_text", "x_json"):
            shown = changed[name][1]
            self.assertLess(len(shown), 1200)
            self.assertIn("sha256", shown)
        self.assertEqual(self._change(x_text="short")["x_text"][1], "short")

    def test_odd_names_and_many_columns(self):
        """150 columns, one of which has quotes in its name."""
        self._column(
            ", ADD ".join(f"x_{n} integer" for n in range(150))
            + """, ADD "x '""%s" varchar"""
        )
        names = [f"x_{n}" for n in range(150)]
        changed = self._change(**{name: 1 for name in names})
        self.assertEqual(changed, {name: [None, 1] for name in names})
        self._mark()
        self._sql("""UPDATE res_partner_category SET "x '""%s" = 'o"k'""")
        self.assertEqual(self._one(self.tag)["diff"], {"x '\"%s": [None, 'o"k']})

    def test_long_table_names(self):
        """Functions of tables with long names do not collide."""
        names = {capture.function_name("a" * 60 + str(n)) for n in range(2)}
        self.assertEqual(len(names), 2)
        self.assertLessEqual(max(map(len, names)), 63)

    def test_text_of_another_session(self):
        """A temporary table of the same name does not take the records."""
        self._sql("CREATE TEMP TABLE erp_audit_log (LIKE erp_audit_log)")
        self._sql("UPDATE res_partner_category SET active = false")
        self._sql("DROP TABLE pg_temp.erp_audit_log")
        self.assertIn(("w", {"active": [True, False]}), self._diffs(self.tag))

    def test_tables_that_inherit(self):
        """A server action changed through the table that it inherits from."""
        self._rule("ir.actions.server")
        action = self.env["ir.actions.server"].create(
            {
                "name": "Act",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "state": "code",
            }
        )
        self._mark()
        self._sql("UPDATE ir_actions SET name = '{}' WHERE id = %s", action.id)
        (record,) = self._records("ir.actions.actions", action.ids)
        self.assertEqual(record["diff"]["name"][1], {})

    # -- rules -------------------------------------------------------------------------

    def test_models_without_table_are_refused(self):
        """Mixins, forms and views: the message says what to do instead."""
        for name, words in (
            ("mail.thread", "no table of its own"),
            ("base.language.export", "forgotten after use"),
            ("erp.audit.record", "no table of its own"),
        ):
            with self.subTest(name):
                rule = self.rules.create(
                    {"model_id": self.env["ir.model"]._get_id(name)}
                )
                with self.assertRaisesRegex(UserError, words):
                    rule.action_confirm()
                with self.assertRaisesRegex(ValidationError, words):
                    rule.write({"state": "confirmed"})
                rule.unlink()

    def test_rules_take_effect_at_once(self):
        """Left out, masked, switched off: from the next statement on."""
        field = self.env["ir.model.fields"]._get("res.partner.category", "color")
        self.rule.masked_field_ids = field
        self.assertEqual(self._change(color=5), {"color": [capture.MASK, capture.MASK]})
        self.rule.write(
            {
                "masked_field_ids": [Command.clear()],
                "excluded_field_ids": [Command.set(field.ids)],
            }
        )
        self.assertEqual(self._change(color=6, active=False), {"active": [True, False]})
        self.rule.log_write = False
        self._mark()
        self._sql("UPDATE res_partner_category SET color = 9, active = true")
        self.assertFalse(self._diffs(self.tag))

    def test_rules_begin_and_end_by_any_way(self):
        """By button, by writing the state, by deleting the rule."""
        self.assertEqual(len(self._triggers()), 5)
        self.rule.write({"state": "draft"})
        self.assertFalse(self._triggers())
        self.rule.write({"state": "confirmed"})
        self.assertTrue(self._triggers())
        self.rule.unlink()
        self.assertFalse(self._triggers())

    def test_rules_are_recorded_themselves(self):
        """Whoever stops the recording is on record with it."""
        self._mark()
        self.rule.with_user(self.auditor).action_draft()
        (record,) = self._records("erp.audit.rule", self.rule.ids)
        self.assertEqual(record["diff"], {"state": ["confirmed", "draft"]})
        self.assertEqual(record["uid"], self.auditor.id)

    def test_two_models_on_one_table(self):
        """What either wants recorded is recorded."""
        (one,) = [
            item for item in self.rules._captures() if item.table == "ir_act_server"
        ]
        self.assertEqual(one.operations, {"c", "w", "d"})

    def test_syncing_twice_changes_nothing(self):
        """The triggers of a database in order are left alone."""
        self.assertFalse(self.rules._sync())

    def test_uninstalling_frees_the_tables(self):
        """After the addon has gone, its rules too, business goes on."""
        self._sql(
            "UPDATE ir_module_module SET state = 'to remove' WHERE name = 'erp_audit'"
        )
        uninstall_hook(self.env)
        self.rule.unlink()
        self.assertFalse(capture.installed(self.env.cr))
        self._mark()
        self._sql("UPDATE res_partner_category SET color = 1")
        self.assertFalse(self._diffs(self.tag))

    # -- the daily check ---------------------------------------------------------------

    def test_findings(self):
        """Missing, switched off, rewritten: found, recorded, mended."""
        ways = {
            "missing": "DROP TRIGGER erp_audit_w ON res_partner_category",
            "disabled": "ALTER TABLE res_partner_category DISABLE TRIGGER USER",
            "changed": "CREATE OR REPLACE FUNCTION erp_audit_f_res_partner_category()"
            " RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN RETURN NULL; END'",
        }
        for what, query in ways.items():
            with self.subTest(what):
                self._mark()
                self._sql(query)
                with mute_logger(SYNC):
                    found = self.rules._cron_check()
                self.assertEqual(found, [("res_partner_category", what)])
                (event,) = self._records(None, event="trigger")
                self.assertEqual(
                    event["diff"], {"table": "res_partner_category", "what": what}
                )
                self.assertFalse(self.rules._findings())
                self.assertTrue(self._change(active=what == "disabled"))
