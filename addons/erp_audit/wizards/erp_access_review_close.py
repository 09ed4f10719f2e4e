from odoo import fields, models


class ErpAccessReviewClose(models.TransientModel):
    """The form in which an access manager signs a review off."""

    _name = "erp.access.review.close"
    _description = "Close an Access Review"

    review_id = fields.Many2one("erp.access.review", required=True)
    open_count = fields.Integer(related="review_id.open_count")
    confirmed_count = fields.Integer(related="review_id.confirmed_count")
    withdrawn_count = fields.Integer(related="review_id.withdrawn_count")
    note = fields.Text(string="Conclusion")

    def action_close(self):
        """Close the review, see ``erp.access.review``."""
        for close in self:
            close.review_id.action_close(close.note)
        return {"type": "ir.actions.act_window_close"}
