from odoo import api, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import SQL

from .erp_role_tier_mixin import DECISION, MANAGEMENT, OPERATIONS

# aggregates that give single values back
SINGLE = ("array_agg", "array_agg_distinct", "recordset")


class ErpFiguresMixin(models.AbstractModel):
    """Figures by tier: of the own department, or sums without documents.

    Operations and management see the figures of the documents of their department, by
    the columns of the report. The decision tier sees sums of all of them: no rows, and
    nothing that names a document, neither to group nor to filter by.
    """

    _name = "erp.figures.mixin"
    _description = "Figures Seen by Tier"
    _inherit = ["erp.tier.mixin"]

    # fields that tell which document a row comes from
    _figures_documents = ()

    @api.model
    def _tier_to_sql(self, alias):
        """Override: by department, or everything."""
        user = self.env.user
        operations, management = (
            user._has_group(OPERATIONS),
            user._has_group(MANAGEMENT),
        )
        if not operations and not management:
            return SQL("TRUE")
        parts = self._tier_parts(alias, self._tier_people(management))
        return SQL("(%s)", SQL(" OR ").join(parts))

    def _tier_is_plain(self, people, teams):
        """Override: a row of figures has no creator; the search tells."""
        return False

    # -- sums only ---------------------------------------------------------------------

    @api.model
    def _figures_only(self):
        """Return whether the user sees sums, and no row."""
        user = self.env.user
        return (
            not self.env.su
            and user._has_group(DECISION)
            and not user._has_group(OPERATIONS)
            and not user._has_group(MANAGEMENT)
        )

    @api.model
    def _figures_refusal(self):
        return AccessError(
            self.env._(
                "You see sums here, without the documents behind them. Group the "
                "figures by month, team, customer or product instead."
            )
        )

    @api.model
    def _check_field_access(self, field, operation):
        """Override: which document it was is not for the decision tier."""
        if field.name in self._figures_documents and self._figures_only():
            raise self._figures_refusal()
        return super()._check_field_access(field, operation)

    @api.model
    def fields_get(self, allfields=None, attributes=None):
        """Override not to offer what is refused."""
        result = super().fields_get(allfields, attributes)
        if self._figures_only():
            for name in self._figures_documents:
                for way in ("groupable", "searchable", "sortable", "exportable"):
                    if way in result.get(name, ()):
                        result[name][way] = False
        return result

    @api.model
    def _search(self, domain, *args, **kwargs):
        """Override: nobody finds out about one document by asking for its row."""
        if self._figures_only():
            self._check_figures(
                leaf.field_expr for leaf in Domain(domain).iter_conditions()
            )
        return super()._search(domain, *args, **kwargs)

    def _fetch_query(self, query, fields):
        """Override: no rows for the decision tier."""
        if self._figures_only():
            raise self._figures_refusal()
        return super()._fetch_query(query, fields)

    @api.model
    def _read_group(self, domain, groupby=(), aggregates=(), *args, **kwargs):
        """Override: sums, but not of one row each."""
        if self._figures_only():
            self._check_figures([*groupby, *aggregates])
        return super()._read_group(domain, groupby, aggregates, *args, **kwargs)

    @api.model
    def _read_grouping_sets(
        self, domain, grouping_sets, aggregates=(), *args, **kwargs
    ):
        """Override: sums, but not of one row each."""
        if self._figures_only():
            self._check_figures([name for names in grouping_sets for name in names])
            self._check_figures(aggregates)
        return super()._read_grouping_sets(
            domain, grouping_sets, aggregates, *args, **kwargs
        )

    @api.model
    def _check_figures(self, names):
        """Check that nothing of this leads to one row or one document.

        :raise AccessError: otherwise
        """
        for name in names:
            name, _colon, way = name.partition(":")
            first = name.partition(".")[0]
            field = self._fields.get(name)
            # each sum of money on a screen comes with its currencies
            single = way in SINGLE and (
                field is None or field.comodel_name != "res.currency"
            )
            if first in ("id", "display_name", *self._figures_documents) or single:
                raise self._figures_refusal()
