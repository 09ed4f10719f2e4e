import json

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from ..models import erp_audit_person
from .common_reading import ReadingCase


@tagged("post_install", "-at_install")
class TestPerson(ReadingCase):
    """What did this person do between … and …"""

    def _page(self, user, person=None, cursor=None, days=("2020-02-10", "2020-02-12")):
        pages = self.env["erp.audit.person"].with_user(user)
        page = pages.get_page((person or self.anna).id, *days, cursor)
        # as the browser gets it
        return json.loads(json.dumps(page))

    def _did(self, day=10, hour=10, user=None, **values):
        """Record something that a person did in February 2020."""
        ts = f"2020-02-{day} {hour:02}:00:00.5"
        return self._done(user or self.anna, **{"ts": ts, **values})

    @staticmethod
    def _operations(page):
        return [item for day in page["days"] for item in day["operations"]]

    @staticmethod
    def _cards(page):
        return {card["key"]: card["count"] for card in page["cards"]}

    def test_page(self):
        self._did(9)
        self._did(10, 9, tx=601, ip="10.0.0.1")
        self._did(10, 9, diff={"ref": [None, "X"]}, tx=601)
        self._did(11, 8, diff={}, tx=602, op="e", event="denied", ip="10.0.0.9")
        self._did(13)
        page = self._page(self.auditor)
        self.assertEqual(page["person"]["name"], "Anna")
        self.assertEqual(self._cards(page), {"w": 2, "e.denied": 1})
        self.assertEqual([d["day"] for d in page["days"]], ["2020-02-11", "2020-02-10"])
        refused, changed = self._operations(page)
        self.assertTrue(refused["refused"])
        self.assertEqual(refused["kind"], "Refused")
        self.assertEqual(changed["operation"], "601")
        texts = [record["text"] for record in changed["records"]]
        self.assertEqual(
            texts,
            ["Contact Azure – Reference: – → X", "Contact Azure – Name: A → B"],
        )
        self.assertEqual([place["ip"] for place in page["places"]], ["10.0.0.9"])

    def test_cards_lead_to_what_they_count(self):
        self._did(tx=601)
        self._did(tx=602, op="e", event="login", ip="10.0.0.1")
        self._did(tx=603, op="e", event="logout")
        page = self._page(self.auditor)
        records = self.env["erp.audit.record"].with_user(self.auditor)
        for item in [*page["cards"], *page["places"]]:
            domain = [*page["domain"], *item["domain"]]
            self.assertEqual(records.search_count(domain), item["count"], item)

    def test_days_of_the_reader(self):
        self._did(10, 23, tx=601)
        self.auditor.tz = "Asia/Shanghai"
        days = ("2020-02-11", "2020-02-11")
        (operation,) = self._operations(self._page(self.auditor, days=days))
        self.assertEqual(operation["time"], "07:00")
        self.auditor.tz = "UTC"
        self.assertFalse(self._page(self.auditor, days=days)["days"])

    def test_pages_tell_every_operation_once(self):
        self.patch(erp_audit_person, "PAGE", 7)
        wanted = set()
        for number in range(20):
            for _line in range(number % 4 + 1):
                # two that went on at the same time
                self._did(10, 1 + number // 2, tx=601 + number)
            wanted.add(str(601 + number))
        for _line in range(30):
            self._did(11, tx=700)
        for moment in (7, 12, 15):
            self._did(11, moment, tx=800)
        page, found, totals = {"next": None}, [], {}
        for _turn in range(50):
            page = self._page(self.auditor, cursor=page["next"])
            for item in self._operations(page):
                found.append(item["operation"])
                told = sum(record["times"] for record in item["records"])
                totals[item["operation"]] = told + item["more"]
            if not page["next"]:
                break
        self.assertEqual(len(found), len(set(found)))
        self.assertEqual(set(found), wanted | {"700", "800"})
        self.assertEqual((totals["700"], totals["800"]), (30, 3))

    def test_what_reads_alike_is_told_once(self):
        for number in range(4):
            self._did(diff={"name": ["A", "B"]}, tx=601)
            self._did(diff={"ref": [None, f"X{number}"]}, tx=601)
        for number in range(2):
            self._did(diff={"city": [None, f"C{number}"]}, tx=601)
        (operation,) = self._operations(self._page(self.auditor))
        lines = {record["text"]: record["times"] for record in operation["records"]}
        self.assertEqual(len(lines), 5)
        self.assertEqual(lines["Contact Azure – Name: A → B"], 4)
        self.assertEqual(sum(lines.values()) + operation["more"], 10)

    def test_nothing_that_rules_hide(self):
        for user in (self.anna, self.bob, self.dora, self.sam):
            self._did(user=user, tx=600 + user.id)
        sees_anna = {self.anna, self.bob, self.carl, self.auditor}
        everybody = sees_anna | {self.dora, self.sam}
        for user in everybody:
            page = self._page(user)
            number = 1 if user in sees_anna else 0
            self.assertEqual(len(self._operations(page)), number, user.login)
            self.assertEqual(self._cards(page), {"w": 1} if number else {}, user.login)
        self.assertFalse(self._page(self.bob, self.dora)["days"])
        self.assertEqual(len(self._page(self.dora, self.dora)["days"]), 1)

    def test_places_that_rules_hide(self):
        self._did(op="e", event="login", ip="10.0.0.1")
        self.assertTrue(self._page(self.bob)["places"])
        self.assertFalse(self._page(self.dora)["places"])

    def test_portal(self):
        portal = new_test_user(self.env, "portal_anna", "base.group_portal")
        with self.assertRaises(AccessError):
            self._page(portal)

    def test_names_of_people_one_does_not_know(self):
        """Numbers of people do not lead to their logins."""
        company = self._other_company()
        stranger = new_test_user(
            self.env,
            "stranger",
            "base.group_portal",
            company_id=company.id,
            company_ids=[company.id],
        )
        page = self._page(self.anna, stranger)
        self.assertEqual(page["person"]["login"], "Unknown")
        self.assertEqual(page["person"]["name"], "Unknown")

    def test_deleted_person(self):
        self._did(real_uid=987654, login="zoe", tx=601)
        gone = self.anna.browse(987654)
        page = self._page(self.auditor, gone)
        self.assertEqual(page["person"]["name"], "zoe")
        self.assertEqual(len(self._operations(page)), 1)

    def test_busy_people_are_counted_from_the_statistics(self):
        for number in range(6):
            self._did(tx=101 + number)
        self._seal()
        self.env["erp.audit.rollup"]._count(self.cr)
        self.patch(erp_audit_person, "EXACT", 5)
        page = self._page(self.auditor)
        self.assertFalse(page["exact"])
        self.assertEqual(self._cards(page), {"w": 6})

    def test_long_period_of_a_large_trail(self):
        records = type(self.env["erp.audit.record"])
        self.patch(records, "_is_large", lambda self: True)
        self._did(tx=101)
        self._seal()
        self.env["erp.audit.rollup"]._count(self.cr)
        page = self._page(self.auditor, days=("2019-01-01", "2020-12-31"))
        self.assertFalse(page["exact"])
        self.assertEqual(self._cards(page), {"w": 1})
        self.assertEqual(len(self._operations(page)), 1)
        self.assertTrue(self._page(self.auditor)["exact"])

    def test_questions_that_are_none(self):
        for days in (("2020-02-12", "2020-02-10"), ("", "2020-02-10")):
            with self.assertRaisesRegex(UserError, "first day"):
                self._page(self.auditor, days=days)
        for cursor in (["x", 1, []], ["2020-02-10", "x", []], [1], [None, 1, ["x"]]):
            with self.assertRaisesRegex(UserError, "Open it again"):
                self._page(self.auditor, cursor=cursor)

    def test_queries(self):
        def count():
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self._page(self.auditor)
            return self.cr.sql_log_count - before

        self._did(tx=601)
        count()
        one = count()
        for number in range(100):
            partner = self.env["res.partner"].create({"name": f"P{number}"})
            self._did(tx=602 + number, res_id=partner.id)
        self.assertLessEqual(count(), one + 2)

    def test_opens_by_button(self):
        action = self.anna.with_user(self.auditor).action_erp_audit_person()
        self.assertEqual(action["tag"], "erp_audit_person")
        self.assertEqual(action["params"], {"user_id": self.anna.id})
