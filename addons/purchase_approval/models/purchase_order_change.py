from odoo import api, fields, models

INTERNAL = "base.group_user"


class PurchaseOrderChange(models.Model):
    """A request to change or cancel a confirmed purchase order.

    What it proposes is here; what applying it does to receipts and bills is in
    ``purchase_order_change_apply.py`` and the files beside it.
    """

    _name = "purchase.order.change"
    _description = "Purchase Order Change Request"
    _inherit = ["approval.change.mixin"]

    _approval_material = (
        "order_id",
        "kind",
        "cancel_kind",
        "reason_id",
        "effective_date",
        "new_payment_term_id",
        "base_digest",
        "amount_new",
    )
    _approval_line_material = (
        "order_line_id",
        "product_id",
        "uom_id",
        "is_removed",
        "new_qty",
        "new_price",
        "new_discount",
        "new_date",
    )
    _approval_line_title = "product_id"

    order_id = fields.Many2one(
        "purchase.order",
        string="Purchase order",
        required=True,
        index=True,
        ondelete="cascade",
        check_company=True,
    )
    line_ids = fields.One2many("purchase.order.change.line", "change_id", copy=True)
    cancel_kind = fields.Selection(
        [
            ("full", "Everything: nothing is received or billed"),
            ("remaining", "What is left: receive no more"),
        ],
        string="What is cancelled",
        compute="_compute_cancel_kind",
        store=True,
        precompute=True,
        readonly=False,
    )
    old_payment_term_id = fields.Many2one(
        "account.payment.term", string="Payment terms", readonly=True
    )
    new_payment_term_id = fields.Many2one(
        "account.payment.term", string="New payment terms", check_company=True
    )
    impact_received = fields.Boolean(
        string="Revalues received goods",
        readonly=True,
        copy=False,
        help="The price of goods that are received changes, and with it the value of "
        "the stock: finance is asked.",
    )
    impact_billed = fields.Boolean(
        string="Touches bills",
        readonly=True,
        copy=False,
        help="Something that is billed changes: finance is asked.",
    )
    impact_begun = fields.Boolean(
        string="Touches goods at the door",
        readonly=True,
        copy=False,
        help="Goods that are being received are needed no more: the warehouse is "
        "asked.",
    )
    impact_needed = fields.Boolean(
        string="Others wait for the goods",
        readonly=True,
        copy=False,
        help="Deliveries to customers or production wait for what shall not come, or "
        "come later.",
    )
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company currency"
    )
    company_amount_new = fields.Monetary(
        string="New total in company currency",
        currency_field="company_currency_id",
        compute="_compute_company_amounts",
        compute_sudo=True,
        groups=INTERNAL,
    )
    company_amount_delta = fields.Monetary(
        string="Difference in company currency",
        currency_field="company_currency_id",
        compute="_compute_company_amounts",
        compute_sudo=True,
        groups=INTERNAL,
    )
    move_ids = fields.One2many(
        "account.move", "purchase_change_id", string="Bills and refunds"
    )

    # one open request per order, whatever happens at the same time
    _open_unique = models.UniqueIndex(
        "(order_id) WHERE state IN "
        "('draft', 'submitted', 'approved', 'conflict', 'failed')",
        "There is an open change or cancellation request for this order already.",
    )
    _company_state = models.Index("(company_id, state, id)")

    @api.depends("kind", "order_id")
    def _compute_cancel_kind(self):
        for request in self:
            if request.kind != "cancel":
                request.cancel_kind = False
            elif not request.cancel_kind:
                # sudo: facts of the order, for whoever may raise a request on it
                begun = request.order_id.sudo()._change_begun()
                request.cancel_kind = "remaining" if begun else "full"

    @api.depends("amount_new", "amount_delta")
    def _compute_company_amounts(self):
        for request in self:
            convert = request._change_in_company_currency
            request.company_amount_new = convert(request.amount_new)
            request.company_amount_delta = convert(request.amount_delta)

    # -- the order ---------------------------------------------------------------------

    def _change_number(self):
        """Override: changes and cancellations are counted apart."""
        kind = "cancel" if self.kind == "cancel" else "change"
        # sudo: numbers are given by the system
        sequence = self.env["ir.sequence"].sudo().with_company(self.company_id)
        return sequence.next_by_code(f"purchase.order.{kind}") or "/"

    def _change_rebase(self):
        """Override to show the header as it is now beside what is proposed."""
        # sudo: facts of the order, for whoever may raise a request on it
        term = self.order_id.sudo().payment_term_id
        self._change_engine().write({"old_payment_term_id": term.id})
        return super()._change_rebase()

    def _change_header(self):
        """Override: the payment terms, where they are new."""
        new = self.new_payment_term_id
        if self.kind != "change" or not new or new == self.old_payment_term_id:
            return {}
        return {"payment_term_id": (self.old_payment_term_id.id, new.id)}

    def _change_content(self):
        """Override: what was agreed, and how far it is received and billed."""
        # sudo: all of the order counts
        order = self.order_id.sudo()
        control = order._change_control()
        lines = control["lines"] | {"qty_received", "qty_invoiced"}
        # the date of the order is the earliest of its lines
        header = control["header"] - {"date_planned"}
        names = [
            sorted(header & set(order._fields)),
            sorted(lines & set(order.order_line._fields)),
        ]
        content = order._approval_contents(names)[order.id]
        for line in order.order_line:
            picked = f"{line._change_begun_quantity():.4f}"
            content["lines"][str(line.id)]["picked"] = picked
        return content

    def _change_total(self):
        """Override: of a cancelled order nothing is left."""
        # sudo: as in _change_content
        order = self.order_id.sudo()
        return 0.0 if order.state == "cancel" else order.amount_total

    def _change_moved(self):
        """Override: as above."""
        # sudo: as in _change_content
        if self.order_id.sudo().state == "cancel":
            return {}
        return super()._change_moved()

    # -- for people --------------------------------------------------------------------

    def _approval_facts(self):
        """Override: the figures that people decide by, before and after."""
        self.ensure_one()
        request = self.sudo()  # sudo: key figures, for people asked to decide
        money = request.currency_id.format
        facts = [
            (self.env._("Order"), request.order_id.name, ""),
            (self.env._("Vendor"), request.partner_id.display_name, ""),
            (
                self.env._("Total"),
                f"{money(request.amount_old)} → {money(request.amount_new)}",
                "warning" if request.amount_delta > 0 else "",
            ),
            (self.env._("Difference"), money(request.amount_delta), ""),
        ]
        if request.cancel_kind:
            labels = dict(self._fields["cancel_kind"]._description_selection(self.env))
            label = labels[request.cancel_kind]
            facts.append((self.env._("What is cancelled"), label, "danger"))
        facts += request._approval_value_facts()
        facts += [
            (self.env._("Reason"), request.reason_id.name or "", ""),
            (self.env._("Explanation"), request.note or "", ""),
            (
                self.env._("Effective from"),
                fields.Date.to_string(request.effective_date) or "",
                "",
            ),
            (self.env._("Requested by"), request._change_requester_words(), ""),
        ]
        return [fact for fact in facts if fact[1]]

    def _approval_value_facts(self):
        figures = (self.impact or {}).get("figures") or {}
        old, new = figures.get("stock_value") or (0.0, 0.0)
        if not new or old == new:
            return []
        money = self.company_id.currency_id.format
        label = self.env._("Value of received goods")
        return [(label, f"{money(old)} → {money(new)}", "danger")]

    def _change_requester_words(self):
        if self.is_customer:
            return self.env._("%s (in the portal)", self.partner_id.display_name)
        return self.requester_id.name
