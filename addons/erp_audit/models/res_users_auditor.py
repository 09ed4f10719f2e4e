from contextlib import contextmanager

from odoo import SUPERUSER_ID, api, models
from odoo.exceptions import UserError

from ..serial import claim
from .res_groups import OF_GROUPS, OF_USERS

AUDITOR = "erp_audit.group_audit_auditor"


class ResGroups(models.Model):
    """Somebody stays to be told of what happens: the last auditor is not taken away.

    Not by an administrator either: he would otherwise work unseen from then on.
    """

    _inherit = "res.groups"

    def write(self, vals):
        """Override to keep an auditor."""
        if not OF_GROUPS & vals.keys():
            return super().write(vals)
        with self._keeping_an_auditor():
            return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_auditors(self):
        if self._group_of_auditors() in self:
            raise UserError(
                self.env._("The group of the auditors belongs to the audit: keep it.")
            )

    @api.model
    def _group_of_auditors(self):
        """Return the group, none while the addon comes or goes."""
        group = self.env.ref(AUDITOR, raise_if_not_found=False)
        # sudo: its name and members, whoever asks
        return (group or self.browse()).sudo()

    @api.model
    def _auditors(self):
        """Return the people who are auditors and have an account in use."""
        return self._group_of_auditors().all_user_ids.filtered(
            lambda user: user.active and not user.share and user.id != SUPERUSER_ID
        )

    @api.model
    @contextmanager
    def _keeping_an_auditor(self):
        """Refuse what is done in a block if it takes the last auditor away.

        :raise UserError: if nobody would be left
        """
        before = self._auditors()
        yield
        lost = before - self._auditors()
        if not lost:
            return
        # two who are taken away at once must not both be "not the last one"
        claim(self._group_of_auditors())
        if not self._auditors():
            self._refuse_last(lost[0])

    @api.model
    def _refuse_last(self, person):
        raise UserError(
            self.env._(
                "%(person)s is the last one with “%(group)s”: give it to somebody else "
                "first.",
                person=person.name,
                group=self._group_of_auditors().full_name,
            )
        )


class ResUsers(models.Model):
    """See the groups."""

    _inherit = "res.users"

    def write(self, vals):
        """Override to keep an auditor."""
        if not OF_USERS & vals.keys():
            return super().write(vals)
        with self.env["res.groups"]._keeping_an_auditor():
            return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_last_auditor(self):
        groups = self.env["res.groups"]
        auditors = groups._auditors()
        if auditors and auditors <= self:
            groups._refuse_last(auditors[0])
