from collections import defaultdict

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

# records that are looked at for one page, of each part of a document
WINDOW = 400
# records of the operations of one page, and of one that is shown in full
RECORDS = 2000
FULL = 10000
COLUMNS = (
    "id",
    "date",
    "operation",
    "op",
    "source_id",
    "res_id",
    "other_source_id",
    "other_id",
    "user_id",
    "effective_user_id",
    "login",
    "ip",
    "session",
    "route",
    "action",
    "event",
    "diff",
)
# what is no part of what happened to a document
NOT_SHOWN = ("trail_read", "read")


class ErpAuditHistory(models.AbstractModel):
    """The records of a document, operation by operation."""

    _inherit = "erp.audit.history"

    @api.model
    def _rows(self, domain, limit):
        """Return the newest records that the reader may see, as dicts.

        Not read through the ORM: what is shown of them is filtered by field, and that
        they were read is recorded once for the whole screen.
        """
        query = self.env["erp.audit.record"]._search(
            domain, order="id desc", limit=limit
        )
        if query.is_empty():
            return []
        columns = [SQL.identifier(query.table, name) for name in COLUMNS]
        self.env.cr.execute(query.select(*columns))
        names = [item.name for item in self.env.cr.description]
        return [dict(zip(names, row, strict=True)) for row in self.env.cr.fetchall()]

    @api.model
    def _filter_domain(self, filters):
        """Return the domain of the filters that a reader has set."""
        domain = Domain("event", "=", False) | Domain("event", "not in", NOT_SHOWN)
        if "user_id" in filters:
            domain &= Domain("user_id", "=", filters["user_id"] or False)
        if "after" in filters:
            domain &= Domain("id", ">", filters["after"])
        if "since" in filters:
            domain &= Domain("date", ">", filters["since"])
        if "until" in filters:
            domain &= Domain("date", "<=", filters["until"])
        if "field" in filters:
            model, name = filters["field"]
            number = self.env["erp.audit.source"]._number(model)
            domain &= Domain("source_id", "=", number) & Domain.custom(
                to_sql=lambda records, alias, query: SQL(
                    "%s ? %s", SQL.identifier(alias, "diff"), name
                )
            )
        return domain

    def _page(self, document, filters, before, number):
        """Return the newest operations before a record, and where the next page begins.

        An operation's place is that of its newest record.

        :param before: where the page before ended: ``[id, operation]``
        :return: list of lists of records, and where to go on from, None at the end
        """
        chosen = self._filter_domain(filters)
        earlier, place = Domain.TRUE, None
        if before:
            place, last = int(before[0]), int(before[1])
            earlier = Domain("id", "<", place) & Domain("operation", "!=", str(last))
        newest, complete = [], True
        floor = 0
        for domain in document.domains():
            rows = self._rows(domain & chosen & earlier, WINDOW)
            if len(rows) == WINDOW:
                complete = False
                floor = max(floor, rows[-1]["id"])
            newest += rows
        # below the floor some part has records that were not looked at
        places = {}
        for row in sorted(newest, key=lambda row: -row["id"]):
            if row["id"] >= floor:
                places.setdefault(row["operation"], row["id"])
        wanted = list(places)[:number]
        if not wanted:
            return [], None
        rest = len(places) > number or not complete
        following = [places[wanted[-1]], wanted[-1]] if rest else None
        if complete and not before:
            rows = newest
        else:
            rows = self._of_operations(document, chosen, wanted, RECORDS)
        return self._in_operations(rows, wanted, place), following

    def _operation(self, document, filters, operation):
        chosen = self._filter_domain(filters)
        rows = self._of_operations(document, chosen, [operation], FULL)
        return self._in_operations(rows, [operation], None)

    def _of_operations(self, document, chosen, operations, limit):
        """Return the records of a document that belong to some operations."""
        domain = Domain("operation", "in", [str(number) for number in operations])
        return self._rows(domain & chosen & Domain.OR(document.domains()), limit)

    def _in_operations(self, rows, wanted, place):
        """Return records by operation, without those that an earlier page has shown."""
        grouped = defaultdict(dict)
        for row in rows:
            grouped[row["operation"]][row["id"]] = row
        return [
            sorted(grouped[number].values(), key=lambda row: row["id"])
            for number in wanted
            if grouped[number] and not (place and max(grouped[number]) >= place)
        ]

    def _choices(self, document):
        """Return who has changed a document, and which fields were changed."""
        chosen = self._filter_domain({})
        people, names = set(), set()
        for domain in document.domains():
            for row in self._rows(domain & chosen, WINDOW):
                people.add((row["user_id"], row["login"]))
                if row["op"] in "wlu":
                    names.update((row["source_id"], name) for name in row["diff"])
        parts = {part.source: part for part in document.parts}
        shown = [
            [
                f"{parts[source].model._name}:{name}",
                self._field_label(document, parts[source], name),
            ]
            for source, name in names
            if source in parts and self._is_visible(parts[source].model, name)
        ]
        known = self._person_names({user for user, _login in people if user})
        return {
            "people": sorted(known.items(), key=lambda item: item[1]),
            "fields": sorted(shown, key=lambda item: item[1]),
        }

    def _compare(self, document, filters):
        """Return what all records between two moments come to."""
        chosen = self._filter_domain(filters)
        rows = {}
        for domain in document.domains():
            for row in self._rows(domain & chosen, FULL):
                rows[row["id"]] = row
        every = Domain.OR(document.domains()) & chosen
        # sudo: only how many there are, to say that some are not shown
        count = self.env["erp.audit.record"].sudo().search_count(every, FULL)
        rows = [rows[number] for number in sorted(rows) if not rows[number]["event"]]
        book = self._book(document, [rows])
        return {
            **self._heading(document, book),
            "groups": self._groups(document, rows, book),
            "partial": count > len(rows) or len(rows) >= FULL,
            "count": len(rows),
        }
