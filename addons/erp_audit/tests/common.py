from odoo.tests import TransactionCase, new_test_user, tagged

NO_TRACKING = {"tracking_disable": True, "mail_create_nolog": True}


def rule_of(env, model, **values):
    """Return the rule of a model with these values; an addon may have brought one."""
    rules = env["erp.audit.rule"]
    rule = rules.search([("model_name", "=", model)])
    if rule:
        rule.write(values)
        return rule
    return rules.create({"model_id": env["ir.model"]._get_id(model), **values})


@tagged("post_install", "-at_install")
class AuditCase(TransactionCase):
    """Rules, and what the trail holds since a moment."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.anna = new_test_user(
            cls.env, "anna", "base.group_user,base.group_partner_manager"
        )
        cls.auditor = new_test_user(cls.env, "auditor", "erp_audit.group_audit_auditor")

    @classmethod
    def _rule(cls, model, **values):
        """Return a rule that records a model with these values."""
        rule = rule_of(cls.env, model, **values)
        rule.action_confirm()
        return rule

    def setUp(self):
        super().setUp()
        self._mark()

    def _mark(self):
        """Look only at what is recorded from now on."""
        self.env.flush_all()
        self.env.cr.execute("SELECT coalesce(max(id), 0) FROM erp_audit_log")
        self.last = self.env.cr.fetchone()[0]

    def _records(self, model, ids=None, event=None):
        """Return the records since the mark, oldest first, as dicts."""
        self.env.flush_all()
        self.env.cr.execute(
            """SELECT l.*, s.name AS model FROM erp_audit_log l
                 LEFT JOIN erp_audit_source s ON s.id = l.source
                WHERE l.id > %s AND (%s IS NULL OR s.name = %s)
                  AND l.event IS NOT DISTINCT FROM %s ORDER BY l.id""",
            [self.last, model, model, event],
        )
        found = self.env.cr.dictfetchall()
        return [item for item in found if ids is None or item["res_id"] in ids]

    def _diffs(self, records, ops="cwdlu"):
        """Return ``[(operation, values)]`` of records of the ORM since the mark."""
        return [
            (item["op"], item["diff"])
            for item in self._records(records._name, records.ids)
            if item["op"] in ops
        ]

    def _one(self, records):
        """Return the only record of records of the ORM since the mark."""
        found = self._records(records._name, records.ids)
        self.assertEqual(len(found), 1, found)
        return found[0]
