from dataclasses import dataclass, field
from typing import Any

from odoo import api, models
from odoo.fields import Domain

from .. import history_index
from .erp_audit_rule_sync import ALWAYS

# lines of a document that are looked at, the newest
LINES = 5000


@dataclass
class Part:
    """Rows of one table that belong to a document.

    :param model: model of the rows, with the rights of the reader
    :param source: its number in the trail
    :param ids: the rows that are part of the document, or were until deleted
    :param parent: field by which lines point at the document, None for the document
    :param moved: ``{row: last record}`` of lines that are part of another one now
    """

    model: Any
    source: int
    ids: set
    parent: str | None = None
    moved: dict = field(default_factory=dict)

    def linked(self):
        """Return the domain of the links that others have made to the rows."""
        return Domain("other_source_id", "=", self.source) & Domain(
            "other_id", "in", sorted(self.ids)
        )

    def domain(self):
        """Return the domains of the records of the rows, each served by one index."""
        own = Domain("source_id", "=", self.source)
        if self.ids:
            yield own & Domain("res_id", "in", sorted(self.ids))
        for number, last in self.moved.items():
            yield own & Domain("res_id", "=", number) & Domain("id", "<=", last)


@dataclass
class Document:
    """A document whose history is read, and the rows that are part of it."""

    model: Any
    res_id: int
    record: Any
    auditor: bool
    reader: bool
    parts: list = field(default_factory=list)
    # the only field that is shown, as (model, name)
    only: tuple | None = None

    @property
    def name(self):
        """Return the name of the model."""
        return self.model._name

    def domains(self):
        """Return the domains of all its records; together they are the history."""
        found = [domain for part in self.parts for domain in part.domain()]
        return [*found, Domain.OR(part.linked() for part in self.parts)]

    def part(self, source):
        """Return the part whose rows have this number in the trail, None if none."""
        return next((part for part in self.parts if part.source == source), None)


class ErpAuditHistory(models.AbstractModel):
    """Which rows are part of a document."""

    _inherit = "erp.audit.history"

    @api.model
    def _scope(self, model, res_id, record, auditor):
        reader = auditor or self._is_reader(model._name)
        document = Document(model, res_id, record, auditor, reader)
        # what is not written yet is part of it as well
        self.env.flush_all()
        number = self.env["erp.audit.source"]._number
        document.parts.append(Part(model, number(model._name), {res_id}))
        for part in self._delegates(document):
            self._add_part(document, part)
        for name, parent in self._lines_of(model):
            if part := self._lines(document, name, parent):
                self._add_part(document, part)
        return document

    def _add_part(self, document, part):
        known = document.part(part.source)
        if known:
            known.ids |= part.ids
            known.moved |= part.moved
        else:
            document.parts.append(part)

    @api.model
    def _recorded_models(self):
        """Return the names of the models whose changes are recorded."""
        names = self.env["erp.audit.rule"]._recorded_names()
        return names.union(ALWAYS).intersection(self.env)

    def _delegates(self, document):
        """Return the rows that a document is built on, such as a user's partner."""
        recorded = self._recorded_models()
        for name, link in document.model._inherits.items():
            if name not in recorded or not document.record:
                continue
            target = document.record[link]
            if target and (document.auditor or target.has_access("read")):
                number = self.env["erp.audit.source"]._number(name)
                yield Part(self._readable(document, name), number, {target.id})

    @api.model
    def _lines_of(self, model):
        """Return ``[(model, field)]`` of the rows that are lines of a document.

        Lines are what is deleted with the document, or copied with it; a transfer of
        an order is none. To be overridden where this does not tell.
        """
        found = set()
        for name in self._recorded_models():
            for item in self.env[name]._fields.values():
                if self._is_line_field(item) and item.comodel_name == model._name:
                    if item.ondelete == "cascade":
                        found.add((name, item.name))
        recorded = self._recorded_models()
        for item in model._fields.values():
            if item.type != "one2many" or not item.copy or item.inherited:
                continue
            inverse = item.inverse_name and item.comodel_name in recorded
            if inverse:
                target = self.env[item.comodel_name]._fields[item.inverse_name]
                if self._is_line_field(target):
                    found.add((item.comodel_name, item.inverse_name))
        return sorted(found)

    def _is_line_field(self, item):
        return (
            item.type == "many2one"
            and item.store
            and not item.company_dependent
            and not item.inherited
        )

    def _readable(self, document, name):
        # sudo: an auditor reads the trail of all documents; that he did is recorded
        return self.env[name].sudo() if document.auditor else self.env[name]

    def _lines(self, document, name, parent):
        """Return the lines of one kind: those there are, and those that have left."""
        model = self._readable(document, name).with_context(active_test=False)
        if not model.has_access("read"):
            return None
        if not model._has_field_access(model._fields[parent], "read"):
            return None
        source = self.env["erp.audit.source"]._number(name)
        query = model._search(
            [(parent, "=", document.res_id)], order="id desc", limit=LINES
        )
        ids = set(query) if document.record else set()
        left = history_index.left(self.env, source, parent, document.res_id)
        left = {number: last for number, last in left.items() if number not in ids}
        moved = {number: last for number, last in left.items() if last}
        if moved and not document.auditor:
            allowed = model.browse(moved)._filtered_access("read")._ids
            moved = {number: moved[number] for number in allowed}
        ids |= {number for number, last in left.items() if not last}
        if document.name == name:
            # a row is no line of itself
            ids -= {document.res_id}
        return Part(model, source, ids, parent, moved) if ids or moved else None
