from odoo import api, models


class ErpAuditHistory(models.AbstractModel):
    """Links of a document, which it or another one holds."""

    _inherit = "erp.audit.history"

    @api.model
    def _field_label(self, document, part, name):
        """Return the label of a field, with the kind of line it belongs to."""
        words = self.env["erp.audit.words"]
        label = words._field_label(part.model, name)
        if part is document.parts[0]:
            return label
        return self.env._(
            "%(line)s: %(field)s",
            line=words._model_label(part.model._name),
            field=label,
        )

    @api.model
    def _links_in_words(self, part, name, mine, other, net, book):
        """Return which links of a many2many were made and cut, from either side."""
        words = self.env["erp.audit.words"]
        target = self._source_name(other)
        if mine:
            if not self._is_visible(part.model, name):
                return []
            label = words._field_label(part.model, name)
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
        words = self.env["erp.audit.words"]
        other = self.env.get(target)
        if other is None or name not in other._fields:
            return words._model_label(target) if book.every else ""
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
        other = book.model(target)
        if not self._is_visible(other, name):
            return ""
        return self.env._(
            "%(kind)s: %(field)s",
            kind=words._model_label(target),
            field=words._field_label(other, name),
        )
