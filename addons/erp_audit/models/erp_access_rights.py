import ast
from collections import defaultdict
from dataclasses import dataclass, field

from odoo import api, models
from odoo.tools import SQL

OPERATIONS = ("read", "create", "write", "unlink")
# domains of record rules that let everything through
EVERYTHING = ([], [(1, "=", 1)], [[1, "=", 1]])


@dataclass
class Rights:
    """What somebody with certain groups may do.

    :param access: ``{model: operations}``
    :param rules: ``{(model, operation): {id of the rule: (scope, name)}}`` of the
        rules of groups, where at least one applies; scope is all, some or own
    :param menus: ids of the menus that he sees
    :param fields: ``(model, field)`` of the fields that are kept for groups
    """

    access: dict = field(default_factory=dict)
    rules: dict = field(default_factory=dict)
    menus: set = field(default_factory=set)
    fields: set = field(default_factory=set)

    def scope(self, model, operation):
        """Return how much of a model he reaches: all, some or own."""
        scopes = {
            scope for scope, _name in self.rules.get((model, operation), {}).values()
        }
        if not scopes or "all" in scopes:
            return "all"
        return "own" if scopes == {"own"} else "some"


class ErpAccessRights(models.AbstractModel):
    """What groups really mean for a person: the effective rights, and what changes.

    Everything is computed on closures of groups, without giving anything to anybody.
    """

    _name = "erp.access.rights"
    _description = "Effective Rights"

    @api.model
    def _difference(self, user, groups, limit=40):
        """Return what a person may do if groups are added to those he has.

        :param user: one user, or none for a person without any right
        :param groups: groups that are added
        :param int limit: how many lines at most; the last one tells how many more
        :return: list of lines, the most important first, see ``_line``
        """
        before = self._closure(self._groups_of(user))
        after = before | self._closure(groups.ids)
        return self._lines(before, after, "gained", limit)

    @api.model
    def _removed(self, user, groups, limit=40):
        """Return what a person may no longer do without groups that he has directly.

        What other groups of his bring along as well stays, and is not told.
        """
        own = self._groups_of(user)
        before = self._closure(own)
        after = self._closure(set(own) - set(groups.ids))
        employee = self.env.ref("base.group_user").id
        types = self.env["res.groups"]._get_user_type_groups()
        if employee in before and after.isdisjoint(types.ids):
            # who loses a right stays an employee
            after |= self._closure([employee])
        return self._lines(before, after, "lost", limit)

    @api.model
    def _conflicts(self, user, groups):
        """Return the conflicts of duties that groups bring to a person.

        :return: ``(new, present)``: ``erp.duty.conflict`` records that would become
            possible, and those that are possible already; with what was accepted for
            him left out of neither
        """
        before = self._closure(self._groups_of(user))
        after = before | self._closure(groups.ids)
        # sudo: names and explanations, for the people who decide
        conflicts = self.env["erp.duty.conflict"].sudo().search([("active", "=", True)])
        present = conflicts._possible(before)
        return conflicts._possible(after) - present, present

    # -- closures ----------------------------------------------------------------------

    @api.model
    def _closure(self, group_ids):
        """Return the ids of groups and of all that they bring along."""
        ids = set(group_ids)
        definitions = self.env["res.groups"]._get_group_definitions()
        return ids | set(definitions.get_superset_ids(ids))

    @api.model
    def _groups_of(self, user):
        """Return the ids of the groups that a person has directly."""
        # sudo: groups of others are not readable for everybody
        return user.sudo().group_ids.ids

    @api.model
    def _closures(self, users):
        """Return ``{user id: ids of groups in effect}``, read with one query."""
        self.env["res.users"].flush_model(["group_ids"])
        rows = self.env.execute_query(
            SQL(
                "SELECT uid, array_agg(gid) FROM res_groups_users_rel"
                " WHERE uid = ANY(%s) GROUP BY uid",
                list(users.ids),
            )
        )
        cache = {}
        found = dict.fromkeys(users.ids, frozenset())
        for uid, gids in rows:
            key = frozenset(gids)
            if key not in cache:
                cache[key] = frozenset(self._closure(key))
            found[uid] = cache[key]
        return found

    # -- rights of a set of groups -----------------------------------------------------

    @api.model
    def _rights(self, group_ids):
        """Return the :class:`Rights` of whoever has exactly these groups in effect."""
        ids = list(group_ids) or [0]
        rights = Rights(self._access(ids), self._rules(ids))
        rights.menus = self._menus(ids, rights.access)
        rights.fields = self._fields_of(ids, rights.access)
        return rights

    def _access(self, ids):
        self.env["ir.model.access"].flush_model()
        found = defaultdict(set)
        for model, *allowed in self.env.execute_query(
            SQL(
                """SELECT m.model, bool_or(a.perm_read), bool_or(a.perm_create),
                          bool_or(a.perm_write), bool_or(a.perm_unlink)
                     FROM ir_model_access a JOIN ir_model m ON m.id = a.model_id
                    WHERE a.active AND (a.group_id IS NULL OR a.group_id = ANY(%s))
                    GROUP BY m.model""",
                ids,
            )
        ):
            found[model].update(
                name for name, yes in zip(OPERATIONS, allowed, strict=True) if yes
            )
        return {
            model: operations
            for model, operations in found.items()
            if operations and model in self.env and not self.env[model].is_transient()
        }

    def _rules(self, ids):
        self.env["ir.rule"].flush_model()
        found = defaultdict(dict)
        for rule, model, name, domain, *modes in self.env.execute_query(
            SQL(
                """SELECT r.id, m.model, r.name, r.domain_force, r.perm_read,
                          r.perm_create, r.perm_write, r.perm_unlink
                     FROM ir_rule r JOIN ir_model m ON m.id = r.model_id
                    WHERE r.active AND EXISTS (
                          SELECT 1 FROM rule_group_rel g
                           WHERE g.rule_group_id = r.id AND g.group_id = ANY(%s))""",
                ids,
            )
        ):
            for operation, yes in zip(OPERATIONS, modes, strict=True):
                if yes:
                    found[model, operation][rule] = self._scope(domain), name
        return dict(found)

    @api.model
    def _scope(self, domain):
        """Return how much the domain of a record rule lets through: all, some, own."""
        text = (domain or "").strip()
        try:
            value = ast.literal_eval(text) if text else []
        except (SyntaxError, ValueError):
            value = None
        if value in EVERYTHING:
            return "all"
        return "own" if "user.id" in text else "some"

    def _menus(self, ids, access):
        """Return the menus that groups show: with all menus above them, and useful."""
        self.env["ir.ui.menu"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """SELECT u.id, u.parent_path, u.action IS NOT NULL, w.res_model,
                          NOT EXISTS (SELECT 1 FROM ir_ui_menu_group_rel g
                                       WHERE g.menu_id = u.id)
                          OR EXISTS (SELECT 1 FROM ir_ui_menu_group_rel g
                                      WHERE g.menu_id = u.id AND g.gid = ANY(%s))
                     FROM ir_ui_menu u LEFT JOIN ir_act_window w
                       ON u.action = 'ir.actions.act_window,' || w.id
                    WHERE u.active""",
                ids,
            )
        )
        shown = {menu for menu, _path, _action, _model, yes in rows if yes}
        useful = set()
        for _menu, path, action, model, _yes in rows:
            above = {int(number) for number in (path or "").split("/") if number}
            if action and above <= shown and (not model or self._reads(model, access)):
                useful |= above
        return useful

    def _reads(self, model, access):
        transient = model in self.env and self.env[model].is_transient()
        return transient or "read" in access.get(model, ())

    def _fields_of(self, ids, access):
        """Return the fields that groups open, of the models that they may read."""
        definitions = self.env["res.groups"]._get_group_definitions()
        matches = {}
        found = set()
        for model in access:
            for name, item in self.env[model]._fields.items():
                groups = item.groups
                if not groups or groups == "." or item.inherited:
                    continue
                if groups not in matches:
                    expression = definitions.parse(groups, raise_if_not_found=False)
                    matches[groups] = expression.matches(ids)
                if matches[groups]:
                    found.add((model, name))
        return found
