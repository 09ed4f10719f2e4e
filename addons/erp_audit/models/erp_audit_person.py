from collections import Counter
from datetime import datetime, time, timedelta

import pytz

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from .erp_audit_record_search import GROUP_DAYS

# records read for one page of the timeline
PAGE = 300
# records of an operation that are put into words, and lines of them that are told
LOOKED = 20
SHOWN = 5
# up to so many records, counts are made from the records themselves
EXACT = 20_000
# events with a card of their own, and the records that make up the other cards
CARDS = {
    "login": "fa-sign-in",
    "login_failed": "fa-ban",
    "denied": "fa-hand-paper-o",
    "export": "fa-download",
    "print": "fa-print",
    "read": "fa-eye",
    "rights": "fa-key",
}
OPS = {
    "c": "fa-plus",
    "w": "fa-pencil",
    "d": "fa-trash",
    "l": "fa-link",
    "u": "fa-chain-broken",
    "e": "fa-bolt",
}


class ErpAuditPerson(models.AbstractModel):
    """What did this person do between … and …: one page, with the reader's rights."""

    _name = "erp.audit.person"
    _description = "What a Person Did"

    @api.model
    @api.readonly
    def get_page(self, user_id, date_from, date_to, cursor=None):
        """Return the page of a person and a period.

        :param int user_id: whose operations
        :param str date_from: first day, in the reader's time zone
        :param str date_to: last day
        :param list cursor: where the timeline goes on, as given by the page before
        :return: dict, see the methods below; with a cursor only ``days`` and ``next``
        :raise UserError: if the period is none
        """
        domain = self._domain(user_id, date_from, date_to)
        page = self._timeline(domain, cursor)
        if cursor:
            return page
        return {
            **page,
            "person": self._person(user_id, domain),
            "domain": list(domain),
            **self._counts(domain, user_id, date_from, date_to),
            "places": self._places(domain),
        }

    @api.model
    def action_open(self, user_id):
        """Open the page of a person.

        :param int user_id: whose
        :return: action
        """
        actions = self.env["ir.actions.client"]
        action = actions._for_xml_id("erp_audit.erp_audit_person_action")
        return {**action, "params": {"user_id": user_id}}

    @api.model
    def _domain(self, user_id, date_from, date_to):
        first, last = fields.Date.to_date(date_from), fields.Date.to_date(date_to)
        if not first or not last or first > last:
            raise UserError(self.env._("Choose a first day that is before the last."))
        start, end = self._start(first), self._start(last + timedelta(days=1))
        return Domain(
            [("user_id", "=", int(user_id)), ("date", ">=", start), ("date", "<", end)]
        )

    @api.model
    def _zone(self):
        return pytz.timezone(self.env.user.tz or "UTC")

    @api.model
    def _start(self, day):
        """Return when a day begins for the reader, in UTC, as text."""
        local = self._zone().localize(datetime.combine(day, time.min))
        return fields.Datetime.to_string(local.astimezone(pytz.utc))

    @api.model
    def _person(self, user_id, domain):
        """Return who it is, as the reader knows people, or from what he may see.

        Of somebody who was deleted, the login stays.
        """
        number = int(user_id)
        user = self.env["res.users"].browse(number).exists()._filtered_access("read")
        if user:
            return {"id": number, "name": user.name, "login": user.login}
        last = self.env["erp.audit.record"].search(domain, order="id desc", limit=1)
        if not last:
            rollups = self.env["erp.audit.rollup"]
            last = rollups.search([("user_id", "=", number)], limit=1)
        name = last.person or self.env._("Unknown")
        return {"id": number, "name": name, "login": last.login or name}

    # -- counts ------------------------------------------------------------------------

    @api.model
    def _counts(self, domain, user_id, date_from, date_to):
        """Return how much of each kind there is.

        :return: ``cards`` to drill down from, and whether they are ``exact``: a very
            busy person is counted from the statistics, which are a minute behind
        """
        records = self.env["erp.audit.record"]
        exact = self._is_short(domain)
        if exact:
            exact = records.search_count(domain, limit=EXACT + 1) <= EXACT
        if exact:
            groups = records._read_group(domain, ["op", "event"], ["__count"])
        else:
            days = [("day", ">=", date_from), ("day", "<=", date_to)]
            groups = self.env["erp.audit.rollup"]._read_group(
                [("user_id", "=", int(user_id)), *days], ["op", "event"], ["count:sum"]
            )
        return {"cards": self._cards(groups), "exact": exact}

    @api.model
    def _is_short(self, domain):
        """Return whether the records of a period may be counted in groups."""
        records = self.env["erp.audit.record"]
        return records._is_bounded(domain, GROUP_DAYS) or not records._is_large()

    @api.model
    def _cards(self, groups):
        """Return cards: name, icon, count and the domain behind each."""
        words = self.env["erp.audit.record"]._event_words()
        ops = dict(
            self.env["erp.audit.record"]._fields["op"]._description_selection(self.env)
        )
        cards = {}
        for op, event, count in groups:
            if op == "e" and event in CARDS:
                key, icon, name = f"e.{event}", CARDS[event], words[event]
                domain = [("op", "=", "e"), ("event", "=", event)]
            elif op == "e":
                key, icon, name = "e", OPS["e"], self.env._("Other events")
                domain = [("op", "=", "e"), ("event", "not in", list(CARDS))]
            else:
                key, icon, name = op, OPS[op], ops[op]
                domain = [("op", "=", op)]
            card = cards.setdefault(
                key,
                {"key": key, "name": name, "icon": icon, "count": 0, "domain": domain},
            )
            card["count"] += count
        order = [*OPS, *(f"e.{event}" for event in CARDS)]
        return sorted(cards.values(), key=lambda card: order.index(card["key"]))

    @api.model
    def _places(self, domain):
        """Return from where somebody worked: address, how often, from when to when.

        Of a period too long to count, from where he worked is in the records only.
        """
        if not self._is_short(domain):
            return []
        domain &= Domain("event", "in", ["login", "login_failed", "denied", "export"])
        groups = self.env["erp.audit.record"]._read_group(
            domain, ["ip"], ["__count", "date:min", "date:max"], order="date:max desc"
        )
        return [
            {
                "ip": ip or self.env._("unknown address"),
                "count": count,
                "first": fields.Datetime.to_string(first),
                "last": fields.Datetime.to_string(last),
                "domain": [("ip", "=", ip)],
            }
            for ip, count, first, last in groups
        ]

    # -- timeline ----------------------------------------------------------------------

    @api.model
    def _timeline(self, domain, cursor):
        """Return the newest operations, day by day, and where they go on.

        :return: ``days``: ``[{"day", "operations"}]``; ``next``: cursor or None
        """
        model = self.env["erp.audit.record"]
        told = []
        if cursor:
            moment, number, told = self._parsed(cursor)
            domain &= self._after(moment, number)
        # an operation is told where it ended; what it began with comes later
        inside = domain & Domain("operation", "not in", told)
        records = model.search(inside, order="date desc, id desc", limit=PAGE)
        operations = records.grouped("operation")
        totals = self._totals(domain, list(operations))
        # all words at once: each operation of its own would ask for its own documents
        model.union(*(found[:LOOKED] for found in operations.values())).mapped(
            "summary"
        )
        days = {}
        for number, found in operations.items():
            item = self._operation(found, totals[number][0])
            days.setdefault(item.pop("day"), []).append(item)
        more = len(records) == PAGE
        return {
            "days": [{"day": day, "operations": items} for day, items in days.items()],
            "next": self._next(records[-1], totals, told) if more else None,
        }

    @api.model
    def _parsed(self, cursor):
        """Return where the timeline goes on: time, number and operations told.

        :raise UserError: if it is none
        """
        try:
            moment, number, told = cursor
            told = [str(int(operation)) for operation in told]
            return datetime.fromisoformat(moment), int(number), told
        except (TypeError, ValueError) as problem:
            raise UserError(
                self.env._("The page is not there any more. Open it again.")
            ) from problem

    @api.model
    def _after(self, moment, number):
        """Return the domain of what comes later in the timeline."""

        def to_sql(model, alias, query):
            columns = SQL.identifier(alias, "date"), SQL.identifier(alias, "id")
            return SQL("(%s, %s) < (%s, %s)", *columns, moment, number)

        # the first condition is for the index, the second for those of one moment
        return Domain("date", "<=", moment) & Domain.custom(to_sql=to_sql)

    @api.model
    def _totals(self, domain, operations):
        """Return ``{operation: (number of records, first time, lowest number)}``."""
        groups = self.env["erp.audit.record"]._read_group(
            domain & Domain("operation", "in", operations),
            ["operation"],
            ["__count", "date:min", "id:min"],
        )
        return {operation: tuple(rest) for operation, *rest in groups}

    @api.model
    def _next(self, last, totals, told):
        """Return the cursor after a record: what is told as a whole is not repeated."""
        place = (last.date, last.id)
        open_ones = [
            operation
            for operation, (_count, moment, number) in totals.items()
            if (moment, number) < place
        ]
        moment = last.date.isoformat(sep=" ")
        return [moment, last.id, [*told, *map(str, open_ones)]]

    @api.model
    def _operation(self, records, total):
        """Return one operation: when, what, and some of its records in words."""
        first = records[0]
        local = fields.Datetime.context_timestamp(
            self.with_context(tz=self._zone().zone), first.date
        )
        # what reads alike is told once, such as the taxes of all lines of an order
        alike = Counter(record.summary for record in records[:LOOKED]).items()
        shown = list(alike)[:SHOWN]
        return {
            "day": fields.Date.to_string(local.date()),
            "operation": str(first.operation),
            "date": fields.Datetime.to_string(first.date),
            "time": f"{local:%H:%M}",
            "action": first.action_name,
            "kind": first.kind if first.op == "e" else "",
            "ip": first.ip or "",
            "company": first.company_id.name or "",
            "icon": CARDS.get(first.event) or OPS.get(first.op),
            "refused": first.event in ("denied", "login_failed"),
            "records": [{"text": text, "times": times} for text, times in shown],
            "more": total - sum(times for _text, times in shown),
        }
