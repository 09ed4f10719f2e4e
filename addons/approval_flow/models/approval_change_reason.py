from odoo import fields, models


class ApprovalChangeReason(models.Model):
    """Why confirmed documents are changed or cancelled; the list is the company's."""

    _name = "approval.change.reason"
    _description = "Reason for a Change"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    kind = fields.Selection(
        [
            ("both", "Changes and cancellations"),
            ("change", "Changes"),
            ("cancel", "Cancellations"),
        ],
        string="Used for",
        required=True,
        default="both",
    )
    for_customers = fields.Boolean(
        string="Offered in the portal",
        default=True,
        help="Customers and vendors choose from these reasons in their own requests.",
    )
    company_id = fields.Many2one(
        "res.company", index=True, help="Leave empty for all companies."
    )
