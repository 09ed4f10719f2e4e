import json
from datetime import datetime, timedelta

from odoo import Command
from odoo.tests import new_test_user

from .common import rule_of
from .common_seal import SealCase

GROUPS = "base.group_user,base.group_partner_manager,base.group_allow_export"


class ReadingCase(SealCase):
    """A trail of its own, and one person for each way of reading it.

    Anna is below Bob, Bob below Carl; Dora decides, Sam administers the system.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        env = cls.env
        cls.anna = new_test_user(env, "anna", GROUPS, name="Anna")
        cls.bob = new_test_user(
            env, "bob", f"{GROUPS},erp_audit.group_tier_management", name="Bob"
        )
        cls.carl = new_test_user(
            env, "carl", "erp_audit.group_tier_management", name="Carl"
        )
        cls.dora = new_test_user(
            env, "dora", "erp_audit.group_tier_decision", name="Dora"
        )
        cls.sam = new_test_user(env, "sam", "base.group_system", name="Sam")
        cls.auditor = new_test_user(
            env,
            "auditor",
            "erp_audit.group_audit_auditor,base.group_allow_export",
            name="Audrey",
        )
        cls.anna.approval_manager_id = cls.bob
        cls.bob.approval_manager_id = cls.carl
        cls.company = env.company
        cls.rule = rule_of(env, "res.partner")
        cls.partner = env["res.partner"].create({"name": "Azure", "ref": "A1"})
        cls.now = datetime.now().replace(microsecond=123456)
        env.flush_all()
        with cls._tampering(cls) as cr:
            cr.execute("DELETE FROM erp_audit_log")
            cr.execute("DELETE FROM erp_audit_rollup")
            cr.execute("UPDATE erp_audit_rollup_mark SET seq = 0")

    @classmethod
    def _done(cls, user, diff=None, ago=1, **values):
        """Record something that a person did so many hours ago; return its number."""
        values = {
            "tx": 500,
            "real_uid": user.id,
            "uid": user.id,
            "login": user.login,
            "company": cls.company.id,
            "res_id": cls.partner.id,
            "ts": str(cls.now - timedelta(hours=ago)),
            "diff": json.dumps({"name": ["A", "B"]} if diff is None else diff),
            **values,
        }
        return cls._record(**values)

    def _seen(self, user, *domain):
        """Return the numbers of the records that somebody finds."""
        records = self.env["erp.audit.record"].with_user(user)
        # reading is recorded as well, as an event
        return set(records.search([("op", "=", "w"), *domain]).ids)

    @classmethod
    def _other_company(cls, *users):
        company = cls.env["res.company"].create({"name": "Other"})
        for user in users:
            user.company_ids = [Command.link(company.id)]
        return company
