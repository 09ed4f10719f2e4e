from collections import defaultdict

from odoo import api, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from ..sqltext import MASK

# how a record of a row names it, where Odoo computes the name
NAMES = ("name", "display_name", "complete_name", "reference", "ref", "login", "code")


class Book:
    """Names of the rows that a page speaks of, looked up together.

    :param history: the model ``erp.audit.history``
    :param document: see ``erp_audit_history_scope``
    """

    def __init__(self, history, document):
        self.history = history
        self.document = document
        self.wanted = defaultdict(set)
        self.found = {}
        self.there = defaultdict(set)
        self.people = {}
        self.values = {}
        self.currencies = None

    def want(self, name, number):
        """Ask for the name of a row."""
        if isinstance(number, int) and number > 0:
            self.wanted[name].add(number)

    def name(self, name, number):
        """Return the name of a row, neutral words if the reader may not see it."""
        return self.found.get((name, number)) or self.history.env._(
            "no. %s", number or ""
        )

    def known(self, name):
        """Return the rows of a model that are there."""
        return self.there[name]

    def currency(self, number):
        """Return a currency, none if it is gone."""
        if self.currencies is None:
            # sudo: the signs of currencies
            known = self.history.env["res.currency"].sudo()
            self.currencies = known.with_context(active_test=False).search([])
        return self.currencies.filtered(lambda currency: currency.id == number)

    def person(self, number):
        """Return the name of a user, "" if there is none."""
        return self.people.get(number, "")


class ErpAuditHistory(models.AbstractModel):
    """Names of records: there, out of sight, or deleted."""

    _inherit = "erp.audit.history"

    @api.model
    def _book(self, document, operations):
        """Return the names that some operations need."""
        book = Book(self, document)
        people = set()
        book.want(document.name, document.res_id)
        for rows in operations:
            for row in rows:
                people.update((row["user_id"], row["effective_user_id"]))
                self._want(document, row, book)
        book.people = self._person_names(people - {None, False})
        for name, ids in book.wanted.items():
            self._look_up(document, name, ids, book)
        return book

    def _want(self, document, row, book):
        key = self._key(document, row)
        part = key and document.part(key[0])
        if not part:
            return
        book.want(part.model._name, key[1])
        if row["op"] in "lu":
            mine = key == (row["source_id"], row["res_id"])
            number = row["other_source_id"] if mine else row["source_id"]
            book.want(
                self._source_name(number), row["other_id"] if mine else row["res_id"]
            )
            return
        for name, value in row["diff"].items():
            field = part.model._fields.get(name)
            pair = value if row["op"] == "w" and isinstance(value, list) else [value]
            if field is not None and self._is_visible(part.model, name):
                for item in pair:
                    for model, number in self._references(part, key[1], field, item):
                        book.want(model, number)

    @api.model
    def _source_name(self, number):
        return self.env["erp.audit.source"].browse(number).name or ""

    @api.model
    def _references(self, part, number, field, value):
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
            record = part.model.browse(number).exists()
            model = record[field.model_field] if record else ""
            if model:
                yield model, value

    def _look_up(self, document, name, ids, book):
        model = self.env.get(name)
        if model is None or model._abstract:
            for number in ids:
                book.found[name, number] = self._gone_name(number)
            return
        model = self._readable(document, name).with_context(active_test=False)
        records = model.browse(sorted(ids)).exists()
        book.there[name].update(records._ids)
        allowed = records
        if not document.auditor:
            allowed = (
                records._filtered_access("read")
                if model.has_access("read")
                else model.browse()
            )
        for record in allowed:
            try:
                book.found[name, record.id] = record.display_name
            except AccessError:
                # the name is made of what he may not see
                book.found[name, record.id] = self.env._("(not visible to you)")
        for number in set(records._ids) - set(allowed._ids):
            book.found[name, number] = self.env._("(not visible to you)")
        gone = ids - set(records._ids)
        if gone:
            self._look_up_gone(document, model, gone, book)

    def _look_up_gone(self, document, model, ids, book):
        """Name deleted rows as the trail knew them last, if the reader saw them."""
        source = self.env["erp.audit.source"]._number(model._name)
        values = self._last_values(source, ids)
        part = document.part(source)
        for number in ids:
            known = values.get(number, {})
            book.values[model._name, number] = known
            mine = part and number in part.ids
            seen = document.auditor or (
                model.has_access("read") and (mine or self._would_see(model, known))
            )
            name = self._recorded_name(model, known) if seen else ""
            book.found[model._name, number] = name or self._gone_name(number)

    def _gone_name(self, number):
        return self.env._("deleted record no. %s", number)

    def _recorded_name(self, model, values):
        """Return how a record of a row names it, "" if it does not."""
        for name in (model._rec_name, *NAMES):
            value = values.get(name)
            if value in (None, False, "", MASK) or not self._is_visible(model, name):
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
        # the names alone are shown, to those who might see the rows
        rows = self.env.execute_query(
            SQL(
                """SELECT DISTINCT ON (res_id) res_id, diff FROM erp_audit_log
                    WHERE source = %s AND res_id IN %s AND op IN ('c', 'd')
                    ORDER BY res_id, id DESC""",
                source,
                tuple(ids),
            )
        )
        return dict(rows)
