from odoo import api, fields, models

from ..sqltext import MASK
from ..words import Row
from .erp_audit_words import TECHNICAL

# rows of one operation that an entry shows, and records in full detail
GROUPS = 25
DETAILS = 500


class ErpAuditHistory(models.AbstractModel):
    """Entries: one for each operation, with what it changed row by row."""

    _inherit = "erp.audit.history"

    @api.model
    def _heading(self, document, book):
        """Return what the screen says of the document itself."""
        return {
            "name": book.name(document.name, document.res_id),
            "label": self.env["erp.audit.words"]._model_label(document.name),
            "exists": bool(document.record),
            "scope": "all" if document.reader else "own",
        }

    @api.model
    def _is_visible(self, model, name):
        """Return whether the reader may see a column of a row."""
        if name in TECHNICAL:
            return False
        return self.env["erp.audit.words"]._is_field_visible(model, name)

    def _is_shown(self, document, model, name):
        """Return whether a column is to be shown: visible, and not filtered out."""
        if document.only and document.only != (model._name, name):
            return False
        return self._is_visible(model, name)

    @api.model
    def _entries(self, document, operations, book, full=False):
        """Return operations, each a list of records, as the screen shows them."""
        found = [self._entry(document, rows, book, full) for rows in operations]
        return [entry for entry in found if entry]

    def _entry(self, document, rows, book, full):
        events = [row for row in rows if row["op"] == "e"]
        changes = [row for row in rows if row["op"] != "e"]
        groups = self._groups(document, changes, book)
        if not groups and not events:
            return None
        first = rows[0]
        shown = groups if full else groups[:GROUPS]
        return {
            "id": rows[-1]["id"],
            "operation": str(first["operation"]),
            "date": fields.Datetime.to_string(first["date"]),
            **self._who(first, book),
            **self._what(document, rows, groups),
            "groups": shown,
            "more": len(groups) - len(shown),
            # looked at by few: asked for when it is unfolded
            "details": self._details(document, rows) if full else False,
        }

    # -- who ---------------------------------------------------------------------------

    def _who(self, row, book):
        """Return the person of an operation, and in whose name it was done."""
        person, acting = row["user_id"], row["effective_user_id"]
        name = book.person(person) or row["login"] or ""
        other = book.person(acting) if person and acting != person else ""
        return {
            "person": name,
            "user_id": person or False,
            "acting": other or "",
            "known": bool(name),
        }

    @api.model
    def _person_names(self, ids):
        """Return ``{id: name}`` of users; those who are gone as far as known."""
        # sudo: whose operation it was is part of the record that the reader may see
        users = self.env["res.users"].sudo().with_context(active_test=False)
        users = users.browse(sorted(ids)).exists()
        return {user.id: user.name for user in users}

    # -- what --------------------------------------------------------------------------

    def _groups(self, document, rows, book):
        """Return what an operation changed: the document first, then its lines."""
        merged = {}
        for row in rows:
            key = self._key(document, row)
            if key:
                self._merge(merged.setdefault(key, {}), row, document)
        order = {part.source: place for place, part in enumerate(document.parts)}
        groups = []
        for (source, number), change in sorted(
            merged.items(), key=lambda item: (order[item[0][0]], item[0][1])
        ):
            group = self._group(document, document.part(source), number, change, book)
            if group:
                groups.append(group)
        return groups

    def _key(self, document, row):
        """Return the row of the document that a record is about, as seen from there."""
        part = document.part(row["source_id"])
        if part and (row["res_id"] in part.ids or row["res_id"] in part.moved):
            return row["source_id"], row["res_id"]
        part = document.part(row["other_source_id"])
        if part and row["other_id"] in part.ids:
            return row["other_source_id"], row["other_id"]
        return None

    def _merge(self, change, row, document):
        """Add a record to what is known of a row in the same operation."""
        values = change.setdefault("values", {})
        links = change.setdefault("links", {})
        if row["op"] in "lu":
            mine = self._key(document, row) == (row["source_id"], row["res_id"])
            name = next(iter(row["diff"]), "")
            key = (name, mine, row["other_source_id"] if mine else row["source_id"])
            net = links.setdefault(key, {})
            target = row["other_id"] if mine else row["res_id"]
            net[target] = net.get(target, 0) + (1 if row["op"] == "l" else -1)
            return
        change.setdefault("first", row["op"])
        change["last"] = row["op"]
        for name, value in row["diff"].items():
            old, new = {
                "c": (None, value),
                "d": (value, None),
            }.get(row["op"], value if isinstance(value, list) else (None, value))
            if row["op"] == "d" and name in values:
                # what the row held before the operation stays the old value
                values[name] = (values[name][0], None)
            else:
                values[name] = (values[name][0] if name in values else old, new)

    def _group(self, document, part, number, change, book):
        kind = change.get("first", "w")
        if change.get("last") == "d":
            # made and taken away in one go: nothing is left to tell
            kind = "" if kind == "c" else "d"
        values = self._values(part, number, kind, change, book) if kind else []
        if not values and kind not in ("c", "d"):
            return None
        is_root = part.model._name == document.name and number == document.res_id
        gone = kind == "d" or number not in book.known(part.model._name)
        return {
            "key": f"{part.source},{number}",
            "kind": kind,
            "root": is_root,
            "label": self.env["erp.audit.words"]._model_label(part.model._name),
            "name": "" if is_root else self._line_name(document, part, number, book),
            "model": part.model._name,
            "res_id": number,
            "gone": gone,
            "values": values,
        }

    def _line_name(self, document, part, number, book):
        """Return the name of a line without that of its document."""
        name = book.name(part.model._name, number)
        whole = book.name(document.name, document.res_id)
        for between in (" - ", ": ", ", "):
            if whole and name.startswith(whole + between):
                return name[len(whole + between) :]
        return name

    def _values(self, part, number, kind, change, book):
        """Return the changed fields of a row that the reader may see, in words."""
        model, found = part.model, []
        words = self.env["erp.audit.words"]
        row = Row(model, number, change.get("values", {}), book.document.record)
        for name in words._in_order(model, row.values):
            old, new = row.values[name]
            if kind == "w" and old == new and old != MASK:
                continue
            if kind != "w" and (name == part.parent or not (old or new)):
                continue
            if not self._is_shown(book.document, model, name):
                continue
            minor = words._is_minor(model, name, part.parent)
            lines = words._lines(row, name, old, new, book)
            found += [{**line, "minor": minor} for line in lines]
        for (name, mine, other), net in change.get("links", {}).items():
            if book.document.only and book.document.only[1] != name:
                continue
            found += self._links_in_words(part, name, mine, other, net, book)
        return found

    # -- in full detail ----------------------------------------------------------------

    def _details(self, document, rows):
        """Return the records themselves, with the columns that the reader may see."""
        found = []
        for row in rows[:DETAILS]:
            part = document.part(row["source_id"])
            seen = row["diff"] if row["op"] == "e" and document.auditor else {}
            if part and row["op"] != "e":
                seen = {
                    name: value
                    for name, value in row["diff"].items()
                    if self._is_visible(part.model, name)
                }
            found.append(
                {
                    "id": row["id"],
                    "op": row["op"],
                    "model": part.model._name if part else "",
                    "res_id": row["res_id"] or False,
                    "values": seen,
                }
            )
        first = rows[0]
        names = ("operation", "login", "ip", "action")
        if document.auditor:
            names += ("session", "route")
        return {
            "context": [[name, str(first[name])] for name in names if first[name]],
            "records": found,
            "count": len(rows),
        }
