import hashlib
import json

from odoo import fields, models
from odoo.tools import float_repr


def canonical_digest(content):
    """Return the SHA-256 digest (hex) of a content as canonical JSON."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


class ApprovalDocumentContent(models.AbstractModel):
    """What exactly is approved: the material content of a document."""

    _inherit = "approval.document.mixin"

    def _approval_contents(self, names):
        """Return the material content of each document as plain data.

        :param names: ``[header field names, line field names]``
        :return: ``{id: {"header": {…}, "lines": {line id: {…}}}}``; floats are
            strings, rounded as their field is stored, so that equal is equal
        """
        header, line_names = names
        contents = {}
        for document in self._approval_clean():
            lines = document[self._approval_lines] if self._approval_lines else ()
            contents[document.id] = {
                "header": self._approval_values(document, header),
                "lines": {
                    str(line.id): self._approval_values(line, line_names)
                    for line in lines
                },
            }
        return contents

    def _approval_digests(self, names):
        """Return {id: digest} of the material content."""
        return {
            res_id: canonical_digest(content)
            for res_id, content in self._approval_contents(names).items()
        }

    @staticmethod
    def _approval_values(record, names):
        """Return the named values of a record in a form that JSON keeps exactly."""
        values = {}
        for name in names:
            field = record._fields.get(name)
            if field is None:
                continue  # the addon of this field is not installed any more
            value = record[name]
            if field.type == "many2one":
                value = value.id
            elif field.relational:
                value = sorted(value.ids)
            elif field.type == "monetary":
                currency = record[field.get_currency_field(record)]
                value = float_repr(value, currency.decimal_places or 2)
            elif field.type == "float":
                digits = field.get_digits(record.env)
                value = float_repr(value, digits[1] if digits else 6)
            elif field.type in ("date", "datetime"):
                value = fields.Datetime.to_string(value) or False
            elif field.type == "json":
                value = value or False  # kept as it is: the digest sorts the keys
            elif value is not None and not isinstance(value, (bool, int, str)):
                value = str(value)
            values[name] = value
        return values

    # -- differences -----------------------------------------------------------------

    def _approval_diff(self, old, new):
        """Return the differences of two contents.

        :return: list of ``{"line": id or None, "kind": "changed" | "added" |
            "removed", "field": name or None, "old": value, "new": value}``
        """
        changes = [
            {
                "line": None,
                "kind": "changed",
                "field": name,
                "old": before,
                "new": after,
            }
            for name, before, after in self._approval_changed(
                old["header"], new["header"]
            )
        ]
        old_lines, new_lines = old["lines"], new["lines"]
        for key in sorted({*old_lines, *new_lines}, key=int):
            if key not in new_lines:
                changes.append(
                    self._approval_line_change(key, "removed", old_lines[key])
                )
            elif key not in old_lines:
                changes.append(self._approval_line_change(key, "added", new_lines[key]))
            else:
                changes += [
                    {
                        "line": int(key),
                        "kind": "changed",
                        "field": name,
                        "old": before,
                        "new": after,
                    }
                    for name, before, after in self._approval_changed(
                        old_lines[key], new_lines[key]
                    )
                ]
        return changes

    @staticmethod
    def _approval_line_change(key, kind, values):
        side = "new" if kind == "added" else "old"
        change = {"line": int(key), "kind": kind, "field": None, "old": 0, "new": 0}
        return {**change, side: values}

    @staticmethod
    def _approval_changed(old, new):
        for name in sorted({*old, *new}):
            before, after = old.get(name), new.get(name)
            if before != after:
                yield name, before, after

    def _approval_changed_names(self, changes):
        """Return the field names that a list of differences touches.

        A line that was added or removed touches the lines, and each of its fields.
        """
        names = {change["field"] for change in changes if change["field"]}
        for change in changes:
            if change["kind"] != "changed":
                names.add(self._approval_lines)
                names.update(change["new"] or change["old"])
        return names

    def _approval_within_tolerance(self, policy, old, new):
        """Return whether the change from ``old`` to ``new`` may pass unapproved.

        Only numbers may differ, and the sum of the differences of all lines counts:
        a dearer line does not make up for a cheaper one, nor a higher quantity for a
        lower price. ``old`` is always the content that was submitted to people, so
        that many small steps add up.
        """
        self.ensure_one()
        amount = self._approval_line_amount
        if not policy["tolerance_percent"] or not amount:
            return False
        changes = self._approval_diff(old, new)
        names = self._approval_changed_names(changes)
        if not names <= set(self._approval_tolerable):
            return False
        if any(amount not in line for line in old["lines"].values()):
            return False  # submitted without the amounts of its lines
        moved = sum(
            self._approval_moved(old["lines"][key], line)
            for key, line in new["lines"].items()
        )
        header = self._approval_amount_field
        before, after = (
            abs(float(content["header"][header])) for content in (old, new)
        )
        moved = max(moved, abs(after - before))
        currency = self._approval_clean().currency_id
        limit = before * policy["tolerance_percent"] / 100.0
        if currency.compare_amounts(moved, limit) > 0:
            return False
        return self._approval_below_limit(moved, policy)

    def _approval_moved(self, old, new):
        """Return by how much one line has moved, in document currency."""
        amount = self._approval_line_amount
        before, after = float(old[amount]), float(new[amount])
        moved = abs(after - before)
        fields_ = self.env[self._approval_line_model()]._fields
        inputs = [
            name
            for name, _before, _after in self._approval_changed(old, new)
            if name != amount and not (fields_[name].compute and fields_[name].readonly)
        ]
        if len(inputs) > 1:  # they may make up for each other
            for name in inputs:
                base = float(old[name])
                share = abs(float(new[name]) - base) / abs(base) if base else 1.0
                moved = max(moved, share * abs(before))
        return moved

    def _approval_below_limit(self, moved, policy):
        if not policy["tolerance_amount"]:
            return True
        document = self._approval_clean()
        limit_currency = self.env["res.currency"].browse(policy["currency_id"])
        moved = document.currency_id._convert(
            moved, limit_currency, document.company_id, fields.Date.today()
        )
        return limit_currency.compare_amounts(moved, policy["tolerance_amount"]) <= 0
