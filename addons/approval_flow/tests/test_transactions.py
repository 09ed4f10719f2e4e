from unittest.mock import patch

from odoo import SUPERUSER_ID, api
from odoo.exceptions import UserError
from odoo.modules.registry import Registry
from odoo.service.model import retrying
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import SQL, mute_logger

from .common import ApprovalData

# what the tests have committed, in an order that foreign keys allow
CLEAN = """
    DELETE FROM mail_activity WHERE res_model = 'approval.task';
    DELETE FROM mail_message WHERE model = 'approval.test.order';
    DROP TABLE approval_test_order_line, approval_test_order;
    DELETE FROM approval_event WHERE instance_id IN (
        SELECT id FROM approval_instance WHERE res_model = 'approval.test.order');
    DELETE FROM approval_task WHERE res_model = 'approval.test.order';
    DELETE FROM approval_instance WHERE res_model = 'approval.test.order';
    DELETE FROM approval_policy WHERE res_model = 'approval.test.order';
    DELETE FROM ir_cron_trigger WHERE cron_id IN (
        SELECT res_id FROM ir_model_data
         WHERE module = 'approval_flow' AND model = 'ir.cron');
    DELETE FROM ir_model_data WHERE name LIKE '%approval_test_order%';
    DELETE FROM ir_model_inherit WHERE model_id IN (
        SELECT id FROM ir_model WHERE model LIKE 'approval.test.%');
    DELETE FROM ir_model_constraint WHERE model IN (
        SELECT id FROM ir_model WHERE model LIKE 'approval.test.%');
    DELETE FROM ir_model WHERE model LIKE 'approval.test.%';
"""


@tagged("post_install", "-at_install")
class TestTransactions(ApprovalData, BaseCase):
    """Two people at the same instant, in real transactions that commit.

    The interleaving is fixed: the second transaction has read everything before the
    first one decides and commits, then it decides as well.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry = Registry(get_db_name())
        cls.cr = cls.registry.cursor()
        cls.addClassCleanup(cls.cr.close)
        cls.env = api.Environment(cls.cr, SUPERUSER_ID, {})
        cls._prepare()
        cls.people = (
            cls.seller | cls.seller2 | cls.anna | cls.bob | cls.carl | cls.dora
        ) | cls.manager
        cls.policy = cls._policy(cls._users(cls.anna, cls.bob))
        cls.env.cr.commit()
        cls.addClassCleanup(cls._clean)

    @classmethod
    def _clean(cls):
        cls.cr.rollback()
        with cls.registry.cursor() as cr:
            cr.execute(SQL(CLEAN.replace("%", "%%")))
            people = cls.people.with_env(cls.env(cr=cr))
            partners = people.partner_id
            people.unlink()
            partners.unlink()

    def setUp(self):
        super().setUp()
        self.startPatcher(patch("odoo.service.model.time.sleep"))
        self.addCleanup(self.env.invalidate_all)
        self.addCleanup(self.cr.rollback)

    def startPatcher(self, patcher):
        mock = patcher.start()
        self.addCleanup(patcher.stop)
        return mock

    def _committed(self, **step):
        if step:
            self.policy.step_ids.write(step)
        order = self._pending()
        commit = self.cr.commit  # for real: other transactions must see it
        commit()
        return order

    def _other(self, user):
        """Return an environment of another transaction."""
        cr = self.registry.cursor()
        self.addCleanup(cr.close)
        return api.Environment(cr, user.id, {})

    def _race(self, order, first, second):
        """Run ``second`` in a transaction that began before ``first`` committed."""
        user, call = second
        env = self._other(user)
        mine = order.with_env(env)
        tries = []

        def run():
            tries.append(1)
            # what is true for it so far
            mine.sudo().read(["name", "state"])
            mine.sudo().approval_instance_id.task_ids.read(["state"])
            if len(tries) == 1:
                before_user, before_call = first
                other = self._other(before_user)
                before_call(order.with_env(other))
                other.cr.commit()
            return call(mine)

        try:
            with mute_logger("odoo.sql_db"):
                retrying(run, env)
            env.cr.commit()
        finally:
            env.cr.rollback()
            self.cr.rollback()
            self.env.invalidate_all()
            self.assertEqual(len(tries), 2, "a conflict was reported, once")

    def test_two_decide_at_the_same_instant_one_decision_counts(self):
        order = self._committed(mode="any")
        with self.assertRaisesRegex(UserError, "nothing for you to decide"):
            self._race(
                order,
                (self.anna, lambda mine: mine.action_approve()),
                (self.bob, lambda mine: mine.action_reject("too cheap")),
            )
        self.assertEqual(order.state, "done")
        self.assertEqual(
            self._kinds(order), ["submitted", "approved", "granted", "executed"]
        )

    def test_the_other_is_told_who_has_decided(self):
        order = self._committed(mode="any")
        task_ids = self._instance(order).open_task_ids.filtered(
            lambda task: task.user_id == self.bob
        )
        with self.assertRaisesRegex(UserError, "Anna has decided already"):
            self._race(
                order,
                (self.anna, lambda mine: mine.action_approve()),
                (
                    self.bob,
                    lambda mine: task_ids.with_env(mine.env).action_approve(),
                ),
            )
        self.assertEqual(order.done_count, 1)

    def test_the_last_two_voices_of_all_at_the_same_instant_carry_it_out(self):
        """Each alone sees one voice missing; together they must not get stuck."""
        order = self._committed(mode="all")
        self._race(
            order,
            (self.anna, lambda mine: mine.action_approve()),
            (self.bob, lambda mine: mine.action_approve()),
        )
        self.assertEqual(order.state, "done")
        self.assertEqual(self._kinds(order).count("approved"), 2)

    def test_approving_while_another_edits_approves_nothing_unseen(self):
        order = self._committed(mode="any")
        seen = self._instance(order).digest
        with self.assertRaisesRegex(UserError, "nothing for you to decide"):
            self._race(
                order,
                (self.seller, lambda mine: mine.line_ids.write({"price": 1})),
                (self.anna, lambda mine: mine.action_approve(seen_digest=seen)),
            )
        self.assertEqual(order.state, "draft")
        self.assertEqual(order.approval_state, "stale")
