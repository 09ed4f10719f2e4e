from odoo import api, fields, models
from odoo.tools import SQL

# averages and shares by what they are made of: in a group it is the sums that are
# divided, never the averages that are averaged
RATIOS = {
    "cycle_average": ("cycle_hours", ("approved", "rejected", "returned")),
    "reject_rate": ("rejected", ("finished",)),
    "return_rate": ("returned", ("finished",)),
    "stale_rate": ("stale", ("finished",)),
    "wait_average": ("wait_hours", ("decisions",)),
    "late_rate": ("late", ("decisions",)),
}
COUNTS = (
    "submitted",
    "finished",
    "approved",
    "rejected",
    "returned",
    "recalled",
    "stale",
    "cycle_hours",
    "decisions",
    "wait_hours",
    "late",
)
KEYS = (
    "day",
    "company_id",
    "res_model",
    "operation",
    "policy_id",
    "requester_id",
    "user_id",
)


class ApprovalStatistic(models.Model):
    """Approvals in figures: one row for a day, a policy and a person.

    Rows with a requester count his approvals, rows with an approver count his
    decisions. They are kept up to date by :meth:`_refresh`, in SQL, for the days in
    which something changed only.
    """

    _name = "approval.statistic"
    _description = "Approval Statistics"
    _log_access = False
    _order = "day desc, id desc"
    _rec_name = "day"

    day = fields.Date(
        readonly=True,
        required=True,
        help="Day of submission for what was submitted, of the end or of the decision "
        "for all else; in the time zone of the company's working hours.",
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade"
    )
    res_model = fields.Selection(
        selection="_selection_res_model", string="Document", readonly=True
    )
    operation = fields.Selection(
        selection=lambda self: self.env["approval.policy"]._selection_operation(),
        readonly=True,
    )
    policy_id = fields.Many2one(
        "approval.policy",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    requester_id = fields.Many2one(
        "res.users", string="Requested by", readonly=True, ondelete="cascade"
    )
    user_id = fields.Many2one(
        "res.users", string="Approver", readonly=True, ondelete="cascade"
    )
    submitted = fields.Integer(readonly=True)
    finished = fields.Integer(
        string="Ended", readonly=True, help="With whatever result."
    )
    approved = fields.Integer(readonly=True)
    rejected = fields.Integer(readonly=True)
    returned = fields.Integer(readonly=True)
    recalled = fields.Integer(readonly=True)
    stale = fields.Integer(
        string="Content changed", readonly=True, help="Ended by a change of content."
    )
    cycle_hours = fields.Float(
        string="Hours to the result", readonly=True, digits=(16, 1)
    )
    cycle_average = fields.Float(
        string="Average hours to the result",
        readonly=True,
        aggregator="avg",
        digits=(16, 1),
        help="From submission to approved, rejected or returned.",
    )
    reject_rate = fields.Float(
        string="Rejected (share)", readonly=True, aggregator="avg", digits=(16, 4)
    )
    return_rate = fields.Float(
        string="Returned (share)", readonly=True, aggregator="avg", digits=(16, 4)
    )
    stale_rate = fields.Float(
        string="Content changed (share)",
        readonly=True,
        aggregator="avg",
        digits=(16, 4),
    )
    decisions = fields.Integer(
        readonly=True, help="Taken or passed on by the approver."
    )
    wait_hours = fields.Float(
        string="Hours until decided", readonly=True, digits=(16, 1)
    )
    wait_average = fields.Float(
        string="Average hours until decided",
        readonly=True,
        aggregator="avg",
        digits=(16, 1),
        help="From asking the approver to the decision.",
    )
    late = fields.Integer(string="Decided late", readonly=True)
    late_rate = fields.Float(
        string="Decided late (share)", readonly=True, aggregator="avg", digits=(16, 4)
    )

    _company_day = models.Index("(company_id, day)")
    _user_day = models.Index("(user_id, day) WHERE user_id IS NOT NULL")
    _requester_day = models.Index("(requester_id, day) WHERE requester_id IS NOT NULL")

    @api.model
    def _selection_res_model(self):
        # sudo: names of document types
        models_ = self.env["ir.model"].sudo()
        return [
            (name, models_._get(name).name)
            for name in self.env["approval.document.mixin"]._approval_models()
        ]

    def _read_group_select(self, aggregate_spec, query):
        """Override to weigh averages: the sums of a group are divided."""
        name, _colon, function = aggregate_spec.partition(":")
        if name not in RATIOS or function != "avg":
            return super()._read_group_select(aggregate_spec, query)
        part, whole = RATIOS[name]
        return SQL(
            "SUM(%s)::float / NULLIF(SUM(%s), 0)",
            self._field_to_sql(self._table, part, query),
            SQL(" + ").join(
                self._field_to_sql(self._table, field, query) for field in whole
            ),
        )

    @api.model
    def _action_open(self):
        """Bring the figures up to date and return the action that shows them."""
        self._refresh(at_once=True)
        return self.env["ir.actions.act_window"]._for_xml_id(
            "approval_flow.approval_statistic_action"
        )
