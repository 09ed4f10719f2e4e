from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError, ValidationError

from ..serial import claim

TIERS = [
    ("operations", "Operations tier"),
    ("management", "Management tier"),
    ("decision", "Decision tier"),
]
TIER_GROUPS = {
    "operations": "erp_audit.group_tier_operations",
    "management": "erp_audit.group_tier_management",
    "decision": "erp_audit.group_tier_decision",
}
# what a role means for the people who have it
MEANING = {
    "active",
    "group_ids",
    "tier",
    "requires_second_factor",
    "is_requestable",
    "is_emergency",
    "emergency_group_ids",
    "emergency_user_ids",
}
ADMINISTRATOR = "base.group_erp_manager"


class ErpRole(models.Model):
    """A named bundle of groups, with the tier of those who have it.

    A change of its groups reaches everybody who has the role; nobody changes a role
    that he has himself.
    """

    _name = "erp.role"
    _description = "Role"
    _inherit = ["mail.thread"]
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True, tracking=True)
    active = fields.Boolean(default=True, tracking=True)
    sequence = fields.Integer(default=10)
    description = fields.Text(translate=True)
    tier = fields.Selection(
        TIERS,
        tracking=True,
        help="What people with this role see: operations the records of their "
        "department, management those of the departments they lead, decision sums of "
        "the company without the documents. Without a tier nothing is narrowed.",
    )
    group_ids = fields.Many2many(
        "res.groups", "erp_role_group_rel", string="Groups", tracking=True
    )
    requires_second_factor = fields.Boolean(
        string="Needs a second factor",
        tracking=True,
        help="People with this role log in with a code of an app or with a passkey.",
    )
    is_requestable = fields.Boolean(
        string="May be requested", default=True, tracking=True
    )
    is_emergency = fields.Boolean(
        string="Available in an emergency",
        tracking=True,
        help="Chosen people may take it at once, for hours; it is reviewed afterwards.",
    )
    emergency_user_ids = fields.Many2many(
        "res.users",
        "erp_role_emergency_user_rel",
        string="People for emergencies",
        domain=[("share", "=", False)],
        tracking=True,
    )
    emergency_group_ids = fields.Many2many(
        "res.groups",
        "erp_role_emergency_group_rel",
        string="Groups for emergencies",
        tracking=True,
    )
    grant_ids = fields.One2many("erp.access.grant", "role_id")
    user_count = fields.Integer(string="People", compute="_compute_user_count")
    allows = fields.Html(
        string="What it allows", compute="_compute_allows", sanitize=False
    )

    @api.depends("grant_ids.state")
    def _compute_user_count(self):
        counts = {}
        if self.ids:
            counts = dict(
                self.env["erp.access.grant"]._read_group(
                    [("role_id", "in", self.ids), ("state", "=", "active")],
                    ["role_id"],
                    ["user_id:count_distinct"],
                )
            )
        for role in self:
            role.user_count = counts.get(role._origin, 0)

    @api.depends("group_ids", "tier")
    @api.depends_context("lang")
    def _compute_allows(self):
        """Tell what an employee may do with the role that he could not do without."""
        # sudo: what groups mean, for whoever may read the role
        rights = self.env["erp.access.rights"].sudo()
        employee = self.env.ref("base.group_user")
        plain = rights._closure(employee.ids)
        for role in self:
            groups = role._groups()._origin
            role.allows = rights._html(
                rights._lines(plain, plain | rights._closure(groups.ids), "gained", 40)
            )

    @api.constrains("group_ids")
    def _check_group_ids(self):
        for role in self:
            for name in ("base.group_portal", "base.group_public"):
                group = self.env.ref(name)
                if group in role.group_ids.all_implied_ids:
                    raise ValidationError(
                        self.env._(
                            "Roles are for employees: take “%(group)s” away from "
                            "“%(role)s”.",
                            group=group.name,
                            role=role.name,
                        )
                    )

    # -- create and write --------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        """Override: who makes a role with administrators' rights must have them."""
        roles = super().create(vals_list)
        roles._check_power(roles.group_ids.browse())
        roles._check_emergency(roles.browse())
        return roles

    def write(self, vals):
        """Override to let a change of groups reach the people with the role."""
        if not MEANING & vals.keys():
            return super().write(vals)
        self._check_not_own()
        before, usable = self.group_ids, self._usable_in_emergency()
        admitted = self._admitted()
        result = super().write(vals)
        # who may take it at once is as good as given all of it
        opened = self.browse({role for role, _name, _id in self._admitted() - admitted})
        self._check_power(before - opened.group_ids)
        self._check_emergency(usable)
        if {"group_ids", "tier"} & vals.keys():
            self._reach_people()
        # what people must do at the next click depends on it
        self.env.registry.clear_cache()
        return result

    def _check_not_own(self):
        """Refuse to change a role to whoever has it, or waits for it."""
        # sudo: whether the actor has it, whatever he may read
        own = self.env["erp.access.grant"].sudo()
        own = own.search(
            [
                ("role_id", "in", self.ids),
                ("user_id", "=", self.env.uid),
                ("state", "in", ("planned", "active")),
            ],
            limit=1,
        )
        role = (own.role_id or self._usable_in_emergency())[:1]
        if role:
            raise AccessError(
                self.env._(
                    "You have the role “%(role)s” yourself, or may take it in an "
                    "emergency: ask another access manager to change it.",
                    role=role.name,
                )
            )

    def _usable_in_emergency(self):
        """Return the roles that the actor may take in an emergency."""
        if self.env.uid == SUPERUSER_ID:
            return self.browse()
        return self.filtered(lambda role: role._may_use_in_emergency(self.env.user))

    def _admitted(self):
        """Return ``{(role, model, record)}`` of who may take roles in emergencies."""
        return {
            (role.id, record._name, record.id)
            for role in self.filtered(lambda role: role.active and role.is_emergency)
            for record in (*role.emergency_user_ids, *role.emergency_group_ids)
        }

    def _check_emergency(self, before):
        """Refuse to whoever makes a role available to himself in an emergency."""
        role = (self._usable_in_emergency() - before)[:1]
        if role:
            raise AccessError(
                self.env._(
                    "Nobody lets himself take “%(role)s” in an emergency: ask another "
                    "access manager.",
                    role=role.name,
                )
            )

    def _check_power(self, before):
        """Refuse administrators' rights in a role to whoever has not got them."""
        if self.env.uid == SUPERUSER_ID:
            return
        power = self.env.ref(ADMINISTRATOR)
        # sudo: groups are compared, whatever the actor may read
        added = (self.sudo().group_ids - before.sudo()).all_implied_ids
        if power in added and not self.env.user.has_group(ADMINISTRATOR):
            raise AccessError(
                self.env._(
                    "Only administrators put administrators' rights into a role."
                )
            )

    def _reach_people(self):
        """Give and take what has changed, and have open requests looked at again."""
        # nobody is given what the role was before
        claim(self)
        # sudo: people get what their role says, the actor may change the role
        grants = self.env["erp.access.grant"].sudo()
        grants.search(
            [("role_id", "in", self.ids), ("state", "=", "active")]
        )._role_changed()
        # sudo: what was approved is not what it would give now
        requests = self.env["erp.access.request"].sudo()
        requests = requests.search(
            [("role_id", "in", self.ids), ("state", "in", ("draft", "asked"))]
        )
        requests._approval_content_changed()
        requests._ask_again()

    # -- what it gives -----------------------------------------------------------------

    def _groups(self):
        """Return the groups that these roles give, those of their tiers included."""
        # sudo: groups are the system's, whoever asks what a role is
        roles = self.sudo()
        groups = roles.group_ids
        for tier in set(roles.mapped("tier")) - {False}:
            # sudo: as above
            groups |= self.env.ref(TIER_GROUPS[tier]).sudo()
        return groups

    def _may_use_in_emergency(self, user):
        """Return whether a person may take the role in an emergency."""
        self.ensure_one()
        # sudo: the lists of the role, for whoever needs it
        role = self.sudo()
        return bool(
            role.active
            and role.is_emergency
            and (
                user in role.emergency_user_ids
                # sudo: the person's groups, whoever asks
                or role.emergency_group_ids & user.sudo().all_group_ids
            )
        )

    def action_open_people(self):
        """Return the action that shows who has the role, and who had it."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "erp_audit.erp_access_grant_action"
        )
        return {
            **action,
            "domain": [("role_id", "=", self.id)],
            "context": {"search_default_current": 1, "default_role_id": self.id},
        }

    def action_give(self):
        """Open the form in which an access manager gives the role to people."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "erp_audit.erp_access_grant_give_action"
        )
        return {**action, "context": {"default_role_id": self.id}}
