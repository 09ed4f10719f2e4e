import difflib
import re
from datetime import datetime

from odoo import api, fields, models
from odoo.tools import format_date, format_datetime, formatLang, html2plaintext

from ..sqltext import MASK

# characters of a text that are shown, and of what stays the same within it
SHOWN = 240
AROUND = 4
# texts longer than this are shown word by word
SENTENCE = 60
WORDS = 600
# how a value that was too long to be recorded ends, see sqltext
CUT = re.compile(r"… \(\d+ bytes, sha256 [0-9a-f]+\)$")
NOTHING = (None, False, "", MASK)


class ErpAuditHistory(models.AbstractModel):
    """Values in the words that a person knows."""

    _inherit = "erp.audit.history"

    @api.model
    def _field_label(self, document, part, name):
        """Return the label of a field, with the kind of line it belongs to."""
        label = self._label(part.model, name)
        if part is document.parts[0]:
            return label
        return self.env._(
            "%(line)s: %(field)s",
            line=self._model_label(part.model._name),
            field=label,
        )

    @api.model
    def _label(self, model, name):
        field = model._fields.get(name)
        return field._description_string(self.env) if field is not None else name

    def _in_words(self, part, number, name, old, new, change, book):
        """Return a changed column as it is shown: one line, or one for each part."""
        field = part.model._fields.get(name)
        label = self._label(part.model, name)
        line = {"name": name, "label": label, "old": "", "new": ""}
        if MASK in (old, new):
            return [{**line, "note": self.env._("changed (not recorded)")}]
        kind = field.type if field is not None else ""
        if kind in ("binary", "image"):
            return [{**line, "note": self.env._("changed")}]
        if field is not None and field.company_dependent:
            return self._of_companies(part, number, name, old, new, change, book)
        if kind in ("char", "text", "html") and field.translate:
            return self._of_languages(field, label, name, old, new)
        if kind == "properties":
            return self._of_properties(part, number, name, old, new, book)
        sides = [
            self._word(part, number, field, value, index, change, book)
            for index, value in enumerate((old, new))
        ]
        if kind in ("char", "text", "html"):
            return [self._text_line(line, *sides)]
        return [{**line, "old": sides[0], "new": sides[1]}]

    # -- one value ---------------------------------------------------------------------

    def _word(self, part, number, field, value, side, change, book):
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
            return convert(part, number, field, value, side, change, book)
        except (ArithmeticError, LookupError, TypeError, ValueError):
            # a field that was of another type when this was recorded
            return self._plain(value)

    def _yes_or_no(self, value):
        return self.env._("Yes") if value else self.env._("No")

    def _plain(self, value):
        if isinstance(value, dict):
            return ", ".join(f"{key}: {item}" for key, item in value.items())[:SHOWN]
        if isinstance(value, list):
            return ", ".join(map(str, value))[:SHOWN]
        return str(value)

    def _word_selection(self, part, number, field, value, *_rest):
        labels = dict(field._description_selection(part.model.env))
        return labels.get(value, str(value))

    def _word_many2one(self, part, number, field, value, side, change, book):
        return book.name(field.comodel_name, value)

    def _word_reference(self, part, number, field, value, side, change, book):
        model, _comma, item = value.partition(",")
        return book.name(model, int(item))

    def _word_many2one_reference(self, part, number, field, value, side, change, book):
        for model, item in self._references(part, number, field, value):
            return book.name(model, item)
        return self.env._("no. %s", value)

    def _word_integer(self, part, number, field, value, *_rest):
        return formatLang(self.env, int(value), digits=0, grouping=abs(value) > 9999)

    def _word_float(self, part, number, field, value, *_rest):
        digits = field.get_digits(self.env)
        places = digits[1] if digits else 2
        if not digits:
            places = min(max(len(repr(float(value)).partition(".")[2]), 2), 6)
        return formatLang(self.env, float(value), digits=places)

    def _word_monetary(self, part, number, field, value, side, change, book):
        currency = self._currency(part, number, field, side, change, book)
        if not currency:
            return formatLang(self.env, float(value))
        return formatLang(self.env, float(value), currency_obj=currency)

    def _currency(self, part, number, field, side, change, book):
        """Return the currency of an amount: that of the record, else of the row."""
        name = field.get_currency_field(part.model)
        known = change.get("values", {}).get(name)
        if known and known[side]:
            return book.currency(known[side])
        if number in book.known(part.model._name) and name in part.model._fields:
            # sudo: the sign of a currency
            rows = part.model.sudo().browse(book.known(part.model._name))
            return rows.browse(number).with_prefetch(rows.ids)[name]
        known = book.values.get((part.model._name, number), {}).get(name)
        if known:
            return book.currency(known)
        root = book.document.record
        if root and name in root._fields:
            # sudo: the sign of a currency
            return root.sudo()[name]
        return self.env.company.currency_id

    def _word_date(self, part, number, field, value, *_rest):
        return format_date(self.env, fields.Date.to_date(value[:10]))

    def _word_datetime(self, part, number, field, value, *_rest):
        moment = datetime.fromisoformat(value)
        zone = self.env.context.get("tz") or self.env.user.tz or "UTC"
        return format_datetime(self.env, moment, tz=zone, dt_format="medium")

    def _word_char(self, part, number, field, value, *_rest):
        return CUT.sub("…", str(value))

    _word_text = _word_char

    def _word_html(self, part, number, field, value, *_rest):
        return html2plaintext(CUT.sub("…", str(value))).strip()

    # -- texts -------------------------------------------------------------------------

    @api.model
    def _text_line(self, line, old, new):
        """Return two texts; long ones shortened, and which words differ."""
        line = {**line, "old": self._short(old), "new": self._short(new)}
        if old and new and max(len(old), len(new)) > SENTENCE:
            line["words"] = self._words_that_differ(old, new)
        return line

    def _short(self, text):
        return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"

    @api.model
    def _words_that_differ(self, old, new):
        """Return ``[[what, text]]``; what is ``same``, ``old`` or ``new``."""
        before, after = _tokens(old)[:WORDS], _tokens(new)[:WORDS]
        found = []
        matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
        for tag, start, end, first, last in matcher.get_opcodes():
            if tag == "equal":
                found.append(["same", self._elided(before[start:end])])
                continue
            for what, words in (("old", before[start:end]), ("new", after[first:last])):
                if words:
                    found.append([what, self._short("".join(words))])
        return found

    def _elided(self, words):
        keep = 2 * AROUND
        if len(words) <= 2 * keep + 1:
            return "".join(words)
        return "".join(words[:keep]) + " … " + "".join(words[-keep:])

    # -- values of several parts -------------------------------------------------------

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
            lines.append(self._text_line({"name": name, "label": title}, *texts))
        return lines

    def _by_language(self, value):
        if isinstance(value, dict):
            return value
        return {} if value in NOTHING else {"en_US": value}

    def _of_companies(self, part, number, name, old, new, change, book):
        """Return one line for each company for which a value has changed."""
        field, label = part.model._fields[name], self._label(part.model, name)
        sides = [value if isinstance(value, dict) else {} for value in (old, new)]
        # sudo: names of companies; only those of the reader, unless he is an auditor
        ids = {int(key) for side in sides for key in side if key.isdigit()}
        companies = self.env["res.company"].sudo().browse(sorted(ids)).exists()
        if not book.document.auditor:
            companies &= self.env.user.company_ids
        lines = []
        for company in companies:
            pair = [side.get(str(company.id)) for side in sides]
            if pair[0] == pair[1]:
                continue
            words = [
                self._word(part, number, field, value, index, change, book)
                for index, value in enumerate(pair)
            ]
            title = label
            if len(self.env.user.company_ids) > 1 or book.document.auditor:
                title = self.env._(
                    "%(field)s (%(part)s)", field=label, part=company.name
                )
            lines.append(
                {"name": name, "label": title, "old": words[0], "new": words[1]}
            )
        return lines

    def _of_properties(self, part, number, name, old, new, book):
        """Return one line for each property that has changed."""
        sides = [value if isinstance(value, dict) else {} for value in (old, new)]
        known = self._definitions(part, number, name, book)
        lines = []
        for key in sorted(sides[0].keys() | sides[1].keys()):
            pair = [side.get(key) for side in sides]
            if pair[0] == pair[1]:
                continue
            definition = known.get(key, {})
            words = [self._property_word(definition, value, book) for value in pair]
            title = definition.get("string") or self._label(part.model, name)
            lines.append(
                {"name": name, "label": title, "old": words[0], "new": words[1]}
            )
        return lines

    def _definitions(self, part, number, name, book):
        if number not in book.known(part.model._name):
            return {}
        field = part.model._fields[name]
        # sudo: labels of the fields that the reader sees in the document
        holder = part.model.sudo().browse(number)[field.definition_record]
        known = holder[field.definition_record_field] if holder else None
        return {item["name"]: item for item in known or []}

    def _property_word(self, definition, value, book):
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
            return self._property_records(definition, value, book)
        if kind == "date":
            return format_date(self.env, fields.Date.to_date(value[:10]))
        if kind == "datetime":
            return self._word_datetime(None, None, None, value)
        if kind == "float":
            return formatLang(self.env, float(value))
        return self._short(self._plain(value))

    def _property_records(self, definition, value, book):
        model = definition.get("comodel")
        ids = value if isinstance(value, list) else [value]
        ids = {item for item in ids if isinstance(item, int)}
        missing = {item for item in ids if (model, item) not in book.found}
        if missing:
            self._look_up(book.document, model, missing, book)
        return ", ".join(book.name(model, item) for item in sorted(ids))

    # -- links -------------------------------------------------------------------------

    def _links_in_words(self, part, name, mine, other, net, book):
        """Return which links of a many2many were made and cut, from either side."""
        target = self._source_name(other)
        if mine:
            if not self._is_visible(part.model, name):
                return []
            label = self._label(part.model, name)
        else:
            label = self._label_of_other_side(part.model, target, name, book)
            if not label:
                return []
        added = [book.name(target, number) for number in net if net[number] > 0]
        removed = [book.name(target, number) for number in net if net[number] < 0]
        if not added and not removed:
            return []
        return [
            {
                "name": name if mine else f"{target}.{name}",
                "label": label,
                "added": sorted(added),
                "removed": sorted(removed),
            }
        ]

    def _label_of_other_side(self, model, target, name, book):
        """Return how the document calls those who link to it by a field of theirs.

        "" if the reader may not see it.
        """
        other = self.env.get(target)
        if other is None or name not in other._fields:
            return self._model_label(target) if book.document.auditor else ""
        field = other._fields[name]
        for item in model._fields.values():
            if (
                item.type == "many2many"
                and item.comodel_name == target
                and item.store
                and item.relation == field.relation
                and item.column1 == field.column2
            ):
                visible = self._is_visible(model, item.name)
                return item._description_string(self.env) if visible else ""
        other = self._readable(book.document, target)
        if not self._is_visible(other, name):
            return ""
        return self.env._(
            "%(kind)s: %(field)s",
            kind=self._model_label(target),
            field=self._label(other, name),
        )


def _tokens(text):
    """Return the words of a text; Chinese has no spaces between them."""
    return re.findall(r"[\u2e80-\u9fff\uf900-\ufaff]|\s+|\w+|[^\w\s]", text)
