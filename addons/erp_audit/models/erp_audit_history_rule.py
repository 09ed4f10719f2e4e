from odoo import api, models, tools

from .. import history_index


class ErpAuditRule(models.Model):
    """The forms know which documents have a history."""

    _inherit = "erp.audit.rule"

    @api.model
    @tools.ormcache(cache="stable")
    def _recorded_names(self):
        """Return the names of the models with a confirmed rule."""
        # sudo: every form asks, whoever opens it
        rules = self.sudo().search([("state", "=", "confirmed")])
        return frozenset(rules.mapped("model_name"))

    def _sync_now(self):
        """Override to find the lines of recorded documents that leave them."""
        changed = super()._sync_now()
        lines = self.env["erp.audit.history"]
        columns = {
            column
            for name in self._recorded_names()
            if name in self.env
            for _line, column in lines._lines_of(self.env[name])
        }
        history_index.create(self.env.cr, sorted(columns))
        return changed

    @api.model
    def _mark_readings(self):
        """Override to let the forms know as well."""
        registry = self.env.registry
        before = self._recorded_names()
        registry.clear_cache("stable")
        if registry.ready and before != self._recorded_names():
            # the browsers keep the forms that they know as long as the registry is
            # the same
            registry.registry_invalidated = True
        return super()._mark_readings()
