from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .test_review import ReviewCase


@tagged("post_install", "-at_install")
class TestReviewGrant(ReviewCase):
    """Roles and requests under review."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.anna.group_ids -= cls.travel + cls.treasury
        cls.role = cls.env["erp.role"].create(
            {
                "name": "Treasurer",
                "group_ids": [Command.set((cls.travel + cls.treasury).ids)],
            }
        )
        grants = cls.env["erp.access.grant"].with_user(cls.mary)
        cls.grant = grants._give(cls.anna, cls.role, "Her job")

    def _role_line(self, review):
        line = review.sudo().line_ids.filtered("grant_id")
        return line.with_user(self.bob)

    def test_a_role_is_one_decision(self):
        review = self._review()
        line = self._role_line(review)
        self.assertEqual((line.what, line.kind), ("Treasurer", "grant"))
        self.assertEqual(review.line_count, 1)
        self.assertEqual(self._line(review, self.travel).decision, "along")
        self.assertEqual(self._line(review, self.travel).via, "Treasurer")

    def test_withdrawing_ends_the_grant(self):
        line = self._role_line(self._review())
        line._withdraw("Another job")
        grant = self.grant.sudo()
        self.assertEqual((grant.state, grant.end_reason), ("ended", "Another job"))
        self.assertEqual(grant.ended_by_id, self.bob)
        self.assertFalse(self.anna.group_ids & (self.travel + self.treasury))
        self.assertIn("May no longer", line.effect)

    def test_a_part_of_a_role_is_not_taken(self):
        with self.assertRaisesRegex(UserError, "Treasurer"):
            self.env["erp.access.rights"]._withdraw(self.anna, self.travel, "No")

    def test_a_single_right_ends_its_grant(self):
        extra = self.env["res.groups"].create({"name": "Extra"})
        grants = self.env["erp.access.grant"].with_user(self.mary)
        grant = grants._give(self.anna, extra, "Once")
        self.env["erp.access.rights"].with_user(self.mary)._withdraw(
            self.anna, extra, "Over"
        )
        self.assertEqual(grant.sudo().state, "ended")
        self.assertNotIn(extra, self.anna.group_ids)

    def test_rights_besides_the_role(self):
        reports = self.env["erp.access.report"].with_user(self.mary)
        domain = [("kind", "=", "direct"), ("user_id", "=", self.anna.id)]
        self.assertFalse(reports.search(domain))
        safe = self.env["res.groups"].create(
            {"name": "Besides", "privilege_id": self._privilege("Odd").id}
        )
        self.anna.group_ids += safe
        finding = reports.search(domain)
        self.assertEqual(finding.group_id, safe)
        finding.action_withdraw()
        self.assertNotIn(safe, self.anna.group_ids)
