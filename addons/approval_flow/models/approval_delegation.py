from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError


class ApprovalDelegation(models.Model):
    """One person decides for another during a period."""

    _name = "approval.delegation"
    _description = "Approval Delegation"
    _order = "date_from desc, id desc"
    _rec_name = "user_id"

    user_id = fields.Many2one(
        "res.users",
        string="For",
        required=True,
        index=True,
        ondelete="cascade",
        default=lambda self: self.env.user,
        domain=[("share", "=", False)],
    )
    delegate_id = fields.Many2one(
        "res.users",
        string="Decides instead",
        required=True,
        index=True,
        ondelete="cascade",
        domain=[("share", "=", False)],
    )
    date_from = fields.Datetime(
        string="From", required=True, default=fields.Datetime.now
    )
    date_to = fields.Datetime(string="Until", required=True)
    model_ids = fields.Many2many(
        "ir.model",
        string="Only for",
        domain=lambda self: [
            ("model", "in", self.env["approval.document.mixin"]._approval_models())
        ],
        help="Leave empty for all documents.",
    )
    company_id = fields.Many2one(
        "res.company", string="Only company", help="Leave empty for all companies."
    )
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        default=lambda self: self.env.company.currency_id,
    )
    amount_max = fields.Monetary(
        string="Up to", help="Larger amounts stay with the person; 0 is no limit."
    )
    reason = fields.Char()
    active = fields.Boolean(default=True)
    state = fields.Selection(
        [("planned", "Planned"), ("running", "In force"), ("over", "Over")],
        compute="_compute_state",
    )

    _period = models.Constraint(
        "CHECK (date_to > date_from)", "The end must be after the beginning."
    )
    _other_person = models.Constraint(
        "CHECK (user_id != delegate_id)", "Nobody delegates to himself."
    )
    _amount_positive = models.Constraint(
        "CHECK (amount_max >= 0)", "The limit cannot be negative."
    )
    _in_force = models.Index("(user_id, date_to) WHERE active")

    @api.depends("date_from", "date_to", "active")
    def _compute_state(self):
        now = fields.Datetime.now()
        for delegation in self:
            if not delegation.active or (delegation.date_to or now) <= now:
                delegation.state = "over"
            elif delegation.date_from <= now:
                delegation.state = "running"
            else:
                delegation.state = "planned"

    @api.constrains("delegate_id", "user_id")
    def _check_people(self):
        for delegation in self:
            if delegation.delegate_id.share or not delegation.delegate_id.active:
                raise ValidationError(
                    self.env._(
                        "%s is not an active employee.", delegation.delegate_id.name
                    )
                )

    def _check_owner(self):
        """People delegate for themselves; administrators of policies for anybody."""
        if self.env.su or self.env.user.has_group(
            "approval_flow.group_approval_manager"
        ):
            return
        if any(delegation.user_id != self.env.user for delegation in self):
            raise AccessError(self.env._("You can only delegate your own approvals."))

    def _covers(self, instance):
        """Return whether the scope and the limit cover an approval."""
        self.ensure_one()
        if self.model_ids and instance.res_model not in self.model_ids.mapped("model"):
            return False
        if self.company_id and self.company_id != instance.company_id:
            return False
        if not self.amount_max:
            return True
        amount = instance.currency_id._convert(
            instance.amount, self.currency_id, instance.company_id, fields.Date.today()
        )
        return self.currency_id.compare_amounts(amount, self.amount_max) <= 0

    @api.model_create_multi
    def create(self, vals_list):
        """Override to hand open tasks over at once."""
        delegations = super().create(vals_list)
        delegations._check_owner()
        # sudo: tasks of the person who delegates
        self.env["approval.task"].sudo()._apply_delegations()
        return delegations

    def write(self, vals):
        """Override to hand open tasks over, or back."""
        self._check_owner()
        result = super().write(vals)
        self._check_owner()
        # sudo: as in create
        self.env["approval.task"].sudo()._apply_delegations()
        return result

    def unlink(self):
        """Override to hand open tasks back."""
        self._check_owner()
        # sudo: as in create
        self.env["approval.task"].sudo()._end_delegations(self)
        return super().unlink()

    def action_end(self):
        """End the delegations now; open tasks go back."""
        self.filtered(lambda item: item.state != "over").write({"active": False})
