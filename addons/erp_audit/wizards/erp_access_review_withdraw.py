from odoo import api, fields, models


class ErpAccessReviewWithdraw(models.TransientModel):
    """The form that tells what withdrawing rights means, and asks for a reason."""

    _name = "erp.access.review.withdraw"
    _description = "Withdraw Rights"

    line_ids = fields.Many2many("erp.access.review.line", required=True)
    reason = fields.Char(required=True)
    effect = fields.Html(compute="_compute_effect")

    @api.depends("line_ids")
    def _compute_effect(self):
        for withdraw in self:
            lines = withdraw.line_ids.filtered("can_decide")
            withdraw.effect = self.env["ir.qweb"]._render(
                "erp_audit.erp_access_review_effect",
                {
                    "items": [
                        {
                            "person": line.user_id.name,
                            "right": line.what,
                            "effect": self.env["erp.access.rights"]._removed(
                                line.user_id,
                                line._taken(),
                                limit=8,
                            ),
                        }
                        for line in lines
                    ]
                },
            )

    def action_withdraw(self):
        """Withdraw the rights, see ``erp.access.review.line``."""
        for withdraw in self:
            withdraw.line_ids._withdraw(withdraw.reason)
        return {"type": "ir.actions.act_window_close"}
