"""What people read of the trail, through the ORM, each with the least rights.

A person who does much, one who does little, somebody who has just come, a manager with
a team of twenty, the decision tier, an auditor: with all record rules.
"""

from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from tools.bench.audit_data import BUSY, QUIET
from tools.bench.million_reads import COUNT_LIMIT, PAGE, _view
from tools.bench.scene import as_user

# seconds of the processors
HISTORY, SEARCH = 0.1, 0.5
# who searches: everybody, those who have done something, those who see much
EVERY = ("auditor", "manager", "person7", "newcomer")
SOME = ("auditor", "manager", "person7")
FEW = ("auditor", "manager")
WEEK = [("date", ">=", "today -7d")]
QUARTER = [("date", ">=", "today -90d")]


class Reads:
    """The screens of the trail, as pairs of what is read and the call that reads it.

    :param root: environment of the superuser
    :param bases: where the documents begin, see :class:`.audit_data.Trail`
    """

    def __init__(self, root, bases):
        self._root = root
        self._bases = bases
        self._today = date.today()
        self._past = self._today.replace(day=1) - relativedelta(months=11)

    def env(self, login):
        """Return the environment of somebody, as the web client's."""
        return as_user(self._root, login)

    def all(self):
        """Yield ``(part, label, login, limit, make)``.

        ``make`` takes an environment, and returns the call that reads.
        """
        yield from self._histories()
        yield from self._lists()
        yield from self._groups()
        yield from self._statistics()
        yield from self._pages()

    # -- history -----------------------------------------------------------------------

    def _histories(self):
        documents = (
            ("5 changes", self._bases["order"] + QUIET),
            ("some 200", self._bases["order"] + 4205),
            ("5,000", self._bases["order"] + BUSY),
        )
        for what, number in documents:
            for login in ("auditor", "manager", "person7"):
                if login == "person7" and what != "5,000":
                    continue
                yield self._history(what, login, "first page", number, "_first")
            if what == "5 changes":
                continue
            for label, name in (
                ("next page", "_next"),
                ("page 10", "_tenth"),
                ("by a person", "_of_person"),
                ("by a busy person", "_of_busy"),
                ("by a field", "_of_field"),
                ("by a field of lines", "_of_line_field"),
                ("a month ago", "_of_period"),
                ("what to filter by", "_choices"),
                ("compare a month", "_month"),
                ("compare a year", "_year"),
                ("one operation", "_operation"),
            ):
                yield self._history(what, "manager", label, number, name)

    def _history(self, what, login, label, number, name):
        def call(env):
            history = env["erp.audit.history"]
            return getattr(self, name)(history, "sale.order", number)

        return "history", f"{label} ({what})", login, HISTORY, call

    def _first(self, history, *document):
        return lambda: len(history.load_page(*document)["entries"])

    def _next(self, history, *document, turns=1):
        place = self._place(history, document, turns)
        return lambda: len(history.load_page(*document, before=place)["entries"])

    def _tenth(self, history, *document):
        return self._next(history, *document, turns=9)

    def _place(self, history, document, turns):
        place = None
        for _turn in range(turns):
            place = history.load_page(*document, before=place)["next"] or place
        return place

    def _filtered(self, history, document, **filters):
        return lambda: len(history.load_page(*document, filters)["entries"])

    def _of_person(self, history, *document):
        return self._filtered(history, document, user_id=self._bases["person"] + 7)

    def _of_busy(self, history, *document):
        return self._filtered(history, document, user_id=self._bases["person"])

    def _of_field(self, history, *document):
        return self._filtered(history, document, field="sale.order:note")

    def _of_line_field(self, history, *document):
        return self._filtered(history, document, field="sale.order.line:price_unit")

    def _of_period(self, history, *document):
        since, until = self._past, self._past + relativedelta(months=1)
        return self._filtered(history, document, since=str(since), until=str(until))

    def _choices(self, history, *document):
        return lambda: len(history.load_choices(*document)["people"])

    def _month(self, history, *document):
        until = self._past + relativedelta(months=1)
        moments = str(self._past), str(until)
        return lambda: history.compare(*document, *moments)["count"]

    def _year(self, history, *document):
        until = self._past + relativedelta(months=11)
        moments = str(self._past), str(until)
        return lambda: history.compare(*document, *moments)["count"]

    def _operation(self, history, *document):
        entry = history.load_page(*document)["entries"][0]
        key = int(entry["operation"])
        return lambda: bool(history.load_operation(*document, key))

    # -- list of operations ------------------------------------------------------------

    def _lists(self):
        for label, logins, domain, options in self._searches():
            for login in logins:

                def call(env, domain=domain, options=options):
                    return self._list(env, domain, **options)

                yield "search", label, login, SEARCH, call
        for login in EVERY:
            yield "search", "all of them, counted", login, SEARCH, self._counted

    def _searches(self):
        """Yield ``(label, logins, domain, options of the list)``."""
        yield "last 7 days", EVERY, WEEK, {}
        yield "no filter", EVERY, [], {}
        yield "page 100", SOME, [], {"offset": 99 * PAGE}
        yield "page 100 of 90 days", SOME, QUARTER, {"offset": 99 * PAGE}
        yield "last page of a month", FEW, self._month_ago(), {"order": "id"}
        yield from self._searches_of_people()
        yield from self._searches_of_documents()
        yield from self._searches_of_contents()
        yield from self._searches_of_doings()
        for order in ("date", "login", "ip desc", "operation", "company_id"):
            yield f"7 days by {order}", FEW, WEEK, {"order": order}
        yield "no filter by date", FEW, [], {"order": "date desc"}
        yield "no filter by login", FEW, [], {"order": "login"}

    def _month_ago(self):
        """Return the domain of a month almost a year ago."""
        until = self._past + relativedelta(months=1)
        return [("date", ">=", str(self._past)), ("date", "<", str(until))]

    def _source(self, model):
        number = self._root["erp.audit.source"]._number(model)
        return [("source_id", "=", number)]

    def _searches_of_people(self):
        busy = self._bases["person"]
        for what, number in (("busy", busy), ("another", busy + 7)):
            mine = [("user_id", "=", number)]
            yield f"{what} person and month", FEW, mine + self._month_ago(), {}
            yield f"{what} person, ever", FEW, mine, {}
        mine = [("person", "ilike", "Bench_person7")]
        yield "name of a person, 90 days", FEW, mine + QUARTER, {}
        yield "name of a person, ever", FEW, mine, {}
        yield "name of nobody", FEW, [("person", "ilike", "no such name")], {}

    def _searches_of_documents(self):
        yield "name of a document", SOME, [("document", "ilike", "B4205")], {}
        yield "number of a document", SOME, [("document", "ilike", "4205")], {}
        model = self._source("sale.order")
        busy = [*model, ("res_id", "=", self._bases["order"] + BUSY)]
        yield "a document", SOME, busy, {}
        yield "kind of document", EVERY, model, {}
        yield "kind of document, month", FEW, model + self._month_ago(), {}
        rare = [*self._source("res.partner.bank"), ("op", "=", "c")]
        yield "kind and change that never were", FEW, rare, {}

    def _searches_of_contents(self):
        field = [("changed_field", "ilike", "price")]
        yield "field, 7 days", SOME, field + WEEK, {}
        yield "field, 90 days", SOME, field + QUARTER, {}
        field = [("changed_field", "ilike", "incoterm")]
        yield "field that never changed, 90 days", FEW, field + QUARTER, {}
        value = [("changed_value", "ilike", "phone no.")]
        yield "value, 7 days", ("auditor",), value + WEEK, {}
        yield "value, 90 days", ("auditor",), value + QUARTER, {}
        value = [("changed_value", "ilike", "nowhere to be found")]
        yield "value that is not there, 7 days", ("auditor",), value + WEEK, {}
        yield "value that is not there, 90 days", ("auditor",), value + QUARTER, {}
        value += self._source("sale.order") + QUARTER
        yield "value that is not there, a kind, 90 days", ("auditor",), value, {}

    def _searches_of_doings(self):
        ip = [("ip", "=like", "10.0.5.%")]
        yield "address, 7 days", SOME, ip + WEEK, {}
        yield "address, 90 days", SOME, ip + QUARTER, {}
        nothing = [("ip", "=like", "99.%")]
        yield "address never seen, 90 days", FEW, nothing + QUARTER, {}
        yield "operation", SOME, [("operation", "=", "4000000")], {}
        action = [("action_name", "ilike", "confirm")]
        yield "action, 7 days", SOME, action + WEEK, {}
        yield "action, 90 days", SOME, action + QUARTER, {}
        nothing = [("action_name", "ilike", "dismantle")]
        yield "action never done, 90 days", FEW, nothing + QUARTER, {}
        yield "deletions, ever", EVERY, [("op", "=", "d")], {}
        yield "links, ever", SOME, [("op", "in", ["l", "u"])], {}
        yield "logins, ever", EVERY, [("event", "in", ["login", "login_failed"])], {}
        yield "refused, ever", SOME, [("event", "in", ["denied", "login_failed"])], {}
        yield "rights (none), ever", SOME, [("event", "in", ["rights"])], {}

    def _list(self, env, domain, order="", offset=0):
        model = env["erp.audit.record"]
        specification = _view(model, "list")

        def call():
            found = model.web_search_read(
                domain,
                specification,
                offset=offset,
                limit=PAGE,
                order=order,
                count_limit=COUNT_LIMIT,
            )
            return len(found["records"])

        return call

    def _counted(self, env):
        return lambda: env["erp.audit.record"].search_count([])

    def _groups(self):
        for days in (7, 31, 92):
            period = [("date", ">=", f"today -{days}d")]
            for by in ("user_id", "date:day", "source_id", "op", "ip", "operation"):
                for login in ("auditor", "manager"):

                    def call(env, period=period, by=by):
                        return self._grouped(env["erp.audit.record"], period, by)

                    label = f"{days} days by {by}"
                    yield "groups", label, login, SEARCH, call

    def _grouped(self, model, domain, *by):
        def call():
            found = model.web_read_group(domain, by, ["__count"], limit=PAGE)
            return found["length"]

        return call

    # -- statistics --------------------------------------------------------------------

    def _statistics(self):
        month = [("day", ">=", "today -30d")]
        for label, domain in (("30 days", month), ("everything", [])):
            for by in (
                ["day:day", "op"],
                ["user_id", "op"],
                ["day:month"],
                ["source_id"],
                ["action"],
                ["company_id"],
            ):
                for login in ("auditor", "manager", "director", "person7"):

                    def call(env, domain=domain, by=by):
                        model = env["erp.audit.rollup"]
                        return lambda: len(
                            model.formatted_read_group(domain, by, ["count:sum"])
                        )

                    words = f"{label} by {', '.join(by)}"
                    yield "statistics", words, login, SEARCH, call

            def page(env, domain=domain):
                model = env["erp.audit.rollup"]
                view = _view(model, "list")
                return lambda: len(
                    model.web_search_read(
                        domain, view, limit=PAGE, count_limit=COUNT_LIMIT
                    )["records"]
                )

            yield "statistics", f"{label}, list", "auditor", SEARCH, page
            yield "statistics", f"{label}, list", "manager", SEARCH, page

    # -- pages of people and of documents ----------------------------------------------

    def _pages(self):
        base = self._bases
        for what, number in (("busy", base["person"]), ("other", base["person"] + 7)):
            for days in (31, 365):
                for login in ("auditor", "manager"):

                    def call(env, number=number, days=days):
                        return self._person(env, number, days)

                    label = f"{what} person, {days} days"
                    yield "pages", label, login, SEARCH, call

            def following(env, number=number):
                page = self._person(env, number, 365, whole=True)()
                return self._person(env, number, 365, cursor=page["next"])

            yield "pages", f"{what} person, next page", "auditor", SEARCH, following
        order = base["order"] + 4205
        for what, model, number, logins in (
            ("customer with 3,000 orders", "res.partner", base["most"], FEW),
            ("customer with 10 orders", "res.partner", base["customer"] + 55, FEW),
            # an auditor without rights in sales does not read the order itself
            ("order", "sale.order", order, ("manager",)),
            ("product", "product.template", base["product"], FEW),
        ):
            for days in (30, 365, 0):
                for login in logins:

                    def touched(env, model=model, number=number, days=days):
                        page = env["erp.audit.touch"].get_page
                        return lambda: len(page(model, number, days)["people"])

                    label = f"{what}, {days or 'all'} days"
                    yield "touch", label, login, SEARCH, touched

    def _person(self, env, number, days, cursor=None, whole=False):
        page = env["erp.audit.person"].get_page
        until = self._today - timedelta(days=3)
        since = until - timedelta(days=days)

        def call():
            found = page(number, str(since), str(until), cursor)
            return found if whole else sum(len(d["operations"]) for d in found["days"])

        return call
