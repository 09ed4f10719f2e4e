from odoo import api, models
from odoo.exceptions import UserError


class ErpAccessRights(models.AbstractModel):
    """Rights that people have by a role or a request go with that."""

    _inherit = "erp.access.rights"

    @api.model
    def _withdraw(self, user, group, reason):
        """Override to end the request that gave just this group.

        :raise UserError: if it was given together with others
        """
        grants = self._grants_of(user).filtered(
            lambda grant: group in grant.added_group_ids
        )
        if not grants:
            return super()._withdraw(user, group, reason)
        for grant in grants:
            if grant.role_id or grant.added_group_ids != group:
                raise UserError(
                    self.env._(
                        "“%(access)s” gives “%(group)s” together with other rights: "
                        "withdraw that as a whole.",
                        access=grant.name,
                        group=group.full_name,
                    )
                )
        return self._withdraw_grants(grants, reason)

    @api.model
    def _grants_of(self, users):
        """Return the grants in force of people."""
        # sudo: access of others, for the people who decide about it
        grants = self.env["erp.access.grant"].sudo()
        return grants.search([("user_id", "in", users.ids), ("state", "=", "active")])

    @api.model
    def _withdraw_grants(self, grants, reason):
        """End grants of one person, on behalf of the current user.

        The caller has checked that he may.

        :return: what it means, see ``_removed``
        """
        user = grants.user_id.ensure_one()
        groups = grants._going()
        lines = self._removed(user, groups)
        self._check_not_last(user, user.group_ids - groups)
        self._keep_employee(user, groups)
        grants._end(reason, by=self.env.user)
        return lines
