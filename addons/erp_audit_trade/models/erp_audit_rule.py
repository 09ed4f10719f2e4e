from odoo import api, models

# documents of trade, and who they are made with; {} records everything
DOCUMENTS = {
    "sale.order": {},
    "sale.order.line": {},
    "sale.order.change": {},
    "sale.order.change.line": {},
    "purchase.order": {},
    "purchase.order.line": {},
    "purchase.order.change": {},
    "purchase.order.change.line": {},
    "stock.picking": {},
    "stock.move": {},
    "account.move": {},
    # what the reconciliation and the taxes compute follows from the rest
    "account.move.line": {
        "excluded_field_ids": (
            "parent_state",
            "move_name",
            "amount_residual",
            "amount_residual_currency",
        )
    },
    # how often mails came back says nothing about people
    "res.partner": {"excluded_field_ids": ("message_bounce",), "log_files": True},
    "res.partner.bank": {"log_reads": True},
    "res.users": {},
    "res.groups": {},
    "product.template": {},
    "product.product": {},
    "product.pricelist": {},
    "product.pricelist.item": {},
    "product.supplierinfo": {},
    "account.payment": {},
    "stock.scrap": {},
}


class ErpAuditRule(models.Model):
    _inherit = "erp.audit.rule"

    @api.model
    def _default_rules(self):
        """Override to record the documents of trade."""
        return {**super()._default_rules(), **DOCUMENTS}
