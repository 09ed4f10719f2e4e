import time
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from .erp_audit_record_access import AUDITOR

# a period of so many days is looked through to its end, and sorted by whatever is
# asked for
DAYS = 31
# the first stretch is short: mostly it has all that a page shows; then come months
FIRST_DAYS = 7
# so few records are all looked at; the planner takes rare people for ordinary ones
FEW = 1000
# how long one search may go on through the stretches, and counting
SECONDS = 3
# columns that the trail has indexes for: who, what about, which event
INDEXED = {"user_id": "real_uid", "source_id": "source", "event": "event"}
# records get their numbers when they get their time
BY_TIME = {"id", "date"}


class ErpAuditRecord(models.Model):
    """Searching a trail of years: stretch by stretch, from the newest to the oldest.

    In one query PostgreSQL would guess how far back a page reaches, and for something
    rare reads everything. A search ends when its page is full; one that finds too
    little for too long says how far it got, and never passes for complete.
    """

    _inherit = "erp.audit.record"

    @api.model
    def search_fetch(self, domain, field_names=None, offset=0, limit=None, order=None):
        """Override to search a long period stretch by stretch."""
        domain = Domain(domain)
        if not limit or self.env.su or not self._is_long(domain):
            return super().search_fetch(domain, field_names, offset, limit, order)
        order = order or self._order
        column, backwards = self._sorted_by(order)
        domain = self._narrowed(domain)
        if domain.is_false():
            return self.browse()
        if column not in BY_TIME and not self._is_bounded(domain):
            raise UserError(
                self.env._(
                    "The trail is too large to be sorted by this. Choose a period of "
                    "up to a month, or sort by time."
                )
            )
        if column not in BY_TIME:
            return super().search_fetch(domain, field_names, offset, limit, order)
        ids = self._ids_of_stretches(domain, offset + limit, backwards)[offset:]
        records = self.browse(ids)
        if field_names is None or field_names:
            records.fetch(field_names)
        return records

    @api.model
    def search_count(self, domain, limit=None):
        """Override to count no longer than anybody would wait.

        What was not counted in time is given as the limit: "as many, or more".
        """
        domain = Domain(domain)
        if not limit or self.env.su or not self._is_long(domain):
            return super().search_count(domain, limit)
        domain = self._narrowed(domain)
        if domain.is_false():
            return 0
        number, deadline = 0, self._deadline(domain)
        for stretch in self._stretches(domain, backwards=True):
            number += super().search_count(domain & stretch, limit - number)
            if number >= limit or time.monotonic() > deadline:
                return limit
        return number

    @api.model
    def _ids_of_stretches(self, domain, number, backwards):
        """Return the first ids of a search by time.

        :raise UserError: if it takes too long to find so many
        """
        # what one person did is in the order of an index by his time
        by = "date" if self._is_of_one(domain) else "id"
        order = f"{by} desc, id desc" if backwards else f"{by}, id"
        order = order.removeprefix("id desc, ").removeprefix("id, ")
        found, deadline = [], self._deadline(domain)
        for stretch in self._stretches(domain, backwards):
            if time.monotonic() > deadline:
                self._give_up(found)
            query = self._search(
                domain & stretch, order=order, limit=number - len(found)
            )
            found += query.get_result_ids()
            if len(found) >= number:
                break
        return found

    @api.model
    def _deadline(self, domain):
        """Return until when a search may go on; a month is looked through always."""
        if self._is_bounded(domain, DAYS):
            return float("inf")
        return time.monotonic() + SECONDS

    @api.model
    def _give_up(self, found):
        raise UserError(
            self.env._(
                "Looking through the whole trail for this takes too long; %(number)s "
                "were found so far. Choose a period of up to a month, one after the "
                "other, or add a person or a document.",
                number=len(found),
            )
        )

    # -- what a search is like ---------------------------------------------------------

    @api.model
    def _is_long(self, domain):
        """Return whether a search may have to look at more than some days."""
        leaves = self._always(domain.optimize(self))
        if any(leaf.field_expr == "document" for leaf in leaves):
            # found by name or number first, then by the index of documents
            return False
        return not self._is_bounded(domain, FIRST_DAYS + 1) and self._is_large()

    @api.model
    def _sorted_by(self, order):
        """Return the first column of an order, and whether it goes down."""
        column, _space, way = order.partition(",")[0].strip().partition(" ")
        return column.strip('"'), way.strip().lower().startswith("desc")

    @api.model
    def _leaves_of(self, domain, name):
        """Return the values that a column has in all of a domain, None if any."""
        for leaf in self._always(domain.optimize(self)):
            if leaf.field_expr == name and leaf.operator in ("in", "="):
                values = leaf.value
                values = [values] if isinstance(values, (str, int)) else list(values)
                if all(isinstance(v, (str, int)) and v is not False for v in values):
                    return values
        return None

    @api.model
    def _people_seen(self):
        """Return whose operations a reader sees at most, None if it is no list."""
        user = self.env.user
        if user.has_group(AUDITOR) or user._erp_audit_sources():
            return None
        if user.has_group("erp_audit.group_tier_management"):
            return user._erp_audit_team()
        return user.ids

    @api.model
    def _is_of_one(self, domain):
        people = self._leaves_of(domain, "user_id") or self._people_seen()
        return people is not None and len(people) == 1

    @api.model
    def _narrowed(self, domain):
        """Return a domain with the numbers of its records, if an index has but few."""
        for name, column in INDEXED.items():
            values = self._leaves_of(domain, name)
            if values is None and name == "user_id":
                values = self._people_seen()
            if not values:
                continue
            domain = self._narrowed_by(
                domain, SQL("%s = ANY(%s)", SQL.identifier(column), values)
            )
            if domain.is_false():
                return domain
        sources = self._leaves_of(domain, "source_id")
        if sources and self._leaves_of(domain, "op") == ["c"]:
            # what was created has an index in months that are over
            made = SQL("source = ANY(%s) AND op = 'c'", sources)
            domain = self._narrowed_by(domain, made)
        return domain

    @api.model
    def _narrowed_by(self, domain, condition):
        """Return a domain with the numbers of the records that may be meant, if few.

        :param SQL condition: on the trail, which an index answers
        """
        if self._leaves_of(domain, "id"):
            return domain
        rows = self.env.execute_query(
            SQL("SELECT id FROM erp_audit_log WHERE %s LIMIT %s", condition, FEW + 1)
        )
        if not rows:
            return Domain.FALSE
        if len(rows) <= FEW:
            return domain & Domain("id", "in", [number for (number,) in rows])
        return domain

    # -- stretches ---------------------------------------------------------------------

    @api.model
    def _stretches(self, domain, backwards):
        """Return conditions that cut the period of a domain into pieces, in order.

        They are SQL: what somebody looked for is recorded without them.
        """
        leaves = self._always(domain.optimize(self))
        moments = [
            (leaf.operator, self._moment(leaf.value))
            for leaf in leaves
            if leaf.field_expr == "date"
        ]
        starts = [moment for sign, moment in moments if moment and sign in (">", ">=")]
        ends = [moment for sign, moment in moments if moment and sign in ("<", "<=")]
        start = max(starts, default=None) or self._beginning()
        end = min(ends, default=None) or fields.Datetime.now()
        cuts, cut = [], end - timedelta(days=FIRST_DAYS)
        while cut > start:
            cuts.append(cut)
            # each month by itself: those that are over have indexes of their own
            cut = (cut - timedelta(microseconds=1)).replace(
                day=1, hour=0, minute=0, second=0, microsecond=0
            )
        # nothing is left out at either end: the domain itself says where they are
        edges = [None, *cuts, None]
        pieces = list(zip(edges[1:], edges, strict=False))
        return [self._stretch(*piece) for piece in pieces[:: 1 if backwards else -1]]

    @api.model
    def _beginning(self):
        """Return when the oldest record of the trail was made, by its number."""
        rows = self.env.execute_query(
            SQL("SELECT ts FROM erp_audit_log ORDER BY id LIMIT 1")
        )
        return rows[0][0] if rows else fields.Datetime.now()

    @api.model
    def _stretch(self, start, end):
        def to_sql(model, alias, query):
            column = SQL.identifier(alias, "date")
            parts = [SQL("%s >= %s", column, start)] if start else []
            parts += [SQL("%s < %s", column, end)] if end else []
            return SQL(" AND ").join(parts) or SQL("TRUE")

        return Domain.custom(to_sql=to_sql)
