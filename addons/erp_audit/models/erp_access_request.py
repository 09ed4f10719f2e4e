from datetime import timedelta

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import LazyTranslate

from odoo.addons.approval_flow.engine import ENGINE, ApprovalOperation

from .erp_access_grant import MANAGER

_lt = LazyTranslate(__name__)
# what is asked for: changed by the requester, and only before it is decided
CONTENT = {
    "user_id",
    "role_id",
    "group_ids",
    "date_from",
    "date_to",
    "reason",
    "company_id",
}
# what only the methods of this addon set
OWN = {
    "name": "/",
    "kind": "request",
    "state": "draft",
    "grant_ids": [],
    "decided_by_id": False,
    "decided_on": False,
    "review_note": False,
    "reviewed_by_id": False,
    "reviewed_on": False,
    "review_result": False,
}


class ErpAccessRequest(models.Model):
    """Somebody needs a role or groups: for whom, why, from when until when.

    The rights come with the decision of other people: of those whom a policy names,
    or of an access manager where none does. Nobody sets the state by hand.
    """

    _name = "erp.access.request"
    _description = "Access Request"
    _inherit = ["approval.document.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "id desc"

    _approval_material = (
        "kind",
        "user_id",
        "role_id",
        "group_ids",
        "effective_group_ids",
        "date_from",
        "date_to",
        "reason",
    )
    _approval_partner_field = None
    _approval_amount_field = None
    _approval_closing = ("cancel", "refused")

    name = fields.Char(required=True, default="/", readonly=True, copy=False)
    kind = fields.Selection(
        [("request", "Request"), ("emergency", "Emergency access")],
        required=True,
        default="request",
        readonly=True,
        copy=False,
    )
    requester_id = fields.Many2one(
        "res.users",
        string="Requested by",
        required=True,
        readonly=True,
        index=True,
        copy=False,
        default=lambda self: self.env.user,
        ondelete="restrict",
    )
    user_id = fields.Many2one(
        "res.users",
        string="For",
        required=True,
        index=True,
        tracking=True,
        default=lambda self: self.env.user,
        domain="[('share', '=', False)]",
        ondelete="restrict",
    )
    manager_id = fields.Many2one(
        "res.users",
        compute="_compute_manager_id",
        search="_search_manager_id",
        compute_sudo=True,
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    role_id = fields.Many2one(
        "erp.role",
        index=True,
        tracking=True,
        domain="[('is_requestable', '=', True)]",
        ondelete="restrict",
    )
    group_ids = fields.Many2many(
        "res.groups",
        "erp_access_request_group_rel",
        string="Single groups",
        domain=lambda self: self._domain_groups(),
        help="Only if no role fits.",
    )
    effective_group_ids = fields.Many2many(
        "res.groups",
        string="Groups it gives",
        compute="_compute_effective_group_ids",
    )
    date_from = fields.Datetime(
        string="From", required=True, default=fields.Datetime.now, tracking=True
    )
    date_to = fields.Datetime(
        string="Until", tracking=True, help="Empty: until it is withdrawn."
    )
    reason = fields.Text(required=True, tracking=True)
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("asked", "With the access managers"),
            ("approved", "Approved"),
            ("active", "In force"),
            ("emergency", "Emergency access"),
            ("ended", "Ended"),
            ("review", "To review"),
            ("reviewed", "Reviewed"),
            ("refused", "Refused"),
            ("cancel", "Cancelled"),
        ],
        required=True,
        default="draft",
        readonly=True,
        index=True,
        tracking=True,
        copy=False,
    )
    grant_ids = fields.One2many(
        "erp.access.grant", "request_id", string="Granted", readonly=True
    )
    decided_by_id = fields.Many2one(
        "res.users", readonly=True, copy=False, ondelete="restrict"
    )
    decided_on = fields.Datetime(readonly=True, copy=False)

    _period = models.Constraint(
        "CHECK (date_to IS NULL OR date_to > date_from)",
        "The end must be after the beginning.",
    )

    @api.depends("user_id.approval_manager_id", "requester_id")
    def _compute_manager_id(self):
        for request in self:
            manager = request.user_id.approval_manager_id
            while manager and (not manager.active or manager == request.requester_id):
                manager = manager.approval_manager_id
            request.manager_id = manager

    def _search_manager_id(self, operator, value):
        return [("user_id.approval_manager_id", operator, value)]

    @api.depends("role_id.group_ids", "role_id.tier", "group_ids")
    def _compute_effective_group_ids(self):
        for request in self:
            request.effective_group_ids = request._what_groups()

    @api.depends("name", "user_id", "role_id", "group_ids")
    @api.depends_context("lang")
    def _compute_display_name(self):
        """Override: who needs what."""
        for request in self:
            # sudo: names of a person and of groups
            what = request.sudo()
            names = what.role_id.name or ", ".join(what.group_ids.mapped("full_name"))
            if request.name == "/":
                request.display_name = self.env._("New request")
                continue
            request.display_name = self.env._(
                "%(number)s: %(access)s for %(person)s",
                number=request.name,
                access=names or self.env._("access"),
                person=what.user_id.name or "",
            )

    @api.model
    def _domain_groups(self):
        """Return the domain of the groups that may be requested one by one.

        Not those that Odoo shows to nobody (they have no heading on the user form),
        nor the kinds of users, nor tiers, which come with roles.
        """
        xmlids = (
            "base.group_user",
            "base.group_portal",
            "base.group_public",
            "base.group_no_one",
        )
        groups = [self.env.ref(name, raise_if_not_found=False) for name in xmlids]
        tier = self.env.ref("erp_audit.privilege_tier", raise_if_not_found=False)
        return [
            ("privilege_id", "!=", False),
            ("privilege_id", "!=", tier.id if tier else False),
            ("id", "not in", [group.id for group in groups if group]),
        ]

    # -- what may be asked -------------------------------------------------------------

    @api.constrains("user_id", "company_id", "requester_id")
    def _check_person(self):
        actor = self.env.user
        for request in self:
            # sudo: whose manager somebody is
            person = request.user_id.sudo()
            if (
                person != actor
                and actor.id != SUPERUSER_ID
                and actor not in person._access_managers()
                and not actor.has_group(MANAGER)
            ):
                raise AccessError(
                    self.env._(
                        "You can request access for yourself and for the people whose "
                        "manager you are, not for %(person)s.",
                        person=person.name,
                    )
                )
            if not person.active or person.share or person.id == SUPERUSER_ID:
                raise ValidationError(
                    self.env._("Access is requested for employees with an account.")
                )
            if request.company_id not in person.company_ids:
                raise ValidationError(
                    self.env._(
                        "%(person)s does not work in %(company)s.",
                        person=person.name,
                        # sudo: the name of a company that the person does not work in
                        company=request.company_id.sudo().name,
                    )
                )

    @api.constrains("role_id", "group_ids")
    def _check_what(self):
        Groups = self.env["res.groups"].sudo()  # sudo: which groups there are
        for request in self:
            if request.role_id and request.group_ids:
                raise ValidationError(
                    self.env._("Request a role or single groups, not both at once.")
                )
            if (
                request.kind == "request"
                and request.role_id
                and not request.role_id.is_requestable
            ):
                raise ValidationError(
                    self.env._(
                        "“%(role)s” cannot be requested.", role=request.role_id.name
                    )
                )
            # sudo: groups, which employees may not read
            asked = Domain("id", "in", request.sudo().group_ids.ids)
            allowed = Groups.search(asked & Domain(self._domain_groups()))
            # sudo: as above
            refused = request.sudo().group_ids - allowed
            if refused:
                raise ValidationError(
                    self.env._(
                        "“%(group)s” is a technical group that nobody can request.",
                        group=refused[0].full_name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        """Override: what is not to be asked begins as it must, whatever is sent."""
        if self._is_engine():
            return super().create(vals_list)
        vals_list = [{**vals} for vals in vals_list]
        for vals in vals_list:
            self._check_not_forged(vals)
            # explicit, so that no default of a caller's context counts
            vals.update(OWN, requester_id=self.env.uid)
            if not vals.get("date_from"):
                vals["date_from"] = fields.Datetime.now()
            vals["name"] = (
                # sudo: the number of a request, for everybody
                self.env["ir.sequence"].sudo().next_by_code(self._name) or "/"
            )
        return super().create(vals_list)

    def write(self, vals):
        """Override: what is asked may be changed before it is decided, by whom asks."""
        if not self._is_engine():
            self._check_not_forged(vals)
            if CONTENT & vals.keys():
                self._check_may_edit()
        return super().write(vals)

    def _check_not_forged(self, vals):
        forged = (OWN.keys() | {"requester_id"}) & vals.keys()
        same = {name for name in forged & OWN.keys() if vals[name] == OWN[name]}
        if forged - same:
            raise AccessError(
                self.env._(
                    "The state of an access request cannot be set by hand: use its "
                    "buttons."
                )
            )
        for name in same:
            vals.pop(name)

    def _check_may_edit(self):
        for request in self:
            if request.state != "draft":
                raise UserError(
                    self.env._(
                        "%(name)s is decided: make another request for what you need "
                        "now.",
                        name=request.name,
                    )
                )
            if request.requester_id != self.env.user:
                raise AccessError(
                    self.env._("Only the requester changes what is requested.")
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_submitted(self):
        for request in self:
            if request.state != "draft" or request.approval_instance_id:
                raise UserError(
                    self.env._(
                        "Requests that were sent are kept. Cancel %(name)s instead.",
                        name=request.name,
                    )
                )

    # -- the engine --------------------------------------------------------------------

    def _engine(self):
        """Return ``self`` with the right to be changed; for this addon's code only."""
        # sudo: people write their drafts only, each public method checks the actor
        return self.sudo().with_context(approval_engine=ENGINE)

    @api.model
    def _is_engine(self):
        return self.env.context.get("approval_engine") is ENGINE

    @api.model
    def _approval_operations(self):
        """Override to declare granting."""
        return {
            "grant": ApprovalOperation(
                code="grant",
                label=_lt("Grant the access"),
                state_field="state",
                targets=("approved", "active"),
                sources=("draft",),
                execute="_approval_execute_grant",
            ),
        }

    def _approval_people(self):
        """Override: neither who asks nor who profits decides."""
        return {
            request.id: {
                "creator": (request.requester_id | request.user_id).ids,
                "editor": (request.requester_id | request.approval_editor_id).ids,
                "responsible": request.user_id.ids,
            }
            for request in self
        }

    def _approval_obstacles(self, operation):
        """Override: what cannot be given is not asked for."""
        found = {}
        for request in self:
            reason = request._obstacle()
            if reason:
                found[request.id] = reason
        return found

    def _obstacle(self):
        """Return why the request cannot be sent, or None."""
        self.ensure_one()
        if not self.role_id and not self.group_ids:
            return self.env._("Choose what is needed: a role, or single groups.")
        # sudo: whether the role is still there to be had
        role = self.sudo().role_id
        if role and not (role.active and role.is_requestable):
            return self.env._(
                "“%(role)s” cannot be requested any more: choose another role.",
                role=role.name,
            )
        if self.date_to and self.date_to <= fields.Datetime.now():
            return self.env._("The time that was asked for is over: choose another.")
        return None

    def _what(self):
        """Return the role or the groups that are asked for."""
        self.ensure_one()
        # sudo: groups are not readable for everybody
        request = self.sudo()
        return request.role_id or request.group_ids

    def _what_groups(self):
        what = self._what()
        return what._groups() if what._name == "erp.role" else what

    @api.model
    def _default_policy(self):
        """Switch the default policy on, if somebody can decide by it."""
        policy = self.env.ref("erp_audit.approval_policy_access", False)
        if policy and not policy.active and self._deciders():
            policy.active = True

    def _deciders(self):
        """Return the access managers who could decide, without those who profit."""
        # sudo: members of a group
        users = self.env.ref(MANAGER).sudo().all_user_ids
        people = self.requester_id | self.user_id
        return users.filtered(
            lambda user: user.active
            and not user.share
            and user.id != SUPERUSER_ID
            and user not in people
            and (not self.company_id or self.company_id <= user.company_ids)
        )

    @api.autovacuum
    def _gc_drafts(self):
        """Delete requests that were begun and never sent."""
        limit = fields.Datetime.now() - timedelta(days=180)
        self.search(
            [
                ("state", "=", "draft"),
                ("approval_instance_id", "=", False),
                ("write_date", "<", limit),
            ],
            limit=1000,
        ).unlink()
