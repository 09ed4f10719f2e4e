from odoo import api, fields, models
from odoo.fields import Command


class SaleOrderChange(models.Model):
    """The form of a request: the order's lines before anything is saved."""

    _inherit = "sale.order.change"

    _approval_reader_view = "sale_approval.sale_order_change_view_form_approver"

    delta_company = fields.Monetary(
        string="Difference (company currency)",
        currency_field="company_currency_id",
        compute="_compute_delta_company",
        # sudo: the rate at which the order was made
        compute_sudo=True,
        store=True,
        help="At the rate of the order, so that requests add up.",
    )

    order_name = fields.Char(
        related="order_id.name",
        string="Order",
        related_sudo=True,
        help="For approvers who may not open the order.",
    )

    # the history of an order, and the share of orders that were changed
    _applied = models.Index("(order_id, applied_date) WHERE state = 'applied'")

    # the rate of the order is fixed before there can be a request
    @api.depends("amount_delta")
    def _compute_delta_company(self):
        for request in self:
            rate = request.order_id.currency_rate or 1.0
            request.delta_company = request.amount_delta / rate

    @api.onchange("order_id")
    def _onchange_order_id(self):
        """Show the order as it is now; saving fills in the same.

        :meth:`_change_rebase` reads everything again, so nothing shown here is trusted.
        """
        order = self.order_id._origin
        if not order:
            self.line_ids = [Command.clear()]
            return
        order.check_access("write")
        # sudo: transfers and prices of the order that the requester may change
        order = order.sudo()
        self.update(
            {
                "old_payment_term_id": order.payment_term_id,
                "old_shipping_id": order.partner_shipping_id,
                "old_commitment_date": order.commitment_date,
                "amount_old": order.amount_total,
                "amount_new": order.amount_total,
            }
        )
        complete = self.env["sale.order.change.line"]._change_complete
        lines = order.order_line.filtered(lambda line: line._change_is_content())
        self.line_ids = [
            Command.clear(),
            *(Command.create(complete({"order_line_id": line.id})) for line in lines),
        ]

    def action_open_documents(self):
        """Return the action that opens the notes that the request drafted."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Credit and debit notes"),
            "res_model": "account.move",
            "view_mode": "list,form",
            "domain": [("sale_change_id", "=", self.id)],
            "context": {"create": False},
        }

    def _change_figure_rows(self):
        """Override to add margin and the credit that the customer uses."""
        rows = super()._change_figure_rows()
        figures = (self.impact or {}).get("figures") or {}
        money = self.company_id.currency_id.format
        words = {
            "margin": (self.env._("Margin"), money),
            "margin_percent": (self.env._("Margin (%)"), _percent),
            "credit_percent": (self.env._("Credit used"), _percent),
        }
        for name, (label, say) in words.items():
            old, new = figures.get(name) or (None, None)
            if old is None or new is None or not (old or new):
                continue
            over = name == "credit_percent" and new > 100
            worse = name.startswith("margin") and new < old
            tone = "danger" if over else "warning" if worse else ""
            rows.append(
                {"label": label, "old": say(old), "new": say(new), "tone": tone}
            )
        return rows

    def _change_requester_words(self):
        """Override: customers raise requests themselves."""
        return self._change_requester_name()


class SaleOrderChangeLine(models.Model):
    """What the table of a request shows of a line."""

    _inherit = "sale.order.change.line"

    old_product_id = fields.Many2one(
        "product.product",
        string="Product before",
        compute="_compute_old_product_id",
        # sudo: the line that the request is about
        compute_sudo=True,
    )

    @api.depends("order_line_id")
    def _compute_old_product_id(self):
        for line in self:
            line.old_product_id = line.order_line_id.product_id


def _percent(value):
    return f"{value:.1f} %"
