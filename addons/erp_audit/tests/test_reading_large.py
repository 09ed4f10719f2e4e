from odoo.exceptions import UserError
from odoo.tests import tagged

from ..models import erp_audit_record_named as named_records
from ..models import erp_audit_record_window as window
from .common_reading import ReadingCase

DAYS = 24


@tagged("post_install", "-at_install")
class TestReadingLarge(ReadingCase):
    """A trail of years is searched from its newest stretch to its oldest."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rows = [
            cls._done(
                (cls.anna, cls.bob)[number % 3 == 0],
                ago=days * DAYS,
                tx=1000 + number,
                res_id=cls.partner.id + number % 5,
            )
            for number, days in enumerate((900, 400, 399, 90, 60, 33, 8, 7, 6, 1, 0))
        ]

    def setUp(self):
        super().setUp()
        self.large = False
        records = type(self.env["erp.audit.record"])
        self.patch(records, "_is_large", lambda _self: self.large)

    def _ids(self, user, domain=(), large=True, **options):
        self.large = large
        records = self.env["erp.audit.record"].with_user(user)
        return records.search([("op", "=", "w"), *domain], **options).ids

    def _places(self):
        """Return how people look at a trail."""
        month = [("date", "<", str(self.now)), ("date", ">=", "2020-01-01")]
        for user in (self.anna, self.bob, self.carl, self.auditor):
            for domain in ([], month, [("user_id", "=", self.anna.id)]):
                for order in (None, "date desc", "date"):
                    for offset, limit in ((0, 3), (2, 4), (0, 80)):
                        yield (
                            user,
                            domain,
                            dict(order=order, offset=offset, limit=limit),
                        )

    def test_stretches_find_what_one_query_finds(self):
        for few in (0, window.FEW):
            self.patch(window, "FEW", few)
            for user, domain, options in self._places():
                with self.subTest(few=few, user=user.login, domain=domain, **options):
                    self.assertEqual(
                        self._ids(user, domain, **options),
                        self._ids(user, domain, large=False, **options),
                    )

    def test_stretches_count_what_one_query_counts(self):
        records = self.env["erp.audit.record"]
        for few in (0, window.FEW):
            self.patch(window, "FEW", few)
            for user in (self.anna, self.bob, self.auditor):
                mine, domain = records.with_user(user), [("op", "=", "w")]
                self.large = False
                expected = mine.search_count(domain)
                self.large = True
                self.assertEqual(mine.search_count(domain, limit=100), expected)
                self.assertEqual(mine.search_count(domain, limit=2), 2)

    def test_a_full_page_is_found_without_the_past(self):
        """The newest stretch has what the page shows: nothing older is asked for."""
        self.patch(window, "FEW", 0)
        asked = []
        records = type(self.env["erp.audit.record"])
        search = records._search

        def counting(model, *args, **kwargs):
            asked.append(args)
            return search(model, *args, **kwargs)

        self.patch(records, "_search", counting)
        self.assertEqual(len(self._ids(self.auditor, limit=3)), 3)
        self.assertEqual(len(asked), 1)
        asked.clear()
        self.assertEqual(len(self._ids(self.auditor, limit=80)), len(self.rows))
        self.assertGreater(len(asked), 20)

    def test_a_search_for_too_long_says_so(self):
        """What is not looked through to the end never passes for all there is."""
        self.patch(window, "SECONDS", -1)
        self.patch(window, "FEW", 0)
        with self.assertRaisesRegex(UserError, "takes too long; 0 were found"):
            self._ids(self.auditor, limit=80)
        records = self.env["erp.audit.record"].with_user(self.auditor)
        self.assertEqual(records.search_count([("op", "=", "w")], limit=100), 100)
        # within a month it is looked through
        month = [("date", ">=", "today -20d")]
        self.assertTrue(self._ids(self.auditor, month, limit=80))

    def test_few_records_are_found_by_their_index(self):
        """Somebody who did little is found at once, however long the trail is."""
        self.patch(window, "SECONDS", -1)
        self.assertEqual(self._ids(self.dora, limit=80), [])
        self.assertEqual(
            self._ids(self.auditor, [("user_id", "=", self.bob.id)], limit=80),
            self._ids(self.bob, [("user_id", "=", self.bob.id)], limit=80),
        )

    def test_few_creations_of_a_kind_are_found_by_their_index(self):
        self.patch(window, "SECONDS", -1)
        records = self.env["erp.audit.record"].with_user(self.auditor)
        domain = [("source_id", "=", self.source), ("op", "=", "c")]
        self.large = True
        self.patch(window, "INDEXED", {})
        self.assertFalse(records.search(domain, limit=80))
        made = [
            self._done(self.anna, op="c", ago=days * DAYS, tx=3000 + days)
            for days in (300, 100, 2)
        ]
        self.assertEqual(records.search(domain, limit=80).ids, made[::-1])
        self.assertEqual(records.search_count(domain, limit=80), 3)

    def test_documents_are_found_by_their_index(self):
        self.patch(window, "SECONDS", -1)
        expected = self._ids(self.auditor, [("res_id", "=", self.partner.id)])
        for words in ("Azure", str(self.partner.id)):
            found = self._ids(self.auditor, [("document", "ilike", words)], limit=80)
            self.assertLessEqual(set(expected), set(found), words)
        records = self.env["erp.audit.record"].with_user(self.auditor)
        domain = [("op", "=", "w"), ("document", "ilike", "Azure")]
        self.assertEqual(records.search_count(domain, limit=50), len(expected))

    def test_names_are_looked_for_once(self):
        """For the page and for how many there are, of one reading alone."""
        asked = []
        model = type(self.env["erp.audit.record"])
        named = model._named

        def counting(records, *args):
            asked.append(args)
            return named(records, *args)

        self.patch(model, "_named", counting)
        self.large = True
        records = self.env["erp.audit.record"].with_user(self.auditor)
        domain = [("op", "=", "w"), ("document", "ilike", "Azure")]
        for reading in (1, 2):
            found = records.web_search_read(domain, {"date": {}}, limit=1)
            self.assertGreater(found["length"], 1)
            self.assertEqual(len(asked), reading)
        # nothing that a client sends is taken for it
        key = (self.auditor.id, False, self.auditor.lang, "ilike", "Azure")
        forged = records.with_context(**{named_records.FOUND: {key: []}})
        self.assertEqual(forged.search(domain), records.search(domain))

    def test_other_columns_sort_a_period(self):
        for order in ("login", "ip desc", "company_id"):
            with self.assertRaisesRegex(UserError, "too large to be sorted"):
                self._ids(self.auditor, order=order, limit=80)
            week = [("date", ">=", "today -7d")]
            self.assertTrue(self._ids(self.auditor, week, order=order, limit=80))

    def test_what_was_looked_for_is_recorded_as_it_was(self):
        self._ids(self.auditor, [("user_id", "=", self.bob.id)], limit=80)
        self.env.flush_all()
        self.cr.execute(
            "SELECT diff->>'filter' FROM erp_audit_log WHERE event = 'read'"
            " AND real_uid = %s ORDER BY id DESC LIMIT 1",
            [self.auditor.id],
        )
        self.assertNotIn("date", self.cr.fetchone()[0])

    # -- names of what is gone ---------------------------------------------------------

    def test_the_name_of_what_was_changed_often_and_deleted(self):
        number = 2**30
        self._done(self.anna, {"name": "First Ltd"}, op="c", res_id=number)
        for _time in range(2):
            self.cr.execute(
                """INSERT INTO erp_audit_log (tx, op, source, res_id, uid, diff)
                   SELECT 5, 'w', %s, %s, 1, '{"city": ["a", "b"]}'
                     FROM generate_series(1, 300)""",
                [self.source, number],
            )
            values = self.env["erp.audit.words"]._last_values(self.source, [number])
            self.assertEqual(values[number]["name"], "First Ltd")
        self._done(self.anna, {"name": "Last Ltd"}, op="d", res_id=number)
        values = self.env["erp.audit.words"]._last_values(self.source, [number, 7])
        self.assertEqual(values, {number: {"name": "Last Ltd"}})
