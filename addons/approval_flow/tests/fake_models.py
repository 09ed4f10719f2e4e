from odoo import api, fields, models

from odoo.addons.approval_flow.engine import ApprovalOperation


class TestOrder(models.Model):
    _name = "approval.test.order"
    _description = "Throw-away Order"
    _inherit = ["mail.thread", "mail.activity.mixin", "approval.document.mixin"]

    _approval_material = ("partner_id", "currency_id", "amount_total")
    _approval_line_material = ("name", "qty", "price", "subtotal")
    _approval_lines = "line_ids"
    _approval_line_amount = "subtotal"
    _approval_tolerable = ("qty", "price", "subtotal", "amount_total")

    name = fields.Char(required=True)
    partner_id = fields.Many2one("res.partner")
    user_id = fields.Many2one("res.users", default=lambda self: self.env.user)
    leader_id = fields.Many2one("res.users")
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        default=lambda self: self.env.company.currency_id,
    )
    line_ids = fields.One2many("approval.test.order.line", "order_id")
    amount_total = fields.Monetary(compute="_compute_amount_total", store=True)
    special = fields.Boolean()
    memo = fields.Char()
    broken = fields.Boolean()
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("sent", "Sent"),
            ("done", "Done"),
            ("cancel", "Cancelled"),
        ],
        default="draft",
        required=True,
    )
    done_count = fields.Integer()

    @api.depends("line_ids.subtotal")
    def _compute_amount_total(self):
        for order in self:
            order.amount_total = sum(order.line_ids.mapped("subtotal"))

    @api.model
    def _approval_operations(self):
        return {
            "confirm": ApprovalOperation(
                code="confirm",
                label="Confirm",
                state_field="state",
                targets=("done",),
                sources=("draft", "sent"),
                execute="action_confirm",
            )
        }

    def _approval_amounts(self):
        return {
            order.id: order.currency_id._convert(
                order.amount_total,
                order.company_id.currency_id,
                order.company_id,
                fields.Date.today(),
            )
            for order in self
        }

    def action_confirm(self):
        return self._approval_run("confirm", lambda orders: orders._confirm())

    def _confirm(self):
        self.write({"state": "done"})
        for order in self:
            if order.broken:
                raise ValueError("no stock")
            order.done_count += 1
        return True

    def action_cancel(self):
        self.write({"state": "cancel"})

    def action_draft(self):
        self.write({"state": "draft"})


class TestOrderLine(models.Model):
    _name = "approval.test.order.line"
    _description = "Throw-away Order Line"
    _inherit = ["approval.line.mixin"]

    _approval_parent = "order_id"

    order_id = fields.Many2one(
        "approval.test.order", required=True, index=True, ondelete="cascade"
    )
    name = fields.Char()
    memo = fields.Char()
    qty = fields.Float(default=1.0)
    price = fields.Float(digits=(16, 2))
    subtotal = fields.Float(compute="_compute_subtotal", store=True, digits=(16, 2))

    @api.depends("qty", "price")
    def _compute_subtotal(self):
        for line in self:
            line.subtotal = line.qty * line.price
