from odoo import fields, models
from odoo.tools import format_datetime

from ..engine import plain_number


class ApprovalDocumentWords(models.AbstractModel):
    """Differences of contents, as the reader says them."""

    _inherit = "approval.document.mixin"

    def _approval_diff_rows(self, changes):
        """Return differences in the reader's words.

        :param list changes: see ``_approval_diff``
        :return: list of ``{"where", "what", "old", "new", "kind"}``
        """
        # sudo: shown to people who may read the approval
        document = self.sudo()
        rows = []
        for change in changes:
            rows.append(
                {
                    "kind": change["kind"],
                    "where": document._approval_line_name(change),
                    "what": document._approval_field_label(change),
                    "old": document._approval_shown(change, "old"),
                    "new": document._approval_shown(change, "new"),
                }
            )
        return rows

    def _approval_changed_model(self, change):
        if change["line"] is None:
            return self
        return self.env[self._approval_line_model()]

    def _approval_line_name(self, change):
        """Return the name of the line of a difference, also of a removed one."""
        if change["line"] is None:
            return ""
        lines = self._approval_changed_model(change)
        title = self._approval_line_title
        line = lines.browse(change["line"]).exists()
        if line:
            value = line[title]
            return value.display_name if lines._fields[title].relational else value
        values = change["old"] if isinstance(change["old"], dict) else {}
        return self._approval_value_words(lines, title, values.get(title))

    def _approval_field_label(self, change):
        field = self._approval_changed_model(change)._fields.get(change["field"] or "")
        return field.get_description(self.env, ["string"])["string"] if field else ""

    def _approval_shown(self, change, side):
        """Return one side of a difference; a whole line is shown by its amount."""
        value, name = change[side], change["field"]
        if not name:
            name = self._approval_line_amount
            value = value.get(name) if isinstance(value, dict) else None
        return self._approval_value_words(
            self._approval_changed_model(change), name, value
        )

    def _approval_value_words(self, model, name, value):
        """Return a value of a content as the reader writes it."""
        field = model._fields.get(name) if name else None
        if field is None or value in (False, None, "", []):
            if field is not None and field.type == "boolean":
                return self.env._("no")
            return ""
        if field.relational:
            ids = value if isinstance(value, list) else [value]
            records = self.env[field.comodel_name].browse(ids).exists()
            return ", ".join(records.mapped("display_name"))
        if field.type == "selection":
            labels = dict(field.get_description(self.env, ["selection"])["selection"])
            return str(labels.get(value, value))
        if field.type == "boolean":
            return self.env._("yes")
        if field.type == "monetary" or name == self._approval_line_amount:
            currency = self.exists().currency_id
            return currency.format(float(value)) if currency else value
        if field.type == "float":
            return plain_number(float(value))
        if field.type == "datetime":
            moment = fields.Datetime.to_datetime(value)
            zone = self.env.context.get("tz")
            return format_datetime(self.env, moment, tz=zone, dt_format="short")
        return str(value)
