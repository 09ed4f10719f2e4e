from odoo import SUPERUSER_ID, Command
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import ApprovalCase

SEALED = (
    "approval.instance",
    "approval.task",
    "approval.event",
    "approval.policy.version",
)


@tagged("post_install", "-at_install")
class TestSealed(ApprovalCase):
    """Nobody forges a decision: not a user, not a manager, not the system."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls._policy(cls._users(cls.anna), cls._users(cls.bob))

    def _callers(self):
        for user in (self.seller, self.anna, self.manager):
            yield self.env(user=user.id, su=False)
        yield self.env(user=SUPERUSER_ID)
        yield self.env(user=self.seller.id, su=True)
        yield self.env(
            user=self.seller.id, su=True, context={"approval_engine": "approval engine"}
        )
        yield self.env(user=self.seller.id, su=True, context={"approval_engine": True})

    def _records(self):
        order = self._pending()
        instance = self._instance(order)
        return {
            "approval.instance": instance,
            "approval.task": instance.task_ids,
            "approval.event": instance.event_ids,
            "approval.policy.version": self.policy.version_ids,
        }

    def test_no_caller_creates_writes_or_deletes(self):
        records = self._records()
        for name in SEALED:
            record = records[name]
            values = record.copy_data()[0]
            for env in self._callers():
                mine = record.with_env(env)
                with self.subTest(model=name, uid=env.uid, su=env.su):
                    for call in (
                        lambda m=mine, v=values: m.create(v),
                        lambda m=mine: m.copy(),
                        lambda m=mine: m.write({"create_date": "2020-01-01"}),
                        lambda m=mine: m.unlink(),
                    ):
                        with self.assertRaises(AccessError):
                            call()
        self.assertTrue(all(record.exists() for record in records.values()))

    def test_a_decision_cannot_be_written(self):
        order = self._pending()
        instance = self._instance(order)
        for env in self._callers():
            for record, values in (
                (instance, {"state": "approved"}),
                (instance, {"requester_id": self.carl.id}),
                (instance, {"steps": []}),
                (instance.task_ids, {"state": "approved"}),
                (instance.task_ids, {"user_id": self.seller.id}),
            ):
                with self.assertRaises(AccessError):
                    record.with_env(env).write(values)
                [[name, value]] = values.items()
                with self.assertRaises(AccessError):
                    record.with_env(env)[name] = value
        self.assertEqual(instance.state, "pending")

    def test_no_side_door_over_related_records(self):
        instance = self._instance(self._pending())
        version = self.policy.version_ids
        doors = (
            lambda: self.policy.write(
                {"version_ids": [Command.update(version.id, {"summary": "other"})]}
            ),
            lambda: self.policy.write({"version_ids": [Command.delete(version.id)]}),
            lambda: instance.sudo().write(
                {
                    "task_ids": [
                        Command.update(instance.task_ids.id, {"state": "approved"})
                    ]
                }
            ),
            lambda: instance.with_user(self.manager)._load_records(
                [{"values": {"res_model": "approval.test.order"}}]
            ),
        )
        for door in doors:
            with self.assertRaises(AccessError):
                door()

    def test_an_import_forges_nothing(self):
        order = self._pending()
        instance = self._instance(order)
        result = instance.load([".id", "state"], [[str(instance.id), "approved"]])
        self.assertFalse(result["ids"])
        self.assertTrue(result["messages"])
        self.assertEqual(instance.state, "pending")

    def test_history_is_not_rewritten_even_by_the_engine(self):
        event = self._instance(self._pending()).event_ids
        with self.assertRaises(AccessError):
            event._engine().write({"comment": "other"})
        with self.assertRaises(AccessError):
            event._engine().unlink()

    def test_history_survives_everything(self):
        order = self._pending()
        self._approve(order, self.anna)
        order.with_user(self.bob).action_reject("too cheap")
        order.action_confirm()
        order.action_cancel()
        order.action_draft()
        order.action_confirm()
        self._approve(order, self.anna, self.bob)
        expected = [
            *("submitted", "approved", "rejected"),
            *("submitted", "recalled"),
            *("submitted", "approved", "approved", "granted", "executed"),
        ]
        self.assertEqual(self._kinds(order), expected)
        instances = self.env["approval.instance"].search([("res_id", "=", order.id)])
        self.assertEqual(instances.sorted("id").mapped("round"), [1, 2, 3])
        self.policy.write({"active": False})
        self.policy.unlink()
        name, key = order._name, order.id
        order.unlink()
        kept = self.env["approval.instance"].search(
            [("res_model", "=", name), ("res_id", "=", key)]
        )
        self.assertEqual(kept, instances)
        self.assertEqual(kept.event_ids.sorted("id").mapped("kind"), expected)
        self.assertTrue(all(instance.policy["names"] for instance in kept))

    def test_an_activity_of_an_approval_is_not_ticked_off(self):
        order = self._pending()
        task = self._task(order, self.anna)
        activity = task.sudo().activity_ids.with_user(self.anna)
        with self.assertRaisesRegex(Exception, "Approve or reject"):
            activity.action_feedback("done")
        self.assertEqual(self._approvers(order), self.anna)
        self._approve(order, self.anna)
        self.assertFalse(activity.sudo().exists().active)
