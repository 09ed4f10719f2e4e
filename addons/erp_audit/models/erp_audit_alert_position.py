from odoo import api, fields, models


class ErpAuditAlertPosition(models.Model):
    """How far an alert rule has looked at the trail.

    Apart from the rules: they are changed by people, this by each run of the job.
    """

    _name = "erp.audit.alert.position"
    _description = "Position of an Alert Rule"
    _log_access = False

    rule_id = fields.Many2one(
        "erp.audit.alert.rule", required=True, ondelete="cascade", index=True
    )
    seq = fields.Integer(string="Last seal looked at", aggregator=None)
    since = fields.Char(string="Last record before the rule was on")
    problem = fields.Char(string="Why it stands still")

    _rule_unique = models.UniqueIndex("(rule_id)")

    @api.model
    def _start(self, rules):
        """Let rules look at what is recorded from now on."""
        if not rules:
            return
        cr = self.env.cr
        cr.execute(
            "SELECT coalesce((SELECT max(seq) FROM erp_audit_chain), 0),"
            " coalesce((SELECT max(id) FROM erp_audit_log), 0)"
        )
        seq, since = cr.fetchone()
        values = {"seq": seq, "since": str(since), "problem": False}
        known = self.search([("rule_id", "in", rules.ids)])
        known.write(values)
        self.create([{"rule_id": rule.id, **values} for rule in rules - known.rule_id])

    @api.model
    def _advance(self, rules, seq):
        """Note that rules have looked at everything up to a seal."""
        positions = self.search([("rule_id", "in", rules.ids)])
        positions.write({"seq": seq, "problem": False})
