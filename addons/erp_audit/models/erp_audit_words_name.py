from odoo import api, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import SQL

from ..sqltext import MASK

# records from either end of a row's history among which its deletion is looked for
ENDS = 100
# how a record of a row names it, where Odoo computes the name
NAMES = ("name", "display_name", "complete_name", "reference", "ref", "login", "code")


class ErpAuditWords(models.AbstractModel):
    """Names of records: there, out of sight, or deleted."""

    _inherit = "erp.audit.words"

    @api.model
    def _look_up(self, name, ids, names):
        """Find the names of rows of one model."""
        model = self.env.get(name)
        if model is None or model._abstract or model._transient:
            for number in ids:
                names.found[name, number] = self._gone_name(number)
            return
        model = names.model(name).with_context(active_test=False)
        records = model.browse(sorted(ids)).exists()
        names.there[name].update(records._ids)
        allowed = records
        if not names.every:
            allowed = (
                records._filtered_access("read")
                if model.has_access("read")
                else model.browse()
            )
        hidden = self.env._("(not visible to you)")
        blocked = None
        for record in allowed:
            try:
                if blocked and record.id in blocked:
                    names.found[name, record.id] = hidden
                    continue
                shown = record.display_name
                if shown == f"{name},{record.id}":
                    # without a name of its own
                    shown = self.env._("no. %s", record.id)
                names.found[name, record.id] = shown
                names.told.add((name, record.id))
            except AccessError:
                # the name is made of what he may not see, and so may many others be:
                # asked of all at once, it is not tried one by one
                names.found[name, record.id] = hidden
                if blocked is None:
                    blocked = self._made_of_hidden(allowed)
        for number in set(records._ids) - set(allowed._ids):
            names.found[name, number] = hidden
        gone = ids - set(records._ids)
        if gone:
            self._look_up_gone(model, gone, names)

    @api.model
    def _made_of_hidden(self, records):
        """Return the ids of rows whose names are made of rows out of sight."""
        found = set()
        # sudo: which rows they point at, to find out whether the reader sees those
        secret = records.sudo()
        for path in self.env.registry.field_depends[records._fields["display_name"]]:
            field = records._fields.get(path.partition(".")[0])
            if field is None or field.type != "many2one" or not field.store:
                continue
            links = {row.id: row[field.name].id for row in secret}
            linked = records.env[field.comodel_name].browse({*links.values()} - {False})
            if linked.has_access("read"):
                seen = {*linked.exists()._filtered_access("read")._ids, False}
            else:
                seen = {False}
            found.update(row for row, number in links.items() if number not in seen)
        return found

    @api.model
    def _look_up_gone(self, model, ids, names):
        """Name deleted rows as the trail knew them last, if the reader saw them."""
        source = self.env["erp.audit.source"]._number(model._name)
        values = self._last_values(source, ids)
        for number in ids:
            known = values.get(number, {})
            names.values[model._name, number] = known
            mine = names.is_own(model._name, number)
            seen = names.every or (
                model.has_access("read") and (mine or self._would_see(model, known))
            )
            name = self._recorded_name(model, known) if seen else ""
            names.found[model._name, number] = name or self._gone_name(number)
            if name:
                names.told.add((model._name, number))

    @api.model
    def _gone_name(self, number):
        return self.env._("deleted record no. %s", number)

    @api.model
    def _recorded_name(self, model, values):
        """Return how a record of a row names it, "" if it does not."""
        for name in (model._rec_name, *NAMES):
            value = values.get(name)
            if value in (None, False, "", MASK) or not self._is_field_visible(
                model, name
            ):
                continue
            if isinstance(value, dict):
                lang = self.env.lang or "en_US"
                value = value.get(lang) or value.get("en_US")
            if isinstance(value, str):
                return value.splitlines()[0]
        return ""

    @api.model
    def _last_values(self, source, ids):
        """Return ``{id: values}`` of rows as they were when they were deleted.

        Where the deletion is not recorded, as they were created.
        """
        # the names alone are shown, to those who might see the rows; what deletes or
        # creates a row is among its last or its first records, however many it has
        rows = self.env.execute_query(
            SQL(
                """SELECT DISTINCT ON (l.res_id) l.res_id, l.diff
                     FROM unnest(%(ids)s::integer[]) AS wanted (number),
                          LATERAL (
                              (SELECT %(columns)s
                                ORDER BY source DESC, res_id DESC, id DESC
                                LIMIT %(ends)s)
                              UNION ALL
                              (SELECT %(columns)s
                                ORDER BY source, res_id, id LIMIT %(ends)s)
                          ) AS l
                    WHERE l.op IN ('c', 'd')
                    ORDER BY l.res_id, l.id DESC""",
                # between, not equal: so it is read in the order of the index
                columns=SQL(
                    """id, res_id, op, diff FROM erp_audit_log
                        WHERE (source, res_id, id) >= (%(source)s, wanted.number, 0)
                          AND (source, res_id, id)
                              <= (%(source)s, wanted.number, 9223372036854775807)""",
                    source=source,
                ),
                ids=list(ids),
                ends=ENDS,
            )
        )
        return dict(rows)

    @api.model
    def _would_see(self, model, values):
        """Return whether the reader might see a row if it still had these values."""
        domain = self.env["ir.rule"]._compute_domain(model._name, "read")
        if Domain(domain).is_true():
            return True
        known = {
            name: value
            for name, value in values.items()
            if name in model._fields
            and model._fields[name].type not in ("one2many", "many2many", "properties")
            and not isinstance(value, (dict, list))
        }
        try:
            # sudo: the rule itself is evaluated, on a row that is not there any more
            return bool(model.sudo().new(known).filtered_domain(domain))
        except Exception:  # noqa: BLE001 - a rule may need what only a row has
            return False
