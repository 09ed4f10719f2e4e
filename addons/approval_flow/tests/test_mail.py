from contextlib import contextmanager, suppress
from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.approval_flow.models.approval_mail import SINGLE_MAILS

from .common import ApprovalCase


class MailCase(ApprovalCase):
    """Runs the scheduled action, and looks at the e-mails that are queued."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        people = cls.seller | cls.anna | cls.bob | cls.carl
        people.lang = "en_US"

    def _run_mail(self):
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref("approval_flow.ir_cron_mail").method_direct_trigger()
        self.env.invalidate_all()

    @contextmanager
    def _new_mails(self):
        """Run the scheduled action on leaving; the list then holds the new e-mails."""
        before = (
            self.env["mail.mail"].sudo().search([], order="id desc", limit=1).id or 0
        )
        found = []
        yield found
        self._run_mail()
        # other e-mails are those of activities
        found += (
            self.env["mail.mail"]
            .sudo()
            .search([("id", ">", before)], order="id")
            .filtered(lambda mail: "Auto-Submitted" in (mail.headers or ""))
        )

    def _mail_to(self, mails, user):
        found = [mail for mail in mails if mail.recipient_ids == user.partner_id]
        self.assertEqual(len(found), 1, f"one e-mail to {user.name}")
        return found[0]

    def _submitted(self, **values):
        order = self._order(**values)
        order.action_confirm()
        return order


@tagged("post_install", "-at_install")
class TestMail(MailCase):
    def test_question_has_the_facts_and_a_link_for_the_person(self):
        self._policy(self._users(self.anna), self._users(self.bob))
        partner = self.env["res.partner"].create({"name": "Gemini & Sons"})
        with self._new_mails() as mails:
            order = self._submitted(amount=1234.0, partner_id=partner.id)
        mail = self._mail_to(mails, self.anna)
        self.assertEqual(len(mails), 1, "the second step is not asked yet")
        for text in ("ORDER", "Gemini &amp; Sons", "1,234.00", "Seller", "Step 1"):
            self.assertIn(text, mail.body_html)
        self.assertIn("Gemini & Sons", mail.subject)
        self.assertIn("?choice=approved", mail.body_html)
        self.assertIn("?choice=rejected", mail.body_html)
        self.assertEqual(mail.reply_to, self.seller.email_formatted)
        self.assertTrue(mail.auto_delete, "links are not kept in the database")
        with self._new_mails() as mails:
            order.with_user(self.anna).action_approve("looks fine")
        mail = self._mail_to(mails, self.bob)
        self.assertIn("Anna", mail.body_html, "who approved before")
        self.assertIn("looks fine", mail.body_html)

    def test_each_mail_once(self):
        self._policy(self._users(self.anna, self.bob), cc_user_ids=self.carl.ids)
        with self._new_mails() as mails:
            order = self._submitted()
        self.assertEqual(len(mails), 2)
        with self._new_mails() as mails:
            pass
        self.assertFalse(mails, "asked once only")
        with self._new_mails() as mails:
            order.with_user(self.anna).action_approve()
        self.assertEqual(len(mails), 2, "requester and copy, not bob again")
        self._mail_to(mails, self.seller)
        self._mail_to(mails, self.carl)
        with self._new_mails() as mails:
            pass
        self.assertFalse(mails)

    def test_decided_in_the_meantime(self):
        self._policy(self._users(self.anna))
        with self._new_mails() as mails:
            order = self._submitted()
            order.with_user(self.anna).action_reject("too dear")
        self.assertEqual(len(mails), 1, "nobody is asked what is decided")
        mail = self._mail_to(mails, self.seller)
        self.assertIn("too dear", mail.body_html)
        self.assertIn("Rejected", mail.subject)

    def test_interrupted_run_loses_and_repeats_nothing(self):
        self._policy(self._users(self.anna), self._users(self.bob))
        self._submitted()
        self._submitted().with_user(self.anna).action_approve()
        queue = type(self.env["approval.instance"])._queue_mails
        calls = []

        def killed(records, vals_list):
            calls.append(1)
            if len(calls) == 2:
                raise KeyboardInterrupt
            return queue(records, vals_list)

        self.env.flush_all()
        with (
            self.enter_registry_test_mode(),
            patch.object(type(self.env["approval.instance"]), "_queue_mails", killed),
            mute_logger("odoo.addons.base.models.ir_cron"),
            # assertRaises would undo what was committed before
            suppress(KeyboardInterrupt),
        ):
            self.env.ref("approval_flow.ir_cron_mail").method_direct_trigger()
        self.assertEqual(len(calls), 2)
        self.env.invalidate_all()
        mails = self.env["mail.mail"].sudo().search([])
        first = mails.filtered(lambda m: m.recipient_ids == self.anna.partner_id)
        second = mails.filtered(lambda m: m.recipient_ids == self.bob.partner_id)
        self.assertEqual(len(first | second), 1)
        self._run_mail()
        mails = self.env["mail.mail"].sudo().search([])
        for user in (self.anna, self.bob):
            self.assertEqual(
                len(mails.filtered(lambda m, u=user: m.recipient_ids == u.partner_id)),
                1,
                user.name,
            )

    def test_one_mail_for_many(self):
        self._policy(self._users(self.anna))
        with self._new_mails() as mails:
            for _n in range(SINGLE_MAILS):
                self._submitted()
        self.assertEqual(len(mails), SINGLE_MAILS)
        with self._new_mails() as mails:
            for _n in range(SINGLE_MAILS + 1):
                self._submitted()
        mail = self._mail_to(mails, self.anna)
        self.assertEqual(len(mails), 1)
        self.assertIn(str(SINGLE_MAILS + 1), mail.subject)
        self.assertIn("/odoo/approvals", mail.body_html)
        self.assertNotIn("/approval/decide/", mail.body_html)
        with self._new_mails() as mails:
            tasks = self.env["approval.task"].search([("user_id", "=", self.anna.id)])
            tasks.with_user(self.anna).action_approve()
        self.assertEqual(len(mails), 1, "one list of results for the requester")
        self._mail_to(mails, self.seller)

    def test_people_without_an_address(self):
        self.anna.email = False
        self.bob.email = "nonsense"
        self._policy(self._users(self.anna, self.bob, self.carl))
        with self._new_mails() as mails:
            order = self._submitted()
        self.assertEqual(len(mails), 1)
        self._mail_to(mails, self.carl)
        tasks = order.sudo().approval_instance_id.task_ids
        self.assertFalse(tasks.filtered("mail_pending"))

    def test_mail_in_spite_of_notifications_in_odoo(self):
        self.anna.notification_type = "inbox"
        self._policy(self._users(self.anna))
        with self._new_mails() as mails:
            self._submitted()
        self.assertEqual(mails, [self._mail_to(mails, self.anna)])

    def test_broken_facts_stop_nobody(self):
        self._policy(self._users(self.anna))
        facts = type(self.env["approval.test.order"])
        with (
            patch.object(facts, "_approval_facts", side_effect=ValueError("broken")),
            self.assertLogs("odoo.addons.approval_flow", "ERROR") as logs,
            self._new_mails() as mails,
        ):
            self._submitted()
        self.assertIn("cannot be told", logs.output[0])
        self.assertIn("ORDER", self._mail_to(mails, self.anna).body_html)

    def test_failed_execution_is_told_as_such(self):
        self._policy(self._users(self.anna))
        order = self._submitted(broken=True)
        with (
            self._new_mails() as mails,
            mute_logger("odoo.addons.approval_flow.models.approval_instance_flow"),
        ):
            order.with_user(self.anna).action_approve()
        mail = self._mail_to(mails, self.seller)
        self.assertIn("not carried out", mail.subject)
        self.assertIn("no stock", mail.body_html)

    def test_acting_for_somebody_and_reminder(self):
        self._policy(self._users(self.anna))
        self.env["approval.delegation"].with_user(self.anna).create(
            {
                "user_id": self.anna.id,
                "delegate_id": self.bob.id,
                "date_from": "2020-01-01",
                "date_to": "2100-01-01",
            }
        )
        with self._new_mails() as mails:
            order = self._submitted()
        mail = self._mail_to(mails, self.bob)
        self.assertIn("You decide for <strong>Anna</strong>", mail.body_html)
        self.assertNotIn("Reminder", mail.subject)
        with self._new_mails() as mails:
            order.approval_instance_id.action_urge()
        self.assertIn("Reminder", self._mail_to(mails, self.bob).subject)

    def test_language_and_time_of_the_reader(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.env.ref("approval_flow.mail_question").update_field_translations(
            "arch_db", {"zh_CN": {"Approve": "同意", "Reject": "驳回"}}
        )
        self.anna.write({"lang": "zh_CN", "tz": "Asia/Shanghai"})
        self.bob.write({"lang": "en_US", "tz": "UTC"})
        self._policy({**self._users(self.anna, self.bob), "deadline_hours": 8})
        with self._new_mails() as mails:
            order = self._submitted()
        chinese = self._mail_to(mails, self.anna).body_html
        english = self._mail_to(mails, self.bob).body_html
        self.assertIn("同意", chinese)
        self.assertIn('lang="zh-CN"', chinese)
        self.assertNotIn("同意", english)
        self.assertIn(">Approve<", english)
        task = order.sudo().approval_instance_id.task_ids.filtered(
            lambda item: item.user_id == self.anna
        )
        instance = task.instance_id._for_reader(self.anna)
        self.assertIn(instance._at(task.due), chinese)
        self.assertNotIn(instance._at(task.due), english)

    def test_queries_do_not_grow_with_the_rows_of_a_list(self):
        self._policy(self._users(self.anna))

        def queries(count):
            for _n in range(count):
                self._submitted()
            self._mail_user_once()
            tasks = self.env["approval.task"].search(
                [("user_id", "=", self.anna.id), ("state", "=", "pending")]
            )
            tasks._engine().write({"mail_pending": True})
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.env["approval.task"]._mail_person(self.anna.id)
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        few = queries(10)
        many = queries(40)
        self.assertLessEqual(many, few + 2)
        self.assertLessEqual(few, 60)

    def _mail_user_once(self):
        self.env["approval.task"]._mail_person(self.anna.id)
