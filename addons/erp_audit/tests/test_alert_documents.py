from odoo import Command
from odoo.tests import new_test_user, tagged

from .common import AuditCase
from .common_alert import AlertMixin


@tagged("post_install", "-at_install")
class TestAlertDocuments(AlertMixin, AuditCase):
    """Much at a time: exports, reads, prints, deletions."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bob = new_test_user(cls.env, "bob", "base.group_user")
        allow = cls.env.ref("base.group_allow_export")
        (cls.anna + cls.auditor).write({"group_ids": [Command.link(allow.id)]})
        cls._rule("res.partner.category", log_reads=True)
        cls._rule("res.partner")

    def _export(self, user, count, ts, model="res.partner"):
        self._record_event("export", user, ts, model=model, diff={"count": count})

    def test_large_export(self):
        """A real export of as many records as the rule says, and one less."""
        tags = self.env["res.partner.category"].create([{"name": n} for n in "abcd"])
        with self._doing("export_large", records=4) as found:
            tags[:3].with_user(self.auditor).export_data(["name"])
        self.assertFalse(found.alerts)
        with self._doing("export_large") as found:
            tags.with_user(self.auditor).export_data(["name"])
        self.assertEqual(found.alerts.person_id, self.auditor)
        self.assertIn("4", found.alerts.name)

    def test_export_beyond_the_usual(self):
        """Six times the own middle raises; for whom that is usual it does not."""
        with self._doing("export_large", records=10000, factor=5) as found:
            for day in range(1, 7):
                self._export(self.anna, 100, f"2026-03-0{day} 10:00:00")
                self._export(self.bob, 600, f"2026-03-0{day} 10:00:00")
            self._export(self.anna, 600, "2026-03-08 10:00:00")
            self._export(self.bob, 600, "2026-03-08 10:00:00")
            # too few to be worth a word, and nobody knows what is usual
            self._export(self.auditor, 90, "2026-03-08 10:00:00")
        self.assertEqual(found.alerts.person_id, self.anna)
        self.assertEqual(found.alerts.facts["median"], 100)

    def test_export_of_sensitive_documents(self):
        """Of documents whose reading is recorded, and of no others."""
        tag = self.env["res.partner.category"].create({"name": "A"})
        with self._doing("export_sensitive") as found:
            self.anna.partner_id.with_user(self.anna).export_data(["name"])
        self.assertFalse(found.alerts)
        with self._doing("export_sensitive") as found:
            tag.with_user(self.anna).export_data(["name"])
        self.assertEqual(found.alerts.person_id, self.anna)

    def test_reads_far_more_than_others(self):
        """Compared with what others read in a day; alone there are no others."""
        with self._doing("reads_above_peers", records=200, factor=5) as found:
            for _n in range(5):
                self._read(self.anna, 100, "2026-03-02 10:00:00")
        self.assertFalse(found.alerts)
        with self._doing("reads_above_peers") as found:
            for day in (1, 2, 3):
                self._read(self.bob, 50, f"2026-03-1{day} 10:00:00")
                self._read(self.auditor, 60, f"2026-03-1{day} 10:00:00")
            for _n in range(5):
                self._read(self.anna, 100, "2026-03-14 10:00:00")
            self._read(self.bob, 250, "2026-03-14 10:00:00")
        self.assertEqual(found.alerts.person_id, self.anna)
        self.assertEqual(found.alerts.facts["number"], 500)

    def _read(self, user, count, ts, **values):
        diff = {"count": count}
        self._record_event(
            "read", user, ts, model="res.partner.category", diff=diff, **values
        )

    def test_prints_and_downloads(self):
        """A hundred in an hour raise, over a day they do not."""
        with self._doing("taken_out_much") as found:
            for minute in range(0, 50, 5):
                self._record_event(
                    "print",
                    self.anna,
                    f"2026-03-02 10:{minute:02}:00",
                    model="res.partner",
                    diff={"count": 10},
                )
            for hour in range(10, 20):
                self._record_event(
                    "download", self.bob, f"2026-03-02 {hour}:00:00", diff={"count": 10}
                )
        self.assertEqual(found.alerts.person_id, self.anna)
        self.assertEqual(found.alerts.facts["number"], 100)

    def test_many_deleted(self):
        """Fifty customers deleted at a time; forty-nine are none."""
        partners = self.env["res.partner"].create(
            [{"name": f"P{n}"} for n in range(99)]
        )
        self.env.flush_all()
        with self._doing("mass_removal") as found:
            partners[:49].with_user(self.anna).unlink()
        self.assertFalse(found.alerts)

    def test_many_archived(self):
        """Deleted in small pieces, or archived: it is the sum that counts."""
        partners = self.env["res.partner"].create(
            [{"name": f"P{n}"} for n in range(60)]
        )
        self.env.flush_all()
        with self._doing("mass_removal") as found:
            for start in range(0, 30, 10):
                partners[start : start + 10].with_user(self.anna).unlink()
                self.env.flush_all()
            partners[30:].with_user(self.anna).write({"active": False})
        self.assertEqual(found.alerts.person_id, self.anna)
        self.assertEqual(found.alerts.facts["number"], 60)
        self.assertEqual(found.alerts.record_count, 60)

    def test_changes_are_no_deletions(self):
        """Sixty other changes are none."""
        partners = self.env["res.partner"].create(
            [{"name": f"P{n}"} for n in range(60)]
        )
        with self._doing("mass_removal") as found:
            partners.write({"city": "Rome"})
        self.assertFalse(found.alerts)

    def _delete(self, number, company, ts, start=1):
        for res_id in range(start, start + number):
            self._record_event(
                None,
                self.anna,
                ts,
                op="d",
                model="res.partner",
                res_id=900000 + res_id,
                company=company.id,
            )

    def test_a_rule_of_a_company_counts_there_only(self):
        """Neither do others make the number full, nor does the last one hide it."""
        home = self.env.company
        other = self.env["res.company"].create({"name": "Elsewhere"})
        with self._doing("mass_removal", records=50, company_id=home.id) as found:
            self._delete(30, home, "2026-03-02 10:00:00")
            self._delete(30, other, "2026-03-02 10:01:00", start=100)
        self.assertFalse(found.alerts)
        with self._doing("mass_removal") as found:
            self._delete(60, home, "2026-03-03 10:00:00", start=200)
            self._delete(1, other, "2026-03-03 10:01:00", start=300)
        self.assertEqual(found.alerts.company_id, home)
        self.assertEqual(found.alerts.facts["number"], 60)

    def test_reads_of_another_company_do_not_count(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        with self._doing(
            "reads_above_peers", records=200, factor=5, company_id=self.env.company.id
        ) as found:
            self._read(self.bob, 20, "2026-03-12 10:00:00")
            self._read(self.anna, 150, "2026-03-14 10:00:00")
            self._read(self.anna, 150, "2026-03-14 11:00:00", company=other.id)
        self.assertFalse(found.alerts)
        with self._doing("reads_above_peers") as found:
            self._read(self.anna, 60, "2026-03-14 12:00:00")
        self.assertEqual(found.alerts.facts["number"], 210)
