from datetime import datetime
from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.mail.tests.common import freeze_all_time

from .common import ApprovalCase

MONDAY = datetime(2024, 3, 4, 8)


@tagged("post_install", "-at_install")
class TestDeadlines(ApprovalCase):
    """Time limits in working hours, and what happens when they are over."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.calendar = cls.env["resource.calendar"].create(
            {
                "name": "Monday to Friday, 8 to 12 and 13 to 17",
                "tz": "Europe/Brussels",
                "company_id": cls.env.company.id,
            }
        )
        cls.env.company.resource_calendar_id = cls.calendar
        cls.policy = cls._policy({**cls._users(cls.anna, cls.bob), "deadline_hours": 8})

    def setUp(self):
        super().setUp()
        # a scheduled run may not commit in the transaction of a test
        self.startPatcher(
            patch.object(
                self.env.registry["ir.cron"],
                "_commit_progress",
                lambda self, processed=0, **kwargs: 100,
            )
        )

    def _run(self, moment):
        with freeze_all_time(moment):
            self.env["approval.task"]._cron_deadlines()
            self.env.flush_all()

    def _submitted(self, moment=MONDAY, **values):
        with freeze_all_time(moment):
            return self._pending(**values)

    def _due(self, order):
        return self._instance(order).due

    # -- when -------------------------------------------------------------------------

    def test_the_time_limit_counts_working_hours_in_the_company_time_zone(self):
        cases = {
            # Brussels is UTC+1 in winter: Monday 9:00 there, until 9:00 on Tuesday
            datetime(2024, 3, 4, 8): datetime(2024, 3, 5, 8),
            # Friday 16:00, an hour is left, seven on Monday
            datetime(2024, 3, 8, 15): datetime(2024, 3, 11, 15),
            # Saturday
            datetime(2024, 3, 9, 12): datetime(2024, 3, 11, 16),
            # the clock goes forward in the night to 31 March: UTC+2
            datetime(2024, 3, 29, 15): datetime(2024, 4, 1, 14),
        }
        for start, due in cases.items():
            self.assertEqual(self._due(self._submitted(start)), due, start)

    def test_holidays_do_not_count(self):
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Holiday",
                "calendar_id": self.calendar.id,
                "company_id": self.env.company.id,
                "date_from": "2024-03-04 23:00:00",
                "date_to": "2024-03-05 22:59:59",
            }
        )
        self.assertEqual(self._due(self._submitted()), datetime(2024, 3, 6, 8))

    def test_without_a_calendar_hours_are_hours(self):
        self.env.company.resource_calendar_id = False
        self.assertEqual(self._due(self._submitted()), datetime(2024, 3, 4, 16))

    def test_no_time_limit_is_no_deadline(self):
        self.policy.step_ids.deadline_hours = 0
        self.assertFalse(self._due(self._submitted()))

    def test_the_earliest_open_task_is_the_deadline_of_the_approval(self):
        self._policy(
            {**self._users(self.anna), "sequence": 1, "deadline_hours": 4},
            {**self._users(self.bob), "sequence": 1, "deadline_hours": 8},
            sequence=1,
        )
        order = self._submitted()
        self.assertEqual(self._due(order), datetime(2024, 3, 4, 13))
        self._approve(order, self.anna)
        self.assertEqual(self._due(order), datetime(2024, 3, 5, 8))
        self._approve(order, self.bob)
        self.assertFalse(self._due(order))

    # -- remind -----------------------------------------------------------------------

    def test_reminded_once_and_again_after_the_time_limit_once_more(self):
        order = self._submitted()  # due on Tuesday, 8:00 UTC
        tasks = self._instance(order).task_ids
        counts = [
            (datetime(2024, 3, 5, 8, 0), 0),
            (datetime(2024, 3, 5, 8, 10), 1),
            (datetime(2024, 3, 5, 8, 25), 1),
            (datetime(2024, 3, 6, 7, 0), 1),
            (datetime(2024, 3, 6, 8, 10), 2),
            (datetime(2024, 3, 6, 8, 25), 2),
        ]
        for moment, count in counts:
            self._run(moment)
            self.assertEqual(tasks.mapped("reminders"), [count, count], moment)
        self.assertEqual(self._kinds(order).count("reminded"), 4)
        self.assertEqual(self._approvers(order), self.anna | self.bob)

    def test_nobody_is_reminded_of_what_is_decided(self):
        order = self._submitted()
        self._approve(order, self.anna)
        self._run(datetime(2024, 3, 8))
        self.assertNotIn("reminded", self._kinds(order))

    def test_a_waiting_person_is_not_reminded(self):
        order = self._submitted()
        self._task(order, self.anna).action_add_approver([self.carl.id], "after")
        self._run(datetime(2024, 3, 8))
        tasks = self._instance(order).task_ids.filtered("reminders")
        self.assertEqual(tasks.user_id, self.anna | self.bob)

    # -- escalate ---------------------------------------------------------------------

    def test_passed_on_to_the_named_person_both_may_decide(self):
        self.policy.step_ids.write(
            {
                **self._users(self.anna),
                "on_timeout": "escalate",
                "escalate_user_id": self.dora.id,
            }
        )
        order, other = self._submitted(), self._submitted()
        self._run(datetime(2024, 3, 5, 9))
        self.assertEqual(self._approvers(order), self.dora)
        self.assertEqual(self._kinds(order), ["submitted", "reminded", "escalated"])
        self.assertEqual(self._due(order), datetime(2024, 3, 6, 9))
        self._run(datetime(2024, 3, 5, 10))
        self.assertEqual(self._kinds(order).count("escalated"), 1)
        self._approve(order, self.dora)
        self._approve(other, self.anna)
        self.assertEqual((order | other).mapped("state"), ["done", "done"])
        self.assertEqual(self._instance(order).task_ids._who(), "Dora for Anna")

    def test_passed_on_to_the_managers_and_no_further(self):
        self.policy.step_ids.write({**self._users(self.anna), "on_timeout": "escalate"})
        self.anna.approval_manager_id = self.carl
        self.carl.approval_manager_id = self.dora
        order = self._submitted()
        self._run(datetime(2024, 3, 5, 9))
        self.assertEqual(self._approvers(order), self.carl)
        self._run(datetime(2024, 3, 8, 9))
        self.assertEqual(self._approvers(order), self.carl)
        self.assertEqual(self._kinds(order).count("escalated"), 1)

    def test_nobody_to_pass_it_on_to_is_a_reminder(self):
        self.policy.step_ids.write({**self._users(self.anna), "on_timeout": "escalate"})
        for manager in (False, self.seller):  # nobody; the requester himself
            self.anna.approval_manager_id = manager
            order = self._submitted()
            self._run(datetime(2024, 3, 5, 9))
            self.assertEqual(self._approvers(order), self.anna)
            self.assertEqual(self._kinds(order), ["submitted", "reminded"])

    def test_a_delegated_task_goes_to_the_manager_of_its_owner(self):
        self.policy.step_ids.write({**self._users(self.anna), "on_timeout": "escalate"})
        self.anna.approval_manager_id = self.carl
        self.bob.approval_manager_id = self.dora
        self.env["approval.delegation"].create(
            {
                "user_id": self.anna.id,
                "delegate_id": self.bob.id,
                "date_from": "2020-01-01",
                "date_to": "2100-01-01",
            }
        )
        order = self._submitted()
        self._run(datetime(2024, 3, 5, 9))
        self.assertEqual(self._approvers(order), self.carl)
        self.assertEqual(self._instance(order).task_ids.acting_for_id, self.anna)

    # -- return, approve --------------------------------------------------------------

    def test_returned_to_the_requester(self):
        self.policy.step_ids.on_timeout = "return"
        order = self._submitted()
        self._run(datetime(2024, 3, 5, 9))
        self.assertEqual(order.approval_state, "returned")
        self.assertEqual(self._kinds(order), ["submitted", "returned"])

    def test_approved_by_the_system_up_to_the_limit_never_above(self):
        self.policy.step_ids.write(
            {"on_timeout": "approve", "auto_approve_limit": 1000}
        )
        self.policy.tolerance_percent = 10
        at_limit, above = self._submitted(amount=1000), self._submitted(amount=1000.01)
        grown = self._submitted(amount=1000)
        grown.line_ids.price = 1050  # within the tolerance, above the limit
        changed = self._submitted(amount=1000)
        changed.line_ids.flush_recordset()
        self.env.cr.execute(
            "UPDATE approval_test_order_line SET name = '' WHERE order_id = %s",
            [changed.id],
        )
        self.env.invalidate_all()
        self._run(datetime(2024, 3, 5, 9))
        self.assertEqual(at_limit.state, "done")
        task = self._instance(at_limit).task_ids.filtered(
            lambda item: item.state == "approved"
        )
        self.assertEqual(task.decided_by_id, self.env.ref("base.user_root"))
        for order in (above, grown):
            self.assertEqual((order.state, order.approval_state), ("draft", "pending"))
            self.assertIn("reminded", self._kinds(order))
        self.assertEqual(changed.approval_state, "stale")

    def test_one_task_that_fails_does_not_hold_up_the_others(self):
        first, second = self._submitted(), self._submitted()
        Task = self.env.registry["approval.task"]
        original = Task._time_is_up

        def broken(task):
            if task.res_id == first.id:
                raise ValueError("broken")
            return original(task)

        logger = "odoo.addons.approval_flow.models.approval_task_deadline"
        with patch.object(Task, "_time_is_up", broken), mute_logger(logger):
            self._run(datetime(2024, 3, 5, 9))
        self.assertNotIn("reminded", self._kinds(first))
        self.assertIn("reminded", self._kinds(second))
