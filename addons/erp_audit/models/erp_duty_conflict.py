from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError

SEVERITIES = [
    ("low", "Low"),
    ("medium", "Medium"),
    ("high", "High"),
    ("critical", "Critical"),
]

# what decides whom a conflict is about
WEAKENING = {"active", "left_group_ids", "right_group_ids"}


class ErpDutyConflict(models.Model):
    """Two duties that one person should not have both of.

    A person has a duty with any of its groups, however he comes by it. The conflict is
    the same in every company.
    """

    _name = "erp.duty.conflict"
    _description = "Conflict of Duties"
    _inherit = ["mail.thread"]
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True, tracking=True)
    active = fields.Boolean(default=True, tracking=True)
    sequence = fields.Integer(default=10)
    severity = fields.Selection(
        SEVERITIES, required=True, default="medium", tracking=True
    )
    left_name = fields.Char(string="One duty", translate=True, required=True)
    left_group_ids = fields.Many2many(
        "res.groups",
        "erp_duty_conflict_left_rel",
        string="Groups of the one duty",
        tracking=True,
    )
    right_name = fields.Char(string="The other duty", translate=True, required=True)
    right_group_ids = fields.Many2many(
        "res.groups",
        "erp_duty_conflict_right_rel",
        string="Groups of the other duty",
        tracking=True,
    )
    explanation = fields.Text(
        translate=True, help="What could happen if one person does both."
    )
    control = fields.Text(
        string="Compensating control",
        translate=True,
        help="What keeps it in bounds if it cannot be avoided.",
    )
    chain = fields.Selection(
        selection=[],
        string="Done on documents",
        help="How the trail shows that one person really did both.",
    )
    exception_ids = fields.One2many(
        "erp.duty.conflict.exception",
        "conflict_id",
        string="Accepted exceptions",
        groups="erp_audit.group_access_manager,erp_audit.group_audit_auditor",
    )
    user_ids = fields.Many2many(
        "res.users",
        string="People who have both",
        compute="_compute_user_ids",
        groups="erp_audit.group_access_manager,erp_audit.group_audit_auditor",
    )
    user_count = fields.Integer(
        string="People",
        compute="_compute_user_ids",
        groups="erp_audit.group_access_manager,erp_audit.group_audit_auditor",
    )
    open_count = fields.Integer(
        string="Not accepted",
        compute="_compute_user_ids",
        groups="erp_audit.group_access_manager,erp_audit.group_audit_auditor",
    )

    @api.constrains("left_group_ids", "right_group_ids")
    def _check_groups(self):
        for conflict in self:
            both = conflict.left_group_ids & conflict.right_group_ids
            if both:
                raise ValidationError(
                    self.env._(
                        "“%(group)s” cannot stand for both duties: take it away from "
                        "one of them.",
                        group=both[0].full_name,
                    )
                )

    @api.depends("left_group_ids", "right_group_ids", "exception_ids.state")
    def _compute_user_ids(self):
        found = self._people()
        for conflict in self:
            users = found.get(conflict, self.env["res.users"])
            accepted = conflict.exception_ids.filtered(
                lambda item: item.state == "accepted"
            ).user_id
            conflict.user_ids = users
            conflict.user_count = len(users)
            conflict.open_count = len(users - accepted)

    def write(self, vals):
        """Override: nobody switches a conflict off, or weakens it, for himself.

        :raise AccessError: if the user has both duties
        """
        if WEAKENING & vals.keys():
            self._check_not_own()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_not_own(self):
        self._check_not_own()

    def _check_not_own(self):
        """Check that the user does not have both duties of these conflicts himself.

        :raise AccessError: otherwise
        """
        if self.env.su:
            # addons that are installed; people do not become superuser here
            return
        rights = self.env["erp.access.rights"]
        own = self._possible(rights._closure(rights._groups_of(self.env.user)))
        if own:
            raise AccessError(
                self.env._(
                    "“%(conflict)s” is about yourself: another access manager changes "
                    "it.",
                    conflict=own[0].name,
                )
            )

    # -- who has both ------------------------------------------------------------------

    def _possible(self, group_ids):
        """Return the conflicts of somebody with these groups in effect."""
        ids = set(group_ids)
        return self.filtered(
            lambda conflict: (
                not ids.isdisjoint(conflict.left_group_ids._ids)
                and not ids.isdisjoint(conflict.right_group_ids._ids)
            )
        )

    def _people(self, users=None):
        """Return ``{conflict: users}`` of people who can do both.

        :param users: whom to look at; all active internal users without
        """
        if users is None:
            # sudo: everybody's rights are looked at, whoever asks
            users = self.env["res.users"].sudo().search([("share", "=", False)])
        by_groups = defaultdict(list)
        for uid, ids in self.env["erp.access.rights"]._closures(users).items():
            by_groups[ids].append(uid)
        found = defaultdict(list)
        for ids, uids in by_groups.items():
            for conflict in self._possible(ids):
                found[conflict] += uids
        people = self.env["res.users"]
        return {
            conflict: people.browse(sorted(uids)) for conflict, uids in found.items()
        }

    def _accepted(self, user):
        """Return the conflicts that are accepted for a person today."""
        # sudo: whether somebody decided, whoever asks
        exceptions = self.env["erp.duty.conflict.exception"].sudo()
        found = exceptions.search(
            [
                ("conflict_id", "in", self.ids),
                ("user_id", "=", user.id),
                ("withdrawn_on", "=", False),
                ("until", ">=", fields.Date.context_today(self)),
            ]
        )
        return self & found.conflict_id.with_env(self.env)

    def action_accept(self):
        """Open the form in which the conflict is accepted for a person."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Accept for a Person"),
            "res_model": "erp.duty.conflict.accept",
            "view_mode": "form",
            "target": "new",
            "context": {"default_conflict_id": self.id},
        }
