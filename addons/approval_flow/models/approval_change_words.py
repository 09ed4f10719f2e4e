from odoo import api, models

from ..engine import plain_number

DEPARTMENTS = ("warehouse", "production", "purchasing", "finance", "sales")


class ApprovalChangeMixin(models.AbstractModel):
    """A change request in the words of its reader."""

    _inherit = "approval.change.mixin"

    @api.model
    def _change_departments(self):
        """Return {code: name} of the departments that an effect may concern."""
        return {
            "warehouse": self.env._("Warehouse"),
            "production": self.env._("Production"),
            "purchasing": self.env._("Purchasing"),
            "finance": self.env._("Finance"),
            "sales": self.env._("Sales"),
        }

    def _approval_effects(self):
        """Override: what the preview found, department by department."""
        self.ensure_one()
        names = self._change_departments()
        effects = (self.impact or {}).get("effects") or []
        return [
            {
                "department": names[effect["department"]],
                "code": effect["department"],
                "text": self._change_effect_text(effect),
                "icon": effect["icon"],
                "tone": effect["tone"],
            }
            for department in DEPARTMENTS
            for effect in effects
            if effect["department"] == department
        ]

    def _change_effect_text(self, effect):
        """Return an effect as a sentence, in the reader's language."""
        say = getattr(self, f"_effect_{effect['code']}", None)
        if say is None:
            return ""  # the addon that found it is not installed any more
        return say(**effect["values"])

    def _change_rows(self):
        """Return what the request changes, as rows for people.

        :return: list of ``{"where", "what", "old", "new", "kind"}``
        """
        self.ensure_one()
        rows = self._change_header_rows()
        for line in self.line_ids:
            if line.action != "keep":
                rows += self._change_line_rows(line)
        return rows

    def _change_header_rows(self):
        """Return the rows of what changes in the header."""
        # sudo: shown to people who may read the request
        order = self.sudo().order_id
        return order._approval_diff_rows(
            [
                {"line": None, "kind": "changed", "field": name, "old": old, "new": new}
                for name, (old, new) in self._change_header().items()
            ]
        )

    def _change_line_rows(self, line):
        # sudo: names of products, as in _change_header_rows
        line = line.sudo()
        where = line.product_id.display_name or ""
        row = {"where": where, "kind": line.action}
        unit = line.uom_id.name or ""
        quantity = self.env._("Quantity")
        if line.action == "add":
            new = f"{plain_number(line.new_qty)} {unit}"
            return [{**row, "what": self.env._("Added"), "old": "", "new": new}]
        old_name = line.order_line_id.product_id.display_name
        old_qty = f"{plain_number(line.old_qty)} {unit}"
        if line.action == "remove":
            row["where"] = old_name
            left = f"{plain_number(line.qty_done)} {unit}"
            return [{**row, "what": self.env._("Removed"), "old": old_qty, "new": left}]
        rows = []
        if line.action == "replace":
            row["where"] = old_name
            new = f"{where}, {plain_number(line.new_qty)} {unit}"
            rows = [{**row, "what": self.env._("Replaced"), "old": old_qty, "new": new}]
        shown = {
            "qty": (quantity, lambda value: f"{plain_number(value)} {unit}"),
            "price": (self.env._("Unit price"), self._change_price_words),
            "discount": (self.env._("Discount"), lambda v: f"{plain_number(v)} %"),
            "date": (self.env._("Delivery date"), self._change_at),
        }
        for name in line._change_names():
            if name == "qty" and line.action == "replace":
                continue
            what, say = shown[name]
            old, new = line[f"old_{name}"], line[f"new_{name}"]
            rows.append({**row, "what": what, "old": say(old), "new": say(new)})
        return rows

    def _change_price_words(self, price):
        """Return a unit price as people write it."""
        return self.currency_id.format(price)

    def _change_conflict_rows(self):
        """Return how the document has moved on, as rows for people."""
        # sudo: shown to people who may read the request
        order = self.sudo().order_id
        rows = order._approval_diff_rows(self.conflict or [])
        for row, change in zip(rows, self.conflict or [], strict=True):
            if label := self._change_progress_label(change["field"]):
                row["what"] = label
                row["old"] = _progress_words(change["old"])
                row["new"] = _progress_words(change["new"])
        return rows

    def _change_progress_label(self, name):
        """Return the name of a measure of progress that is no field of the line."""
        return {"picked": self.env._("Picked"), "made": self.env._("Production")}.get(
            name, ""
        )

    def _approval_line_facts(self):
        """Override: old and new side by side, changed lines first."""
        self.ensure_one()
        columns = [
            self.env._("Product"),
            self.env._("What changes"),
            self.env._("Before"),
            self.env._("After"),
        ]
        rows = [
            [row["where"], row["what"], row["old"], row["new"]]
            for row in self._change_rows()
        ]
        return columns, rows


def _progress_words(value):
    """Return a measure of progress as people write it: a number, or names."""
    try:
        return plain_number(float(value))
    except (TypeError, ValueError):
        return value or ""
