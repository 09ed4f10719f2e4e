from odoo import fields, models


class ErpAccessGrantWithdraw(models.TransientModel):
    """The form in which access is withdrawn, with the reason."""

    _name = "erp.access.grant.withdraw"
    _description = "Withdraw Access"

    grant_ids = fields.Many2many("erp.access.grant", string="Access", required=True)
    reason = fields.Char(required=True)

    def action_withdraw(self):
        """Withdraw the access, see ``erp.access.grant``."""
        for form in self:
            form.grant_ids._withdraw(form.reason)
        return {"type": "ir.actions.act_window_close"}
