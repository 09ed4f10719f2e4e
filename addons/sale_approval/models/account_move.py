from odoo import fields, models


class AccountMove(models.Model):
    """Invoices of orders that are changed by request."""

    _inherit = "account.move"

    sale_change_id = fields.Many2one(
        "sale.order.change",
        string="Change request",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="The change request of the sales order that this corrects an invoice for.",
    )

    def _change_is_editable(self):
        """Return whether a change corrects this invoice itself, not by a note."""
        return (
            self.state == "draft"
            and self.move_type == "out_invoice"
            and not self.sale_change_id
        )
