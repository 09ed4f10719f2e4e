from odoo import fields, models


class ErpAuditAlertDecision(models.TransientModel):
    """Asks for the reason of a decision."""

    _name = "erp.audit.alert.decision"
    _description = "Decision about an Alert"

    alert_ids = fields.Many2many("erp.audit.alert", required=True, readonly=True)
    # "Decision" is a tier as well
    decision = fields.Selection(
        [("confirmed", "Something was wrong"), ("dismissed", "Nothing was wrong")],
        string="Conclusion",
        required=True,
        default="dismissed",
    )
    reason = fields.Text()
    left_out = fields.Integer(readonly=True)

    def action_apply(self):
        """Decide about the alerts.

        :return: action that closes the form
        """
        self.ensure_one()
        if self.decision == "confirmed":
            self.alert_ids.action_confirm(self.reason or "")
        else:
            self.alert_ids.action_dismiss(self.reason or "")
        return {"type": "ir.actions.act_window_close"}
