from odoo import api, fields, models, tools

from .. import store


class ErpAuditSource(models.Model):
    """Short numbers for the models in the trail; they outlive the models themselves."""

    _name = "erp.audit.source"
    _description = "Audited Model"
    _order = "name"

    name = fields.Char(string="Model", required=True, readonly=True)
    label = fields.Char(string="Kind of document", compute="_compute_label")

    _name_unique = models.UniqueIndex("(name)")

    def init(self):
        """Take up the numbers of records that have outlived the addon."""
        store.restore_sources(self.env.cr)

    @api.depends("name")
    @api.depends_context("lang")
    def _compute_label(self):
        for source in self:
            # sudo: the name of a kind of document
            model = self.env["ir.model"].sudo()._get(source.name)
            source.label = model.name or source.name

    def _compute_display_name(self):
        for source in self:
            source.display_name = source.label

    @api.model
    @tools.ormcache("name")
    def _number(self, name):
        """Return the number of a model, which gets one if it has none."""
        # sudo: bookkeeping of the audit
        sources = self.sudo()
        found = sources.search([("name", "=", name)], limit=1)
        return (found or sources.create({"name": name})).id
