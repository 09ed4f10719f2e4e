from datetime import datetime

from odoo import api, fields, models
from odoo.exceptions import AccessError, MissingError
from odoo.tools import format_date, format_datetime, formatLang, html2plaintext

from ..sqltext import MASK
from ..words_text import short, text_line, uncut

NOTHING = (None, False, "", MASK)


class ErpAuditWords(models.AbstractModel):
    """Values in the words that a person knows: on every screen the same."""

    _inherit = "erp.audit.words"

    @api.model
    def _want(self, row, names):
        """Ask for the names that the values of a row need."""
        for name, values in row.values.items():
            field = row.model._fields.get(name)
            if field is None:
                continue
            if field.type == "properties":
                names.with_properties.append((row, name))
            for value in values:
                for model, number in self._references(row, field, value):
                    names.want(model, number)

    @api.model
    def _references(self, row, field, value):
        """Yield the rows that a value points at, as ``(model, id)``."""
        if value in (None, False, MASK):
            return
        if field.type == "many2one":
            values = value.values() if isinstance(value, dict) else [value]
            for item in values:
                yield field.comodel_name, item
        elif field.type == "reference" and isinstance(value, str):
            model, _comma, item = value.partition(",")
            if item.isdigit():
                yield model, int(item)
        elif field.type == "many2one_reference" and isinstance(value, int):
            model = self._model_of_reference(row, field)
            if model:
                yield model, value

    def _model_of_reference(self, row, field):
        """Return the model that the number in a field belongs to."""
        for value in reversed(row.values.get(field.model_field, ())):
            if value:
                return value
        try:
            return row.model.browse(row.number)[field.model_field]
        except (AccessError, MissingError):
            return ""

    @api.model
    def _lines(self, row, name, old, new, names):
        """Return a changed column as it is shown: one line, or one for each part."""
        field = row.model._fields.get(name)
        label = self._field_label(row.model, name)
        line = {"name": name, "label": label, "old": "", "new": ""}
        if MASK in (old, new):
            return [{**line, "note": self.env._("changed (not recorded)")}]
        kind = field.type if field is not None else ""
        if kind in ("binary", "image", "json"):
            return [{**line, "note": self.env._("changed")}]
        # a field that was not so when this was recorded is told as any other
        parts = isinstance(old, dict) or isinstance(new, dict)
        if parts and field is not None and field.company_dependent:
            return self._of_companies(row, name, old, new, names)
        if kind in ("char", "text", "html") and field.translate:
            return self._of_languages(field, label, name, old, new)
        if parts and kind == "properties":
            return self._of_properties(row, name, old, new, names)
        sides = [
            self._word(row, field, value, index, names)
            for index, value in enumerate((old, new))
        ]
        if kind in ("char", "text", "html"):
            return [text_line(line, *sides)]
        return [{**line, "old": sides[0], "new": sides[1]}]

    # -- one value ---------------------------------------------------------------------

    def _word(self, row, field, value, side, names):
        """Return one value in words, "" for nothing."""
        kind = field.type if field is not None else ""
        if kind == "boolean":
            return "" if value is None else self._yes_or_no(value)
        if value in NOTHING and value is not False and value != 0:
            return ""
        convert = getattr(self, f"_word_{kind}", None)
        if convert is None or value is False:
            return "" if value is False else self._plain(value)
        try:
            return convert(row, field, value, side, names)
        except (ArithmeticError, LookupError, TypeError, ValueError):
            # a field that was of another type when this was recorded
            return self._plain(value)

    def _yes_or_no(self, value):
        return self.env._("Yes") if value else self.env._("No")

    def _plain(self, value):
        if isinstance(value, bool):
            return self._yes_or_no(value)
        if isinstance(value, dict):
            value = ", ".join(f"{key}: {self._plain(value[key])}" for key in value)
        elif isinstance(value, list):
            value = ", ".join(map(self._plain, value))
        return short(str(value))

    def _word_selection(self, row, field, value, *_rest):
        labels = dict(field._description_selection(row.model.env))
        return labels.get(value, str(value))

    def _word_many2one(self, row, field, value, side, names):
        return names.name(field.comodel_name, value)

    def _word_reference(self, row, field, value, side, names):
        model, _comma, item = value.partition(",")
        return names.name(model, int(item))

    def _word_many2one_reference(self, row, field, value, side, names):
        for model, item in self._references(row, field, value):
            return names.name(model, item)
        return self.env._("no. %s", value)

    def _word_integer(self, row, field, value, *_rest):
        return formatLang(self.env, int(value), digits=0, grouping=abs(value) > 9999)

    def _word_float(self, row, field, value, *_rest):
        digits = field.get_digits(self.env)
        places = digits[1] if digits else 2
        if not digits:
            places = min(max(len(repr(float(value)).partition(".")[2]), 2), 6)
        return formatLang(self.env, float(value), digits=places)

    def _word_monetary(self, row, field, value, side, names):
        currency = self._currency(row, field, side, names)
        if not currency:
            return formatLang(self.env, float(value))
        return formatLang(self.env, float(value), currency_obj=currency)

    def _currency(self, row, field, side, names):
        """Return the currency of an amount: that of the record, else of the row."""
        name = field.get_currency_field(row.model)
        known = row.values.get(name)
        if known and known[side]:
            return names.currency(known[side])
        if row.number in names.known(row.model._name) and name in row.model._fields:
            # sudo: the sign of a currency
            rows = row.model.sudo().browse(names.known(row.model._name))
            return rows.browse(row.number).with_prefetch(rows.ids)[name]
        known = names.values.get((row.model._name, row.number), {}).get(name)
        if known:
            return names.currency(known)
        root = row.root
        if root and name in root._fields:
            # sudo: the sign of a currency
            return root.sudo()[name]
        return self.env.company.currency_id

    def _word_date(self, row, field, value, *_rest):
        return format_date(self.env, fields.Date.to_date(value[:10]))

    def _word_datetime(self, row, field, value, *_rest):
        moment = datetime.fromisoformat(value)
        zone = self.env.context.get("tz") or self.env.user.tz or "UTC"
        return format_datetime(self.env, moment, tz=zone, dt_format="medium")

    def _word_char(self, row, field, value, *_rest):
        return uncut(value)

    _word_text = _word_char

    def _word_html(self, row, field, value, *_rest):
        return html2plaintext(uncut(value)).strip()
