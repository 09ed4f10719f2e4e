from odoo import api, models
from odoo.tools import SQL


class ErpAuditCounted(models.AbstractModel):
    """Groups of many rows are sorted by name when they are counted, not before.

    The ORM joins the names to each row: PostgreSQL then sorts millions of them.
    """

    _name = "erp.audit.counted"
    _description = "Counted in Groups"

    @api.model
    def _read_group_orderby(self, order, groupby_terms, query):
        """Override to sort the groups of a link by the place of its record."""
        parts = [part.strip() for part in (order or "").split(",")]
        if not any(self._is_sorted_link(part, groupby_terms) for part in parts):
            return super()._read_group_orderby(order, groupby_terms, query)
        return SQL(", ").join(
            self._sorted_by_place(part, groupby_terms)
            if self._is_sorted_link(part, groupby_terms)
            else super(ErpAuditCounted, self)._read_group_orderby(
                part, groupby_terms, query
            )
            for part in parts
        )

    @api.model
    def _is_sorted_link(self, part, groupby_terms):
        name, *rest = part.split() or [""]
        field = self._fields.get(name)
        return (
            field is not None
            and name in groupby_terms
            and field.type == "many2one"
            and {word.upper() for word in rest} <= {"ASC", "DESC"}
        )

    @api.model
    def _sorted_by_place(self, part, groupby_terms):
        """Return the order by the place that a record has among all of its model."""
        name, *way = part.split()
        # sudo: their order only; whoever sees the groups sees the names
        others = self.env[self._fields[name].comodel_name].sudo()
        query = others.with_context(active_test=False)._search([], order=others._order)
        return SQL(
            "array_position(ARRAY(%s), %s) %s",
            query.select(),
            groupby_terms[name],
            SQL("DESC" if way and way[0].upper() == "DESC" else "ASC"),
        )
