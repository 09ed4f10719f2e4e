from odoo.tests import BaseCase, tagged

from odoo.addons.approval_flow.seats import assign, first_unmet, leave_enough


@tagged("post_install", "-at_install")
class TestSeats(BaseCase):
    """Who is left for the other steps when nobody may decide twice."""

    def test_everybody_gets_one_seat_only(self):
        self.assertEqual(assign([(["a", "b"], 1), (["a"], 1)]), {"a": 1, "b": 0})
        self.assertIsNone(assign([(["a"], 1), (["a"], 1)]))
        self.assertIsNone(assign([(["a", "b"], 2), (["b", "c"], 1), (["c"], 1)]))

    def test_first_unmet_names_the_step_that_finds_nobody(self):
        pool = ["a", "b"]
        self.assertIsNone(first_unmet([(pool, 1), (pool, 1)]))
        self.assertEqual(first_unmet([(pool, 1), (pool, 1), (pool, 1)]), 2)

    def test_who_is_needed_later_is_not_asked_now(self):
        self.assertEqual(leave_enough(["a", "b"], 1, [(["a"], 1)]), ["b"])

    def test_all_may_be_asked_if_enough_remain_whoever_decides(self):
        self.assertEqual(leave_enough(["a", "b"], 1, [(["a", "b"], 1)]), ["a", "b"])

    def test_a_quorum_keeps_away_from_those_needed_later(self):
        self.assertEqual(
            leave_enough(["a", "b", "c"], 2, [(["c"], 1)]),
            ["a", "b"],
        )
        # a and b both decide here: c or d must remain for the other step
        found = leave_enough(["a", "b", "c"], 2, [(["a", "b", "c"], 1)])
        self.assertEqual(len(found), 2)

    def test_nothing_is_spared_for_a_demand_that_is_lost_anyway(self):
        self.assertEqual(leave_enough(["a"], 1, [([], 1)]), ["a"])
