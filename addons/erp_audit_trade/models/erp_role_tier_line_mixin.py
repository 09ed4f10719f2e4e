from odoo import api, models
from odoo.tools import SQL


class ErpTierLineMixin(models.AbstractModel):
    """Lines are seen with their document."""

    _name = "erp.tier.line.mixin"
    _description = "Line Seen by Tier"
    _inherit = ["erp.tier.mixin"]

    # many2one of the document
    _tier_parent = None

    @api.model
    def _tier_to_sql(self, alias):
        """Override: the condition is that of the document."""
        parent = self._fields[self._tier_parent]
        documents = self.env[parent.comodel_name]
        condition = documents._tier_to_sql("tier_document")
        return SQL(
            "%s IN (SELECT tier_document.id FROM %s AS tier_document WHERE %s)",
            self._tier_column(alias, self._tier_parent),
            SQL.identifier(documents._table),
            condition,
        )

    def _tier_is_plain(self, people, teams):
        """Override: as its document."""
        document = self[self._tier_parent]
        return bool(document) and document._tier_is_plain(people, teams)
