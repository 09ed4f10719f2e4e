from odoo import api, models


class ErpAccessRights(models.AbstractModel):
    _inherit = "erp.access.rights"

    @api.model
    def _documents(self):
        """Override to name the documents of trade."""
        env = self.env
        return {
            **super()._documents(),
            "sale.order": (14, env._("sales orders")),
            "sale.order.line": (8, env._("lines of sales orders")),
            "purchase.order": (14, env._("purchase orders")),
            "purchase.order.line": (8, env._("lines of purchase orders")),
            "stock.picking": (12, env._("transfers")),
            "stock.move": (8, env._("stock moves")),
            "stock.quant": (10, env._("stock quantities")),
            "stock.scrap": (8, env._("scrap orders")),
            "account.move": (18, env._("invoices, bills and journal entries")),
            "account.move.line": (12, env._("journal items")),
            "account.payment": (20, env._("payments")),
            "account.bank.statement.line": (14, env._("bank statement lines")),
            "account.account": (12, env._("accounts")),
            "account.journal": (12, env._("journals")),
            "account.tax": (12, env._("taxes")),
            "account.payment.term": (8, env._("payment terms")),
            "product.template": (8, env._("products")),
            "product.product": (8, env._("product variants")),
            "product.pricelist": (10, env._("pricelists")),
            "product.pricelist.item": (10, env._("price rules")),
            "product.supplierinfo": (8, env._("vendor prices")),
            "stock.warehouse": (10, env._("warehouses")),
            "stock.location": (10, env._("stock locations")),
        }

    @api.model
    def _abilities(self):
        """Override to tell what groups of trade decide in their own code."""
        env = self.env
        return {
            **super()._abilities(),
            "account.group_account_invoice": env._(
                "post invoices and bills, and vendor payments"
            ),
            "account.group_validate_bank_account": env._(
                "trust bank accounts for payments"
            ),
            "account.group_account_manager": env._(
                "change journals, taxes and lock dates of the accounting"
            ),
            "purchase.group_purchase_manager": env._("approve purchase orders"),
            "sales_team.group_sale_manager": env._("lead sales and set up its rules"),
            "stock.group_stock_manager": env._("adjust the stock"),
            "stock.group_stock_user": env._("receive and deliver goods"),
        }
