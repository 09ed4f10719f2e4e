from odoo import Command, fields
from odoo.tests import TransactionCase, new_test_user, tagged

NOW = "2026-03-02 08:00:00"


@tagged("post_install", "-at_install")
class AccessCase(TransactionCase):
    """People, a role, and access managers who decide."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        user, manager = "base.group_user", "erp_audit.group_access_manager"
        cls.anna = new_test_user(cls.env, "acc_anna", user)
        cls.bert = new_test_user(cls.env, "acc_bert", user)
        cls.boss = new_test_user(cls.env, "acc_boss", user)
        cls.maria = new_test_user(cls.env, "acc_maria", manager)
        cls.nina = new_test_user(cls.env, "acc_nina", manager)
        cls.auditor = new_test_user(cls.env, "acc_aud", "erp_audit.group_audit_auditor")
        cls.anna.approval_manager_id = cls.boss
        cls.partner_group = cls.env.ref("base.group_partner_manager")
        cls.export_group = cls.env.ref("base.group_allow_export")
        cls.role = cls.env["erp.role"].create(
            {
                "name": "Clerk",
                "group_ids": [Command.set(cls.partner_group.ids)],
                "tier": "operations",
            }
        )
        cls.tier_group = cls.env.ref("erp_audit.group_tier_operations")
        cls.policy = cls.env.ref("erp_audit.approval_policy_access")
        cls.grants = cls.env["erp.access.grant"]
        cls.requests = cls.env["erp.access.request"]

    def setUp(self):
        super().setUp()
        # the moment of the transaction stands still, that of the clock does not
        self.now = fields.Datetime.now()

    @classmethod
    def _give(cls, user, what, by=None, **values):
        """Return the grant of a role or groups, given directly by an access manager."""
        grants = cls.grants.with_user(by or cls.maria)
        what = what.with_user(by or cls.maria)
        return grants._give(user, what, "Needed", **values).sudo()

    def _ask(self, who, **values):
        """Return a draft request of somebody."""
        values = {"role_id": self.role.id, "reason": "Month end", **values}
        return self.requests.with_user(who).create(values)

    def _later(self, **delta):
        return fields.Datetime.add(self.now, **delta)

    def _past(self, grant, **delta):
        """Let the end of a grant lie in the past, as if the time had gone by."""
        grant.env.cr.execute(
            """UPDATE erp_access_grant SET date_to = %s, date_from = %s
                WHERE id = %s""",
            [self._later(seconds=-1), self._later(days=-9), grant.id],
        )
        grant.invalidate_recordset()
        self.env.registry.clear_cache()

    def assertHas(self, user, group, message=None):
        self.assertIn(group, user.sudo().all_group_ids, message)

    def assertHasNot(self, user, group, message=None):
        self.assertNotIn(group, user.sudo().all_group_ids, message)

    def _events(self, user, event):
        """Return the details of the events of a kind on a user."""
        self.env.flush_all()
        self.env.cr.execute(
            """SELECT l.diff FROM erp_audit_log l
                 JOIN erp_audit_source s ON s.id = l.source
                WHERE s.name = 'res.users' AND l.res_id = %s AND l.event = %s
                ORDER BY l.id""",
            [user.id, event],
        )
        return [row[0] for row in self.env.cr.fetchall()]
