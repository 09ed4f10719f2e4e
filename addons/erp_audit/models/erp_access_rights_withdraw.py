from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..serial import claim

# somebody must always be able to give rights, to lead their reviews, and to be told
LAST = (
    "base.group_system",
    "base.group_erp_manager",
    "erp_audit.group_access_manager",
    "erp_audit.group_audit_auditor",
)


class ErpAccessRights(models.AbstractModel):
    """Taking rights away: really, recorded, and never from the last one with them."""

    _inherit = "erp.access.rights"

    @api.model
    def _withdraw(self, user, group, reason):
        """Take a group away that a person has directly.

        The caller has checked who decides.

        :return: what it means, see ``_removed``
        :raise UserError: if he has it by another group only, or nobody else has it
        """
        # sudo: rights of others, taken away after a decision
        user, group = user.sudo(), group.sudo()
        if group not in user.group_ids:
            raise UserError(self._why_not_direct(user, group))
        if group in self.env["res.groups"]._get_user_type_groups():
            raise UserError(
                self.env._(
                    "“%(group)s” is what every user has: archive %(person)s instead.",
                    group=group.full_name,
                    person=user.name,
                )
            )
        lines = self._removed(user, group)
        self._check_not_last(user, user.group_ids - group)
        self._keep_employee(user, group)
        user.write({"group_ids": [Command.unlink(group.id)]})
        self.env["erp.audit.event"]._log(
            "access_withdrawn",
            "res.users",
            user.id,
            {
                "access": group.with_context(lang="en_US").full_name,
                "origin": "review",
                "gained": [],
                "lost": group.ids,
                "reason": reason,
            },
        )
        return lines

    @api.model
    def _keep_employee(self, user, groups):
        """Let a person stay an employee, whose groups alone made him one."""
        employee = self.env.ref("base.group_user")
        left = self._closure((user.group_ids - groups).ids)
        # a customer who has got such a group past Odoo is a customer without it
        types = self.env["res.groups"]._get_user_type_groups()
        if employee in user.all_group_ids and left.isdisjoint(types.ids):
            user.write({"group_ids": [Command.link(employee.id)]})

    @api.model
    def _archive(self, user):
        """Archive a person, if he is not the last one of the administrators."""
        # sudo: a person that is archived after a decision
        user = user.sudo()
        self._check_not_last(user, self.env["res.groups"])
        user.action_archive()

    @api.model
    def _why_not_direct(self, user, group):
        """Return the sentence that tells which group brings a group to a person."""
        via = self._via(user, group)
        if not via:
            return self.env._(
                "%(person)s does not have “%(group)s” any more.",
                person=user.name,
                group=group.full_name,
            )
        return self.env._(
            "%(person)s has “%(group)s” because of “%(via)s”: withdraw that instead.",
            person=user.name,
            group=group.full_name,
            via=", ".join(via.mapped("full_name")),
        )

    @api.model
    def _via(self, user, group):
        """Return the groups that a person has directly and that bring a group."""
        # sudo: groups of others
        direct = user.sudo().group_ids - group
        return direct.filtered(lambda item: group in item.all_implied_ids)

    @api.model
    def _check_not_last(self, user, groups):
        """Check that others remain for what a person will not have any more.

        :param groups: what he will have directly
        :raise UserError: if he is the last one
        """
        before = self._closure(user.group_ids.ids)
        after = self._closure(groups.ids)
        for ref in LAST:
            group = self.env.ref(ref)
            if group.id not in before or group.id in after:
                continue
            # one at a time: two who are withdrawn at once must not both be "not last"
            claim(group)
            others = (
                self.env["res.users"]
                # sudo: whether somebody else has it, whoever asks
                .sudo()
                .search_count(
                    [
                        ("all_group_ids", "in", group.ids),
                        ("id", "!=", user.id),
                        ("share", "=", False),
                    ],
                    limit=1,
                )
            )
            if not others and user.active:
                raise UserError(
                    self.env._(
                        "%(person)s is the last one with “%(group)s”: give it to "
                        "somebody else first.",
                        person=user.name,
                        group=group.full_name,
                    )
                )
