from odoo import api, models

from ..engine import without_computed


class ApprovalLineMixin(models.AbstractModel):
    """Lines of a document under approval: their changes are changes of the document."""

    _name = "approval.line.mixin"
    _description = "Line of a Document under Approval"
    _inherit = ["approval.readable.mixin"]

    # set by the line model: many2one to the document
    _approval_parent = None

    def _approval_document(self):
        return self.env[self._fields[self._approval_parent].comodel_name]

    def _approval_line_touches(self, names):
        document = self._approval_document()
        if not self.env["approval.policy"]._governs(document._name):
            return False
        material = {*document._approval_line_material, self._approval_parent}
        if not material.isdisjoint(names):
            return True
        known = self.env["approval.policy"]._material_names(document._name)
        return not known.isdisjoint(names)

    @api.model_create_multi
    def create(self, vals_list):
        """Override to see lines added to approved documents."""
        vals_list = [without_computed(self, vals) for vals in vals_list]
        lines = super().create(vals_list)
        if self.env["approval.policy"]._governs(self._approval_document()._name):
            lines[self._approval_parent]._approval_content_changed()
        return lines

    def write(self, vals):
        """Override to see changes of lines of approved documents."""
        vals = without_computed(self, vals)
        if not self._approval_line_touches(vals):
            return super().write(vals)
        documents = self[self._approval_parent]
        result = super().write(vals)
        (documents | self[self._approval_parent])._approval_content_changed()
        return result

    def unlink(self):
        """Override to see lines removed from approved documents."""
        documents = self[self._approval_parent]
        result = super().unlink()
        if documents and self.env["approval.policy"]._governs(documents._name):
            documents._approval_content_changed()
        return result
