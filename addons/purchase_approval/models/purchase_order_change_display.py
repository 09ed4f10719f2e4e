from odoo import api, fields, models
from odoo.fields import Command

from .checks.wording import unit_price


class PurchaseOrderChange(models.Model):
    """The form of a request: the order's lines before anything is saved."""

    _inherit = "purchase.order.change"

    _approval_reader_view = "purchase_approval.purchase_order_change_view_form_approver"

    order_name = fields.Char(
        related="order_id.name",
        string="Order",
        related_sudo=True,
        help="For approvers who may not open the order.",
    )

    # the history of an order
    _applied = models.Index("(order_id, applied_date) WHERE state = 'applied'")

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
        # sudo: receipts and prices of the order that the requester may change
        order = order.sudo()
        self.update(
            {
                "old_payment_term_id": order.payment_term_id,
                "amount_old": order.amount_total,
                "amount_new": order.amount_total,
            }
        )
        complete = self.env["purchase.order.change.line"]._change_complete
        lines = order.order_line.filtered(lambda line: line._change_is_content())
        self.line_ids = [
            Command.clear(),
            *(Command.create(complete({"order_line_id": line.id})) for line in lines),
        ]

    def action_open_documents(self):
        """Return the action that opens the refunds and bills of this request."""
        self.ensure_one()
        domain = [("purchase_change_id", "=", self.id)]
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Refunds and bills"),
            "res_model": "account.move",
            "view_mode": "list,form",
            "domain": domain,
            "context": {"create": False},
        }

    def _change_price_words(self, price):
        """Override: prices of small parts have more decimals."""
        return unit_price(self.env, price, self.currency_id)

    def _change_figure_rows(self):
        """Override to add what the received goods are worth."""
        rows = super()._change_figure_rows()
        for row in rows:
            # the same words as for sales, but here more is what to look at
            row["tone"] = "warning" if self.amount_delta > 0 else ""
        figures = (self.impact or {}).get("figures") or {}
        old, new = figures.get("stock_value") or (None, None)
        if old is not None and new is not None and old != new:
            money = self.company_id.currency_id.format
            label = self.env._("Value of received goods")
            values = {"old": money(old), "new": money(new), "tone": "danger"}
            rows.append({"label": label, **values})
        return rows
