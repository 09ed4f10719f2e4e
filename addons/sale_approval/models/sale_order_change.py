from odoo import api, fields, models

INTERNAL = "base.group_user"


class SaleOrderChange(models.Model):
    """A request to change or cancel a confirmed sales order (变更申请 / 取消申请).

    What it proposes is here; what applying it does to deliveries and invoices is in
    ``sale_order_change_apply.py`` and the files beside it.
    """

    _name = "sale.order.change"
    _description = "Sales Order Change Request"
    _inherit = ["approval.change.mixin"]

    _approval_material = (
        "order_id",
        "kind",
        "cancel_kind",
        "reason_id",
        "effective_date",
        "new_payment_term_id",
        "new_shipping_id",
        "new_commitment_date",
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
    _change_from_order = (
        "company_id",
        "currency_id",
        "partner_id",
        "user_id",
        "team_id",
    )

    order_id = fields.Many2one(
        "sale.order",
        string="Sales order",
        required=True,
        index=True,
        ondelete="cascade",
        check_company=True,
    )
    line_ids = fields.One2many("sale.order.change.line", "change_id", copy=True)
    team_id = fields.Many2one(
        "crm.team",
        string="Sales team",
        compute="_compute_team_id",
        store=True,
        precompute=True,
        index="btree_not_null",
    )
    cancel_kind = fields.Selection(
        [
            ("full", "Everything: nothing is delivered yet"),
            ("remaining", "What is left: deliver no more"),
            ("after_delivery", "Everything: take back what was delivered"),
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
    old_shipping_id = fields.Many2one(
        "res.partner", string="Delivery address", readonly=True
    )
    new_shipping_id = fields.Many2one("res.partner", string="New delivery address")
    old_commitment_date = fields.Datetime(string="Delivery date", readonly=True)
    new_commitment_date = fields.Datetime(string="New delivery date")
    impact_invoiced = fields.Boolean(
        string="Touches invoices",
        readonly=True,
        copy=False,
        help="Something that is invoiced changes: finance is asked.",
    )
    impact_picked = fields.Boolean(
        string="Touches picked goods",
        readonly=True,
        copy=False,
        help="Goods that are picked or packed are needed no more: the warehouse is "
        "asked.",
    )
    impact_production = fields.Boolean(
        string="Touches production",
        readonly=True,
        copy=False,
        help="A manufacturing order is confirmed for it: production is asked.",
    )
    impact_delivered = fields.Boolean(
        string="Partly delivered", readonly=True, copy=False
    )
    order_age_days = fields.Integer(
        string="Age of the order (days)",
        compute="_compute_order_facts",
        aggregator="avg",
        compute_sudo=True,
        groups=INTERNAL,
        help="Days since the order was confirmed.",
    )
    credit_grade = fields.Selection(
        selection=lambda self: self.env["res.partner"]
        ._fields["credit_grade"]
        ._description_selection(self.env),
        string="Credit grade of the customer",
        compute="_compute_order_facts",
        compute_sudo=True,
        groups=INTERNAL,
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
        "account.move", "sale_change_id", string="Invoices and credit notes"
    )

    # one open request per order, whatever happens at the same time
    _open_unique = models.UniqueIndex(
        "(order_id) WHERE state IN "
        "('draft', 'submitted', 'approved', 'conflict', 'failed')",
        "There is an open change or cancellation request for this order already.",
    )
    _company_state = models.Index("(company_id, state, id)")

    @api.depends("order_id")
    def _compute_team_id(self):
        for request in self:
            # sudo: facts of the order, for whoever may raise a request on it
            request.team_id = request.order_id.sudo().team_id

    @api.depends("kind", "order_id")
    def _compute_cancel_kind(self):
        for request in self:
            if request.kind != "cancel":
                request.cancel_kind = False
            elif not request.cancel_kind:
                # sudo: as above
                begun = request.order_id.sudo()._change_begun()
                request.cancel_kind = "remaining" if begun else "full"

    def _compute_order_facts(self):
        today = fields.Datetime.now()
        for request in self:
            order = request.order_id
            confirmed = order.date_order or today
            request.order_age_days = max((today - confirmed).days, 0)
            request.credit_grade = order.approval_credit_grade

    @api.depends("amount_new", "amount_delta")
    def _compute_company_amounts(self):
        for request in self:
            convert = request._change_in_company_currency
            request.company_amount_new = convert(request.amount_new)
            request.company_amount_delta = convert(request.amount_delta)

    # -- the order ---------------------------------------------------------------------

    def _change_number(self):
        """Override: changes and cancellations are counted apart."""
        code = "sale.order.cancel" if self.kind == "cancel" else "sale.order.change"
        # sudo: numbers are given by the system
        sequence = self.env["ir.sequence"].sudo().with_company(self.company_id)
        return sequence.next_by_code(code) or "/"

    def _change_rebase(self):
        """Override to show the header as it is now beside what is proposed."""
        # sudo: facts of the order, for whoever may raise a request on it
        order = self.order_id.sudo()
        self._change_engine().write(
            {
                "old_payment_term_id": order.payment_term_id.id,
                "old_shipping_id": order.partner_shipping_id.id,
                "old_commitment_date": order.commitment_date,
            }
        )
        return super()._change_rebase()

    def _change_header(self):
        """Override: payment terms, address and date, where they are new."""
        if self.kind != "change":
            return {}
        # sudo: as in _change_rebase
        order = self.order_id.sudo()
        proposed = {
            "payment_term_id": (self.old_payment_term_id, self.new_payment_term_id),
            "partner_shipping_id": (self.old_shipping_id, self.new_shipping_id),
            "commitment_date": (self.old_commitment_date, self.new_commitment_date),
        }
        return {
            name: (
                order._fields[name].convert_to_write(old, order),
                order._fields[name].convert_to_write(new, order),
            )
            for name, (old, new) in proposed.items()
            if new and new != old
        }

    def _change_content(self):
        """Override: what was agreed, and how far it is delivered, picked, invoiced."""
        # sudo: all of the order counts
        order = self.order_id.sudo()
        control = order._change_control()
        lines = control["lines"] | {"qty_delivered", "qty_invoiced"}
        names = [
            sorted(control["header"] & set(order._fields)),
            sorted(lines & set(order.order_line._fields)),
        ]
        content = order._approval_contents(names)[order.id]
        for line in order.order_line:
            content["lines"][str(line.id)].update(self._change_progress(line))
        return content

    def _change_progress(self, line):
        """Return how far a line of the order is, beyond its own fields."""
        return {"picked": f"{line._change_picked():.4f}"}

    def _change_total(self):
        """Override: of a cancelled order nothing is left."""
        # sudo: as in _change_content
        order = self.order_id.sudo()
        if order.state == "cancel" or order.change_closed == "after_delivery":
            return 0.0
        return order.amount_total

    def _change_moved(self):
        """Override: as above."""
        # sudo: as in _change_content
        order = self.order_id.sudo()
        if order.state == "cancel" or order.change_closed == "after_delivery":
            return {}
        return super()._change_moved()

    def _approval_facts(self):
        """Override: the figures that people decide by, before and after."""
        self.ensure_one()
        request = self.sudo()  # sudo: key figures, for people asked to decide
        order = request.order_id
        money = request.currency_id.format
        facts = [
            (self.env._("Order"), order.name, ""),
            (self.env._("Customer"), request.partner_id.display_name, ""),
            (
                self.env._("Total"),
                f"{money(request.amount_old)} → {money(request.amount_new)}",
                "warning" if request.amount_delta < 0 else "",
            ),
            (self.env._("Difference"), money(request.amount_delta), ""),
        ]
        if request.cancel_kind:
            label = dict(self._fields["cancel_kind"]._description_selection(self.env))
            facts.append(
                (
                    self.env._("What is cancelled"),
                    label[request.cancel_kind],
                    "danger",
                )
            )
        facts += request._approval_figure_facts()
        facts += [
            (self.env._("Reason"), request.reason_id.name or "", ""),
            (self.env._("Explanation"), request.note or "", ""),
            (
                self.env._("Effective from"),
                fields.Date.to_string(request.effective_date) or "",
                "",
            ),
            (self.env._("Requested by"), request._change_requester_name(), ""),
        ]
        return [fact for fact in facts if fact[1]]

    def _change_requester_name(self):
        if self.is_customer:
            return self.env._("%s (in the portal)", self.partner_id.display_name)
        return self.requester_id.name

    def _approval_figure_facts(self):
        figures = (self.impact or {}).get("figures") or {}
        currency = self.company_id.currency_id
        labels = {
            "margin": (self.env._("Margin"), currency.format),
            "margin_percent": (self.env._("Margin (%)"), lambda v: f"{v:.1f} %"),
            "credit_percent": (self.env._("Credit used"), lambda v: f"{v:.1f} %"),
        }
        facts = []
        for name, (label, say) in labels.items():
            old, new = figures.get(name) or (None, None)
            if old is not None and new is not None and (old or new):
                tone = "danger" if name == "credit_percent" and new > 100 else ""
                facts.append((label, f"{say(old)} → {say(new)}", tone))
        return facts
