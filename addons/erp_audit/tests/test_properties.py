"""Whatever is done to a table, its trail tells how it came to hold what it holds."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo import Command

from .common import AuditCase, rule_of

TEXTS = st.text(
    st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=8
)
NUMBERS = st.integers(0, 11)
INDEX = st.integers(0, 7)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("create"), TEXTS, NUMBERS),
        st.tuples(st.just("write"), INDEX, TEXTS, NUMBERS),
        st.tuples(st.just("archive"), INDEX),
        st.tuples(st.just("translate"), INDEX, TEXTS),
        st.tuples(st.just("delete"), INDEX),
        st.tuples(st.just("copy"), INDEX),
        st.tuples(st.just("link"), INDEX, INDEX),
        st.tuples(st.just("link_back"), INDEX, INDEX),
        st.tuples(st.just("unlink_all"), INDEX),
        st.tuples(st.just("parent"), INDEX, INDEX),
        st.tuples(st.just("sql"), NUMBERS, NUMBERS),
        st.tuples(st.just("sql_delete"), INDEX),
        st.tuples(st.just("undone"), INDEX, TEXTS),
    ),
    min_size=1,
    max_size=12,
)


class _Undone(Exception):
    pass


class TestProperties(AuditCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # links are told once, on the side that has a rule of its own
        rule_of(cls.env, "res.partner").action_draft()
        cls._rule("res.partner.category")
        cls.tags = cls.env["res.partner.category"]
        cls.partners = cls.env["res.partner"].create([{"name": n} for n in "abcdefgh"])
        cls.env["res.lang"]._activate_lang("fr_FR")

    @settings(
        max_examples=25,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(STEPS)
    def test_the_trail_replayed_is_the_table(self, steps):
        """Replaying all records from nothing gives rows and links as they are."""
        with self.assertRaises(_Undone), self.env.cr.savepoint():
            self._play(steps)
            raise _Undone

    def _play(self, steps):
        start = self._table()
        self._mark()
        for name, *arguments in steps:
            getattr(self, f"_do_{name}")(*arguments)
            self.env.flush_all()
            self.env.invalidate_all()
        self.assertEqual(self._replay(start), self._table())

    # -- what may be done --------------------------------------------------------------

    def _tag(self, index):
        tags = self.tags.with_context(active_test=False).search([], order="id")
        return tags[index % len(tags)] if tags else tags

    def _do_create(self, name, color):
        self.tags.create({"name": name or "x", "color": color})

    def _do_write(self, index, name, color):
        self._tag(index).write({"name": name or "x", "color": color})

    def _do_archive(self, index):
        tag = self._tag(index)
        tag.active = not tag.active

    def _do_translate(self, index, text):
        self._tag(index).with_context(lang="fr_FR").name = text or "y"

    def _do_delete(self, index):
        self._tag(index).unlink()

    def _do_copy(self, index):
        if tag := self._tag(index):
            tag.copy()

    def _do_link(self, index, partner):
        if tag := self._tag(index):
            self.partners[partner].category_id = [Command.link(tag.id)]

    def _do_link_back(self, index, partner):
        self._tag(index).partner_ids = [Command.set(self.partners[partner:].ids)]

    def _do_unlink_all(self, index):
        self._tag(index).partner_ids = [Command.clear()]

    def _do_parent(self, index, other):
        tag, parent = self._tag(index), self._tag(other)
        if (
            parent
            and tag != parent
            and tag not in parent.search([("id", "parent_of", parent.ids)])
        ):
            tag.parent_id = parent

    def _do_sql(self, old, new):
        self.env.cr.execute(
            "UPDATE res_partner_category SET color = %s WHERE color <= %s", [new, old]
        )

    def _do_sql_delete(self, index):
        if tag := self._tag(index):
            self.env.cr.execute(
                "DELETE FROM res_partner_category WHERE id = %s", [tag.id]
            )

    def _do_undone(self, index, text):
        with self.assertRaises(_Undone), self.env.cr.savepoint():
            self._tag(index).write({"name": text or "z"})
            self.tags.create({"name": "never"})
            self.env.flush_all()
            raise _Undone

    # -- what it comes to --------------------------------------------------------------

    def _table(self):
        """Return ``(rows, links)`` as the database has them."""
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT id, jsonb_strip_nulls(to_jsonb(t) - ARRAY['id', 'create_uid',"
            " 'create_date', 'write_uid', 'write_date']) FROM res_partner_category t"
        )
        rows = dict(self.env.cr.fetchall())
        self.env.cr.execute(
            "SELECT category_id, partner_id FROM res_partner_res_partner_category_rel"
        )
        return rows, set(self.env.cr.fetchall())

    def _replay(self, start):
        """Return what the records since the mark make of ``start``.

        Each record is checked against what was there before it.
        """
        rows, links = {k: dict(v) for k, v in start[0].items()}, set(start[1])
        for item in self._records("res.partner.category"):
            number, diff = item["res_id"], item["diff"]
            if item["op"] == "c":
                self.assertNotIn(number, rows)
                rows[number] = diff
            elif item["op"] == "d":
                self.assertEqual(rows.pop(number), diff)
            elif item["op"] == "w":
                for name, (old, new) in diff.items():
                    self.assertEqual(rows[number].get(name), old)
                    rows[number][name] = new
                rows[number] = {k: v for k, v in rows[number].items() if v is not None}
            elif item["op"] == "l":
                self.assertNotIn((number, item["other_id"]), links)
                links.add((number, item["other_id"]))
            else:
                links.remove((number, item["other_id"]))
        return rows, links
