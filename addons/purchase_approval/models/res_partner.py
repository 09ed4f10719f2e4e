from odoo import api, fields, models

BLOCK_READERS = (
    "purchase.group_purchase_user,"
    "account.group_account_invoice,account.group_account_readonly"
)
BLOCK_WRITERS = "purchase.group_purchase_manager,account.group_account_manager"
BLOCK_FIELDS = frozenset({"purchase_blocked", "purchase_block_reason"})


class ResPartner(models.Model):
    """Vendors from whom nothing is bought."""

    _inherit = "res.partner"

    purchase_blocked = fields.Boolean(
        string="Blocked for purchases",
        company_dependent=True,
        copy=False,
        tracking=True,
        groups=BLOCK_READERS,
        help="New orders to this vendor do not pass the first review.",
    )
    purchase_block_reason = fields.Char(
        string="Reason for not buying",
        company_dependent=True,
        copy=False,
        groups=BLOCK_READERS,
    )

    @api.model
    def _has_field_access(self, field, operation):
        """Override to let only purchasing and accounting managers block vendors."""
        if not super()._has_field_access(field, operation):
            return False
        return (
            operation != "write"
            or field.name not in BLOCK_FIELDS
            or self.env.su
            or self.env.user.has_groups(BLOCK_WRITERS)
        )

    @api.model
    def _commercial_fields(self):
        """Override: contacts are blocked with their company."""
        return super()._commercial_fields() + sorted(BLOCK_FIELDS)
