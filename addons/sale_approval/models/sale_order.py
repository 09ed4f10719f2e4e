from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import LazyTranslate, str2bool

from odoo.addons.approval_flow.engine import ApprovalOperation

_lt = LazyTranslate(__name__)


class SaleOrder(models.Model):
    """The gate on sales orders: what is material, and what each operation is."""

    _name = "sale.order"
    _inherit = ["sale.order", "approval.document.mixin"]

    _approval_material = (
        "partner_id",
        "partner_invoice_id",
        "partner_shipping_id",
        "currency_id",
        "pricelist_id",
        "payment_term_id",
        "fiscal_position_id",
        "warehouse_id",
        "commitment_date",
        "incoterm",
        "team_id",
        "approval_special",
        "amount_untaxed",
        "amount_total",
    )
    _approval_line_material = (
        "product_id",
        "product_uom_qty",
        "product_uom_id",
        "price_unit",
        "discount",
        "tax_ids",
        "price_subtotal",
    )
    _approval_reader_view = "sale_approval.sale_order_view_form_approver"
    _approval_by_operation = ("date_order",)
    _approval_lines = "order_line"
    _approval_line_amount = "price_subtotal"
    _approval_line_title = "product_id"
    _approval_tolerable = (
        "product_uom_qty",
        "price_unit",
        "discount",
        "price_subtotal",
        "amount_untaxed",
        "amount_total",
    )

    @api.model
    def _approval_operations(self):
        """Override to declare confirming and sending."""
        return {
            "confirm": ApprovalOperation(
                code="confirm",
                label=_lt("Confirm"),
                state_field="state",
                targets=("sale",),
                sources=("draft", "sent"),
                execute="_approval_execute_confirm",
            ),
            "send": ApprovalOperation(
                code="send",
                label=_lt("Send the quotation"),
                state_field="state",
                targets=("sent",),
                sources=("draft",),
                execute="_approval_execute_send",
            ),
        }

    def _approval_amounts(self):
        """Override: the total in company currency."""
        return {order.id: order.approval_amount_total for order in self}

    def _approval_obstacles(self, operation):
        """Override: what core would refuse is refused before people are asked."""
        if operation != "confirm":
            return super()._approval_obstacles(operation)
        messages = {order.id: order._confirmation_error_message() for order in self}
        return {order_id: text for order_id, text in messages.items() if text}

    # -- confirm -------------------------------------------------------------------

    def action_confirm(self):
        """Override to submit the orders that a policy covers instead."""
        return self._approval_run(
            "confirm", lambda orders: super(SaleOrder, orders).action_confirm()
        )

    def _action_confirm(self):
        """Override: deliveries start only for orders that went through the gate.

        The state ``sale`` is reached through the gate alone, so orders in it have
        passed; any other order is asked for its approval here.
        """
        self.filtered(lambda order: order.state != "sale")._approval_demand("confirm")
        return super()._action_confirm()

    def _approval_execute_confirm(self):
        """Confirm after the last approval, and tell customers who wait for it."""
        if self._approval_accepted_by_customer():
            self._validate_order()
            self._approval_invoice_paid()
        else:
            self.action_confirm()

    def _approval_accepted_by_customer(self):
        """Return whether the customer has signed or paid the quotation."""
        # sudo: payments are not for salespeople to read
        paid = self.sudo().transaction_ids.filtered(
            lambda tx: tx.state in ("authorized", "done")
        )
        return bool(self.signature or paid)

    def _approval_invoice_paid(self):
        """Make up for the invoice that a paid order would have got on payment."""
        # sudo: settings and payments, as in the post-processing of a payment
        settings = self.env["ir.config_parameter"].sudo()
        if str2bool(settings.get_param("sale.automatic_invoice")):
            # sudo: payments, as above
            done = self.sudo().transaction_ids.filtered(lambda tx: tx.state == "done")
            done._invoice_sale_orders()
            done.invoice_ids.filtered(lambda move: move.state == "draft").action_post()

    def _send_order_notification_mail(self, mail_template, allow_deferred_sending=True):
        """Override: an order that is held is not announced as confirmed."""
        if (
            mail_template
            and self.state in ("draft", "sent")
            and mail_template == self._get_confirmation_template()
            and self.approval_state in ("pending", "required", "stale", "failed")
        ):
            return
        super()._send_order_notification_mail(mail_template, allow_deferred_sending)

    # -- send ------------------------------------------------------------------------

    def action_quotation_send(self):
        """Override to submit quotations whose sending a policy covers."""
        drafts = self.filtered(lambda order: order.state == "draft")
        if not drafts:
            return super().action_quotation_send()
        _instances, blocked = drafts._approval_gate("send")
        if not blocked:
            return super().action_quotation_send()
        return drafts.browse(blocked)._approval_submit("send")._notification()

    def action_quotation_sent(self):
        """Override: while a payment is processed, what may not be sent just waits."""
        if not self._approval_unattended():
            return super().action_quotation_sent()
        _instances, blocked = self._approval_gate("send")
        return super(SaleOrder, self - self.browse(blocked)).action_quotation_sent()

    def _approval_execute_send(self):
        """Send the quotation by e-mail after the last approval."""
        self.action_quotation_sent()
        self._send_order_notification_mail(self._find_mail_template())

    # -- entry -----------------------------------------------------------------------

    def action_copy_from_earlier(self):
        """Return the form that copies lines of the customer's earlier orders.

        :raise UserError: if the quotation has no customer yet
        """
        self.ensure_one()
        if not self.partner_id:
            raise UserError(self.env._("Choose the customer first."))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Copy from an earlier order"),
            "res_model": "sale.order.copy.lines",
            "view_mode": "form",
            "target": "new",
            "context": {"default_order_id": self.id},
        }

    # -- customer --------------------------------------------------------------------

    def _approval_is_held(self):
        """Return whether the customer has accepted and the company still decides."""
        self.ensure_one()
        # sudo: asked by the customer's page
        order = self.sudo()
        return (
            order.state in ("draft", "sent")
            and order.approval_instance_id.operation == "confirm"
            and order.approval_state in ("pending", "approved", "stale", "failed")
            and order._approval_accepted_by_customer()
        )
