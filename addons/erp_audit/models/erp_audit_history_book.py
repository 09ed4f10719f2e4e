from odoo import api, models

from ..words import Names, Row


class Book(Names):
    """Names of the rows that a page of a history speaks of.

    :param words: the model ``erp.audit.words``
    :param document: see ``erp_audit_history_scope``
    """

    def __init__(self, words, document):
        super().__init__(words, document.auditor)
        self.document = document
        self.people = {}

    def is_own(self, name, number):
        """Override: lines of the document are seen by those who see the document."""
        source = self.words.env["erp.audit.source"]._number(name)
        part = self.document.part(source)
        return bool(part) and number in part.ids

    def person(self, number):
        """Return the name of a user, "" if there is none."""
        return self.people.get(number, "")


class ErpAuditHistory(models.AbstractModel):
    """Names that a history needs."""

    _inherit = "erp.audit.history"

    @api.model
    def _book(self, document, operations):
        """Return the names that some operations need."""
        book = Book(self.env["erp.audit.words"], document)
        people = set()
        book.want(document.name, document.res_id)
        for rows in operations:
            for row in rows:
                people.update((row["user_id"], row["effective_user_id"]))
                self._want(document, row, book)
        book.people = self._person_names(people - {None, False})
        book.look_up()
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
        words = self.env["erp.audit.words"]
        values = {}
        for name, value in row["diff"].items():
            pair = value if row["op"] == "w" and isinstance(value, list) else [value]
            if name in part.model._fields and self._is_visible(part.model, name):
                values[name] = pair
        words._want(Row(part.model, key[1], values), book)

    @api.model
    def _source_name(self, number):
        return self.env["erp.audit.source"].browse(number).name or ""
