from contextlib import contextmanager

from odoo import api, models

# fields that decide who has which group
OF_USERS = {"group_ids", "all_group_ids", "role", "active"}
OF_GROUPS = {"user_ids", "implied_ids", "all_user_ids", "implied_by_ids"}
# users whose change of rights is told one by one
MANY = 200


class ResGroups(models.Model):
    _inherit = "res.groups"

    @api.model_create_multi
    def create(self, vals_list):
        """Override to record in words who gains rights by a new group."""
        users = self._of_people(vals_list)
        with self._recording_rights(set().union(*vals_list), users):
            return super().create(vals_list)

    def write(self, vals):
        """Override to record in words who gains and loses which rights."""
        if not OF_GROUPS & vals.keys():
            return super().write(vals)
        # only so many are told one by one: first those whom the change is about
        users = self._of_people([vals]) | self.all_user_ids
        by = self._mentioned("res.groups", vals.get("implied_by_ids"))
        with self._recording_rights(vals, users):
            before = {
                group: group.implied_ids for group in self | self.implied_by_ids | by
            }
            result = super().write(vals)
        for group, implied in before.items():
            self._record_implied(group, implied)
        return result

    @contextmanager
    def _recording_rights(self, names, users):
        """Record the rights that users gain or lose in a block, in words.

        :param names: of the fields that are written
        """
        relevant = (OF_USERS | OF_GROUPS).intersection(names) or any(
            name.startswith(("in_group_", "sel_groups_")) for name in names
        )
        if not relevant:
            yield
            return
        before = self._effective(users)
        yield
        affected = users
        if self:
            affected |= self.all_user_ids
        self._record_rights(before, affected)

    def _effective(self, users):
        """Return ``{user id: ids of the groups that he has in effect}``."""
        # sudo: bookkeeping of the audit
        users = users.sudo().with_context(active_test=False)[:MANY]
        if not users:
            return {}
        definitions = self._get_group_definitions()
        return {
            user.id: {*own, *definitions.get_superset_ids(own)}
            for user in users
            for own in [user.group_ids.ids]
        }

    def _of_people(self, vals_list):
        """Return the users who get or lose groups with these values."""
        users = self.env["res.users"]
        for vals in vals_list:
            users |= self._mentioned("res.users", vals.get("user_ids"))
            implying = self._mentioned("res.groups", vals.get("implied_by_ids"))
            users |= implying.all_user_ids
        return users

    def _mentioned(self, model, commands):
        """Return the records that commands for a list of them are about."""
        ids = set()
        for command in commands or []:
            if isinstance(command, int):
                ids.add(command)
            elif len(command) > 2 and isinstance(command[2], (list, tuple)):
                ids.update(command[2])
            elif len(command) > 1 and command[1]:
                ids.add(command[1])
        return self.env[model].browse(ids).exists()

    def _record_rights(self, before, users):
        """Record what has changed since ``before``, see :meth:`_effective`."""
        after = self._effective(users)
        for number, groups in after.items():
            old = before.get(number, set())
            if groups != old:
                self.env["erp.audit.event"]._log(
                    "rights",
                    "res.users",
                    number,
                    {
                        "gained": self._words(groups - old),
                        "lost": self._words(old - groups),
                    },
                )

    def _record_implied(self, group, before):
        """Record that a group now brings other groups along."""
        gained, lost = group.implied_ids - before, before - group.implied_ids
        if gained or lost:
            detail = {
                "gained": self._words(gained.ids),
                "lost": self._words(lost.ids),
                "users": len(group.all_user_ids),
            }
            self.env["erp.audit.event"]._log("rights", self._name, group.id, detail)

    def _words(self, ids):
        """Return groups with number, name for programs and name for people."""
        # sudo: names of groups; in English, for the reader to translate
        groups = self.sudo().with_context(lang="en_US").browse(sorted(ids)).exists()
        refs = groups.get_external_id()
        return [
            {"id": group.id, "ref": refs[group.id], "name": group.full_name}
            for group in groups
        ]
