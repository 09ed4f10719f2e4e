import re

from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.tests import freeze_time, tagged, warmup

from .common import PurchaseApprovalCommon

CODES = (
    "complete",
    "vendor",
    "product",
    "last_price",
    "agreed_price",
    "duplicate",
    "receipt_date",
)


@tagged("post_install", "-at_install")
class TestChecks(PurchaseApprovalCommon):
    """The automatic checks of the first review, as a buyer sees them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.settings = {
            code: cls.env.ref(f"purchase_approval.approval_check_{code}")
            for code in CODES
        }

    def _run(self, code, order):
        check = self.env[f"purchase.approval.check.{code}"].with_user(self.buyer)
        results = check._run(order, self.settings[code].sudo())
        return results.get(order.id) or check._pass()

    def assert_passes(self, code, order):
        result = self._run(code, order)
        self.assertEqual(result["status"], "pass", result["reason"])

    def assert_finds(self, code, order, status, *words, field="order_line"):
        """Assert a finding whose reason says all the words, and which field to mend."""
        result = self._run(code, order)
        self.assertEqual(result["status"], status, result["reason"])
        self.assertEqual(result["field"], field)
        text = re.sub(r"\s", " ", result["reason"])
        for word in words:
            self.assertIn(word, text)

    def test_good_order_passes_all(self):
        order = self._order()
        for code in CODES:
            with self.subTest(check=code):
                self.assert_passes(code, order)

    def test_results_are_on_the_approval(self):
        self.env["approval.check"].with_context(active_test=False).search(
            [("res_model", "=", "purchase.order")]
        ).active = True
        self._bought(self._line(price=50))
        self._policy(self.manager)
        order = self._submitted()
        checks = order.approval_instance_id.with_user(self.manager).view_checks
        found = {check["name"]: check["status"] for check in checks}
        self.assertEqual(found["Last purchase price"], "warn")
        self.assertEqual(found["Complete order"], "pass")

    # -- complete ------------------------------------------------------------------

    def test_incomplete_orders(self):
        empty = self._order()
        empty.order_line.unlink()
        self.assert_finds("complete", empty, "block", "no lines")
        none = self._order(self._line(quantity=0))
        self.assert_finds("complete", none, "block", "Bolt", "zero")
        free = self._order(self._line(price=0), self._line(self.nut, price=0))
        self.assert_finds("complete", free, "block", "no price", "Another line")
        note = Command.create(
            {"display_type": "line_note", "name": "By noon", "product_qty": 0}
        )
        self.assert_passes("complete", self._order(note, self._line()))

    # -- vendor --------------------------------------------------------------------

    def test_blocked_vendor(self):
        order = self._order()
        self.vendor.with_user(self.manager).purchase_blocked = True
        self.assert_finds(
            "vendor", order, "block", "blocked for purchases", field="partner_id"
        )
        self.vendor.purchase_block_reason = "bad quality."
        self.assert_finds(
            "vendor", order, "block", "bad quality. Ask", field="partner_id"
        )

    def test_contact_of_a_blocked_vendor(self):
        contact = self.env["res.partner"].create(
            {"name": "Anna", "parent_id": self.vendor.id}
        )
        self.vendor.purchase_blocked = True
        order = self._order(partner_id=contact.id)
        self.assert_finds("vendor", order, "block", "blocked", field="partner_id")

    def test_archived_vendor(self):
        order = self._order()
        self.vendor.active = False
        self.assert_finds("vendor", order, "block", "archived", field="partner_id")

    def test_note_on_the_vendor_is_a_reminder(self):
        self.vendor.purchase_warn_msg = "Closed in August"
        self.assert_finds(
            "vendor", self._order(), "warn", "Closed in August", field="partner_id"
        )

    def test_only_managers_block_vendors(self):
        with self.assertRaises(AccessError):
            self.vendor.with_user(self.buyer).purchase_blocked = True

    # -- product -------------------------------------------------------------------

    def test_products_that_are_not_bought(self):
        order = self._order()
        self.bolt.purchase_ok = False
        self.assert_finds("product", order, "block", "Bolt", "not to be purchased")
        self.bolt.active = False
        self.assert_finds("product", order, "block", "Bolt", "archived")

    # -- prices --------------------------------------------------------------------

    def test_dearer_than_last_time(self):
        before = self._bought(self._line(price=100), partner_id=self.vendor_2.id)
        self.assert_passes("last_price", self._order(self._line(price=105)))
        dear = self._order(self._line(price=112))
        self.assert_finds(
            "last_price", dear, "warn", "12 %", "100.00", before.name, "Bolt"
        )
        self.settings["last_price"].limit_block = 10
        self.assert_finds("last_price", dear, "block", "12 %")

    def test_dearer_than_agreed(self):
        self.bolt.seller_ids = [
            Command.create({"partner_id": self.vendor.id, "price": 90})
        ]
        self.assert_passes("agreed_price", self._order(self._line(price=90)))
        dear = self._order(self._line(price=99))
        self.assert_finds("agreed_price", dear, "warn", "10 %", "90.00")
        self.settings["agreed_price"].limit_warn = 15
        self.assert_passes("agreed_price", dear)
        self.settings["agreed_price"].write({"limit_warn": 0, "limit_block": 5})
        self.assert_finds("agreed_price", dear, "block", "10 %")

    # -- duplicate -----------------------------------------------------------------

    def test_repeated_order(self):
        first = self._bought(self._line(quantity=5), self._line(self.nut))
        again = self._order(self._line(self.nut), self._line(quantity=5))
        self.assert_finds("duplicate", again, "warn", first.name)
        # the same in other units and split over lines is the same
        dozens = self._order(
            self._line(quantity=2), self._line(quantity=3), self._line(self.nut)
        )
        self.assert_finds("duplicate", dozens, "warn", first.name, again.name)

    def test_similar_orders_are_no_repetition(self):
        first = self._bought(self._line(quantity=5))
        self.assert_passes("duplicate", self._order(self._line(quantity=6)))
        self.assert_passes(
            "duplicate", self._order(self._line(quantity=5), self._line(self.nut))
        )
        self.assert_passes(
            "duplicate",
            self._order(self._line(quantity=5), partner_id=self.vendor_2.id),
        )
        again = self._order(self._line(quantity=5))
        self._cancel(first)
        self.assert_passes("duplicate", again)

    def test_repetition_after_a_while_is_none(self):
        first = self._bought(self._line(quantity=5))
        again = self._order(self._line(quantity=5))
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE purchase_order SET create_date = create_date - INTERVAL '31 days'"
            " WHERE id = %s",
            [first.id],
        )
        first.invalidate_recordset()
        self.assert_passes("duplicate", again)
        self.settings["duplicate"].limit_warn = 40
        self.assert_finds("duplicate", again, "warn", first.name)

    # -- receipt date --------------------------------------------------------------

    @freeze_time("2030-05-10 10:00:00")
    def test_receipt_date_of_the_past(self):
        self.assertEqual(fields.Date.today().year, 2030)
        late = self._order(self._line(date_planned="2030-05-08 12:00:00"))
        self.assert_finds("receipt_date", late, "warn", "Bolt", "05/08/2030")
        today = self._order(self._line(date_planned="2030-05-10 08:00:00"))
        self.assert_passes("receipt_date", today)

    # -- cost ----------------------------------------------------------------------

    @warmup
    def test_queries_do_not_grow_with_the_orders(self):
        def count(number):
            orders = self._many(number)
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            for code in CODES:
                check = self.env[f"purchase.approval.check.{code}"]
                check.with_user(self.buyer)._run(orders, self.settings[code].sudo())
            return self.env.cr.sql_log_count - before

        count(1)
        two, hundred = count(2), count(100)  # two currencies
        self.assertLessEqual(hundred, two + 4)
        self.assertLessEqual(hundred, 56)
