from odoo import Command, api, fields, models
from odoo.exceptions import UserError


class SaleOrderCopyLines(models.TransientModel):
    """Adds chosen lines of the customer's earlier orders to a quotation."""

    _name = "sale.order.copy.lines"
    _description = "Copy Lines from an Earlier Order"

    order_id = fields.Many2one("sale.order", required=True)
    partner_id = fields.Many2one(related="order_id.partner_id")
    company_id = fields.Many2one(related="order_id.company_id")
    currency_id = fields.Many2one(related="order_id.currency_id")
    source_id = fields.Many2one(
        "sale.order",
        string="Earlier order",
        help="Leave empty to choose from all earlier orders of the customer.",
    )
    line_ids = fields.Many2many(
        "sale.order.line",
        string="Lines",
        compute="_compute_line_ids",
        store=True,
        readonly=False,
    )
    prices = fields.Selection(
        [
            ("current", "Prices of today's price list"),
            ("earlier", "Prices and discounts of the earlier order"),
        ],
        required=True,
        default="current",
    )

    @api.depends("source_id")
    def _compute_line_ids(self):
        for wizard in self:
            lines = wizard.source_id.order_line.filtered(self._can_copy)
            wizard.line_ids = [Command.set(lines.ids)]

    @api.model
    def _can_copy(self, line):
        return line.product_id and not line.display_type and not line.is_downpayment

    def action_add(self):
        """Add the chosen lines to the quotation.

        :raise UserError: if no line is chosen, or a product is not for sale any more
        """
        self.ensure_one()
        lines = self.line_ids.filtered(self._can_copy)
        if not lines:
            raise UserError(self.env._("Choose at least one line to copy."))
        gone = lines.product_id.filtered(lambda p: not p.active or not p.sale_ok)
        if gone:
            raise UserError(
                self.env._(
                    "These products are not sold any more: %s. Leave their lines out.",
                    ", ".join(gone.mapped("display_name")),
                )
            )
        order = self.order_id
        order.write(
            {"order_line": [Command.create(self._copied(line)) for line in lines]}
        )
        return {"type": "ir.actions.act_window_close"}

    def _copied(self, line):
        values = {
            "product_id": line.product_id.id,
            "product_uom_qty": line.product_uom_qty,
            "product_uom_id": line.product_uom_id.id,
        }
        if variants := line.product_no_variant_attribute_value_ids:
            values["product_no_variant_attribute_value_ids"] = [
                Command.set(variants.ids)
            ]
        if line.name and line.name != line.product_id.display_name:
            values["name"] = line.name
        if self.prices == "earlier":
            values["discount"] = line.discount
            values["price_unit"] = line.currency_id._convert(
                line.price_unit,
                self.currency_id,
                self.company_id,
                fields.Date.context_today(self),
            )
        return values
