from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from .erp_role import ADMINISTRATOR

MANAGER = "erp_audit.group_access_manager"


class ErpAccessGrant(models.Model):
    """Somebody has a role, or groups, from a moment and until a moment.

    Grants are made and ended by methods only and stay for good: they are the history
    of who had which rights, and why. What people have in effect is in their groups;
    see ``erp_access_grant_sync.py`` for how the two are kept together.
    """

    _name = "erp.access.grant"
    _description = "Granted Access"
    _inherit = ["approval.sealed.mixin"]
    _order = "id desc"

    name = fields.Char(string="Access", required=True, help="As it was when given.")
    what = fields.Char(string="Role or group", compute="_compute_what")
    user_id = fields.Many2one(
        "res.users", string="Person", required=True, index=True, ondelete="restrict"
    )
    role_id = fields.Many2one("erp.role", index=True, ondelete="restrict")
    group_ids = fields.Many2many(
        "res.groups", "erp_access_grant_group_rel", string="Groups"
    )
    approved_group_ids = fields.Many2many(
        "res.groups",
        "erp_access_grant_approved_rel",
        string="Groups that were approved",
        help="The groups of the role when it was decided.",
    )
    added_group_ids = fields.Many2many(
        "res.groups",
        "erp_access_grant_added_rel",
        string="Groups it added",
        help="Those that the person did not have already: they go with it.",
    )
    date_from = fields.Datetime(string="From", required=True)
    date_to = fields.Datetime(string="Until", help="Empty: until it is withdrawn.")
    origin = fields.Selection(
        [
            ("request", "Request"),
            ("direct", "Given directly"),
            ("emergency", "Emergency"),
            ("review", "Access review"),
        ],
        required=True,
    )
    state = fields.Selection(
        [("planned", "Planned"), ("active", "In force"), ("ended", "Ended")],
        required=True,
        default="planned",
        index=True,
    )
    request_id = fields.Many2one(
        "erp.access.request", index="btree_not_null", ondelete="restrict"
    )
    reason = fields.Text()
    granted_by_id = fields.Many2one(
        "res.users", string="Given by", required=True, ondelete="restrict"
    )
    started_on = fields.Datetime(string="In force since")
    ended_on = fields.Datetime()
    ended_by_id = fields.Many2one("res.users", ondelete="restrict")
    end_reason = fields.Char(string="Why it ended")

    _ending = models.Index("(date_to) WHERE state = 'active' AND date_to IS NOT NULL")
    _period = models.Constraint(
        "CHECK (date_to IS NULL OR date_to > date_from)",
        "The end must be after the beginning.",
    )

    @api.depends("name", "role_id", "group_ids")
    @api.depends_context("lang")
    def _compute_what(self):
        """Tell what was given in the reader's language, not the giver's."""
        for grant in self:
            # sudo: names of a role and of groups
            known = grant.sudo()
            names = known.role_id.name or ", ".join(known.group_ids.mapped("full_name"))
            grant.what = names or grant.name

    @api.depends("what")
    @api.depends_context("lang")
    def _compute_display_name(self):
        """Override: in the reader's language."""
        for grant in self:
            grant.display_name = grant.what

    def _check_engine(self):
        """Override to say how access is given and taken."""
        if not self._is_engine():
            raise AccessError(
                self.env._(
                    "Granted access is kept by the system and cannot be created, "
                    "changed or deleted by hand. Request it, or give and withdraw it "
                    "with the buttons."
                )
            )

    # -- giving and withdrawing --------------------------------------------------------

    @api.model
    def _grant(self, user, what, origin, **values):
        """Grant a role or groups, at once if it begins now.

        Every caller has checked that it may: this only keeps the books.

        :param user: one active internal user
        :param what: one ``erp.role``, or ``res.groups``
        :param str origin: request, direct, emergency or review
        :param values: date_from, date_to, reason, request_id of the grant, and
            granted_by_id where somebody else than the actor has decided
        :return: the grant
        :raise UserError: if the person is no employee with an account in use
        """
        # sudo: whom it is for, whatever the actor may read
        user = user.sudo()
        if not user.active or user.share:
            raise UserError(
                self.env._(
                    "%(person)s is no employee with an account in use: nothing can be "
                    "given.",
                    person=user.name,
                )
            )
        is_role = what._name == "erp.role"
        # sudo: roles and groups by name, whatever the actor may read
        given = what.sudo()
        self._check_grantable(given, values.get("date_to"))
        vals = {
            "date_from": fields.Datetime.now(),
            "granted_by_id": self.env.uid,
            **values,
            "name": given.name if is_role else ", ".join(given.mapped("full_name")),
            "user_id": user.id,
            "role_id": what.id if is_role else False,
            "group_ids": [] if is_role else what.ids,
            "approved_group_ids": (what._groups() if is_role else what).ids,
            "origin": origin,
        }
        grant = self._engine().create(vals)
        if grant.date_from <= fields.Datetime.now():
            grant._start()
        else:
            # the cache of the moment at which something is due
            self.env.registry.clear_cache()
        return grant.with_env(self.env)

    @api.model
    def _check_grantable(self, what, date_to):
        """Check that there is something to give, and time left for it.

        :raise UserError: otherwise
        """
        if what._name == "erp.role" and not what.active:
            raise UserError(
                self.env._(
                    "“%(role)s” is archived: nothing can be given by it.",
                    role=what.name,
                )
            )
        if date_to and fields.Datetime.to_datetime(date_to) <= fields.Datetime.now():
            raise UserError(self.env._("The end is past already: choose a later one."))

    @api.model
    def _give(self, users, what, reason, date_from=None, date_to=None):
        """Let an access manager give a role or groups to other people, without request.

        :raise AccessError: if it is for himself, or beyond what he may give
        :return: the grants
        """
        self._check_may_give(users, what)
        if not (reason or "").strip():
            raise UserError(self.env._("Write why this is given."))
        if not users:
            raise UserError(self.env._("Choose who is to get it."))
        grants, now = self.browse(), fields.Datetime.now()
        for user in users:
            grants |= self._grant(
                user,
                what,
                "direct",
                reason=reason.strip(),
                # what was not given yet was not in force
                date_from=max(fields.Datetime.to_datetime(date_from) or now, now),
                date_to=date_to,
            )
        return grants

    @api.model
    def _check_may_give(self, users, what):
        """Check that the actor is an access manager who gives to others.

        :raise AccessError: otherwise
        """
        actor = self.env.user
        if not actor.has_group(MANAGER):
            raise AccessError(
                self.env._("Only access managers give access without a request.")
            )
        if actor in users:
            raise AccessError(
                self.env._("Nobody gives himself access: send a request instead.")
            )
        groups = what._groups() if what._name == "erp.role" else what
        power = self.env.ref(ADMINISTRATOR)
        # sudo: groups are compared, whatever the actor may read
        if power in groups.sudo().all_implied_ids and not actor.has_group(
            ADMINISTRATOR
        ):
            raise AccessError(
                self.env._(
                    "Administrators' rights are given by administrators, or by an "
                    "approved request."
                )
            )

    def _may_withdraw(self):
        """Return whether the current user may end these grants."""
        user = self.env.user
        if user.has_group(MANAGER):
            return True
        return all(
            user == grant.user_id or user in grant.user_id._access_managers()
            # sudo: whose manager somebody is
            for grant in self.sudo()
        )

    def action_withdraw(self):
        """Open the form in which access is withdrawn, with the reason."""
        action = self.env["ir.actions.actions"]._for_xml_id(
            "erp_audit.erp_access_grant_withdraw_action"
        )
        return {**action, "context": {"default_grant_ids": self.ids}}

    def _withdraw(self, reason, origin=None):
        """End grants on behalf of the current user, with a reason.

        :param str origin: ``review`` if an access review has decided so
        :raise AccessError: if the user may not
        """
        self.check_access("read")
        if not self._may_withdraw():
            raise AccessError(
                self.env._(
                    "Only the person, the manager or an access manager withdraws "
                    "access."
                )
            )
        if not (reason or "").strip():
            raise UserError(self.env._("Write why the access is withdrawn."))
        # sudo: who else has what goes
        for user, grants in self.sudo().grouped("user_id").items():
            rights = self.env["erp.access.rights"]
            rights._check_not_last(user, user.group_ids - grants._going())
        self._end(reason.strip(), by=self.env.user)

    def action_open_user(self):
        """Return the action that shows all access of the person."""
        self.ensure_one()
        return self.user_id.action_open_access()

    # -- scheduled ---------------------------------------------------------------------

    @api.model
    def _cron_due(self):
        """Scheduled every minute: begin and end what is due."""
        self._run_due()

    @api.model
    def _run_due(self):
        """Begin and end what is due now."""
        now = fields.Datetime.now()
        # sudo: bookkeeping, whoever comes by
        grants = self.sudo()
        for grant in grants.search(
            [("state", "=", "active"), ("date_to", "<=", now)], order="id"
        ):
            grant._guarded("_end", self.env._("The time is over."))
        planned = grants.search(
            [("state", "=", "planned"), ("date_from", "<=", now)], order="id"
        )
        over = planned.filtered(lambda grant: grant.date_to and grant.date_to <= now)
        over._end(self.env._("The time is over."))
        for grant in planned - over:
            grant._guarded("_start_or_end")

    @api.model
    def _is_due(self):
        """Return whether something should have begun or ended. Costs no query."""
        return self._next_due() <= fields.Datetime.now().timestamp()

    @api.model
    def _read_next_due(self):
        self.flush_model(["state", "date_to", "date_from"])
        [(end, begin)] = self.env.execute_query(
            SQL(
                """SELECT (SELECT min(date_to) FROM erp_access_grant
                            WHERE state = 'active' AND date_to IS NOT NULL),
                          (SELECT min(date_from) FROM erp_access_grant
                            WHERE state = 'planned')"""
            )
        )
        moments = [moment.timestamp() for moment in (end, begin) if moment]
        return min(moments, default=float("inf"))
