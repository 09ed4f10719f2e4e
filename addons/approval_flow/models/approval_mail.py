import logging

import psycopg2

from odoo import api, models
from odoo.fields import Command

_logger = logging.getLogger(__name__)

# more than this at once for one person become one e-mail with a list
SINGLE_MAILS = 5
# rows of such a list; the inbox shows the rest
LISTED = 30
# results that are told in one transaction
RESULTS_AT_ONCE = 200
# outcomes that the requester and the people copied to are told
TOLD_STATES = ("approved", "executed", "failed", "rejected", "returned")


class ApprovalInstance(models.Model):
    """E-mails: results to requesters and to the people copied to."""

    _inherit = "approval.instance"

    @api.model
    def _cron_mail(self):
        """Ask approvers, and tell results, by e-mail.

        What is to be told and the queued e-mail change in one transaction for each
        person: whenever this is interrupted, nobody gets an e-mail twice or none.
        """
        people = self.env["approval.task"]._mail_people()
        told = self.search([("mail_pending", "=", True)], order="id").ids
        batches = [
            told[start : start + RESULTS_AT_ONCE]
            for start in range(0, len(told), RESULTS_AT_ONCE)
        ]
        jobs = [(self.env["approval.task"]._mail_person, item) for item in people]
        jobs += [(self._mail_results, ids) for ids in batches]
        progress = self.env["ir.cron"]
        progress._commit_progress(remaining=len(jobs))
        for job, item in jobs:
            try:
                with self.env.cr.savepoint():
                    job(item)
            except psycopg2.OperationalError:
                # somebody decides just now; the next run looks again
                _logger.info("Approval e-mails for %s are left to the next run", item)
            if not progress._commit_progress(1):
                break

    @api.model
    def _mail_results(self, ids):
        """Tell the results of approvals to those who asked and those copied to."""
        instances = self.browse(ids).try_lock_for_update()
        instances = instances.filtered("mail_pending")
        by_user = {}
        for instance in instances:
            if instance.state in TOLD_STATES:
                for user in instance.requester_id | instance.cc_user_ids:
                    by_user.setdefault(user, []).append(instance.id)
        values = []
        for user, found in by_user.items():
            if user._approval_gets_mail():
                values += self.browse(found)._mails(user, "_mail_result")
        self._queue_mails(values)
        instances._engine().write({"mail_pending": False})

    def _mail_result(self, user):
        """Return subject, template and values of the e-mail about one result."""
        facts = self._facts()
        subjects = {
            "rejected": self.env._("Rejected: %s", facts["document"]),
            "returned": self.env._("Returned: %s", facts["document"]),
            "failed": self.env._("Approved, not carried out: %s", facts["document"]),
        }
        subject = subjects.get(
            self.state, self.env._("Approved: %s", facts["document"])
        )
        values = {
            "facts": facts,
            "state": self.state,
            "mine": self.requester_id == user,
            "error": self.error or "",
            "url": f"{self[:1].get_base_url()}/odoo/{self.res_model}/{self.res_id}",
        }
        return subject, "approval_flow.mail_result", values

    # -- shared by questions and results ----------------------------------------------

    def _mails(self, user, one):
        """Return the values of the e-mails to ``user``: one for each, or one list.

        :param one: name of the method that gives subject, template and values
        """
        records = self._for_reader(user)
        if len(records) > SINGLE_MAILS:
            return [records._mail_list(user)]
        return [record._mail_safely(user, one) for record in records]

    def _mail_safely(self, user, one):
        """Return the values of one e-mail; if its facts fail, of a plain one."""
        try:
            with self.env.cr.savepoint():
                return self._mail_values(user, *getattr(self, one)(user))
        except psycopg2.OperationalError:
            raise
        except Exception:
            _logger.exception("The facts of approval %s cannot be told", self.id)
            return self._mail_list(user)

    def _mail_list(self, user):
        """Return the values of one e-mail that lists many results."""
        subject = self.env._("Approvals: %s results", len(self))
        return self._mail_values(
            user,
            subject,
            "approval_flow.mail_list",
            {
                "title": subject,
                "rows": [
                    self._mail_row(item, item._label_of("state")) for item in self
                ][:LISTED],
                "more": max(len(self) - LISTED, 0),
                "url": f"{self[:1].get_base_url()}/odoo/approvals-requested",
                "button": self.env._("My requests"),
            },
        )

    @api.model
    def _mail_row(self, instance, hint):
        return {
            "document": instance.document_name,
            "partner": instance.partner_id.display_name or "",
            "amount": instance.currency_id.format(instance.amount)
            if instance.amount
            else "",
            "requester": instance.requester_id.name,
            "hint": hint,
        }

    def _mail_values(self, user, subject, template, values):
        """Return the values of a ``mail.mail`` to ``user``, its body rendered."""
        company = self.company_id[:1] or user.company_id
        qweb = self.env["ir.qweb"].with_context(minimal_qcontext=True)
        body = qweb._render(
            template,
            {
                **values,
                "user": user,
                "company": company,
                "base_url": self[:1].get_base_url(),
                "lang": (self.env.lang or "en_US").replace("_", "-"),
            },
        )
        sender = (
            company.email_formatted or self.env.ref("base.user_root").email_formatted
        )
        asker = self.requester_id if len(self) == 1 else self.env["res.users"]
        reply_to = asker.email_formatted if asker != user else ""
        return {
            "subject": " ".join(subject.split()),
            "body_html": body,
            "email_from": sender,
            "reply_to": reply_to or sender,
            "recipient_ids": [Command.link(user.partner_id.id)],
            # the links are for the addressee only: not kept once sent
            "auto_delete": True,
            "headers": repr(
                {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "OOF"}
            ),
        }

    @api.model
    def _queue_mails(self, vals_list):
        """Queue e-mails in one batch, and wake the queue."""
        if vals_list:
            # sudo: the engine writes to people
            self.env["mail.mail"].sudo().create(vals_list)
            # sudo: waking a scheduled action
            self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger()


class ApprovalTask(models.Model):
    """E-mails: the question to approvers."""

    _inherit = "approval.task"

    @api.model
    def _mail_people(self):
        """Return the ids of the people who are to be asked by e-mail."""
        groups = self._read_group(
            [("mail_pending", "=", True), ("state", "=", "pending")], ["user_id"]
        )
        return [user.id for [user] in groups]

    @api.model
    def _mail_person(self, user_id):
        """Ask one person: an e-mail for each task, or one for all of them."""
        tasks = self.search(
            [
                ("mail_pending", "=", True),
                ("state", "=", "pending"),
                ("user_id", "=", user_id),
            ],
            order="due, id",
        ).try_lock_for_update()
        user = self.env["res.users"].browse(user_id)
        if tasks and user._approval_gets_mail():
            instances = self.env["approval.instance"]
            instances._queue_mails(tasks._mails(user))
        tasks._engine().write({"mail_pending": False})

    def _mails(self, user):
        if len(self) > SINGLE_MAILS:
            return [self._mail_list(user)]
        return [task._mail_safely(user) for task in self]

    def _mail_safely(self, user):
        """Return the values of one e-mail; if its facts fail, of a plain one."""
        try:
            with self.env.cr.savepoint():
                return self._mail_question(user)
        except psycopg2.OperationalError:
            raise
        except Exception:
            _logger.exception("The facts of approval task %s cannot be told", self.id)
            return self._mail_list(user)

    def _mail_question(self, user):
        """Return the values of the e-mail that asks ``user`` to decide one task."""
        instance = self.instance_id._for_reader(user)
        task = self.with_env(instance.env)
        facts = instance._facts()
        what = ", ".join(filter(None, [facts["partner"], facts["amount"]]))
        what = f"{facts['document']} ({what})" if what else facts["document"]
        urged = instance.last_urged and instance.last_urged >= self.ask_date
        again = self.origin != "escalation" and (self.reminders or urged)
        subject = (
            instance.env._("Reminder, to approve: %s", what)
            if again
            else instance.env._("To approve: %s", what)
        )
        base = self[:1].get_base_url()
        link = f"{base}/approval/decide/{self._link_token(user)}"
        acting = task.acting_for_id
        return instance._mail_values(
            user,
            subject,
            "approval_flow.mail_question",
            {
                "facts": {**facts, "due": instance._at(task.due), "late": task.is_late},
                "step": task.step_name or "",
                "acting_for": acting.name if acting and acting != user else "",
                "again": again,
                "link": link,
                "url": f"{base}/odoo/approval.instance/{instance.id}",
                "hours": self.company_id.approval_mail_hours,
                "public": self.company_id.approval_mail_public,
            },
        )

    def _mail_list(self, user):
        """Return the values of one e-mail that lists many questions."""
        instances = self.instance_id._for_reader(user)
        rows = [
            instances._mail_row(
                task.instance_id,
                instances._at(task.due),
            )
            for task in self.with_env(instances.env)[:LISTED]
        ]
        subject = instances.env._("To approve: %s documents", len(self))
        if len(self) == 1:
            subject = instances.env._("To approve: %s", self.document_name)
        return instances._mail_values(
            user,
            subject,
            "approval_flow.mail_list",
            {
                "title": subject,
                "rows": rows,
                "more": max(len(self) - LISTED, 0),
                "url": f"{self[:1].get_base_url()}/odoo/approvals",
                "button": instances.env._("My approvals"),
            },
        )


class ResUsers(models.Model):
    _inherit = "res.users"

    def _approval_gets_mail(self):
        """Return whether the person can be written to; the system itself cannot."""
        self.ensure_one()
        return bool(
            self.active
            and not self.share
            and self.email_normalized
            and self != self.env.ref("base.user_root")
        )
