from datetime import datetime, timedelta

from odoo import fields
from odoo.tests import tagged

from .common import ApprovalCase


@tagged("post_install", "-at_install")
class TestStatistic(ApprovalCase):
    """Figures of a small known set."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Statistic = cls.env["approval.statistic"]
        cls.policy = cls._policy(cls._users(cls.anna, cls.bob), name="Known set")
        cls.calendar = cls.env.company.resource_calendar_id
        cls.calendar.tz = "UTC"
        cls.Statistic._refresh()

    def _decided(self, hours=2.0, decision="approved", user=None, day="2024-03-05"):
        """Return the approval of an order that took ``hours``, from 10:00 on a day."""
        order = self._order()
        order.action_confirm()
        task = order.sudo().approval_instance_id.task_ids.filtered(
            lambda item: item.user_id == (user or self.anna)
        )
        task.with_user(task.user_id)._decide(decision, "because")
        instance = order.sudo().approval_instance_id
        start = datetime.fromisoformat(f"{day} 10:00:00")
        end = start + timedelta(hours=hours)
        instance._engine().write(
            {"request_date": start, "decision_date": end, "cycle_hours": hours}
        )
        task._engine().write({"ask_date": start, "decided_date": end})
        return order

    def _figures(self, groupby, *names, domain=()):
        self.Statistic._refresh()
        rows = self.Statistic._read_group(
            [("policy_id", "=", self.policy.id), *domain], groupby, names
        )
        return [
            tuple(round(v, 4) if isinstance(v, float) else v for v in row)
            for row in rows
        ]

    def test_counts_and_weighted_averages(self):
        for hours in (1.0, 2.0, 3.0):
            self._decided(hours)
        self._decided(18.0, "rejected", day="2024-03-07")
        self.assertEqual(
            self._figures(
                [],
                "submitted:sum",
                "finished:sum",
                "approved:sum",
                "rejected:sum",
                "cycle_average:avg",
                "reject_rate:avg",
            ),
            # (1 + 2 + 3 + 18) / 4, not the average of the two days
            [(4, 4, 3, 1, 6.0, 0.25)],
        )
        self.assertEqual(
            self._figures(["day:day"], "finished:sum", "cycle_average:avg"),
            [
                (fields.Date.to_date("2024-03-05"), 3, 2.0),
                # 18 hours from 10:00 is the next day
                (fields.Date.to_date("2024-03-07"), 0, False),
                (fields.Date.to_date("2024-03-08"), 1, 18.0),
            ],
        )

    def test_by_approver(self):
        self._decided(1.0)
        self._decided(3.0)
        self._decided(5.0, "returned", self.bob)
        self.assertEqual(
            self._figures(
                ["user_id"],
                "decisions:sum",
                "wait_average:avg",
                domain=[("user_id", "!=", False)],
            ),
            [(self.anna, 2, 2.0), (self.bob, 1, 5.0)],
        )
        self.assertEqual(self._figures([], "returned:sum"), [(1,)])

    def test_taken_back_after_approval_is_counted_once(self):
        self.policy.auto_execute = False
        order = self._decided()
        self.assertEqual(self._figures([], "approved:sum", "stale:sum"), [(1, 0)])
        event = order.sudo().approval_instance_id.event_ids.filtered(
            lambda item: item.kind == "granted"
        )
        self.env.cr.execute(
            "UPDATE approval_event SET date = '2024-03-05 12:00' WHERE id = %s",
            [event.id],
        )
        order.line_ids.price = 5.0
        self.env.flush_all()
        self.assertEqual(order.sudo().approval_instance_id.state, "stale")
        self.assertEqual(
            self._figures([], "approved:sum", "stale:sum", "finished:sum"), [(0, 1, 1)]
        )

    def test_repeated_refresh_changes_nothing(self):
        self._decided()
        once = self._figures(["day:day", "user_id"], "finished:sum", "decisions:sum")
        for _n in range(3):
            self.assertTrue(self.Statistic._refresh())
        again = self._figures(["day:day", "user_id"], "finished:sum", "decisions:sum")
        self.assertEqual(once, again)

    def test_day_of_the_company(self):
        self.calendar.tz = "Asia/Shanghai"
        self._decided(8.0)  # 10:00 to 18:00 UTC is 2 o'clock of the next day there
        self.assertEqual(
            self._figures(["day:day"], "submitted:sum", "finished:sum"),
            [
                (fields.Date.to_date("2024-03-05"), 1, 0),
                (fields.Date.to_date("2024-03-06"), 0, 1),
            ],
        )
        self.calendar.tz = "UTC"
        self.assertEqual(
            self._figures(["day:day"], "submitted:sum", "finished:sum"),
            [(fields.Date.to_date("2024-03-05"), 1, 1)],
        )

    def test_one_at_a_time(self):
        self.assertTrue(self.Statistic._refresh())
        self.env.flush_all()
        with self.registry.cursor() as other:
            progress = self.env["approval.statistic.refresh"]
            progress = progress.with_env(self.env(cr=other))
            self.assertIsNone(progress._take(), "this transaction counts just now")

    def test_late_commits_are_not_lost(self):
        self.Statistic._refresh()
        order = self._decided()
        # written by a transaction that began an hour before the last refresh
        self.env.flush_all()
        for table in ("approval_instance", "approval_task"):
            self.env.cr.execute(
                f"UPDATE {table} SET write_date = write_date - interval '1 hour', "
                "create_date = create_date - interval '1 hour'"
            )
        self.assertTrue(order)
        self.assertEqual(self._figures([], "finished:sum"), [(1,)])

    def test_who_sees_what(self):
        self._decided()
        self._decided(user=self.bob)
        self.Statistic._refresh()
        self.bob.approval_manager_id = self.carl

        def seen(user):
            rows = self.Statistic.with_user(user).search(
                [("policy_id", "=", self.policy.id)]
            )
            return rows.requester_id | rows.user_id

        self.assertEqual(seen(self.anna), self.anna)
        self.assertEqual(seen(self.bob), self.bob)
        self.assertEqual(seen(self.seller), self.seller)
        self.assertEqual(seen(self.carl), self.bob, "the manager of bob")
        self.assertFalse(seen(self.dora))
        self.assertEqual(seen(self.manager), self.seller | self.anna | self.bob)

    def test_other_company(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        self._decided()
        self.Statistic._refresh()
        self.manager.company_ids |= company
        rows = self.Statistic.with_user(self.manager).with_company(company)
        rows = rows.with_context(allowed_company_ids=company.ids)
        self.assertFalse(rows.search([("policy_id", "=", self.policy.id)]))

    def test_nobody_writes(self):
        from odoo.exceptions import AccessError

        with self.assertRaises(AccessError):
            self.Statistic.with_user(self.manager).create(
                {"day": "2024-01-01", "company_id": self.env.company.id}
            )

    def test_opening_refreshes_with_few_queries(self):
        self._decided()
        self.env.flush_all()
        self.Statistic.with_user(self.dora)._action_open()
        self.env.flush_all()
        few = self._refresh_queries()
        for _n in range(5):
            self._decided()
        self.env.flush_all()
        self.assertEqual(self._refresh_queries(), few)
        self.assertLessEqual(few, 10)

    def _refresh_queries(self):
        before = self.env.cr.sql_log_count
        self.Statistic._refresh()
        return self.env.cr.sql_log_count - before
