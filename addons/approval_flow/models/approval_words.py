import ast

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import format_amount

from ..engine import plain_number

# of comparisons, the same in all languages
SIGNS = {"=": "=", "!=": "≠", ">": ">", ">=": "≥", "<": "<", "<=": "≤"}


class ApprovalWords(models.AbstractModel):
    """Policies, steps and conditions in plain sentences of the reader's language."""

    _name = "approval.words"
    _description = "Approval Policies in Words"

    @api.model
    def _label(self, names):
        """Return the name in the reader's language from stored translations."""
        return (
            names.get(self.env.lang) or names.get("en_US") or next(iter(names.values()))
        )

    @api.model
    def _amount(self, amount, currency):
        return format_amount(self.env, amount, currency)

    @api.model
    def _policy(self, policy):
        """Return the sentences that say what ``policy`` does."""
        if not policy.model_id or not policy.operation:
            return ""
        model = self.env.get(policy.model_id.model)
        operations = model._approval_operations() if model is not None else {}
        operation = operations.get(policy.operation)
        conditions = self._conditions(
            policy.model_id.model,
            policy.amount_min,
            policy.amount_max,
            policy.domain,
            policy.currency_id,
        )
        lines = [
            self.env._(
                "%(document)s, %(operation)s: needs approval %(when)s.",
                document=policy.model_id.name,
                operation=str(operation.label) if operation else policy.operation,
                when=self.env._("when %s", conditions)
                if conditions
                else self.env._("always"),
            )
        ]
        if policy.is_supplement:
            lines.append(
                self.env._(
                    "Its steps are asked in addition to those of whichever policy "
                    "applies, and also where none does."
                )
            )
        for level, steps in policy.step_ids.sorted().grouped("sequence").items():
            lines.append(
                self.env._(
                    "Level %(level)s: %(steps)s",
                    level=level,
                    steps=self.env._(" and at the same time ").join(
                        self._step(step) for step in steps
                    ),
                )
            )
        if policy.ask_partner:
            lines.append(
                self.env._(
                    "After the last approval the customer or vendor is asked in the "
                    "portal to agree."
                )
            )
        lines.append(
            self.env._("After the last approval it is carried out by itself.")
            if policy.auto_execute
            else self.env._("After the last approval a person carries it out.")
        )
        return "\n".join(lines)

    @api.model
    def _step(self, step):
        """Return the sentence that says who is asked in ``step`` and when."""
        who = self._source(step)
        mode = {
            "any": self.env._("any one of"),
            "all": self.env._("all of"),
            "quorum": self.env._("%s of", step.quorum),
        }[step.mode or "any"]
        conditions = self._conditions(
            step.res_model,
            step.amount_min,
            0,
            step.domain,
            step.currency_id,
            step.condition_join,
        )
        when = ""
        if conditions:
            when += self.env._(", only when %s", conditions)
        if step.deadline_hours:
            when += self.env._(
                ", within %s working hours", plain_number(step.deadline_hours)
            )
        return self.env._(
            "%(step)s: %(mode)s %(who)s%(when)s.",
            step=step.name,
            mode=mode,
            who=who,
            when=when,
        )

    @api.model
    def _source(self, step):
        if step.approver_type == "users":
            return ", ".join(step.user_ids.mapped("name"))
        if step.approver_type == "group":
            # sudo: the name of a group, for administrators of policies only
            return step.group_id.sudo().display_name or ""
        if step.approver_type == "manager":
            return self.env._("the requester's manager (level %s)", step.manager_level)
        return self._path(step.res_model, step.field_path)

    @api.model
    def _path(self, model_name, path):
        """Return a dotted field path by its labels."""
        names = (path or "").split(".")
        labels = self._path_labels(model_name, names)
        return " › ".join(labels) if len(labels) == len(names) else path or ""

    @api.model
    def _path_labels(self, model_name, names):
        """Return the labels of a path of fields, as far as there are such fields."""
        labels = []
        model = self.env.get(model_name)
        for name in names:
            field = model._fields.get(name) if model is not None else None
            if field is None:
                break
            labels.append(field._description_string(self.env))
            model = self.env.get(field.comodel_name) if field.relational else None
        return labels

    @api.model
    def _conditions(self, model_name, low, high, text, currency, join="and"):
        """Return amount limits and a domain as words, or an empty string."""
        parts = []
        if low:
            parts.append(
                self.env._("the amount is above %s", self._amount(low, currency))
            )
        if high:
            parts.append(
                self.env._("the amount is up to %s", self._amount(high, currency))
            )
        if model_name and (condition := self._domain(model_name, text)):
            parts.append(condition)
        return (self.env._(" or ") if join == "or" else self.env._(" and ")).join(parts)

    @api.model
    def _domain(self, model_name, text):
        """Return the domain written in ``text`` as words."""
        try:
            items = list(Domain(ast.literal_eval(text or "[]")))
        except (ValueError, SyntaxError, TypeError):
            return text or ""
        stack = []
        for item in reversed(items):
            if item in ("&", "|") and len(stack) >= 2:
                left, right = stack.pop(), stack.pop()
                word = self.env._(" and ") if item == "&" else self.env._(" or ")
                joined = f"{left}{word}{right}"
                stack.append(f"({joined})" if item == "|" else joined)
            elif item == "!" and stack:
                stack.append(self.env._("not (%s)", stack.pop()))
            elif isinstance(item, (tuple, list)):
                stack.append(self._leaf(model_name, item))
        return self.env._(" and ").join(part for part in reversed(stack) if part)

    @api.model
    def _leaf(self, model_name, leaf):
        name, operator, value = leaf
        if not isinstance(name, str):
            return ""  # Domain.TRUE is written (1, "=", 1)
        signs = {
            **SIGNS,
            "in": self.env._("is one of"),
            "not in": self.env._("is none of"),
            "ilike": self.env._("contains"),
            "not ilike": self.env._("does not contain"),
            "child_of": self.env._("is or is below"),
        }
        words = self._value(model_name, name, value)
        return f"{self._path(model_name, name)} {signs.get(operator, operator)} {words}"

    @api.model
    def _value(self, model_name, path, value):
        """Return a compared value by the labels of its field."""
        field = self._final_field(model_name, path)
        values = list(value) if isinstance(value, (list, tuple, set)) else [value]
        if field is not None and field.relational:
            ids = [item for item in values if isinstance(item, int) and item]
            # sudo: only names, for administrators of policies
            names = self.env[field.comodel_name].sudo().browse(ids).exists()
            if ids:
                return ", ".join(names.mapped("display_name"))
        if field is not None and field.type == "selection":
            labels = dict(field.get_description(self.env, ["selection"])["selection"])
            return ", ".join(str(labels.get(item, item)) for item in values)
        return ", ".join(self._plain(item) for item in values)

    def _plain(self, value):
        if value is True:
            return self.env._("yes")
        if value is False:
            return self.env._("no")
        return plain_number(value) if isinstance(value, float) else str(value)

    def _final_field(self, model_name, path):
        model = self.env.get(model_name)
        field = None
        for name in path.split("."):
            field = model._fields.get(name) if model is not None else None
            if field is None:
                return None
            model = self.env.get(field.comodel_name) if field.relational else None
        return field
