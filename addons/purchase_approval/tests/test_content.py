from odoo import Command
from odoo.tests import tagged

from .common import PurchaseApprovalCommon


@tagged("post_install", "-at_install")
class TestContent(PurchaseApprovalCommon):
    """What was approved is what is bought."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls._policy(cls.manager, auto_execute=False)
        cls.plan = cls.env["account.analytic.plan"].create({"name": "Departments"})
        cls.workshop, cls.office = cls.env["account.analytic.account"].create(
            [{"name": name, "plan_id": cls.plan.id} for name in ("Workshop", "Office")]
        )

    def _approved(self, *lines, **values):
        order = self._submitted(*lines, **values)
        self._approve(order, self.manager)
        return order

    def test_every_material_change_makes_the_approval_stale(self):
        line = {
            "product_id": self.nut.id,
            "product_qty": 2,
            "product_uom_id": self.uom_dozen.id,
            "price_unit": 101,
            "discount": 5,
            "date_planned": "2999-02-01 12:00:00",
            "analytic_distribution": {str(self.office.id): 100},
        }
        for name, value in line.items():
            with self.subTest(field=name):
                order = self._approved()
                order.order_line.write({name: value})
                self.assertEqual(order.approval_state, "stale")
        term = self.env.ref("account.account_payment_term_30days")
        header = {
            "partner_id": self.vendor_2.id,
            "payment_term_id": term.id,
            "dest_address_id": self.vendor.id,
        }
        for name, value in header.items():
            with self.subTest(field=name):
                order = self._approved()
                order.write({name: value})
                self.assertEqual(order.approval_state, "stale")

    def test_added_and_removed_lines_make_it_stale(self):
        order = self._approved()
        order.write({"order_line": [self._line(self.nut)]})
        self.assertEqual(order.approval_state, "stale")
        order = self._approved(self._line(), self._line(self.nut))
        order.order_line[1].unlink()
        self.assertEqual(order.approval_state, "stale")

    def test_notes_and_references_stay_editable(self):
        order = self._approved()
        order.write({"partner_ref": "V-1", "note": "Ring the bell", "priority": "1"})
        order.order_line.name = "Bolt, zinc plated"
        self.assertEqual(order.approval_state, "approved")

    def test_merged_requests_are_judged_again(self):
        first = self._approved()
        second = self._order(self._line(self.nut))
        (first | second).action_merge()
        self.assertEqual(first.approval_state, "stale")
        self.assertEqual(second.state, "cancel")

    def test_distribution_is_compared_by_what_it_says(self):
        """The database sorts the keys of the distribution: that is no change."""
        shares = {str(self.office.id): 60.0, str(self.workshop.id): 40.0}
        swapped = dict(reversed(shares.items()))
        order = self._approved(self._line(analytic_distribution=swapped))
        self.env.invalidate_all()
        self.assertEqual(order.approval_state, "approved")
        order.order_line.analytic_distribution = shares
        self.assertEqual(order.approval_state, "approved")
        order.order_line.analytic_distribution = {**shares, str(self.office.id): 61.0}
        self.assertEqual(order.approval_state, "stale")

    def test_distribution_in_words(self):
        order = self._approved(
            self._line(analytic_distribution={str(self.workshop.id): 100})
        )
        order.order_line.analytic_distribution = {str(self.office.id): 100}
        order.button_confirm()
        rows = order.approval_instance_id.with_user(self.manager).view_changes["rows"]
        row = next(row for row in rows if "Office" in row["new"])
        self.assertEqual(row["where"], "Bolt")
        self.assertIn("Workshop", row["old"])
        self.assertIn("100 %", row["new"])

    def test_small_changes_within_the_tolerance_pass(self):
        self.policy.tolerance_percent = 5
        order = self._approved()
        order.order_line.price_unit = 104
        self.assertEqual(order.approval_state, "approved")
        order.order_line.price_unit = 106
        self.assertEqual(order.approval_state, "stale")

    def test_reader_sees_facts_and_lines(self):
        before = self._order(self._line(price=80))
        self.policy.active = False
        before.button_confirm()
        self.policy.active = True
        self.policy.step_ids.user_ids = [Command.set(self.finance.ids)]
        order = self._submitted(self._line(quantity=2, price=100))
        instance = order.approval_instance_id.with_user(self.finance)
        facts = {fact["label"]: fact for fact in instance.view_facts}
        self.assertEqual(facts["Vendor"]["value"], "Vendor")
        self.assertEqual(facts["Above the last purchase"]["value"], "25 %")
        self.assertEqual(facts["Above the last purchase"]["tone"], "danger")
        row = [cell["value"] for cell in instance.view_lines["rows"][0]]
        self.assertEqual(row[0], "Bolt")
        self.assertIn("80", row[3])
        # he has no right on orders, and opens this one as long as he is asked
        self.assertEqual(order.with_user(self.finance).partner_id.name, "Vendor")
