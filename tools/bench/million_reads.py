"""What pages ask of the server, with a million approvals in the database.

The fields are those of the real views, the domains those of the real actions.
"""

import json
import re
from statistics import median

from lxml import etree

from tools.bench.meter import Meter
from tools.bench.million_data import BIG_TABLES, History
from tools.bench.scene import as_user

PAGE = 80
COUNT_LIMIT = 10_001  # up to where the web client lets count
# (key, user, what it is); the method is called after the key
READS = (
    ("inbox", "approver3", "My approvals, as approver"),
    ("decided", "approver3", "Decided by me, as approver"),
    ("screen", "approver3", "the approver's screen of an approval"),
    ("task_order", "approver3", "order to decide on, as approver without sales rights"),
    ("mine", "seller3", "Requested by me, as salesperson"),
    ("all_waiting", "seller3", "All approvals (waiting), as salesperson"),
    ("all_any", "seller3", "All approvals (no filter), as salesperson"),
    ("all_waiting", "newcomer", "All approvals (waiting), with three orders"),
    ("all_any", "newcomer", "All approvals (no filter), with three orders"),
    ("all_waiting", "manager1", "All approvals (waiting), as manager"),
    ("all_any", "manager1", "All approvals (no filter), as manager"),
    ("order_form", "seller3", "order form, as salesperson"),
    ("order_form", "manager1", "order form, as manager"),
    ("order_list", "seller3", "orders, first page, as salesperson"),
    ("order_list", "manager1", "orders, first page, as manager"),
    ("order_waiting", "seller3", "orders that wait for approval, as salesperson"),
    ("order_waiting", "manager1", "orders that wait for approval, as manager"),
    ("statistics", "manager1", "statistics, opened from the menu"),
    ("systray", "approver3", "activity counter of the systray, as approver"),
)


class Reads:
    """Answers the requests of a run with a million approvals."""

    def __init__(self, cr):
        from odoo import SUPERUSER_ID, api

        self._cr = cr
        self._root = api.Environment(cr, SUPERUSER_ID, {})
        self._history = History(self._root)
        self._meter = Meter(cr)
        # parallel workers would be processes of their own, whose time is not seen
        cr.execute("SET max_parallel_workers_per_gather = 0")
        cr.commit()

    def make(self, part, scale):
        """Make one part of the data."""
        self._history.make(part, scale)

    def read(self, key, login, repeats):
        """Read one page several times.

        :return: times, queries, rows, indexes used, big tables read as a whole; None
            if the page does not exist in this database
        """
        env = as_user(self._root, login)
        call = getattr(self, f"_{key}")(env)
        if call is None:
            return None
        costs = [self._measured(call) for _number in range(repeats + 1)][1:]
        indexes, scans = self._plans(call)
        return {
            "wall": median(cost["wall"] for cost in costs),
            "busy": median(cost["busy"] for cost in costs),
            "queries": median(cost["queries"] for cost in costs),
            "rows": costs[0]["rows"],
            "indexes": indexes,
            "scans": scans,
        }

    def _measured(self, call):
        self._cr.rollback()  # as a new request: nothing is in the cache
        with self._meter.measured() as cost:
            rows = call()
        return {**cost, "rows": rows}

    # -- pages -----------------------------------------------------------------------

    def _action(self, env, name):
        return env.ref(f"approval_flow.{name}", raise_if_not_found=False)

    def _list(self, env, name, default=True):
        """Return the call that opens the list of an action, as the web client does."""
        action = self._action(env, name)
        if not action:
            return None
        action = action.sudo()
        model = env[action.res_model]
        domain = _evaluated(env, action.domain or "[]")
        if default:
            domain = domain + _default_filters(env, action)
        return _page(model, domain)

    def _inbox(self, env):
        return self._list(env, "approval_task_action_inbox")

    def _decided(self, env):
        return self._list(env, "approval_task_action_decided")

    def _mine(self, env):
        return self._list(env, "approval_instance_action_mine")

    def _all_waiting(self, env):
        return self._list(env, "approval_instance_action")

    def _all_any(self, env):
        return self._list(env, "approval_instance_action", default=False)

    def _screen(self, env):
        task = env["approval.task"].search([("is_mine", "=", True)], limit=1)
        return _form(task.instance_id)

    def _task_order(self, env):
        domain = [("is_mine", "=", True), ("state", "=", "pending")]
        task = env["approval.task"].search(domain, limit=1)
        order = env["sale.order"].browse(task.res_id)
        fields = ["name", "partner_id", "amount_total", "approval_state"]
        specification = {name: {} for name in [*fields, "approval_status"]}
        specification["order_line"] = {"fields": {"name": {}, "price_subtotal": {}}}
        return lambda: len(order.web_read(specification))

    def _order_form(self, env):
        domain = [("user_id", "!=", False), ("approval_state", "=", "pending")]
        order = env["sale.order"].search(domain, limit=1)
        return _form(order)

    def _order_list(self, env):
        return _page(env["sale.order"], [("state", "not in", ("draft", "sent"))])

    def _order_waiting(self, env):
        return _page(env["sale.order"], [("approval_state", "=", "pending")])

    def _statistics(self, env):
        if "approval.statistic" not in env:
            return None
        model = env["approval.statistic"]
        action = self._action(env, "approval_statistic_action").sudo()
        domain = _default_filters(env, action)

        def call():
            model._action_open()
            groups = []
            for by in ([], ["policy_id"], ["day:month"], ["policy_id", "day:month"]):
                groups = model.formatted_read_group(
                    domain, by, ["finished:sum", "cycle_average:avg", "reject_rate:avg"]
                )
            return len(groups)

        return call

    def _systray(self, env):
        users = env["res.users"]
        return lambda: sum(g["total_count"] for g in users._get_activity_groups())

    # -- plans -----------------------------------------------------------------------

    def _plans(self, call):
        """Return the indexes that the queries of a call use, and the tables scanned."""
        self._cr.rollback()
        indexes, scans = set(), set()
        for query in self._queries(call):
            self._cr.execute(b"EXPLAIN (FORMAT JSON) " + query)
            ((plan,),) = self._cr.fetchall()
            plan = plan if isinstance(plan, list) else json.loads(plan)
            for node in _nodes(plan[0]["Plan"]):
                if node["Node Type"] == "Seq Scan":
                    scans.add(node["Relation Name"])
                elif "Index Name" in node:
                    indexes.add(node["Index Name"])
        self._cr.rollback()
        big = tuple(f"{table}_" for table in BIG_TABLES)
        return (
            sorted(name for name in indexes if name.startswith(big)),
            sorted(scans.intersection(BIG_TABLES)),
        )

    def _queries(self, call):
        """Return the different queries of a call that read one of the big tables."""
        from odoo.sql_db import Cursor

        seen = {}
        execute = Cursor.execute
        table = re.compile(rb"\b(" + "|".join(BIG_TABLES).encode() + rb")\b")

        def keeping(cursor, *arguments, **options):
            result = execute(cursor, *arguments, **options)
            query = cursor._obj.query or b""
            if re.match(rb"\s*(SELECT|WITH)\b", query) and table.search(query):
                seen[re.sub(rb"\d+", b"0", query)] = query
            return result

        Cursor.execute = keeping
        try:
            call()
        finally:
            Cursor.execute = execute
        return list(seen.values())


def _nodes(plan):
    """Yield a plan and all that is below it."""
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)


# -- what the web client asks for ----------------------------------------------------


def _evaluated(env, text):
    from odoo.tools.safe_eval import safe_eval

    return safe_eval(text, {"uid": env.uid})


def _default_filters(env, action):
    """Return the domain of the filters that an action switches on."""
    context = _evaluated(env, action.context or "{}")
    views = env[action.res_model].get_views([(False, "search")])
    arch = etree.fromstring(views["views"]["search"]["arch"])
    domain = []
    for key, value in context.items():
        name = key.removeprefix("search_default_")
        if name != key and value:
            for item in arch.xpath(f"//filter[@name='{name}'][@domain]"):
                domain += _evaluated(env, item.get("domain"))
    return domain


def _specification(env, node, model, fields):
    """Return what the web client reads for a view: its fields, and theirs."""
    specification = {}
    for child in node.iterchildren(etree.Element):
        if child.tag != "field":
            inner = _specification(env, child, model, fields)
            specification.update(inner)
            continue
        name = child.get("name")
        field = env[model]._fields.get(name)
        if field is None:
            continue
        specification[name] = {}
        if field.type == "many2one":
            specification[name] = {"fields": {"display_name": {}}}
        elif field.type in ("one2many", "many2many"):
            inner = {"display_name": {}}
            for view in child.xpath("./list|./kanban")[:1]:
                inner = _specification(env, view, field.comodel_name, fields)
            specification[name] = {"fields": inner}
    return specification


def _view(model, kind):
    """Return the specification of a model's default view."""
    views = model.get_views([(False, kind)])
    arch = etree.fromstring(views["views"][kind]["arch"])
    return _specification(model.env, arch, model._name, views["models"])


def _page(model, domain):
    """Return the call that reads the first page of a list."""
    specification = _view(model, "list")

    def call():
        found = model.web_search_read(
            domain, specification, limit=PAGE, count_limit=COUNT_LIMIT
        )
        return len(found["records"])

    return call


def _form(record):
    """Return the call that reads a record for its form."""
    specification = _view(record, "form")
    return lambda: len(record.web_read(specification))
