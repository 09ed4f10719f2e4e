from odoo import fields, models
from odoo.tools import format_date, formatLang, html2plaintext

from ..words_text import short, text_line
from .erp_audit_words_value import NOTHING


class ErpAuditWords(models.AbstractModel):
    """Values of several parts: languages, companies, properties."""

    _inherit = "erp.audit.words"

    def _of_languages(self, field, label, name, old, new):
        """Return one line for each language in which a text has changed."""
        sides = [self._by_language(value) for value in (old, new)]
        mine = self.env.lang or "en_US"
        # sudo: names of languages
        names = dict(self.env["res.lang"].sudo().get_installed())
        lines = []
        for code in sorted(sides[0].keys() | sides[1].keys()):
            texts = [str(side.get(code) or "") for side in sides]
            if texts[0] == texts[1]:
                continue
            if field.type == "html":
                texts = [html2plaintext(text).strip() for text in texts]
            title = label
            if code != mine and (len(names) > 1 or code not in names):
                title = self.env._(
                    "%(field)s (%(part)s)", field=label, part=names.get(code, code)
                )
            lines.append(text_line({"name": name, "label": title}, *texts))
        return lines

    def _by_language(self, value):
        if isinstance(value, dict):
            return value
        return {} if value in NOTHING else {"en_US": value}

    def _of_companies(self, row, name, old, new, names):
        """Return one line for each company for which a value has changed."""
        field, label = row.model._fields[name], self._field_label(row.model, name)
        sides = [value if isinstance(value, dict) else {} for value in (old, new)]
        lines = []
        for number, company in names.company_names().items():
            pair = [side.get(str(number)) for side in sides]
            if pair[0] == pair[1]:
                continue
            words = [
                self._word(row, field, value, index, names)
                for index, value in enumerate(pair)
            ]
            title = label
            if len(self.env.user.company_ids) > 1 or names.every:
                title = self.env._("%(field)s (%(part)s)", field=label, part=company)
            lines.append(
                {"name": name, "label": title, "old": words[0], "new": words[1]}
            )
        return lines

    def _of_properties(self, row, name, old, new, names):
        """Return one line for each property that has changed."""
        sides = [value if isinstance(value, dict) else {} for value in (old, new)]
        known = self._definitions(row, name, names)
        lines = []
        for key in sorted(sides[0].keys() | sides[1].keys()):
            pair = [side.get(key) for side in sides]
            if pair[0] == pair[1]:
                continue
            definition = known.get(key, {})
            words = [self._property_word(definition, value, names) for value in pair]
            title = definition.get("string") or self._field_label(row.model, name)
            lines.append(
                {"name": name, "label": title, "old": words[0], "new": words[1]}
            )
        return lines

    def _definitions(self, row, name, names):
        if row.number not in names.known(row.model._name):
            return {}
        field = row.model._fields[name]
        # sudo: labels of the fields that the reader sees in the document
        rows = row.model.sudo().browse(names.known(row.model._name))
        holder = rows.browse(row.number).with_prefetch(rows.ids)[
            field.definition_record
        ]
        known = holder[field.definition_record_field] if holder else None
        return {item["name"]: item for item in known or []}

    def _property_word(self, definition, value, names):
        kind = definition.get("type")
        if kind == "boolean":
            return "" if value is None else self._yes_or_no(value)
        if value in NOTHING and value != 0 or value is False:
            return ""
        if kind == "selection":
            labels = {item[0]: item[1] for item in definition.get("selection") or []}
            return labels.get(value, str(value))
        if kind == "tags":
            labels = {item[0]: item[1] for item in definition.get("tags") or []}
            return ", ".join(str(labels.get(item, item)) for item in value)
        if kind in ("many2one", "many2many"):
            return self._property_records(definition, value, names)
        if kind == "date":
            return format_date(self.env, fields.Date.to_date(value[:10]))
        if kind == "datetime":
            return self._word_datetime(None, None, value)
        if kind == "float":
            return formatLang(self.env, float(value))
        return short(self._plain(value))

    def _property_records(self, definition, value, names):
        model, ids = self._named_by(definition, value)
        return ", ".join(names.name(model, item) for item in ids)

    def _named_by(self, definition, value):
        """Return the model and the ids of the rows that a property names."""
        ids = value if isinstance(value, list) else [value]
        ids = {item for item in ids if isinstance(item, int)}
        return definition.get("comodel"), sorted(ids)

    def _want_properties(self, row, name, names):
        """Ask for the names of the rows that the properties of a row name."""
        known = self._definitions(row, name, names)
        for side in row.values[name]:
            for key, value in (side if isinstance(side, dict) else {}).items():
                definition = known.get(key, {})
                if definition.get("type") in ("many2one", "many2many"):
                    model, ids = self._named_by(definition, value)
                    for item in ids:
                        names.want(model, item)
