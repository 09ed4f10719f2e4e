import contextlib
import random
from datetime import date
from unittest.mock import patch

from odoo.tests import tagged

from .. import store
from ..models import erp_audit_closed as closed
from .common_reading import ReadingCase

MONTH = "erp_audit_log_y2020m02"
WORDS = ("Azure", "50 %", "a_b", 'say "no"', "back\\slash", "江苏", "0000", "")


@tagged("post_install", "-at_install")
class TestClosed(ReadingCase):
    """Months that are over get indexes of their own; what is found stays the same."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        chance = random.Random(20)
        for number in range(300):
            user = chance.choice((cls.anna, cls.bob, cls.carl))
            names = chance.sample(["name", "phone", "city", "street"], 2)
            op = chance.choice("cwwde")
            if op == "e":
                diff = {"ids": [number], "login": chance.choice(WORDS)}
            else:
                value = chance.choice((chance.choice(WORDS), number, None, True))
                diff = {
                    name: value if op in "cd" else [value, chance.choice(WORDS)]
                    for name in names
                }
            cls._done(
                user,
                diff,
                op=op,
                event="read" if op == "e" else None,
                tx=1000 + number // 3,
                res_id=number % 40,
                ts=f"2020-02-{1 + number // 12:02} 10:00:{number % 60:02}",
                ip=f"10.0.{chance.randrange(12)}.{chance.randrange(99)}",
                action=chance.choice(("res.partner.write", "x.action_confirm", None)),
            )
        # what nobody writes, and the search lives with
        cls._done(cls.anna, ["phone"], ts="2020-02-11 10:00:00", tx=2000)

    def setUp(self):
        super().setUp()
        self.patch(closed, "SMALL", 0)
        # one transaction in tests, several otherwise
        self.patch(
            type(self.env.registry),
            "cursor",
            lambda *_args, **_more: contextlib.nullcontext(self.cr),
        )

    def _indexes(self, month=MONTH):
        self.cr.execute(
            "SELECT indexrelid::regclass::text FROM pg_index"
            " WHERE indrelid = %s::regclass",
            [month],
        )
        return {name for (name,) in self.cr.fetchall() if "_closed_" in name}

    def _searches(self):
        for words in ("phone", "name", "nowhere"):
            yield [("changed_field", "ilike", words)]
        yield [("changed_field", "in", ["Phone", "City"])]
        for words in (*filter(None, WORDS), "nowhere", "12", "z", "o"):
            yield [("changed_value", "ilike", words)]
            yield [("changed_value", "=", words)]
        for words in ("10.0.5.%", "10.0.1%", "99.%"):
            yield [("ip", "=like", words)]
        for words in ("confirm", "write", "dismantle", "%", "a"):
            yield [("action_name", "ilike", words)]
        yield [("source_id", "=", self.source), ("op", "=", "c")]
        yield ["|", ("ip", "=like", "10.0.5.%"), ("changed_field", "ilike", "city")]

    def _found(self):
        """Return what everybody finds by everything."""
        found, domains = [], list(self._searches())
        month = [("date", ">=", "2020-02-01"), ("date", "<", "2020-03-01")]
        for user in (self.auditor, self.bob, self.anna):
            records = self.env["erp.audit.record"].with_user(user)
            for domain in domains:
                if "changed_value" in str(domain) and user != self.auditor:
                    continue
                found.append((user, domain, records.search(domain + month).ids))
        return found

    def test_the_same_is_found_with_and_without(self):
        before = self._found()
        self.assertGreater(sum(bool(ids) for _user, _domain, ids in before), 25)
        self.assertTrue(self.env["erp.audit.closed"]._index())
        self.cr.execute("SET LOCAL enable_seqscan = off")
        for one, other in zip(before, self._found(), strict=True):
            self.assertEqual(one, other)

    def test_rare_searches_use_them(self):
        self.env["erp.audit.closed"]._index()
        for setting in ("enable_seqscan", "enable_indexscan"):
            self.cr.execute(f"SET LOCAL {setting} = off")
        records = self.env["erp.audit.record"].with_user(self.auditor)
        domains = [[("changed_field", "ilike", "phone")], [("ip", "=like", "10.0.5.%")]]
        if self.env["erp.audit.closed"]._trigrams():
            domains += [
                [("changed_value", "ilike", "nowhere")],
                [("action_name", "ilike", "dismantle")],
            ]
        for domain in domains:
            query = records._search(domain)
            self.cr.execute(f"EXPLAIN {self.cr.mogrify(query.select()).decode()}")
            plan = "\n".join(row[0] for row in self.cr.fetchall())
            self.assertIn(f"on {MONTH}_closed_", plan, domain)

    def test_only_months_that_are_over(self):
        """Whoever writes now pays for none of them."""
        self.assertTrue(self.env["erp.audit.closed"]._index())
        self.assertTrue(self._indexes())
        today = date.today()
        for month in (today, store.month_after(today.replace(day=1))):
            self.assertEqual(self._indexes(store.partition_name(month)), set())
        self.assertEqual(self._indexes("erp_audit_log_default"), set())

    def test_made_once(self):
        """Made by the job that keeps the months; what has them is left alone."""
        model = self.env["erp.audit.closed"]
        with patch.object(type(self.env["ir.cron"]), "_commit_progress") as told:
            self.env["erp.audit.retention"]._cron_keep()
            # the job comes again until there is nothing left to do
            self.assertEqual(told.call_args.kwargs, {"remaining": 1})
            told.reset_mock()
            self.env["erp.audit.retention"]._cron_keep()
            self.assertEqual(told.call_args.kwargs, {})
        made = self._indexes()
        self.assertEqual(len(made), len(model._wanted()))
        self.assertEqual(model._index(), 0)
        with self.assertQueryCount(30):
            model._index()
        self.assertEqual(self._indexes(), made)

    def test_a_month_in_use_waits(self):
        """What cannot be had now is tried another day, without turning in circles."""
        model, tried = self.env["erp.audit.closed"], []
        self.patch(type(model), "_run", lambda _self, *args: tried.append(args))
        self.assertEqual(model._index(), 0)
        self.assertEqual([name for name, _statement in tried], model._months())

    def test_what_is_not_wanted_any_more_goes(self):
        model = self.env["erp.audit.closed"]
        model._index()
        made = self._indexes()
        wanted = model._wanted()
        self.patch(type(model), "_wanted", lambda _self: wanted[1:])
        model._index()
        self.assertEqual(len(made - self._indexes()), 1)
        self.assertLess(self._indexes(), made)

    def test_small_months_need_none(self):
        self.patch(closed, "SMALL", 10**6)
        self.assertEqual(self.env["erp.audit.closed"]._index(), 0)

    def test_a_run_ends_in_time(self):
        self.patch(closed, "SECONDS", -1)
        self.assertEqual(self.env["erp.audit.closed"]._index(), 0)

    def test_without_trigrams(self):
        """The extension is a help, and not needed."""
        model = self.env["erp.audit.closed"]
        self.patch(type(model), "_trigrams", lambda _self: None)
        self.assertNotIn("trgm", " ".join(item.code for item in model._wanted()))
        self.assertTrue(model._index())

    # -- groups ------------------------------------------------------------------------

    def test_groups_are_sorted_by_name(self):
        """As the ORM sorts them, without joining the names to each row."""
        records = self.env["erp.audit.record"].with_user(self.auditor)
        month = [("date", ">=", "2020-02-01"), ("date", "<", "2020-03-01")]
        for order in ("user_id", "user_id desc", "op, user_id"):
            groups = records._read_group(
                month, ["user_id", "op"], ["__count"], order=order
            )
            names = [user.name for user, _op, _count in groups]
            if order.startswith("op"):
                keys = [(op, user.name) for user, op, _count in groups]
                self.assertEqual(keys, sorted(keys))
            else:
                self.assertEqual(names, sorted(names, reverse="desc" in order))
            self.assertEqual(set(names), {"Anna", "Bob", "Carl"})
        query = []
        execute = type(self.cr).execute
        with patch.object(
            type(self.cr),
            "execute",
            lambda cr, text, *rest, **more: (
                query.append(getattr(text, "code", str(text))),
                execute(cr, text, *rest, **more),
            )[1],
        ):
            records.formatted_read_group(month, ["user_id"], ["__count"])
        grouped = next(text for text in query if "GROUP BY" in text)
        self.assertNotIn("JOIN", grouped.partition("ORDER BY")[0])

    def test_people_who_are_gone_are_groups_too(self):
        self._done(self.anna, tx=3000, real_uid=2**30, ts="2020-02-12 10:00:00")
        records = self.env["erp.audit.record"].with_user(self.auditor)
        groups = records._read_group(
            [("operation", "=", "3000")],
            ["user_id"],
            ["__count"],
            order="user_id desc",
        )
        self.assertEqual([count for _user, count in groups], [1])
