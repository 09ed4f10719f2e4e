from odoo import fields, models
from odoo.exceptions import AccessError


class ErpAuditAlertTrialLine(models.TransientModel):
    """One alert that a rule would have raised."""

    _name = "erp.audit.alert.trial.line"
    _description = "Example of a Trial"
    _order = "last_date desc, id"

    trial_id = fields.Many2one(
        "erp.audit.alert.trial", required=True, ondelete="cascade", index=True
    )
    name = fields.Char(string="What happened", readonly=True)
    person_id = fields.Many2one("res.users", string="Person concerned", readonly=True)
    first_date = fields.Datetime(string="First", readonly=True)
    last_date = fields.Datetime(string="Last", readonly=True)
    hits = fields.Integer(string="Times", readonly=True)
    record_ids = fields.Json(readonly=True)

    def action_evidence(self):
        """Open the records that show what happened, as far as the reader may.

        :return: action
        :raise AccessError: if the trial is somebody else's
        """
        self.ensure_one()
        self.check_access("read")
        if not self.env.user.has_group("erp_audit.group_audit_auditor"):
            raise AccessError(self.env._("Only auditors can try a rule."))
        return self.env["erp.audit.alert"]._evidence_action(self.record_ids or [])
