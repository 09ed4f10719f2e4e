from odoo import fields, models


class AccountMove(models.Model):
    """Vendor bills of orders that are changed by request."""

    _inherit = "account.move"

    purchase_change_id = fields.Many2one(
        "purchase.order.change",
        string="Purchase change request",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="The change request of the purchase order that this corrects a bill for.",
    )
