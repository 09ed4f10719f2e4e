from datetime import datetime, timedelta

from odoo import Command
from odoo.tests import tagged

from .common import ProductionCommon

FIRST = datetime(2999, 3, 1, 12)
LATER = datetime(2999, 3, 11, 12)
EARLIER = datetime(2999, 2, 20, 12)


@tagged("post_install", "-at_install")
class TestProductionDates(ProductionCommon):
    """Another delivery date: production is planned for it."""

    def _dated(self, *lines, date=FIRST):
        return self._confirmed(*lines, commitment_date=date)

    def _starts(self, productions):
        return productions.mapped("date_start")

    def test_the_order_comes_later(self):
        order = self._dated((self.desk, 4))
        productions = self._makes(order)
        before = self._starts(productions)
        request = self._changed(order, new_commitment_date=LATER)
        days = LATER - FIRST
        self.assertEqual(
            self._starts(self._makes(order)), [start + days for start in before]
        )
        for production in productions:
            self.assertEqual(
                production.move_raw_ids.mapped("date")[0], production.date_start
            )
            self.assertGreater(production.date_finished, production.date_start)
        self.assertEqual(productions[0].date_deadline, LATER)
        self.assertEqual(
            set(order.picking_ids.move_ids.mapped("date_deadline")), {LATER}
        )
        self.assertTrue(request.impact_production)
        self.assertEqual(len(self._words(request, "production")), 2)

    def test_one_line_comes_earlier(self):
        order = self._dated((self.desk, 4), (self.lamp, 2))
        lamps = self._makes(order, self.lamp)
        desks = self._makes(order, self.desk)
        before = self._starts(lamps + desks)
        self._changed(order, None, {"new_date": EARLIER})
        self.assertEqual(
            self._starts(lamps + desks), [before[0] - (FIRST - EARLIER), before[1]]
        )

    def test_the_lead_time_stays(self):
        self.lamp.bom_ids.produce_delay = 5
        order = self._dated((self.lamp, 2))
        lamps = self._makes(order)
        self.assertEqual(lamps.date_start, FIRST - timedelta(days=5))
        self._changed(order, {"new_date": LATER})
        self.assertEqual(lamps.date_start, LATER - timedelta(days=5))
        self.assertEqual(lamps.date_finished, LATER)

    def test_what_is_begun_keeps_its_dates(self):
        order = self._dated((self.lamp, 4))
        lamps = self._makes(order)
        lamps.user_id = self.worker
        self._begin(lamps)
        before = self._factory(order)["made_productions"]
        request = self._changed(order, {"new_date": EARLIER})
        self.assertEqual(self._factory(order)["made_productions"], before)
        self.assertTrue(request.impact_production)
        self.assertEqual(self._tasks(lamps).user_id, self.worker)
        self.assertEqual(
            self._words(request, "production"),
            [
                f"Manufacturing order {lamps.name} has begun and stays as it is: "
                "production sees to it that Lamp is ready by 2999-02-20."
            ],
        )

    def test_planned_operations_are_planned_again(self):
        center = self.env["mrp.workcenter"].create({"name": "Saw"})
        self.lamp.bom_ids.operation_ids = [
            Command.create({"name": "Cut", "workcenter_id": center.id})
        ]
        order = self._dated((self.lamp, 4))
        lamps = self._makes(order)
        lamps.button_plan()
        self._changed(order, {"new_date": LATER})
        self.assertTrue(lamps.is_planned)
        self.assertGreaterEqual(
            lamps.workorder_ids.date_start, LATER - timedelta(days=2)
        )

    def test_merged_for_two_customers(self):
        """It is made for the first of them, and the other one stays where he is."""
        order, other = self._dated((self.lamp, 4)), self._dated((self.lamp, 2))
        (self._makes(order) + self._makes(other)).action_merge()
        merged = self._makes(order).filtered(lambda m: m.state != "cancel")
        # Odoo plans what is merged for today
        start = merged.date_start = FIRST - timedelta(days=1)
        moves = self._picture(other)["moves"]
        request = self._changed(order, new_commitment_date=LATER)
        self.assertEqual(merged.date_start, start)
        self.assertFalse(self._words(request, "production"))
        self._changed(order, {"new_date": EARLIER})
        self.assertEqual(merged.date_start, start - (FIRST - EARLIER))
        self.assertEqual(self._picture(other)["moves"].keys(), moves.keys())
        for move in other.order_line._change_open_moves():
            self.assertEqual(move.date_deadline, FIRST)
            self.assertEqual(move.date, moves[move.id]["date"])

    def test_less_and_later_at_once(self):
        order = self._dated((self.desk, 4))
        self._changed(order, {"new_qty": 3, "new_date": LATER})
        desks = self._makes(order, self.desk)
        self.assertEqual(self._quantities(desks), [3])
        self.assertEqual(desks.date_deadline, LATER)
        self.assertMade(order)
