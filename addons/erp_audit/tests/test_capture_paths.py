"""Less usual paths to the rows of a table: each is told once, and rightly."""

from odoo import Command

from .common import AuditCase

CATEGORY = "res.partner.category"


class TestCapturePaths(AuditCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._rule(CATEGORY)
        cls.tags = cls.env[CATEGORY].create(
            [{"name": name, "color": number} for number, name in enumerate("ABC")]
        )

    def _sql(self, query, *values):
        self.env.flush_all()
        self.env.cr.execute(query, values)
        self.env.invalidate_all()

    def _told(self, *names):
        """Return ``[(operation, number, values of some columns)]`` since the mark."""
        return [
            (
                item["op"],
                item["res_id"],
                {name: item["diff"][name] for name in names if name in item["diff"]},
            )
            for item in self._records(CATEGORY)
        ]

    def test_rows_that_take_each_others_numbers(self):
        """Old and new numbers overlap: no record too many, none that is crossed."""
        # a constraint that is checked at the end of the statement lets them overlap
        self._sql(
            "ALTER TABLE res_partner_category DROP CONSTRAINT res_partner_category_pkey"
            " CASCADE"
        )
        first, second, third = self.tags.ids
        self._mark()
        self._sql(
            "UPDATE res_partner_category SET color = color + 10, id = CASE id"
            " WHEN %s THEN %s WHEN %s THEN %s ELSE id END WHERE id = ANY(%s)",
            *(first, second, second, first, [first, second, third]),
        )
        self.assertEqual(
            sorted(self._told("color"), key=str),
            [
                ("c", first, {"color": 11}),
                ("c", second, {"color": 10}),
                ("d", first, {"color": 0}),
                ("d", second, {"color": 1}),
                ("w", third, {"color": [2, 12]}),
            ],
        )
        # what follows in the same transaction is paired as rightly
        self._mark()
        self._sql(
            "UPDATE res_partner_category SET color = id WHERE id = ANY(%s)",
            self.tags.ids,
        )
        self.assertEqual(
            sorted(self._told("color"), key=str),
            [
                ("w", first, {"color": [11, first]}),
                ("w", second, {"color": [10, second]}),
                ("w", third, {"color": [12, third]}),
            ],
        )

    def test_several_changes_within_one_statement(self):
        """A query that inserts, changes and deletes rows of the same table."""
        first, second, third = self.tags.ids
        self._mark()
        self._sql(
            """WITH changed AS (UPDATE res_partner_category SET color = 7
                                 WHERE id = %s RETURNING id),
                    gone AS (DELETE FROM res_partner_category WHERE id = %s),
                    added AS (INSERT INTO res_partner_category (name, active, color)
                              VALUES ('{"en_US": "New"}', true, 8))
               UPDATE res_partner_category SET color = 9 WHERE id = %s""",
            *(first, second, third),
        )
        told = self._told("color")
        self.assertCountEqual(
            [(op, values) for op, _number, values in told],
            [
                ("c", {"color": 8}),
                ("d", {"color": 1}),
                ("w", {"color": [0, 7]}),
                ("w", {"color": [2, 9]}),
            ],
        )

    def test_through_a_view(self):
        """Whoever writes through a view of his own writes to the table."""
        tag = self.tags[0]
        self._sql("CREATE VIEW x_tags AS SELECT id, color FROM res_partner_category")
        self._mark()
        self._sql("UPDATE x_tags SET color = 5 WHERE id = %s", tag.id)
        self._sql("DELETE FROM x_tags WHERE id = %s", tag.id)
        self.assertEqual(
            self._told("color"),
            [("w", tag.id, {"color": [0, 5]}), ("d", tag.id, {"color": 5})],
        )

    def test_through_a_cursor(self):
        """Row by row, as loops in the database do."""
        self._mark()
        self._sql(
            """DO $$ DECLARE r record; BEGIN
                 FOR r IN SELECT id FROM res_partner_category WHERE color < 3
                           ORDER BY id FOR UPDATE LOOP
                     BEGIN
                         UPDATE res_partner_category SET color = 98 WHERE id = r.id;
                         RAISE EXCEPTION 'not this one';
                     EXCEPTION WHEN OTHERS THEN
                         UPDATE res_partner_category SET color = 99 WHERE id = r.id;
                     END;
                 END LOOP; END $$"""
        )
        mine = [item for item in self._told("color") if item[1] in self.tags.ids]
        self.assertEqual(
            mine,
            [
                ("w", tag.id, {"color": [number, 99]})
                for number, tag in enumerate(self.tags)
            ],
        )

    def test_triggers_of_others(self):
        """What they change in passing is told as well: before, after, and never."""
        self._sql(
            """CREATE FUNCTION x_before() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                   IF new.color = 77 THEN RETURN NULL; END IF;
                   new.parent_path := 'by a trigger'; RETURN new; END $$;
               CREATE TRIGGER a BEFORE UPDATE OF color ON res_partner_category
                   FOR EACH ROW EXECUTE FUNCTION x_before();
               CREATE FUNCTION x_after() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                   IF new.active AND new.color = 5 THEN
                       UPDATE res_partner_category SET active = false
                        WHERE id = new.id;
                   END IF; RETURN NULL; END $$;
               CREATE TRIGGER z AFTER UPDATE OF color ON res_partner_category
                   FOR EACH ROW EXECUTE FUNCTION x_after();"""
        )
        tag = self.tags[0]
        path = tag.parent_path
        self._mark()
        self._sql("UPDATE res_partner_category SET color = 77 WHERE id = %s", tag.id)
        self.assertFalse(self._told())
        self._sql("UPDATE res_partner_category SET color = 5 WHERE id = %s", tag.id)
        self.assertCountEqual(
            self._told("color", "active", "parent_path"),
            [
                ("w", tag.id, {"color": [0, 5], "parent_path": [path, "by a trigger"]}),
                ("w", tag.id, {"active": [True, False]}),
            ],
        )

    def test_cascades_through_several_tables(self):
        """Children, their children, and the links of all of them."""
        partners = self._rule("res.partner")
        self.assertEqual(partners.state, "confirmed")
        top = self.env[CATEGORY].create(
            {
                "name": "Top",
                "child_ids": [
                    Command.create(
                        {"name": "Middle", "child_ids": [Command.create({"name": "M"})]}
                    )
                ],
            }
        )
        below = top.child_ids + top.child_ids.child_ids
        partner = self.env["res.partner"].create(
            {"name": "P", "category_id": [Command.set(below.ids)]}
        )
        self._mark()
        self._sql("DELETE FROM res_partner_category WHERE id = %s", top.id)
        self.assertCountEqual(
            [(op, number) for op, number, _values in self._told() if op == "d"],
            [("d", number) for number in (top + below).ids],
        )
        links = self._records("res.partner", partner.ids)
        self.assertCountEqual(
            [(item["op"], item["diff"]["category_id"]) for item in links],
            [("u", [number, None]) for number in below.ids],
        )
