from collections import defaultdict

from odoo import api, models
from odoo.tools import format_list

from .erp_access_rights import OPERATIONS

# how grave an operation is
GRAVE = {"read": 1, "create": 3, "write": 3, "unlink": 5}
# how much a model weighs whose name nobody has given, and one of the machine
ORDINARY, TECHNICAL = 6, 2
MACHINE = ("ir.", "bus.", "mail.", "base.", "res.config", "web_", "discuss.")
SHOWN = 5


class ErpAccessRights(models.AbstractModel):
    """A difference of rights in sentences that a manager understands."""

    _inherit = "erp.access.rights"

    @api.model
    def _documents(self):
        """Return ``{model: (weight, words)}`` of the documents that people speak of.

        Weight goes from 1 (nobody minds) to 20 (money, rights). Override to add.
        """
        env = self.env
        return {
            "res.users": (20, env._("users")),
            "res.groups": (20, env._("groups of rights")),
            "ir.model.access": (18, env._("access lists")),
            "ir.rule": (18, env._("record rules")),
            "ir.config_parameter": (16, env._("system parameters")),
            "ir.actions.server": (16, env._("server actions")),
            "ir.cron": (14, env._("scheduled actions")),
            "res.company": (12, env._("companies")),
            "res.partner": (10, env._("contacts")),
            "res.partner.bank": (16, env._("bank accounts of contacts")),
            "approval.policy": (16, env._("approval policies")),
            "erp.audit.rule": (16, env._("audit rules")),
            "erp.audit.record": (14, env._("records of the audit trail")),
        }

    @api.model
    def _abilities(self):
        """Return ``{group: what it lets somebody do}`` that access lists do not say.

        Override to add. The texts follow "May now" and "May no longer".
        """
        env = self.env
        return {
            "base.group_system": env._("change every setting and install applications"),
            "base.group_erp_manager": env._("create users and give them rights"),
            "base.group_allow_export": env._("export lists to files"),
            "base.group_no_one": env._("see technical details"),
            "erp_audit.group_audit_auditor": env._("read the whole audit trail"),
            "erp_audit.group_access_manager": env._(
                "lead access reviews and set conflicts of duties"
            ),
        }

    # -- lines -------------------------------------------------------------------------

    @api.model
    def _line(self, kind, weight, text, model=False, operations=()):
        """Return one line of a difference, as plain data.

        Level is high, medium or low.
        """
        level = "high" if weight >= 60 else "medium" if weight >= 25 else "low"
        return {
            "kind": kind,
            "model": model,
            "operations": list(operations),
            "weight": weight,
            "level": level,
            "text": text,
        }

    def _lines(self, before, after, way, limit):
        """Return the difference between two closures of groups as lines.

        :param str way: gained or lost
        """
        if before == after:
            return []
        less, more = (before, after) if way == "gained" else (after, before)
        old, new = self._rights(less), self._rights(more)
        lines = [
            *self._lines_of_abilities(more - less, way),
            *self._lines_of_access(old, new, way),
            *self._lines_of_scope(old, new, way),
            *self._lines_of_menus(new.menus - old.menus, way),
            *self._lines_of_fields(new.fields - old.fields, old.access, way),
        ]
        lines.sort(key=lambda line: (-line["weight"], line["text"]))
        left = len(lines) - limit
        if left > 0:
            text = self.env._("and %(number)s more", number=left)
            lines = [*lines[:limit], self._line("more", 0, text)]
        return lines

    def _lines_of_abilities(self, group_ids, way):
        definitions = self.env["res.groups"]._get_group_definitions()
        for ref, text in self._abilities().items():
            if definitions.get_id(ref) in group_ids:
                weight = 25 if ref == "base.group_no_one" else 110
                if way == "gained":
                    sentence = self.env._("May now %(what)s", what=text)
                else:
                    sentence = self.env._("May no longer %(what)s", what=text)
                yield self._line("ability", weight, sentence)

    def _lines_of_access(self, old, new, way):
        for model, operations in new.access.items():
            changed = operations - old.access.get(model, set())
            if not changed:
                continue
            scopes = {new.scope(model, operation) for operation in changed}
            yield self._line(
                "model",
                self._weight(model, changed),
                self._sentence(model, changed, way, own=scopes == {"own"}),
                model,
                self._sorted(changed),
            )

    def _lines_of_scope(self, old, new, way):
        """Yield where rules let through more records than before, or fewer."""
        found = defaultdict(set)
        for key in new.rules:
            model, operation = key
            if operation not in old.access.get(model, ()):
                continue
            less, more, ruled = old.scope(*key), new.scope(*key), key in old.rules
            added = set(new.rules[key]) - set(old.rules.get(key, ()))
            if not added or (less == "all" if ruled else more == "all"):
                continue
            if ruled:
                change = "wider" if way == "gained" else "narrower", less, more
            else:
                # the first rule of a group takes away: without one, all is reached
                change = "narrower" if way == "gained" else "wider", more, "all"
            found[(model, *change)].add(operation)
        for (model, kind, less, more), operations in found.items():
            text = self._scope_sentence(model, kind, less, more, operations)
            weight = self._weight(model, operations)
            same = (kind == "wider") == (way == "gained")
            weight = weight if same else 1
            yield self._line(kind, weight, text, model, self._sorted(operations))

    def _lines_of_menus(self, ids, way):
        if not ids:
            return
        # sudo: names of menus, nothing else
        menus = self.env["ir.ui.menu"].sudo().browse(sorted(ids))
        for names, weight, text in (
            (menus.filtered(lambda menu: not menu.parent_id), 12, "apps"),
            (menus.filtered("parent_id"), 5, "menus"),
        ):
            if names:
                words = self._some_names(names.mapped("name"))
                sentence = self._shown_sentence(text, way, words)
                yield self._line("menu", weight, sentence)

    def _lines_of_fields(self, found, seen, way):
        """Yield what is seen of documents that were seen in part before.

        :param dict seen: access to the documents without the difference: of what is
            new as a whole, its fields are not worth a word
        """
        machinery = self._machinery_fields()
        by_model = defaultdict(list)
        for model, name in sorted(found):
            if "read" in seen.get(model, ()) and name not in machinery:
                by_model[model].append(name)
        for model, names in by_model.items():
            # sudo: names of fields, nothing else
            strings = self.env["ir.model.fields"].sudo().get_field_string(model)
            words = self._some_names([strings.get(name, name) for name in names])
            values = {"fields": words, "documents": self._words(model)}
            if way == "gained":
                text = self.env._("Sees more of %(documents)s: %(fields)s", **values)
            else:
                text = self.env._("Sees less of %(documents)s: %(fields)s", **values)
            yield self._line("field", 4, text, model, ["read"])

    @api.model
    def _machinery_fields(self):
        """Return names of fields that carry messages and activities, not content."""
        mixins = ("mail.thread", "mail.activity.mixin")
        return {name for mixin in mixins for name in self.env[mixin]._fields}

    # -- words -------------------------------------------------------------------------

    def _words(self, model):
        """Return what a document is called in a sentence."""
        known = self._documents().get(model)
        if known:
            return known[1]
        return self.env._(
            # sudo: the name of a model, nothing else
            "“%(name)s”",
            name=self.env["ir.model"].sudo()._get(model).name,
        )

    def _weight(self, model, operations):
        known = self._documents().get(model)
        weight = TECHNICAL if model.startswith(MACHINE) else ORDINARY
        return (known[0] if known else weight) * max(GRAVE[item] for item in operations)

    def _sorted(self, operations):
        return [name for name in OPERATIONS if name in operations]

    def _verbs(self, operations):
        env = self.env
        verbs = {
            "read": env._("see"),
            "create": env._("create"),
            "write": env._("change"),
            "unlink": env._("delete"),
        }
        return format_list(env, [verbs[name] for name in self._sorted(operations)])

    def _some_names(self, names):
        names = list(dict.fromkeys(names))
        shown = format_list(self.env, names[:SHOWN], style="unit")
        left = len(names) - SHOWN
        if left <= 0:
            return shown
        return self.env._("%(names)s and %(number)s more", names=shown, number=left)

    def _sentence(self, model, operations, way, own):
        env = self.env
        values = {"what": self._verbs(operations), "documents": self._words(model)}
        if way == "lost":
            return env._("May no longer %(what)s %(documents)s", **values)
        if own:
            return env._("May now %(what)s %(documents)s, only the own ones", **values)
        return env._("May now %(what)s %(documents)s", **values)

    def _scope_sentence(self, model, kind, less, more, operations):
        env = self.env
        values = {"what": self._verbs(operations), "documents": self._words(model)}
        if kind == "narrower" and less == "own":
            return env._("May now %(what)s only own %(documents)s", **values)
        if kind == "narrower":
            return env._("May now %(what)s fewer %(documents)s", **values)
        if more != "all":
            return env._("May now %(what)s more %(documents)s", **values)
        if less == "own":
            return env._(
                "May now %(what)s all %(documents)s, not only the own ones", **values
            )
        return env._("May now %(what)s all %(documents)s", **values)

    def _shown_sentence(self, what, way, words):
        env = self.env
        if way == "gained" and what == "apps":
            return env._("New apps in the menu: %(names)s", names=words)
        if way == "gained":
            return env._("New menus: %(names)s", names=words)
        if what == "apps":
            return env._("No longer sees the apps: %(names)s", names=words)
        return env._("No longer sees the menus: %(names)s", names=words)
