from odoo import fields, models


class ErpAccessEmergencyReview(models.TransientModel):
    """The form in which an emergency is found justified or not."""

    _name = "erp.access.emergency.review"
    _description = "Review of an Emergency"

    request_id = fields.Many2one("erp.access.request", required=True)
    result = fields.Selection(
        [("fine", "Justified"), ("objection", "Not justified")], required=True
    )
    note = fields.Text(string="What you have found", required=True)

    def action_review(self):
        """Close the review, see ``erp.access.request``."""
        for form in self:
            form.request_id._review(form.result, form.note)
        return {"type": "ir.actions.act_window_close"}
