import json
from datetime import datetime, timedelta

import pytz

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.date_utils import parse_date

from .. import reading
from .erp_audit_closed import keys_of
from .erp_audit_rule_sync import ALWAYS

# below this many records, everything may be read as a whole
SMALL = 200_000
# groups are counted over this period at most, and over about so many records;
# statistics know all of it
GROUP_DAYS = 93
GROUP_ROWS = 500_000
# what no index helps to find
COSTLY = {"changed_field", "changed_value", "ip", "route", "login"} | {
    "action",
    "action_name",
}
TEXT_OPERATORS = {"ilike", "like", "=", "in", "=ilike", "=like"}


class ErpAuditRecord(models.Model):
    """Search over everything that stays fast: by an index, or within a period."""

    _inherit = "erp.audit.record"

    changed_field = fields.Char(
        string="Field", compute="_compute_nothing", search="_search_changed_field"
    )
    changed_value = fields.Char(
        string="Value",
        compute="_compute_nothing",
        search="_search_changed_value",
        groups="erp_audit.group_audit_auditor",
    )

    def _compute_nothing(self):
        """Fields that are only searched: what they find is in the summary."""
        self.changed_field = False
        self.changed_value = False

    # -- what is too much --------------------------------------------------------------

    @api.model
    def _search(self, domain, *args, **kwargs):
        """Override to refuse searches that would read the whole trail."""
        domain = Domain(domain)
        names = {leaf.field_expr for leaf in domain.iter_conditions()}
        if names & COSTLY and not self._is_bounded(domain) and self._is_large():
            raise UserError(
                self.env._(
                    "The trail is too large to look for this everywhere. Choose a "
                    "period, such as the last 7 days, or a document."
                )
            )
        if names and not self.env.su:
            self._note_filter(domain)
        return super()._search(domain, *args, **kwargs)

    @api.model
    def _note_filter(self, domain):
        """Note what somebody looks for, beside what he reads."""
        # not the domain as such: conditions in SQL have no text
        leaves = [
            [leaf.field_expr, leaf.operator, self._looked_for(leaf.value)]
            for leaf in domain.iter_conditions()
            if isinstance(leaf.field_expr, str)
        ]
        detail = {"filter": leaves[:20]}
        reading.note(self.env, "read", self._name, (), detail)

    @staticmethod
    def _looked_for(value):
        """Return what is looked for as plain data, not longer than a person types."""
        if isinstance(value, (list, tuple, set, frozenset)) or hasattr(value, "_ids"):
            return [str(item)[:100] for item in list(value)[:10]]
        return str(value)[:100]

    @api.model
    def _is_bounded(self, domain, days=None):
        """Return whether a condition that an index answers always holds.

        :param int days: how long a period may be, any if not given
        """
        leaves = self._always(Domain(domain).optimize(self))
        names = {leaf.field_expr for leaf in leaves if leaf.operator in ("in", "=")}
        if names & {"id", "operation"} or {"source_id", "res_id"} <= names:
            return True
        starts, ends = [], [fields.Datetime.now()]
        for leaf in leaves:
            moment = self._moment(leaf.value) if leaf.field_expr == "date" else None
            if moment and leaf.operator in (">", ">="):
                starts.append(moment)
            elif moment and leaf.operator in ("<", "<="):
                ends.append(moment)
        if not starts:
            return False
        return not days or min(ends) - max(starts) <= timedelta(days=days)

    @api.model
    def _always(self, domain):
        """Return the conditions of a domain that all its records meet."""
        if getattr(domain, "OPERATOR", None) == "&":
            return [leaf for child in domain.children for leaf in self._always(child)]
        return [domain] if hasattr(domain, "field_expr") else []

    @api.model
    def _moment(self, value):
        """Return a value of a domain as a moment, None if it is none."""
        try:
            if isinstance(value, str):
                # also those that filters give, such as "today -7d"
                value = parse_date(value, self.env)
            if isinstance(value, datetime) and value.tzinfo:
                value = value.astimezone(pytz.utc).replace(tzinfo=None)
            return fields.Datetime.to_datetime(value)
        except (TypeError, ValueError):
            return None

    @api.model
    def _is_large(self):
        """Return whether the trail is too large to be read as a whole."""
        return sum(self._sizes()) > SMALL

    @api.model
    def _sizes(self):
        """Return how many records the months have, as PostgreSQL estimates it."""
        rows = self.env.execute_query(
            SQL(
                """SELECT greatest(c.reltuples, c.relpages * 8)
                     FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                    WHERE i.inhparent = 'erp_audit_log'::regclass"""
            )
        )
        return [int(size) for (size,) in rows]

    @api.model
    def _check_groups(self, domain):
        """Refuse to count groups over the whole trail.

        :raise UserError: with what to do instead
        """
        # what one person did has an index of its own
        one = self._is_bounded(domain, GROUP_DAYS) and self._has_person(domain)
        if one or self._is_bounded(domain, 1) or not self._is_large():
            return
        days = 30 * GROUP_ROWS // max(*self._sizes(), 1)
        days = min(max(days, 1), GROUP_DAYS)
        if not self._is_bounded(domain, days):
            raise UserError(
                self.env._(
                    "The trail is too large to be grouped as a whole. Choose a period "
                    "of up to %s days, or open Trail / Statistics: they know all of "
                    "it.",
                    days,
                )
            )

    @api.model
    def _has_person(self, domain):
        leaves = self._always(Domain(domain).optimize(self))
        return any(
            leaf.field_expr == "user_id" and leaf.operator == "in" for leaf in leaves
        )

    @api.model
    def _read_group(self, domain, *args, **kwargs):
        """Override to refuse to count groups over the whole trail."""
        self._check_groups(domain)
        return super()._read_group(domain, *args, **kwargs)

    @api.model
    def _read_grouping_sets(self, domain, *args, **kwargs):
        """Override to refuse to count groups over the whole trail."""
        self._check_groups(domain)
        return super()._read_grouping_sets(domain, *args, **kwargs)

    # -- words to look for -------------------------------------------------------------

    @api.model
    def _texts(self, operator, value):
        """Return the texts that a condition looks for, None if it is another one."""
        if operator not in TEXT_OPERATORS:
            return None
        values = [value] if isinstance(value, str) else value
        if isinstance(values, bool) or not values:
            return None
        return [str(item) for item in values if item]

    @api.model
    def _audited_models(self):
        """Return the models of which there are records, and that are still there."""
        # sudo: which documents are recorded is known to all who read records
        rules = self.env["erp.audit.rule"].sudo()
        names = {name for (name,) in rules._read_group([], ["model_name"])} | {*ALWAYS}
        # and those that were recorded under a rule that is not there any more
        names |= set(self.env["erp.audit.rollup"]._sources_counted().mapped("name"))
        names = sorted(names)
        return [self.env[name] for name in names if name in self.env]

    def _search_changed_field(self, operator, value):
        """Find records in which a field changed, by its name in the reader's words.

        Others than auditors find only fields that they may see.
        """
        texts = self._texts(operator, value)
        if texts is None:
            return NotImplemented
        sources = self.env["erp.audit.source"]
        found = []
        for model in self._audited_models():
            columns = self._fields_named(model, texts, exact=operator in ("=", "in"))
            if columns:
                number = sources._number(model._name)
                found.append(
                    Domain("source_id", "=", number)
                    & self._changed_domain(list(columns))
                )
        if self.env.su or self.env.user.has_group("erp_audit.group_audit_auditor"):
            # also of fields that are not there any more
            found.append(self._changed_domain(texts))
        return Domain.OR(found)

    @api.model
    def _fields_named(self, model, texts, exact):
        """Return the fields of a model with one of these names that one may see."""
        wanted = [text.lower() for text in texts]
        labels = model.fields_get(attributes=["string"]) if wanted else {}
        found = []
        for name, description in labels.items():
            for shown in (name, description["string"].lower()):
                if shown in wanted or (
                    not exact and any(text in shown for text in wanted)
                ):
                    found.append(name)
                    break
        return found

    @api.model
    def _changed_domain(self, columns):
        """Return the domain of records in which one of these columns changed."""

        def to_sql(model, alias, query):
            # the first is cheap where there is no index, the second has one in months
            # that are over; both say the same
            column = SQL.identifier(alias, "diff")
            return SQL(
                "(jsonb_exists_any(%(column)s, %(columns)s)"
                " AND %(keys)s ?| %(columns)s)",
                column=column,
                columns=columns,
                keys=keys_of(column),
            )

        return Domain.custom(to_sql=to_sql)

    def _search_changed_value(self, operator, value):
        """Find records by a text that an old or a new value contains.

        :raise AccessError: for others than auditors, who would learn values by it
        """
        self._check_field_access(self._fields["diff"], "read")
        texts = self._texts(operator, value)
        if texts is None:
            return NotImplemented
        exact = operator in ("=", "in", "=ilike", "=like")

        def to_sql(model, alias, query):
            column = SQL.identifier(alias, "diff")
            return SQL(" OR ").join(self._has_value(column, t, exact) for t in texts)

        return Domain.custom(to_sql=lambda *args: SQL("(%s)", to_sql(*args)))

    @staticmethod
    def _has_value(column, text, exact):
        """Return the SQL condition that a value is or contains a text."""
        escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        pattern = escaped if exact else f"%{escaped}%"
        # first the cheap look at the whole, as JSON writes it, then at each value
        written = json.dumps(text, ensure_ascii=False)[1:-1]
        for sign in ("\\", "%", "_"):
            written = written.replace(sign, f"\\{sign}")
        return SQL(
            """(%(column)s::text ILIKE %(whole)s AND EXISTS (
                   SELECT 1 FROM jsonb_path_query(%(column)s, '$.**') AS v
                    WHERE jsonb_typeof(v) IN ('string', 'number')
                      AND v #>> '{}' ILIKE %(pattern)s))""",
            column=column,
            whole=f"%{written}%",
            pattern=pattern,
        )

    def _search_person(self, operator, value):
        """Find records by a person's name or login, also of those who were deleted."""
        texts = self._texts(operator, value)
        if texts is None:
            return NotImplemented
        users = self.env["res.users"].with_context(active_test=False)
        conditions = [
            Domain("login", operator, text) | Domain("name", operator, text)
            for text in texts
            if operator not in ("in",)
        ] or [Domain("login", "in", texts) | Domain("name", "in", texts)]
        # sudo: names of people, to find what one may read anyhow
        found = set(users.sudo().search(Domain.OR(conditions)).ids)
        found |= self.env["erp.audit.rollup"]._people_named(operator, texts)
        return Domain("user_id", "in", sorted(found))

    def _search_action_name(self, operator, value):
        """Find records by what somebody did, in words such as those of buttons."""
        texts = self._texts(operator, value)
        if texts is None:
            return NotImplemented
        verbs = self.env["erp.audit.words"]._verbs()
        methods = {
            method
            for method, verb in verbs.items()
            if any(text.lower() in verb.lower() for text in texts)
        }
        found = [Domain("action", "ilike", text) for text in texts]
        found += [Domain("action", "=like", f"%.{method}") for method in methods]
        return Domain.OR(found)
