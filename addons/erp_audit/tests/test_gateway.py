"""E-mails, followers and defaults: other doors to what decides about rights."""

from odoo import Command
from odoo.exceptions import AccessError
from odoo.service.model import call_kw
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..models.mail_thread import BY_HAND
from .common_access import AccessCase

EMAIL = """From: {sender}
To: {to}
Subject: Urgent
Message-Id: <{number}@elsewhere.example>
In-Reply-To: {parent}
Content-Type: text/plain

Please do.
"""


@tagged("post_install", "-at_install")
class TestGateway(AccessCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.chief = new_test_user(
            cls.env, "gate_chief", "base.group_system", email="chief@gate.example"
        )
        cls.portal = new_test_user(cls.env, "gate_portal", "base.group_portal")
        cls.alert = cls.env["erp.audit.alert"].create(
            {
                "rule_id": cls.env["erp.audit.alert.rule"].search([], limit=1).id,
                "severity": "critical",
            }
        )
        cls.number = 0

    def _email(self, to="nobody@gate.example", parent="", sender="chief@gate.example"):
        self.number += 1
        return EMAIL.format(to=to, parent=parent, sender=sender, number=self.number)

    def _rpc(self, user, *args, **kwargs):
        """Hand an e-mail in as a program would, with somebody's own key."""
        threads = self.env(user=user)["mail.thread"]
        return call_kw(threads, "message_process", args, kwargs)

    @mute_logger("odoo.addons.mail.models.mail_thread")
    def test_a_sender_gives_no_rights(self):
        """Nobody has a record made in the name of whom he writes as the sender."""
        power = self.env.ref("base.group_system")
        role = {
            "is_emergency": True,
            "group_ids": [Command.set(power.ids)],
            "emergency_user_ids": [Command.set(self.anna.ids)],
        }
        model = self.env["ir.model"]._get_id("res.users")
        job = {"name": "x", "model_id": model, "state": "code", "code": "x = 1"}
        for user in (self.anna, self.portal, self.maria, self.auditor):
            for name, values in (("erp.role", role), ("ir.cron", job), ("x", None)):
                before = name in self.env and self.env[name].search_count([])
                with self.assertRaises(AccessError):
                    self._rpc(user, name, self._email(), values)
                if before:
                    self.assertEqual(self.env[name].search_count([]), before)
            with self.assertRaises(AccessError):
                self._rpc(user, False, self._email(), None, thread_id=self.alert.id)
            with self.assertRaises(AccessError):
                self._rpc(user, False, self._email(), custom_values={"name": "x"})

    def test_where_an_email_goes_is_said_by_its_address(self):
        """A user who only hands e-mails in goes on doing so."""
        partner = self.env["res.partner"].create({"name": "Customer"})
        message = partner.message_post(body="Question")
        self._rpc(self.anna, False, self._email(parent=message.message_id))
        self.assertIn("Please do", partner.message_ids[0].body)
        domain = self.env["mail.alias.domain"].create({"name": "gate.example"})
        alias = self.env["mail.alias"].create(
            {
                "alias_name": "people",
                "alias_domain_id": domain.id,
                "alias_model_id": self.env["ir.model"]._get_id("res.partner"),
            }
        )
        # as it is once somebody has written to it
        alias.alias_status = "valid"
        number = self._rpc(self.anna, False, self._email("people@gate.example"))
        self.assertEqual(self.env["res.partner"].browse(number).name, "Urgent")

    @mute_logger("odoo.addons.mail.models.mail_thread")
    def test_no_email_makes_what_decides_about_rights(self):
        """Not by an address that an administrator has set up, nor by a mail server."""
        for name in BY_HAND:
            records = self.env[name].with_context(active_test=False)
            before = records.search_count([])
            values = {"name": "x", "state": "confirmed", "reason": "x"}
            for user in (self.chief, self.env.ref("base.user_root")):
                with self.assertRaises(AccessError):
                    self._rpc(user, name, self._email(), values)
            self.assertEqual(records.search_count([]), before, name)

    def test_an_answer_changes_nothing_but_the_conversation(self):
        message = self.alert.message_post(body="What is this?")
        self.env["mail.thread"].message_process(
            False, self._email(parent=message.message_id, sender=self.anna.email or "")
        )
        self.assertIn("Please do", self.alert.message_ids[0].body)
        self.assertEqual(self.alert.state, "new")
        self.assertFalse(self.alert.message_partner_ids & self.anna.partner_id)
        self.assertFalse(self.alert.with_user(self.anna).search([]))

    def test_nobody_follows_what_he_may_not_read(self):
        """An administrator who follows would be told what auditors write."""
        values = {
            "res_model": "erp.audit.alert",
            "res_id": self.alert.id,
            "partner_id": self.chief.partner_id.id,
        }
        followers = self.env["mail.followers"].with_user(self.chief)
        with self.assertRaises(AccessError):
            followers.create(values)
        defaults = {f"default_{name}": value for name, value in values.items()}
        with self.assertRaises(AccessError):
            followers.with_context(**defaults).create({})
        own = followers.create(
            {
                "res_model": "res.partner",
                "res_id": self.chief.partner_id.id,
                "partner_id": self.anna.partner_id.id,
            }
        )
        with self.assertRaises(AccessError):
            own.write(values)
        self.chief.group_ids = [
            Command.link(self.env.ref("erp_audit.group_audit_auditor").id)
        ]
        followers.create(values)
        self.assertIn(self.chief.partner_id, self.alert.message_partner_ids)

    def test_defaults_of_a_context_are_no_results(self):
        """A review that nobody made is not signed off."""
        reviews = self.env["erp.access.review"].with_user(self.maria)
        digest = reviews.new({})._digest()
        context = {
            "default_state": "closed",
            "default_digest": digest,
            "default_closed_by_id": self.nina.id,
            "default_closed_on": "2026-01-01 00:00:00",
            "default_started_on": "2026-01-01 00:00:00",
            "default_note": "All is well",
        }
        review = reviews.with_context(**context).create({"name": "Forged"})
        review.flush_recordset()
        self.assertRecordValues(
            review.sudo(),
            [
                {
                    "state": "draft",
                    "digest": False,
                    "closed_by_id": False,
                    "closed_on": False,
                    "started_on": False,
                    "note": False,
                }
            ],
        )
