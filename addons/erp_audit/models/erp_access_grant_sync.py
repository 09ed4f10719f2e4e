import logging

import psycopg2

from odoo import Command, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import ormcache

from ..serial import claim

_logger = logging.getLogger(__name__)


class ErpAccessGrant(models.Model):
    """Grants and the groups of people, kept together.

    Each change of groups by a grant is an event ``access_granted`` or
    ``access_withdrawn`` on the user (``res.users``) in the trail, in the same
    transaction (``erp_audit_log.tx``) as the change itself. A change of
    ``res_groups_users_rel`` in a transaction without such an event for that user was
    made around grants. The detail holds ``grant``, ``origin``, ``request``, ``role``,
    ``gained`` and ``lost`` (ids of groups), ``until`` and ``reason``.
    """

    _inherit = "erp.access.grant"

    @api.model
    @ormcache()
    def _next_due(self):
        """Return the next moment at which something begins or ends, as a timestamp."""
        return self.sudo()._read_next_due()  # sudo: of all people

    def _wanted(self):
        """Return the groups that the grant is to give now."""
        self.ensure_one()
        # sudo: groups, whoever makes them be looked at
        grant = self.sudo()
        return grant.role_id._groups() if grant.role_id else grant.group_ids

    def _going(self):
        """Return the groups that go when these grants of one person end.

        What another grant in force gives as well stays.
        """
        # sudo: all access of the person, whoever decides about a part of it
        grants = self.sudo()
        others = grants.search(
            [
                ("user_id", "in", grants.user_id.ids),
                ("state", "=", "active"),
                ("id", "not in", grants.ids),
            ]
        )
        active = grants.filtered(lambda grant: grant.state == "active")
        groups = active.added_group_ids
        for grant in others:
            groups -= grant._wanted()
        return groups

    # -- life --------------------------------------------------------------------------

    def _start(self):
        """Put a planned grant in force, or end it if it is not what was approved."""
        self.ensure_one()
        grant = self._engine()
        user = grant.user_id
        if not user.active or user.share:
            grant._end(self.env._("The person has no account in use."))
            return
        if grant.role_id and not grant.role_id.active:
            grant._end(self.env._("The role has been archived in the meantime."))
            return
        if grant._wanted() - grant.approved_group_ids:
            grant._end(
                self.env._(
                    "The role gives more now than was approved: it has to be requested "
                    "again."
                )
            )
            return
        grant.write({"state": "active", "started_on": fields.Datetime.now()})
        grant._sync("access_granted")
        grant.request_id._on_grant_started()

    def _start_or_end(self):
        """Put a planned grant in force; one that cannot be is ended."""
        try:
            with self.env.cr.savepoint():
                self._start()
        except UserError as error:
            self._end(str(error))

    def _guarded(self, method, *args):
        """Begin or end one grant; what is wrong with it stops nobody else.

        This runs in the requests of everybody: an error in it would lock all of them
        out. It is made again with the next request.
        """
        try:
            with self.env.cr.savepoint():
                getattr(self, method)(*args)
        except psycopg2.OperationalError:
            # others were at it at the same time: the request is made again
            raise
        except Exception:  # noqa: BLE001 whatever an addon may raise
            _logger.exception("Access %s could not begin or end", self.id)

    def _end(self, reason, by=None):
        """End grants: the groups go that only they gave."""
        grants = self._engine().filtered(lambda grant: grant.state != "ended")
        if not grants:
            return
        active = grants.filtered(lambda grant: grant.state == "active")
        for grant in grants:
            grant.write(
                {
                    "state": "ended",
                    "ended_on": fields.Datetime.now(),
                    "ended_by_id": by.id if by else False,
                    "end_reason": reason,
                }
            )
        active._sync("access_withdrawn")
        self.env.registry.clear_cache()
        for grant in grants:
            grant.request_id._on_grant_ended(grant)

    def _role_changed(self):
        """The groups of the role are others now: people get them, and are recorded."""
        self._engine()._sync("access_granted", origin="role")

    # -- groups ------------------------------------------------------------------------

    def _sync(self, event, origin=None):
        """Bring the groups of people in line with their grants.

        What a person has beside the grants in force, and those that just ended, is his
        own and stays.

        :param str event: what is recorded of these grants
        :param str origin: why, if not for what the grants were made for: what a role
            brings that is changed later, no request has asked for
        """
        self._lock_people()
        for user, grants in self.grouped("user_id").items():
            gained, lost = self._sync_user(user, grants)
            for grant in grants:
                grant._record(event, gained, lost, origin)
        # what people may do, and when the next grant is due
        self.env.registry.clear_cache()

    def _lock_people(self):
        """Let changes of the same rights happen one after the other."""
        # who gives a role, and who changes what it gives
        claim(self.role_id)
        claim(self.user_id)

    @api.model
    def _sync_user(self, user, grants):
        """Return the groups that a person gains and loses, after giving and taking."""
        active = self.search([("user_id", "=", user.id), ("state", "=", "active")])
        kept = (active | grants).added_group_ids
        direct = user.group_ids
        own = direct - kept
        wanted = direct.browse()
        for grant in active:
            groups = grant._wanted()
            wanted |= groups
            # a group that another grant has added stays when that one ends
            added = groups - own
            if grant.added_group_ids != added:
                grant.added_group_ids = added
        gained, lost = wanted - direct, (direct & kept) - wanted
        return gained, lost - self._change_groups(user, gained, lost)

    @api.model
    def _change_groups(self, user, gained, lost):
        """Write the groups of a person; return those that cannot be taken."""
        commands = [Command.link(group.id) for group in gained]
        commands += [Command.unlink(group.id) for group in lost]
        if not commands:
            return lost.browse()
        try:
            with self.env.cr.savepoint():
                user.write({"group_ids": commands})
        except ValidationError:
            admin = self.env.ref("base.group_system")
            if admin not in lost:
                raise
            # nobody could administrate any more: the last administrator stays one
            _logger.warning("%s stays administrator, being the last one", user.login)
            kept = lost.filtered(lambda group: admin in group.all_implied_ids)
            others = lost - kept
            return kept | self._change_groups(user, gained, others)
        return lost.browse()

    def _record(self, event, gained, lost, origin=None):
        """Record what a grant has done, in words for the trail."""
        self.ensure_one()
        self.env["erp.audit.event"]._log(
            event,
            "res.users",
            self.user_id.id,
            {
                "grant": self.id,
                "access": self.with_context(lang="en_US").name,
                "origin": origin or self.origin,
                "role": self.role_id.id or None,
                "request": self.request_id.id or None,
                "gained": gained.ids,
                "lost": lost.ids,
                "until": fields.Datetime.to_string(self.date_to) or None,
                "reason": self.end_reason or self.reason or None,
            },
        )
