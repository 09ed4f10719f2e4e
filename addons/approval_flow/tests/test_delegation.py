from datetime import datetime

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.mail.tests.common import freeze_all_time

from .common import ApprovalCase


@tagged("post_install", "-at_install")
class TestDelegation(ApprovalCase):
    """One person decides for another: within dates, scope and limit, without chains."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls._policy(cls._users(cls.anna))

    def _delegate(self, user=None, to=None, **values):
        user = user or self.anna
        return (
            self.env["approval.delegation"]
            .with_user(user)
            .create(
                {
                    "user_id": user.id,
                    "delegate_id": (to or self.bob).id,
                    "date_from": "2020-01-01",
                    "date_to": "2100-01-01",
                    **values,
                }
            )
        )

    # -- deciding ---------------------------------------------------------------------

    def test_the_delegate_decides_and_it_is_stamped_so(self):
        self._delegate()
        order = self._pending()
        self.assertEqual(self._approvers(order), self.bob)
        self._approve(order, self.bob)
        self.assertEqual(order.state, "done")
        task = self._instance(order).task_ids
        self.assertEqual(task._who(), "Bob for Anna")
        event = self._instance(order).event_ids.filtered(lambda e: e.kind == "approved")
        self.assertEqual((event.user_id, event.acting_for_id), (self.bob, self.anna))
        self.assertIn("delegated", self._kinds(order))

    def test_the_owner_may_decide_all_the_same(self):
        self._delegate()
        order = self._pending()
        self._approve(order, self.anna)
        task = self._instance(order).task_ids
        self.assertEqual(task.decided_by_id, self.anna)
        self.assertEqual(task._who(), "Anna")
        with self.assertRaises(UserError):
            task.with_user(self.bob).action_approve()

    # -- to whom not -------------------------------------------------------------------

    def test_never_to_the_requester(self):
        self._delegate(to=self.seller)
        order = self._pending()
        self.assertEqual(self._approvers(order), self.anna)
        other = self._pending(user=self.seller2)
        self.assertEqual(self._approvers(other), self.seller)

    def test_never_on_to_a_further_delegate(self):
        self._delegate()
        self._delegate(self.bob, self.carl)
        order = self._pending()
        self.assertEqual(self._approvers(order), self.bob)
        self.env["approval.task"]._cron_people()
        self.assertEqual(self._approvers(order), self.bob)

    def test_not_to_who_is_asked_himself_or_for_another(self):
        people = self._users(self.anna, self.bob, self.carl)
        self.policy.step_ids.write({**people, "mode": "all"})
        self._delegate(self.anna, self.bob)
        self._delegate(self.carl, self.dora)
        order = self._pending()
        self.assertEqual(self._approvers(order), self.anna | self.bob | self.dora)
        self.policy.step_ids.write(self._users(self.anna, self.carl))
        self._delegate(self.anna, self.dora, date_from="2021-01-01")
        both = self._pending()
        self.assertEqual(len(self._approvers(both)), 2)

    def test_not_to_who_decided_an_earlier_step(self):
        self._policy(self._users(self.bob), self._users(self.anna), sequence=1)
        self._delegate()
        order = self._pending()
        self._approve(order, self.bob)
        self.assertEqual(self._approvers(order), self.anna)

    def test_an_archived_delegate_gives_the_task_back(self):
        self._delegate()
        order = self._pending()
        self.bob.active = False
        self.assertEqual(self._approvers(order), self.anna)
        self.assertEqual(self._approvers(self._pending()), self.anna)
        with self.assertRaises(ValidationError):
            self._delegate(self.carl, self.bob)

    # -- period ------------------------------------------------------------------------

    def test_begins_and_ends_while_an_approval_runs(self):
        with freeze_all_time(datetime(2024, 3, 5, 8)):
            order = self._pending()
            self._delegate(
                date_from="2024-03-06 00:00:00", date_to="2024-03-08 00:00:00"
            )
            self.assertEqual(self._approvers(order), self.anna)
        expected = [
            (datetime(2024, 3, 5, 23, 59), self.anna),
            (datetime(2024, 3, 6, 0, 0), self.bob),
            (datetime(2024, 3, 7, 23, 59), self.bob),
            (datetime(2024, 3, 8, 0, 0), self.anna),
        ]
        for moment, person in expected:
            with freeze_all_time(moment):
                self.env["approval.task"]._cron_people()
            self.assertEqual(self._approvers(order), person, moment)
        kinds = self._kinds(order)
        self.assertEqual(kinds, ["submitted", "delegated", "undelegated"])
        activities = self._instance(order).open_task_ids.activity_ids
        self.assertEqual(activities.user_id, self.anna)

    def test_ended_archived_or_deleted_it_is_over_at_once(self):
        for end in (
            lambda item: item.action_end(),
            lambda item: item.unlink(),
            lambda item: item.write({"date_to": fields.Datetime.now()}),
        ):
            delegation = self._delegate()
            order = self._pending()
            self.assertEqual(self._approvers(order), self.bob)
            end(delegation)
            self.assertEqual(self._approvers(order), self.anna)
            order.action_recall_approval()

    def test_a_changed_scope_or_delegate_holds_at_once(self):
        delegation = self._delegate()
        order = self._pending()
        delegation.delegate_id = self.carl
        self.assertEqual(self._approvers(order), self.carl)
        delegation.amount_max = 999
        self.assertEqual(self._approvers(order), self.anna)

    # -- scope -------------------------------------------------------------------------

    def test_up_to_an_amount_in_another_currency(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].create(
            {
                "currency_id": euro.id,
                "name": fields.Date.today(),
                "rate": 0.5,
                "company_id": self.env.company.id,
            }
        )
        self._delegate(amount_max=500, currency_id=euro.id)
        self.assertEqual(self._approvers(self._pending(1000)), self.bob)
        self.assertEqual(self._approvers(self._pending(1001)), self.anna)

    def test_only_for_some_documents_or_a_company(self):
        company = self.env["res.company"].create({"name": "Other"})
        partner = self.env["ir.model"]._get("res.partner")
        first = self._delegate(model_ids=partner.ids)
        self.assertEqual(self._approvers(self._pending()), self.anna)
        first.action_end()
        self._delegate(company_id=company.id)
        self.assertEqual(self._approvers(self._pending()), self.anna)

    def test_the_delegate_must_belong_to_the_company(self):
        company = self.env["res.company"].create({"name": "Other"})
        self.bob.write({"company_ids": company.ids, "company_id": company.id})
        self._delegate()
        self.assertEqual(self._approvers(self._pending()), self.anna)

    # -- rights ------------------------------------------------------------------------

    def test_people_delegate_for_themselves_only(self):
        Delegation = self.env["approval.delegation"].with_user(self.seller)
        values = {
            "user_id": self.anna.id,
            "delegate_id": self.seller2.id,
            "date_to": "2100-01-01",
        }
        with self.assertRaises(AccessError):
            Delegation.create(values)
        own = self._delegate(self.seller, self.seller2)
        with self.assertRaises(AccessError):
            own.write({"user_id": self.anna.id})
        with self.assertRaises(AccessError):
            own.with_user(self.seller2).action_end()
        foreign = self._delegate()
        for call in (
            lambda: foreign.with_user(self.seller).read(["reason"]),
            lambda: foreign.with_user(self.seller).write({"delegate_id": 1}),
            lambda: foreign.with_user(self.bob).unlink(),
        ):
            with self.assertRaises(AccessError):
                call()
        managed = Delegation.with_user(self.manager).create(values)
        managed.action_end()

    @mute_logger("odoo.sql_db")
    def test_nobody_delegates_to_himself_or_backwards(self):
        portal = self._person("portal", "base.group_portal")
        for values in (
            {"to": self.anna},
            {"to": portal},
            {"date_to": "2019-01-01"},
            {"amount_max": -1},
        ):
            with self.assertRaises(Exception), self.env.cr.savepoint():  # noqa: B017
                self._delegate(**values)
                self.env.flush_all()
