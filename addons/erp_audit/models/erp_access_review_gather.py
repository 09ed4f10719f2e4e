from odoo import api, fields, models
from odoo.exceptions import UserError

from .erp_access_review import MANAGER
from .erp_access_review_line import LONG

GRAVE = {"high", "critical"}


class ErpAccessReviewLine(models.Model):
    """What a review begins with: everybody's rights, and what is known of them."""

    _inherit = "erp.access.review.line"

    @api.model
    def _gather(self, review, users):
        """Return the values of the lines of a review; the same queries for all.

        Rights that everybody has are left out; of those that come along, the ones
        that people know by name stay.
        """
        known = self._known(review, users)
        reviewers = self._reviewers(review, users)
        types = self.env["res.groups"]._get_user_type_groups() | self._preferences()
        values = []
        for user in users:
            base = {
                "review_id": review.id,
                "user_id": user.id,
                "reviewer_id": reviewers[user].id,
                "last_login": known["logins"].get(user.id),
            }
            values += [{**base, **line} for line in self._lines_of(user, types, known)]
        return values

    @api.model
    def _preferences(self):
        """Return groups that are a choice of each person, and no right."""
        inbox = "mail.group_mail_notification_type_inbox"
        return self.env.ref(inbox, raise_if_not_found=False) or self.env["res.groups"]

    @api.model
    def _known(self, review, users):
        """Return what is to be known of all people, read at once; override to add."""
        use = self.env["erp.access.report.use"]
        return {
            "used": use._last_used(users),
            "since": use._granted(users),
            "logins": use._last_logins(users),
            "closures": self.env["erp.access.rights"]._closures(users),
            "conflicts": self.env["erp.duty.conflict"]
            # sudo: conflicts of everybody
            .sudo()
            .search([("active", "=", True)]),
            "accepted": self._accepted_pairs(),
            "grave": set(review._administrators().ids),
        }

    @api.model
    def _lines_of(self, user, left_out, known):
        """Return what is known of each right of a person; override to add.

        :param left_out: groups that are no right of their own
        """
        direct = user.group_ids - left_out
        return [
            *(self._direct(user, group, known) for group in direct),
            *(
                self._implied(group, ", ".join(via.mapped("full_name")))
                for group, via in self._along(direct).items()
            ),
        ]

    @api.model
    def _reviewers(self, review, users):
        """Return ``{user: reviewer}``: his manager, or else an access manager.

        :raise UserError: if nobody but himself could review somebody
        """
        managers = (
            self.env["res.users"]
            # sudo: managers of everybody
            .sudo()
            .search(
                [
                    ("all_group_ids", "in", self.env.ref(MANAGER).ids),
                    ("share", "=", False),
                ]
            )
        )
        found = {}
        for user in users:
            boss = user.approval_manager_id
            candidates = boss.filtered(lambda item: item.active and not item.share)
            # sudo: as above
            candidates += review.responsible_id.sudo() & managers
            candidates += managers
            candidates -= user
            if not candidates:
                raise UserError(
                    self.env._(
                        "Nobody can review the rights of %(person)s: set a manager, "
                        "or name a second access manager.",
                        person=user.name,
                    )
                )
            found[user] = candidates[0]
        return found

    def _direct(self, user, group, known):
        return {
            "kind": "direct",
            "group_id": group.id,
            "group_name": group.full_name,
            "since": known["since"].get((user.id, group.id)),
            **self._facts(user, group, known),
        }

    @api.model
    def _facts(self, user, groups, known):
        """Return last use, conflicts and risk of groups that a person has."""
        closure = self.env["erp.access.rights"]._closure(groups.ids)
        told = [known["used"].get((user.id, group.id)) for group in groups]
        told = [last for item in told if item for last in item[1:]]
        can_tell, used = bool(told), max(filter(None, told), default=None)
        conflicts = (
            known["conflicts"]
            ._possible(known["closures"][user.id])
            .filtered(
                lambda item: (
                    closure & {*item.left_group_ids._ids, *item.right_group_ids._ids}
                    and (item.id, user.id) not in known["accepted"]
                )
            )
        )
        values = {
            "can_tell": can_tell,
            "last_used": used,
            "conflict_ids": conflicts.ids,
        }
        login = known["logins"].get(user.id)
        long_ago = fields.Datetime.subtract(fields.Datetime.now(), days=LONG)
        grave = closure & known["grave"] or GRAVE & set(conflicts.mapped("severity"))
        idle = (
            not login or login < long_ago or can_tell and (not used or used < long_ago)
        )
        values["risk"] = "2" if grave else "1" if conflicts or idle else "0"
        return values

    def _implied(self, group, via):
        return {
            "kind": "implied",
            "group_id": group.id,
            "group_name": group.full_name,
            "via": via,
            "decision": "along",
            "risk": "0",
        }

    @api.model
    def _along(self, direct):
        """Return ``{group: what brings it}`` of rights that come along.

        A right of the same kind that is higher includes the lower one: nothing to
        tell.
        """
        found = {}
        for group in direct:
            for item in group.all_implied_ids - direct:
                same = item.privilege_id == group.privilege_id
                if item.privilege_id and not same:
                    found[item] = found.get(item, direct.browse()) + group
        return found

    @api.model
    def _accepted_pairs(self):
        """Return ``{(conflict id, user id)}`` of the exceptions that hold today."""
        items = (
            self.env["erp.duty.conflict.exception"]
            # sudo: exceptions of everybody
            .sudo()
            .search(
                [
                    ("withdrawn_on", "=", False),
                    ("until", ">=", fields.Date.context_today(self)),
                ]
            )
        )
        return {(item.conflict_id.id, item.user_id.id) for item in items}
