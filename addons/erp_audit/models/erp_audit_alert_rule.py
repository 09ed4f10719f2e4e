from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .. import alert_rules

SEVERITIES = [("info", "Notice"), ("warning", "Warning"), ("critical", "Critical")]
# groups whose members could do or see everything
PRIVILEGED = (
    "base.group_system",
    "base.group_erp_manager",
    "erp_audit.group_audit_auditor",
    "erp_audit.group_access_manager",
)
# the rule that tells of others which are switched off
GUARD = "recording_off"
# thresholds that a rule may have
THRESHOLDS = (
    "attempts",
    "minutes",
    "hours",
    "days",
    "records",
    "factor",
    "percent",
    "addresses",
)


class ErpAuditAlertRule(models.Model):
    """What raises an alert, from which threshold on, and who is told."""

    _name = "erp.audit.alert.rule"
    _description = "Alert Rule"
    _inherit = ["mail.thread"]
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    description = fields.Text(string="What it looks for", translate=True)
    code = fields.Char(string="Kind", required=True, readonly=True, index=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True, tracking=True)
    severity = fields.Selection(
        SEVERITIES, default="warning", required=True, tracking=True
    )
    at_once = fields.Boolean(
        string="At once",
        tracking=True,
        help="Does not wait until the records are sealed, which takes up to a minute, "
        "or longer while a long job runs.",
    )
    company_id = fields.Many2one(
        "res.company",
        help="Only what happens in this company. All companies if empty.",
        tracking=True,
    )

    attempts = fields.Integer(default=10, tracking=True)
    minutes = fields.Integer(default=10, tracking=True)
    hours = fields.Integer(default=24, tracking=True)
    days = fields.Integer(default=90, tracking=True)
    records = fields.Integer(default=100, tracking=True)
    factor = fields.Float(string="Times the usual", default=5.0, tracking=True)
    percent = fields.Float(default=15.0, tracking=True)
    addresses = fields.Integer(default=3, tracking=True)
    thresholds = fields.Char(compute="_compute_thresholds")
    fold_hours = fields.Integer(
        string="Fold repeats within (hours)",
        default=24,
        required=True,
        tracking=True,
        help="The same again within this time is counted in the alert that is still "
        "open, and disturbs nobody.",
    )

    owner_id = fields.Many2one(
        "res.users",
        domain=[("share", "=", False)],
        tracking=True,
        help="Who handles the alerts. If empty, whoever is told first takes them.",
    )
    user_ids = fields.Many2many(
        "res.users",
        "erp_audit_alert_rule_user_rel",
        string="People who are told",
        domain=[("share", "=", False)],
    )
    group_ids = fields.Many2many(
        "res.groups",
        "erp_audit_alert_rule_group_rel",
        string="Groups that are told",
        default=lambda self: self.env.ref(
            "erp_audit.group_audit_auditor", raise_if_not_found=False
        ),
    )
    by_email = fields.Boolean(string="By e-mail", default=True, tracking=True)

    alert_count = fields.Integer(string="Open alerts", compute="_compute_alert_count")
    problem = fields.Char(compute="_compute_problem")

    _thresholds_positive = models.Constraint(
        "CHECK (attempts > 0 AND minutes > 0 AND hours > 0 AND days > 0"
        " AND records > 0 AND factor > 0 AND percent > 0 AND addresses > 0"
        " AND fold_hours >= 0)",
        "A threshold must be greater than zero.",
    )

    # beyond these the database could not count any more, and the rule stood still
    _thresholds_bounded = models.Constraint(
        "CHECK (attempts <= 1000000 AND minutes <= 525600 AND hours <= 87600"
        " AND days <= 3650 AND records <= 100000000 AND addresses <= 100000"
        " AND fold_hours <= 87600 AND factor <= 1000000 AND percent <= 1000000)",
        "A threshold is too large: up to 10 years, a year in minutes, a million "
        "attempts.",
    )

    @api.depends("code")
    def _compute_thresholds(self):
        for rule in self:
            kind = rule._kind()
            rule.thresholds = ",".join(kind.thresholds) if kind else ""

    def _compute_alert_count(self):
        counts = dict(
            self.env["erp.audit.alert"]._read_group(
                [("rule_id", "in", self.ids), ("state", "in", ("new", "review"))],
                ["rule_id"],
                ["__count"],
            )
        )
        for rule in self:
            rule.alert_count = counts.get(rule, 0)

    def _compute_problem(self):
        # sudo: where the rules stand is bookkeeping of the engine
        positions = self.env["erp.audit.alert.position"].sudo()
        problems = {
            position.rule_id.id: position.problem
            for position in positions.search([("rule_id", "in", self.ids)])
        }
        for rule in self:
            rule.problem = problems.get(rule.id, False)

    # -- kinds -------------------------------------------------------------------------

    @api.model
    def _kinds(self):
        """Return ``{code: kind}`` of what rules can look for; see ``alert_rules``."""
        return alert_rules.KINDS

    def _kind(self):
        """Return what the rule looks for, None if its addon is gone."""
        return self._kinds().get(self.code)

    @api.model
    def _privileged(self):
        """Return the ids of the people with far-reaching rights."""
        users = self.env["res.users"]
        for name in PRIVILEGED:
            if group := self.env.ref(name, raise_if_not_found=False):
                # sudo: who has which rights
                users |= group.sudo().all_user_ids
        return users.ids

    @api.model
    def _alert_granted(self, transactions):
        """Return which groups approved requests gave whom in which transaction.

        A grant is recorded in the same transaction as the rights that it gives. What
        an access manager gives without a request, or by changing a role that somebody
        has already, is none of it.

        :param list transactions: numbers of transactions in which rights were gained
        :return: ``{(transaction, person): ids of groups, with those they bring along}``
        """
        granted = {}
        if not transactions:
            return granted
        self.env.cr.execute(
            """SELECT l.tx, l.res_id, l.diff->'gained'
                 FROM erp_audit_log l
                WHERE l.tx = ANY(%s) AND l.event = 'access_granted'
                  AND l.diff->>'origin' NOT IN ('direct', 'role')""",
            [list(transactions)],
        )
        for tx, person, gained in self.env.cr.fetchall():
            # sudo: which groups come with which
            groups = self.env["res.groups"].sudo().browse(gained or []).exists()
            granted.setdefault((tx, person), set()).update(groups.all_implied_ids.ids)
        return granted

    # -- changes -----------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        """Override: a rule looks at what happens from now on."""
        rules = super().create(vals_list)
        rules._start()
        return rules

    def write(self, vals):
        """Override: a rule that is switched on looks at what happens from now on."""
        started = self.browse()
        if vals.get("active"):
            started = self.filtered(lambda rule: not rule.active)
        elif "active" in vals:
            self._tell_guard_off()
        result = super().write(vals)
        started._start()
        return result

    def _tell_guard_off(self):
        """Raise the alert that the guard of the rules is switched off, at once.

        Once it is off it could not raise this any more.
        """
        user = self.env.user
        for rule in self.filtered(lambda rule: rule.active and rule.code == GUARD):
            now = self.env.cr.now()
            hit = {
                **{"key": f"{self._name} {rule.id}", "first": now, "last": now},
                **{"hits": [], "evidence": [], "company": None},
                **{"person": user.id, "actor": user.id},
                "facts": {"kind": self._name, "id": rule.id},
            }
            self.env["erp.audit.alert"]._raise(rule, [hit])

    def _start(self):
        # sudo: where the rules stand is bookkeeping of the engine
        self.env["erp.audit.alert.position"].sudo()._start(self)

    @api.ondelete(at_uninstall=False)
    def _unlink_without_alerts(self):
        if GUARD in self.mapped("code"):
            raise UserError(
                self.env._("This rule guards the others: it can only be switched off.")
            )
        # sudo: alerts of all companies
        alerts = self.env["erp.audit.alert"].sudo()
        if alerts.search_count([("rule_id", "in", self.ids)], limit=1):
            raise UserError(
                self.env._(
                    "This rule has raised alerts, which are kept. Switch it off "
                    "instead of deleting it."
                )
            )

    # -- buttons -----------------------------------------------------------------------

    def action_try(self):
        """Show what the rule would have raised in the last 30 days; raises nothing.

        :return: action that shows the trial
        :raise AccessError: for others than auditors: it shows what others did
        """
        self.ensure_one()
        if not self.env.user.has_group("erp_audit.group_audit_auditor"):
            raise AccessError(self.env._("Only auditors can try a rule."))
        self.check_access("read")
        # sudo: the trial is made by the engine
        trial = self.env["erp.audit.alert.trial"].sudo()._make(self)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Trial of the last 30 days"),
            "res_model": trial._name,
            "res_id": trial.id,
            "views": [[False, "form"]],
            "target": "new",
        }

    def action_alerts(self):
        """Open the alerts of the rule.

        :return: action
        """
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.name,
            "res_model": "erp.audit.alert",
            "views": [[False, "list"], [False, "kanban"], [False, "form"]],
            "domain": [("rule_id", "=", self.id)],
        }
