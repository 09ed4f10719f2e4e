from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import MissingError
from odoo.fields import Domain
from odoo.tools import SQL

from .. import history_index

# documents of one kind that are looked at, the newest first
DOCUMENTS = 1000
# of a document with what is below it, those by which deleted documents are looked for
ROOTS = 40
# links that say nothing about what belongs together
TECHNICAL = {"create_uid", "write_uid"}
PERIODS = (30, 90, 365, 0)


class ErpAuditTouch(models.AbstractModel):
    """Who touched this: a document, what is below it, and all that points to it.

    What pointed to it and was deleted since belongs to it as well.
    """

    _name = "erp.audit.touch"
    _description = "Who Touched This"

    @api.model
    @api.readonly
    def get_page(self, model, res_id, days=365):
        """Return who did what to a document and to all that belongs to it.

        :param str model: model of the document
        :param int res_id: its number
        :param int days: how far back, 0 for all
        :return: dict with ``name``, ``people`` (with their ``lines``), and ``kinds``
            (what was looked at): how many, how many of them are deleted, and whether
            only the newest were looked at (``cut``)
        :raise MissingError: if there is no such document
        :raise AccessError: if the reader may not read it
        """
        record = self._record(model, res_id)
        documents, cut = self._documents(record)
        gone = self._number_gone(documents)
        people = {}
        for name, ids in documents.items():
            for row in self._touched(name, ids, days):
                self._add(people, name, *row)
        return {
            "name": record.display_name,
            "model": model,
            "res_id": record.id,
            "days": days,
            "people": self._sorted(people),
            "kinds": [
                {
                    "label": self._label(name),
                    "count": len(ids),
                    "gone": gone[name],
                    "cut": name in cut,
                }
                for name, ids in documents.items()
            ],
        }

    @api.model
    def action_open(self, model, res_id):
        """Open the page of a document.

        :return: action
        """
        record = self._record(model, res_id)
        return {
            "type": "ir.actions.client",
            "tag": "erp_audit_touch",
            "name": self.env._("Who touched %s", record.display_name),
            "params": {"touch_model": model, "touch_id": record.id},
        }

    @api.model
    def action_records(self, model, res_id, days, source, login, user_id=None):
        """List the records behind a line of the page.

        :param str source: kind of document of the line
        :param str login: whose
        :param user_id: whose; None if he was deleted since
        :return: action
        """
        record = self._record(model, res_id)
        documents, _cut = self._documents(record)
        if source not in documents:
            raise MissingError(self.env._("There is no such document any more."))
        domain = self._domain(source, documents[source], days)
        domain.append(("user_id", "=", user_id) if user_id else ("login", "=", login))
        return self.env["erp.audit.record"]._action_list(
            self.env._(
                "%(who)s on %(document)s", who=login, document=record.display_name
            ),
            domain,
        )

    @api.model
    def _record(self, model, res_id):
        """Return the document, which the reader must be able to read."""
        if model not in self.env or not self.env[model]._auto:
            raise MissingError(self.env._("There is no such document."))
        records = self.env[model].with_context(active_test=False)
        record = records.browse(int(res_id))
        record.check_access("read")
        if not record.exists():
            raise MissingError(self.env._("There is no such document any more."))
        return record

    # -- what belongs to it ------------------------------------------------------------

    @api.model
    def _documents(self, record):
        """Return the documents that belong to one, as the reader may read them.

        :return: ``({model: ids}, models of which only the newest are there)``
        """
        roots = self._roots(record)
        found, cut = {record._name: set(roots.ids)}, set()
        if self._has_parts(record):
            gone = self._gone(record, [record._parent_name], roots)
            found[record._name].update(gone[:DOCUMENTS])
        for model in self.env["erp.audit.record"]._audited_models():
            if model._name == record._name or not model.has_access("read"):
                continue
            names = self._links(model, record._name)
            if not names:
                continue
            domain = Domain.OR(Domain(name, "in", roots.ids) for name in names)
            linked = model.with_context(active_test=False).search(
                domain, order="id desc", limit=DOCUMENTS + 1
            )
            gone = self._gone(model, names, roots)
            if len(linked) > DOCUMENTS or len(gone) > DOCUMENTS:
                cut.add(model._name)
            if linked or gone:
                found[model._name] = {*linked[:DOCUMENTS].ids, *gone[:DOCUMENTS]}
        return {name: sorted(ids) for name, ids in found.items()}, cut

    @api.model
    def _roots(self, record):
        """Return a document with what is below it, such as a customer's contacts."""
        if not self._has_parts(record):
            return record
        return record.search([("id", "child_of", record.id)], limit=DOCUMENTS)

    @api.model
    def _has_parts(self, record):
        parent = record._fields.get(record._parent_name)
        return bool(parent and parent.comodel_name == record._name and parent.store)

    @api.model
    def _links(self, model, target):
        """Return the fields of a model that point to a kind of document."""
        return [
            name
            for name, field in model._fields.items()
            if field.type == "many2one"
            and field.comodel_name == target
            and field.store
            and name not in TECHNICAL
            and model._has_field_access(field, "read")
        ]

    @api.model
    def _gone(self, model, names, roots):
        """Return the numbers of documents that pointed to these and were deleted.

        Those of which the reader may see the deletion, the newest first.
        """
        numbers = roots.ids[:ROOTS]
        records = self.env["erp.audit.record"]
        domain = Domain("source_id", "=", self._number(model._name))
        query = records._search(
            domain & Domain("op", "=", "d") & history_index.pointing(names, numbers),
            order="id desc",
            limit=DOCUMENTS + 1,
        )
        column = SQL.identifier(query.table, "res_id")
        rows = self.env.execute_query(query.select(column)) if names else ()
        return list(dict.fromkeys(number for (number,) in rows if number))

    @api.model
    def _number_gone(self, documents):
        """Return ``{model: number of documents that are not there any more}``."""
        found = {}
        for name, ids in documents.items():
            # sudo: whether they are there
            found[name] = len(ids) - len(self.env[name].sudo().browse(ids).exists())
        return found

    @api.model
    def _number(self, name):
        return self.env["erp.audit.source"]._number(name)

    # -- who touched them --------------------------------------------------------------

    @api.model
    def _domain(self, name, ids, days):
        domain = [("source_id", "=", self._number(name)), ("res_id", "in", ids)]
        if days:
            moment = fields.Datetime.now() - timedelta(days=int(days))
            domain.append(("date", ">=", fields.Datetime.to_string(moment)))
        return domain

    @api.model
    def _touched(self, name, ids, days):
        """Return rows: person, login, kind, event, how often, which, last time."""
        return self.env["erp.audit.record"]._read_group(
            self._domain(name, ids, days),
            ["user_id", "login", "op", "event"],
            ["__count", "res_id:array_agg_distinct", "date:max"],
        )

    @api.model
    def _add(self, people, name, user, login, op, event, count, documents, last):
        """Add a row to the line of a person and a kind of document."""
        person = people.setdefault(
            (user.id, login),
            {
                "user_id": user.id,
                "login": login or "",
                # sudo: names of people; whoever reads the record knows who it was
                "name": user.sudo().name or login or self.env._("Unknown"),
                "lines": {},
                "last": last,
                "count": 0,
            },
        )
        line = person["lines"].setdefault(
            name,
            {
                "model": name,
                "label": self._label(name),
                "kinds": defaultdict(int),
                "documents": set(),
                "last": last,
                "count": 0,
            },
        )
        line["kinds"][self._kind(op, event)] += count
        line["documents"].update(documents)
        for item in (person, line):
            item["count"] += count
            item["last"] = max(item["last"], last)

    @api.model
    def _kind(self, op, event):
        records = self.env["erp.audit.record"]
        if op == "e":
            return records._event_words().get(event, event)
        return dict(records._fields["op"]._description_selection(self.env))[op]

    @api.model
    def _label(self, name):
        return self.env["erp.audit.words"]._model_label(name)

    @api.model
    def _sorted(self, people):
        """Return the people, those who came last first, as plain data."""

        def newest(items):
            return sorted(items, key=lambda item: item["last"], reverse=True)

        found = newest(people.values())
        for item in found:
            item["lines"] = newest(item["lines"].values())
            for line in item["lines"]:
                line["kinds"] = [
                    {"name": name, "count": count}
                    for name, count in line["kinds"].items()
                ]
                line["documents"] = len(line["documents"])
                line["last"] = fields.Datetime.to_string(line["last"])
            item["last"] = fields.Datetime.to_string(item["last"])
        return found
