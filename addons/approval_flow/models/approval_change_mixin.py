from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import LazyTranslate, format_datetime

from ..engine import ENGINE, ApprovalOperation
from .approval_document_content import canonical_digest

_lt = LazyTranslate(__name__)

INTERNAL = "base.group_user"
# states in which a request stands in the way of another one
OPEN = ("draft", "submitted", "approved", "conflict", "failed")
# states in which the requester may edit it
EDITABLE = ("draft", "conflict", "rejected")
# what only the request's own methods write
SEALED = (
    "state",
    "name",
    "base",
    "base_digest",
    "impact",
    "amount_old",
    "amount_new",
    "amount_moved",
    "before",
    "after",
    "applied_date",
    "applied_by_id",
    "error",
    "conflict",
    "revision",
    "customer_state",
    "customer_date",
    "customer_digest",
    "customer_told",
    "is_customer",
)


class ApprovalChangeMixin(models.AbstractModel):
    """A request to change or cancel a confirmed document.

    It holds proposed values beside those of the document, is judged by approval
    policies like any document, and after the last approval applies itself, all or
    nothing. What it will set off is not estimated: the real apply runs inside a
    savepoint that is rolled back, see ``approval_change_apply.py``.

    A concrete model declares ``order_id`` (the document), ``line_ids`` (its lines, on
    :class:`ApprovalChangeLineMixin`) and the few ``_change_…`` methods that raise
    ``NotImplementedError`` here or say "to be declared".
    """

    _name = "approval.change.mixin"
    _description = "Change Request"
    _inherit = ["approval.document.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "id desc"

    _approval_follows = True
    _approval_lines = "line_ids"
    _approval_amount_field = None
    _approval_closing = ("cancelled",)
    _approval_responsible_field = "user_id"
    # facts of the document, which follow it until the request is submitted
    _change_from_order = ("company_id", "currency_id", "partner_id", "user_id")
    _approval_by_operation = (
        "applied_date",
        "applied_by_id",
        "after",
        "error",
        "conflict",
        "revision",
        "is_open",
    )

    name = fields.Char(string="Number", readonly=True, copy=False, index="trigram")
    kind = fields.Selection(
        selection="_selection_kind", required=True, default="change", tracking=True
    )
    state = fields.Selection(
        selection="_selection_state",
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        tracking=True,
        index=True,
    )
    is_open = fields.Boolean(
        compute="_compute_is_open", store=True, precompute=True, string="Open"
    )
    company_id = fields.Many2one(
        "res.company",
        compute="_compute_from_order",
        store=True,
        precompute=True,
        index=True,
    )
    currency_id = fields.Many2one(
        "res.currency", compute="_compute_from_order", store=True, precompute=True
    )
    partner_id = fields.Many2one(
        "res.partner",
        compute="_compute_from_order",
        store=True,
        precompute=True,
        index="btree_not_null",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Responsible",
        compute="_compute_from_order",
        store=True,
        precompute=True,
        index="btree_not_null",
    )
    requester_id = fields.Many2one(
        "res.users",
        string="Requested by",
        default=lambda self: self.env.user,
        readonly=True,
        required=True,
        copy=False,
        index="btree_not_null",
    )
    is_customer = fields.Boolean(
        string="Raised in the portal", readonly=True, copy=False
    )
    reason_id = fields.Many2one(
        "approval.change.reason",
        tracking=True,
        index="btree_not_null",
        ondelete="restrict",
        domain="[('kind', 'in', ('both', kind)), "
        "('company_id', 'in', (False, company_id))]",
    )
    note = fields.Text(string="Explanation")
    effective_date = fields.Date(
        string="Effective from",
        default=fields.Date.context_today,
        help="From when the change shall count, as told to the other side.",
    )
    amount_old = fields.Monetary(string="Total before", readonly=True, copy=False)
    amount_new = fields.Monetary(string="Total after", readonly=True, copy=False)
    amount_delta = fields.Monetary(
        string="Difference", compute="_compute_amount_delta", store=True
    )
    amount_moved = fields.Monetary(
        string="Volume of the change",
        readonly=True,
        copy=False,
        help="The differences of all lines added up without their sign: exchanging a "
        "product for one of the same price moves its whole amount.",
    )
    base = fields.Json(string="Content when requested", readonly=True, copy=False)
    base_digest = fields.Char(readonly=True, copy=False)
    impact = fields.Json(string="What will happen", readonly=True, copy=False)
    before = fields.Json(readonly=True, copy=False)
    after = fields.Json(readonly=True, copy=False)
    conflict = fields.Json(readonly=True, copy=False)
    error = fields.Text(string="Why it was not applied", readonly=True, copy=False)
    revision = fields.Integer(
        string="Revision of the document",
        readonly=True,
        copy=False,
        aggregator=None,
        help="The number that the document got by this request.",
    )
    applied_date = fields.Datetime(string="Applied on", readonly=True, copy=False)
    applied_by_id = fields.Many2one(
        "res.users", string="Applied for", readonly=True, copy=False
    )
    customer_state = fields.Selection(
        selection="_selection_customer_state",
        string="Agreement of the other side",
        default="none",
        required=True,
        readonly=True,
        copy=False,
    )
    customer_date = fields.Datetime(
        string="Agreed or refused on", readonly=True, copy=False
    )

    # -- words -------------------------------------------------------------------------

    # methods, so that the words are translated for the documents of later addons

    @api.model
    def _selection_kind(self):
        return [
            ("change", self.env._("Change")),
            ("cancel", self.env._("Cancellation")),
        ]

    @api.model
    def _selection_state(self):
        return [
            ("draft", self.env._("Draft")),
            ("submitted", self.env._("Waiting for approval")),
            ("approved", self.env._("Approved")),
            ("applied", self.env._("Applied")),
            ("rejected", self.env._("Rejected")),
            ("conflict", self.env._("Order has moved on")),
            ("failed", self.env._("Not applied")),
            ("cancelled", self.env._("Withdrawn")),
        ]

    @api.model
    def _selection_customer_state(self):
        return [
            ("none", self.env._("Not needed")),
            ("asked", self.env._("Asked")),
            ("accepted", self.env._("Agreed")),
            ("refused", self.env._("Refused")),
        ]

    @api.depends("name", "order_id")
    def _compute_display_name(self):
        for request in self:
            request.display_name = request.name or self.env._("New request")

    # -- computed ----------------------------------------------------------------------

    @api.depends("state")
    def _compute_is_open(self):
        for request in self:
            request.is_open = request.state in OPEN

    @api.depends("order_id")
    def _compute_from_order(self):
        for request in self:
            # sudo: facts of the document, for whoever may raise a request on it
            order = request.order_id.sudo()
            request.company_id = order.company_id
            request.currency_id = order.currency_id
            request.partner_id = order.partner_id
            request.user_id = order.user_id

    @api.depends("amount_old", "amount_new")
    def _compute_amount_delta(self):
        for request in self:
            request.amount_delta = request.amount_new - request.amount_old

    # -- under approval ----------------------------------------------------------------

    @api.model
    def _approval_operations(self):
        """Override to declare the two kinds of requests."""
        return {
            kind: ApprovalOperation(
                code=kind,
                label=label,
                state_field="state",
                targets=("applied",),
                sources=EDITABLE,
                execute="_change_apply",
            )
            for kind, label in (
                ("change", _lt("Change")),
                ("cancel", _lt("Cancellation")),
            )
        }

    def _approval_match(self, operation):
        """Override: the kind says which policies count, small changes need none."""
        return super(
            ApprovalChangeMixin, self.filtered(lambda item: item.kind == operation)
        )._approval_match(operation)

    def _approval_covered(self, policy, amounts):
        """Override: within the tolerance only what is affected asks its people."""
        if policy["supplement"]:
            return super()._approval_covered(policy, amounts)
        return super(
            ApprovalChangeMixin,
            self.filtered(lambda item: not item._change_within_tolerance()),
        )._approval_covered(policy, amounts)

    def _approval_amounts(self):
        """Override: the volume of the change, in company currency."""
        return {
            request.id: request._change_in_company_currency(request.amount_moved)
            for request in self
        }

    def _change_in_company_currency(self, amount):
        company = self.company_id or self.env.company
        return self.currency_id._convert(
            amount, company.currency_id, company, fields.Date.today()
        )

    def _approval_instance_states(self):
        """Override: a request of either kind that was carried out was approved."""
        states = super()._approval_instance_states()
        for request in self:
            # sudo: the state of the request's own approval
            if request.approval_instance_id.sudo().state == "executed":
                states[request.id] = "approved"
        return states

    def _approval_people(self):
        """Override: who raised the request is its creator."""
        people = super()._approval_people()
        for request in self:
            people[request.id]["creator"] = (
                request.create_uid | request.requester_id
            ).ids
        return people

    def _approval_follow(self, instances):
        """Override: the state of the request follows its approval."""
        states = {
            "pending": "submitted",
            "approved": "approved",
            "failed": "failed",
            "rejected": "rejected",
            "returned": "draft",
            "recalled": "draft",
            "stale": "draft",
        }
        by_id = {request.id: request for request in self}
        for instance in instances:
            request = by_id.get(instance.res_id)
            state = states.get(instance.state)
            if not request or not state or request.state in ("applied", "cancelled"):
                continue
            if state == "draft" and request.state == "conflict":
                continue  # it says why
            values = {"state": state}
            if state == "failed":
                values["error"] = instance.error
            elif state == "rejected" or (state == "draft" and not request.is_customer):
                values["customer_state"] = "none"
            request._change_engine().write(values)

    # -- rights ------------------------------------------------------------------------

    def _change_engine(self):
        """Return ``self`` with the right to write what is sealed."""
        # sudo: each public method checks the actor
        return self.sudo().with_context(approval_engine=ENGINE)

    def _change_is_engine(self):
        return self.env.context.get("approval_engine") is ENGINE

    @api.model_create_multi
    def create(self, vals_list):
        """Override to number requests, and to put all lines of the document in."""
        if not self._change_is_engine():
            sealed = self._change_sealed()
            vals_list = [
                {name: value for name, value in vals.items() if name not in sealed}
                for vals in vals_list
            ]
            self = self._change_without_defaults()
        self._change_check_open([vals.get("order_id") for vals in vals_list])
        requests = super().create(vals_list)
        for request in requests:
            request._change_start()
        return requests

    @api.model
    def _change_sealed(self):
        """Return the names of the fields that nobody writes by hand.

        Besides the state these are the facts of the document, by which policies are
        chosen, and what people have been shown.
        """
        kept = {
            name
            for name, field in self._fields.items()
            if field.store and field.readonly and not name.startswith("approval_")
        }
        return (kept | {*SEALED, "requester_id"}).difference(models.MAGIC_COLUMNS)

    @api.model
    def _change_without_defaults(self):
        """Return the model without a caller's ``default_…`` for what is sealed."""
        forged = {f"default_{name}" for name in self._change_sealed()}
        context = {
            key: value for key, value in self.env.context.items() if key not in forged
        }
        return self.with_env(self.env(context=context))

    def _change_check_open(self, order_ids):
        """Raise if there is an open request for one of the documents.

        The index of the table says it too, whatever happens at the same time, but in
        no way that a person wants to read.
        """
        # sudo: that there is one, whoever raised it
        opened = self.sudo().search(
            [("order_id", "in", order_ids), ("is_open", "=", True)], limit=1
        )
        if opened:
            raise UserError(
                self.env._(
                    "%(request)s is open for %(order)s. Finish or withdraw it first.",
                    request=opened.display_name,
                    order=opened.order_id.display_name,
                )
            )

    def _change_start(self):
        """Take the document as it is now as the base of a new request."""
        order = self.order_id
        if not self._change_is_engine():
            order.check_access("write")
        # sudo: facts of the document that the requester may change
        if not order.sudo()._change_is_held():
            raise UserError(
                self.env._(
                    "%s is not confirmed: edit or cancel it directly.",
                    # sudo: as above
                    order.sudo().display_name,
                )
            )
        self._change_engine().write({"name": self._change_number()})
        self._change_rebase()

    def _change_rebase(self):
        """Compare with the document as it is now."""
        # sudo: all of the document counts
        order = self.order_id.sudo()
        for name in self._change_from_order:
            self.env.add_to_compute(self._fields[name], self)
        base = self._change_content()
        self.line_ids._change_refresh(order)
        self._change_fill_lines()
        self._change_engine().write(
            {
                "base": base,
                "base_digest": canonical_digest(base),
                "conflict": False,
                "amount_old": self._change_total(),
                "amount_new": self.amount_new or self._change_total(),
            }
        )

    def write(self, vals):
        """Override to keep what is sealed, and what people have been asked about."""
        if not self._change_is_engine():
            if not self._change_sealed().isdisjoint(vals):
                raise UserError(
                    self.env._(
                        "The state of a request is not set by hand. Use its buttons."
                    )
                )
            own = {*self._approval_material, "line_ids", "note"}
            if not own.isdisjoint(vals):
                self._change_check_editable()
        return super().write(vals)

    def _change_check_editable(self):
        for request in self:
            if request.state not in EDITABLE:
                raise UserError(
                    self.env._(
                        "%s is submitted and cannot be edited. Recall it first.",
                        request.display_name,
                    )
                )

    def unlink(self):
        """Override: what was submitted is kept, also while its approval ends."""
        self._change_check_deletable()
        return super().unlink()

    def _change_check_deletable(self):
        if any(
            request.state not in ("draft", "cancelled") or request.approval_instance_id
            # sudo: whether there is an approval, for whoever may delete the request
            for request in self.sudo()
        ):
            raise UserError(
                self.env._(
                    "Requests that were submitted are kept for the record. Withdraw "
                    "the request instead."
                )
            )

    # -- what people do ----------------------------------------------------------------

    def action_submit(self):
        """Submit the request; without a policy that covers it, apply it at once.

        :return: a notification that says who decides next
        :raise UserError: if nothing would change, or it cannot be done
        """
        self.ensure_one()
        self._change_check_actor()
        self._change_lock()
        if self.state not in EDITABLE:
            raise UserError(self.env._("%s is submitted already.", self.display_name))
        if not self.is_open:
            self._change_check_open(self.order_id.ids)
        self._change_prepare()
        return self._approval_run(self.kind, lambda requests: requests._change_apply())

    def action_submit_approval(self):
        """Override: a request is submitted for its own kind."""
        return self.action_submit()

    def action_withdraw(self):
        """Give the request up, as its requester, until it is applied.

        :raise UserError: if it is applied already, or is somebody else's
        """
        for request in self:
            request._change_check_actor()
            request._change_lock()
            if request.state not in OPEN:
                raise UserError(
                    self.env._("%s is closed already.", request.display_name)
                )
            request._change_engine().write({"state": "cancelled"})
        return True

    def action_reopen(self):
        """Take a rejected or withdrawn request up again as a draft."""
        self.ensure_one()
        self._change_check_actor()
        if self.state not in ("rejected", "cancelled", "conflict"):
            raise UserError(self.env._("%s is open already.", self.display_name))
        if not self.is_open:
            self._change_check_open(self.order_id.ids)
        self._change_engine().write({"state": "draft", "error": False})
        self._change_rebase()
        return True

    def action_retry(self):
        """Apply again what could not be applied, after its cause was mended.

        :raise UserError: if there is nothing to retry
        """
        self.ensure_one()
        self._change_check_actor()
        # sudo: the approval checks its own state
        instance = self.approval_instance_id.sudo()
        if self.state != "failed" or instance.state != "failed":
            raise UserError(self.env._("There is nothing to try again."))
        return self.approval_instance_id.action_retry()

    def action_preview(self):
        """Compute again what the request will set off.

        :raise UserError: if it cannot be done as it is
        """
        self.ensure_one()
        self._change_check_actor()
        if self.state in EDITABLE:
            self._change_prepare()
        return True

    def action_open_order(self):
        """Return the action that opens the document."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self.order_id._name,
            "res_id": self.order_id.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }

    def _change_check_actor(self):
        """Raise unless the user may change the document that this is about."""
        self.check_access("write")
        self.order_id.check_access("write")

    def _change_summary(self):
        """Return one line: number, state, who is asked."""
        states = dict(self._fields["state"]._description_selection(self.env))
        # sudo: names of the people asked
        names = self.sudo().approval_approver_ids.mapped("name")
        if names and self.state == "submitted":
            return self.env._(
                "%(number)s waits for %(people)s",
                number=self.name,
                people=", ".join(names),
            )
        return f"{self.name} · {states[self.state]}"

    def _change_at(self, moment):
        """Return a moment in the words and the time zone of the context."""
        zone = self.env.context.get("tz")
        if not moment:
            return ""
        return format_datetime(self.env, moment, tz=zone, dt_format="short")

    # -- to be declared ----------------------------------------------------------------

    def _change_number(self):
        """Return the next number of a request."""
        raise NotImplementedError

    def _change_content(self):
        """Return the content of the document that counts for this request.

        :return: ``{"header": {…}, "lines": {line id: {…}}}`` with what was agreed and
            how far it is done; see ``_approval_contents``
        """
        raise NotImplementedError

    def _change_total(self):
        """Return the total of the document now, in its currency."""
        # sudo: as everywhere in the base of a request
        return self.order_id.sudo().amount_total
