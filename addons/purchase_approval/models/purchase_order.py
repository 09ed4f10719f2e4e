from odoo import api, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import LazyTranslate

from odoo.addons.approval_flow.engine import ApprovalOperation

_lt = LazyTranslate(__name__)


class PurchaseOrder(models.Model):
    """The gate on purchase orders: what is material, and what each operation is."""

    _name = "purchase.order"
    _inherit = ["purchase.order", "approval.document.mixin"]

    _approval_material = (
        "partner_id",
        "dest_address_id",
        "picking_type_id",
        "currency_id",
        "payment_term_id",
        "fiscal_position_id",
        "incoterm_id",
        "amount_untaxed",
        "amount_total",
    )
    _approval_line_material = (
        "product_id",
        "product_qty",
        "product_uom_id",
        "price_unit",
        "discount",
        "tax_ids",
        "date_planned",
        "analytic_distribution",
        "price_subtotal",
    )
    _approval_reader_view = "purchase_approval.purchase_order_view_form_approver"
    _approval_by_operation = ("date_approve",)
    _approval_lines = "order_line"
    _approval_line_amount = "price_subtotal"
    _approval_line_title = "product_id"
    _approval_tolerable = (
        "product_qty",
        "price_unit",
        "discount",
        "price_subtotal",
        "amount_untaxed",
        "amount_total",
    )

    @api.model
    def _approval_operations(self):
        """Override to declare confirming and sending the request for quotation."""
        return {
            "confirm": ApprovalOperation(
                code="confirm",
                label=_lt("Confirm"),
                state_field="state",
                targets=("purchase",),
                sources=("draft", "sent", "to approve"),
                execute="_approval_execute_confirm",
            ),
            "send": ApprovalOperation(
                code="send",
                label=_lt("Send the request for quotation"),
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
        messages = {order.id: order._approval_obstacle() for order in self}
        return {order_id: text for order_id, text in messages.items() if text}

    def _approval_obstacle(self):
        """Return why core would not confirm this order, or nothing."""
        message = self._confirmation_error_message()
        # core asks for the analytic plans only of people who press the button
        if message or not self.env.context.get("validate_analytic"):
            return message
        try:
            self.order_line._validate_analytic_distribution()
        except (UserError, ValidationError) as error:
            return str(error)
        return False

    def _approval_value_words(self, model, name, value):
        """Override to name the analytic accounts of a distribution."""
        if name != "analytic_distribution" or not isinstance(value, dict):
            return super()._approval_value_words(model, name, value)
        accounts = self.env["account.analytic.account"]
        parts = []
        for key, share in value.items():
            ids = [int(item) for item in key.split(",") if item.isdigit()]
            names = accounts.browse(ids).exists().mapped("display_name")
            parts.append(f"{' / '.join(names)} {self._approval_percent(share)}")
        return ", ".join(parts)

    # -- confirm -------------------------------------------------------------------

    def button_confirm(self):
        """Override to submit the orders that a policy covers instead."""
        return self._approval_run(
            "confirm", lambda orders: super(PurchaseOrder, orders).button_confirm()
        )

    def button_approve(self, force=False):
        """Override: core confirms here, from whatever state; covered orders wait."""
        return self._approval_run(
            "confirm",
            lambda orders: super(PurchaseOrder, orders).button_approve(force=force),
        )

    def _approval_allowed(self):
        """Override: where a policy covers the order, it replaces core's own limit.

        This opens nothing: the gate is asked when the state is written.
        """
        return self._approval_governed() or super()._approval_allowed()

    def _approval_governed(self):
        """Return whether the engine decides about this order, and not core."""
        self.ensure_one()
        if self._origin._approval_match("confirm"):
            return True
        # approved under a policy that was archived since
        opened = self._origin._approval_open_instances().filtered(
            lambda item: item.operation == "confirm" and item.state != "pending"
        )
        return bool(opened._matching_content()) if opened else False

    def _approval_execute_confirm(self):
        """Confirm after the last approval, at once and past core's own limit."""
        waiting = self.filtered(lambda order: order.state == "to approve")
        waiting.button_approve()
        # alternatives were for the requester to look at, not for the system
        orders = (self - waiting).with_context(skip_alternative_check=True)
        orders.button_confirm()

    # -- send ------------------------------------------------------------------------

    def action_rfq_send(self):
        """Override to submit requests whose sending a policy covers."""
        held = self._approval_hold_sending()
        return held or super().action_rfq_send()

    def print_quotation(self):
        """Override: printing a draft marks it as sent, and is held like sending."""
        held = self._approval_hold_sending()
        return held or super().print_quotation()

    def _approval_hold_sending(self):
        """Submit the drafts that may not be sent yet; return who decides, if any."""
        drafts = self.filtered(lambda order: order.state == "draft")
        if not drafts:
            return None
        _instances, blocked = drafts._approval_gate("send")
        if not blocked:
            return None
        drafts.check_access("write")
        return drafts.browse(blocked)._approval_submit("send")._notification()

    def _approval_execute_send(self):
        """Send the request to the vendor by e-mail after the last approval."""
        self.write({"state": "sent"})
        template = self.env.ref(
            "purchase.email_template_edi_purchase", raise_if_not_found=False
        )
        for order in self if template else ():
            order.message_post_with_source(
                template,
                email_layout_xmlid="mail.mail_notification_layout_with_responsible_signature",
                subtype_xmlid="mail.mt_comment",
            )
