import contextlib
from datetime import datetime
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from ..models.erp_audit_rollup_count import ErpAuditRollup
from .common_reading import ReadingCase


@tagged("post_install", "-at_install")
class TestRollup(ReadingCase):
    """Each sealed record is counted once."""

    def _count(self, **options):
        while self.env["erp.audit.rollup"]._count(self.cr, **options):
            pass
        self.env.invalidate_all()

    def _counted(self, *domain):
        groups = self.env["erp.audit.rollup"]._read_group(
            list(domain), [], ["count:sum"]
        )
        return groups[0][0] or 0

    def _true(self, condition="true"):
        """Return what there is to count, from the records themselves."""
        # a condition of the tests
        self.cr.execute(f"SELECT count(*) FROM erp_audit_log WHERE {condition}")
        return self.cr.fetchone()[0]

    def _fill(self):
        for number in range(25):
            user = (self.anna, self.bob)[number % 2]
            op = "wcd"[number % 3]
            self._done(user, op=op, tx=500 + number, ago=20 * number, action="x.y")
        self._done(self.anna, op="e", event="login", source=0, res_id=None, tx=600)

    def test_exact(self):
        self._fill()
        self._seal(limit=4)
        self._count(seals=2)
        self.assertEqual(self._counted(), 26)
        for user in (self.anna, self.bob):
            for op in "wcde":
                expected = self._true(f"real_uid = {user.id} AND op = '{op}'")
                found = self._counted(("user_id", "=", user.id), ("op", "=", op))
                self.assertEqual(found, expected)
        self.assertEqual(self._counted(("event", "=", "login")), 1)
        self.assertEqual(self._counted(("source_id", "=", False)), 1)

    def test_only_what_is_sealed(self):
        self._done(self.anna, tx=500)
        self._done(self.anna, tx=600)
        self._seal(watermark=550)
        self._count()
        self.assertEqual(self._counted(), 1)
        self._seal()
        self._count()
        self._count()
        self.assertEqual(self._counted(), 2)

    def test_crash(self):
        """What a crash undoes is counted again; what it does not, is not."""
        self._fill()
        self._seal(limit=4)
        rollups = self.env["erp.audit.rollup"]
        rollups._count(self.cr, seals=1)
        counted = self._counted()
        self.assertEqual(counted, 4)
        try:
            with self.cr.savepoint():
                rollups._count(self.cr, seals=1)
                self.assertEqual(self._counted(), 8)
                raise RuntimeError
        except RuntimeError:
            self.env.invalidate_all()
        self.assertEqual(self._counted(), counted)
        self._count()
        self.assertEqual(self._counted(), 26)

    def test_job(self):
        self._fill()
        self._seal(limit=4)
        calls = []
        count = ErpAuditRollup._count

        def counting(rollups, cr, **options):
            calls.append(cr)
            return count(rollups, cr, seals=3)

        # one transaction in tests, several otherwise
        cursor = patch.object(
            type(self.env.registry),
            "cursor",
            lambda *args, **kw: contextlib.nullcontext(self.cr),
        )
        model = type(self.env["erp.audit.rollup"])
        with cursor, patch.object(model, "_count", counting):
            self.env["erp.audit.rollup"]._cron_count()
        # 26 records under 7 seals, and a look that there is nothing more
        self.assertEqual(len(calls), 4)
        self.env.invalidate_all()
        self.assertEqual(self._counted(), 26)

    def test_day_of_the_company(self):
        self.company.resource_calendar_id.tz = "Asia/Shanghai"
        self.env.flush_all()
        self._done(self.anna, ts="2020-02-10 17:30:00")
        self._seal()
        self._count()
        rollup = self.env["erp.audit.rollup"].search([])
        self.assertEqual(str(rollup.day), "2020-02-11")

    def test_words(self):
        self._done(self.anna, action="res.partner.write")
        self._done(self.anna, op="e", event="login", source=0, res_id=None)
        self._seal()
        self._count()
        rollups = self.env["erp.audit.rollup"].search([], order="op")
        self.assertEqual(rollups.mapped("kind"), ["Logged in", "Changed"])
        self.assertEqual(rollups.mapped("person"), ["Anna", "Anna"])
        self.assertEqual(rollups[1].action_name, "Contact: Save")

    def test_deleted_people_are_still_counted(self):
        self._done(self.anna, real_uid=987654, login="zoe")
        self._seal()
        self._count()
        rollups = self.env["erp.audit.rollup"].with_user(self.auditor)
        found = rollups.search([])
        self.assertEqual(found.person, "zoe")
        self.assertTrue(found.web_read({"user_id": {"fields": {"display_name": {}}}}))
        groups = rollups.formatted_read_group([], ["user_id", "login"], ["count:sum"])
        self.assertEqual([(g["login"], g["count:sum"]) for g in groups], [("zoe", 1)])

    def test_who_sees_which_figures(self):
        users = (self.anna, self.bob, self.carl, self.dora, self.sam, self.auditor)
        for user in users:
            self._done(user)
        other = self._other_company()
        self._done(self.anna, company=other.id)
        self._seal()
        self._count()
        seen = {
            self.anna: 1,
            self.bob: 2,
            self.carl: 3,
            self.dora: 6,
            self.sam: 1,
            self.auditor: 6,
        }
        for user, number in seen.items():
            rollups = self.env["erp.audit.rollup"].with_user(user)
            (group,) = rollups.formatted_read_group([], [], ["count:sum"])
            self.assertEqual(group["count:sum"], number, user.login)

    def test_drill_down(self):
        row = self._done(self.anna, ago=5)
        self._done(self.anna, ago=200)
        self._done(self.bob, ago=5)
        self._seal()
        self._count()
        day = datetime.date(self.cr._now if False else self.now)
        rollup = self.env["erp.audit.rollup"].with_user(self.auditor)
        rollup = rollup.search([("user_id", "=", self.anna.id)], limit=1)
        self.assertTrue(abs((rollup.day - day).days) <= 1)
        action = rollup.action_open_records()
        found = self.env["erp.audit.record"].search(action["domain"])
        self.assertEqual(found.ids, [row])

    def test_not_writable(self):
        rollups = self.env["erp.audit.rollup"].with_user(self.auditor)
        with self.assertRaises(AccessError):
            Form(rollups).save()
