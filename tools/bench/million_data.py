"""A company's history of approvals in bulk: cloned in SQL from one real example.

What the engine writes for one order is made by the engine itself; the copies differ
in who, when, how much and how it ended.
"""

from contextlib import contextmanager

from tools.bench import scene as scenes

SELLERS, APPROVERS, MANAGERS = 60, 40, 3
CUSTOMERS = 10_000
ROUNDS = 5  # approvals per order, of which the last is the current one
LINES = 3  # per order
FEW = 3  # orders of the salesperson who has just started
BIG_TABLES = (
    "approval_event",
    "approval_instance",
    "approval_task",
    "mail_activity",
    "res_partner",
    "sale_order",
    "sale_order_line",
)

ORDERS = """
CREATE TABLE bench_order AS
SELECT n, {order} + n AS id, {instance} + ({rounds} - 1) * {orders} + n AS approval,
       {customer} + 1 + MOD(n * 13, {customers}) AS partner,
       u.id AS seller, u.company_id AS company,
       now() AT TIME ZONE 'UTC'
           - interval '2 years' * (1 - n / {orders}::float) AS moment,
       -- the newest and every 50th still wait
       CASE WHEN n > {orders} * 0.92 OR MOD(n, 50) = 0 THEN 'pending'
            WHEN MOD(n, 50) = 1 THEN 'failed' WHEN MOD(n, 50) = 2 THEN 'approved'
            WHEN MOD(n, 50) IN (3, 4) THEN 'rejected'
            WHEN MOD(n, 50) = 5 THEN 'recalled' ELSE 'executed' END AS state
  FROM generate_series(1, {orders}) n
  JOIN res_users u ON u.id = CASE WHEN n > {orders} - {few} THEN {newcomer}
                              ELSE ({sellers})[1 + MOD(n, {seller_count})] END
"""
APPROVALS = """
CREATE TABLE bench_approval AS
SELECT {instance} + (round - 1) * {orders} + o.n AS id, o.id AS order_id, round,
       o.n, o.partner, o.seller, o.company, 1000 + MOD(o.n * 37, 100000) AS amount,
       o.moment - interval '2 days' * ({rounds} - round) AS asked,
       o.moment - interval '2 days' * ({rounds} - round)
           + interval '1 hour' * (1 + MOD(o.n, 30)) AS decided,
       CASE WHEN round = {rounds} THEN o.state
            ELSE (ARRAY['returned', 'returned', 'stale', 'stale', 'rejected',
                        'recalled'])[1 + MOD(o.n * 7 + round, 6)] END AS state,
       CASE WHEN round = {rounds} AND o.state = 'pending'
            THEN 1 + MOD(o.n / 7, 2) ELSE 2 END AS level,
       ({approvers})[1 + MOD(o.n, {half})] AS first,
       ({approvers})[1 + {half} + MOD(o.n * 3 + round, {half})] AS second
  FROM bench_order o CROSS JOIN generate_series(1, {rounds}) round
"""
# level by level: what became of the two tasks of an approval
TASKS = """
SELECT a.*, level_, CASE level_ WHEN 1 THEN a.first ELSE a.second END AS person,
       CASE WHEN a.state = 'pending' AND level_ = a.level THEN 'pending'
            WHEN level_ = 1 OR a.state IN ('approved', 'executed', 'failed')
                 THEN 'approved'
            WHEN a.state IN ('rejected', 'returned') THEN a.state
            ELSE 'skipped' END AS outcome
  FROM bench_approval a CROSS JOIN generate_series(1, 2) level_
 WHERE level_ <= a.level
"""
EVENTS = """
SELECT a.*, kind, CASE kind WHEN 'submitted' THEN a.seller ELSE a.first END AS person
  FROM bench_approval a
  JOIN (VALUES ('submitted'), ('approved'), ('granted')) k (kind)
    ON kind = 'submitted' OR a.state != 'pending' OR (kind = 'approved' AND a.level = 2)
"""


class History:
    """Makes the history, part by part."""

    parts = (
        "example",
        "customers",
        "plan",
        "approvals",
        "orders",
        "lines",
        "tasks",
        "events",
        "activities",
        "statistics",
    )

    def __init__(self, env):
        self._env = env
        self._cr = env.cr

    def make(self, part, scale):
        """Make one part of a history of `scale` approvals."""
        self._orders = scale // ROUNDS
        getattr(self, f"_make_{part}")()
        self._cr.commit()

    # -- the example -----------------------------------------------------------------

    def _make_example(self):
        """Create the people, and an order that waits at its second level."""
        env = self._env(context={"no_reset_password": True, "tracking_disable": True})
        scene = scenes.build(env)
        work = scenes.match(env, scene)(env, scene, 1)
        work.create(0)
        work.submit(0)
        self._cr.flush()
        env.invalidate_all()
        order = env["sale.order"].search([], order="id desc", limit=1)
        order.with_user(scene.approvers[0]).action_approve()
        self._cr.flush()
        self._create_people(env)

    def _create_people(self, env):
        """Create employees with the rights they need, in three companies."""
        companies = env.company | env["res.company"].create(
            [{"name": "Second company"}, {"name": "Third company"}]
        )
        salesman = ["base.group_user", "sales_team.group_sale_salesman"]
        manager = [
            "sales_team.group_sale_manager",
            "approval_flow.group_approval_manager",
        ]
        for number in range(SELLERS):
            company = companies[(number % 10 > 6) + (number % 10 > 8)]
            self._create_person(env, f"seller{number}", salesman, company)
        for number in range(APPROVERS):
            self._create_person(
                env, f"approver{number}", ["base.group_user"], companies
            )
        for number in range(MANAGERS):
            self._create_person(env, f"manager{number}", manager, companies)
        self._create_person(env, "newcomer", salesman, companies[0])

    @staticmethod
    def _create_person(env, login, groups, companies):
        values = {
            "company_ids": [(6, 0, companies.ids)],
            "company_id": companies[0].id,
        }
        scenes.create_user(env, login, groups, **values)

    # -- cloning ---------------------------------------------------------------------

    def _clone(self, table, example, rows, **values):
        """Insert a copy of the row `example` for each of `rows`.

        :param str rows: query of the rows, as "data" in the expressions
        :param values: SQL expression of each column that differs; those that the
            table does not have are left out
        """
        self._cr.execute(
            "SELECT column_name FROM information_schema.columns "
            "WHERE table_schema = current_schema AND table_name = %s",
            [table],
        )
        columns = {name for (name,) in self._cr.fetchall()}
        values = {name: sql for name, sql in values.items() if name in columns}
        same = sorted(columns - set(values))
        names = ", ".join(f'"{name}"' for name in [*same, *values])
        picked = ", ".join([*(f'example."{name}"' for name in same), *values.values()])
        with self._bare(table):
            self._cr.execute(
                f"INSERT INTO {table} ({names}) SELECT {picked} "
                f"FROM ({rows}) data, {table} example WHERE example.id = {example}"
            )
        self._cr.execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), MAX(id)) "
            f"FROM {table}"
        )

    @contextmanager
    def _bare(self, table):
        """Take triggers, indexes and foreign keys off a table while it is filled.

        Made afterwards they cost a fraction. A trigger of ours that records changes
        has nothing to say about copies.
        """
        self._cr.execute(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE conrelid = %s::regclass AND contype = 'f'",
            [table],
        )
        keys = self._cr.fetchall()
        self._cr.execute(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) "
            "FROM pg_index WHERE indrelid = %s::regclass AND NOT EXISTS "
            "(SELECT FROM pg_constraint WHERE conindid = indexrelid)",
            [table],
        )
        indexes = self._cr.fetchall()
        self._cr.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for name, _definition in keys:
            self._cr.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        for name, _definition in indexes:
            self._cr.execute(f"DROP INDEX {name}")
        yield
        for _name, definition in indexes:
            self._cr.execute(definition)
        for name, definition in keys:
            self._cr.execute(
                f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}'
            )
        self._cr.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")

    def _last(self, table, condition="TRUE"):
        """Return the highest id of a table."""
        self._cr.execute(f"SELECT MAX(id) FROM {table} WHERE {condition}")
        return self._cr.fetchone()[0]

    def _people(self, prefix):
        """Return the ids of the employees made for a role."""
        domain = [("login", "=like", f"bench_{prefix}%")]
        users = self._env["res.users"].search(domain, order="id")
        # the scene has a salesperson of its own
        return users.filtered(lambda user: user.login != "bench_seller").ids

    # -- the copies ------------------------------------------------------------------

    def _make_customers(self):
        base = self._last("res_partner")
        self._clone(
            "res_partner",
            self._last("res_partner", "name LIKE 'Bench customer %'"),
            f"SELECT n FROM generate_series(1, {CUSTOMERS}) n",
            id=f"{base} + n",
            name="'Customer ' || n",
            complete_name="'Customer ' || n",
            commercial_partner_id=f"{base} + n",
            commercial_company_name="'Customer ' || n",
        )

    def _make_plan(self):
        """Write down what every order and every approval is going to be."""
        sellers = self._people("seller")
        approvers = self._people("approver")
        values = {
            "order": self._last("sale_order"),
            "orders": self._orders,
            "instance": self._last("approval_instance"),
            "rounds": ROUNDS,
            "customer": self._last("res_partner") - CUSTOMERS,
            "customers": CUSTOMERS,
            "few": FEW,
            "newcomer": self._people("newcomer")[0],
            "sellers": f"ARRAY{sellers}",
            "seller_count": len(sellers),
            "approvers": f"ARRAY{approvers}",
            "half": len(approvers) // 2,
        }
        self._cr.execute(ORDERS.format(**values))
        self._cr.execute(APPROVALS.format(**values))

    def _make_orders(self):
        self._clone(
            "sale_order",
            self._last("sale_order"),
            "SELECT * FROM bench_order",
            id="data.id",
            name="'B' || n",
            partner_id="partner",
            partner_invoice_id="partner",
            partner_shipping_id="partner",
            user_id="seller",
            company_id="company",
            state="CASE data.state WHEN 'executed' THEN 'sale' "
            "WHEN 'recalled' THEN 'cancel' ELSE 'draft' END",
            date_order="moment",
            create_date="moment",
            access_token="NULL",
            approval_instance_id="approval",
        )

    def _make_lines(self):
        # the example's own lines come first in the table
        example = self._last("sale_order_line")
        self._clone(
            "sale_order_line",
            example,
            f"SELECT o.*, k FROM bench_order o, generate_series(1, {LINES}) k",
            id=f"{example} + (n - 1) * {LINES} + k",
            order_id="data.id",
            order_partner_id="partner",
            salesman_id="seller",
            company_id="company",
            sequence="k",
            state="CASE data.state WHEN 'executed' THEN 'sale' "
            "WHEN 'recalled' THEN 'cancel' ELSE 'draft' END",
        )

    def _make_approvals(self):
        example = self._last("approval_instance")
        over = "data.state NOT IN ('pending')"
        self._clone(
            "approval_instance",
            example,
            "SELECT * FROM bench_approval ORDER BY id",
            id="data.id",
            res_id="order_id",
            document_name="'B' || n",
            company_id="company",
            partner_id="partner",
            amount="data.amount",
            requester_id="seller",
            request_date="asked",
            create_date="asked",
            write_date=f"CASE WHEN {over} THEN decided ELSE asked END",
            round="data.round",
            previous_id=f"CASE WHEN data.round > 1 THEN data.id - {self._orders} END",
            digest="md5(data.id::text) || md5(order_id::text)",
            risk="(ARRAY['low', 'medium', 'high'])[1 + MOD(n, 3)]",
            state="data.state",
            level="data.level",
            level_since="asked",
            due=f"CASE WHEN {over} THEN NULL ELSE asked + interval '8 hours' END",
            decision_date=f"CASE WHEN {over} THEN decided END",
            execution_date="CASE data.state WHEN 'executed' THEN decided END",
            cycle_hours=f"CASE WHEN {over} THEN 1 + MOD(n, 30) END",
            mail_pending="FALSE",
            error="CASE data.state WHEN 'failed' THEN 'No stock' END",
        )
        self._cr.execute(
            "INSERT INTO approval_instance_cc_rel SELECT id, %s FROM bench_approval "
            "WHERE MOD(id, 20) = 0",
            [self._people("manager")[0]],
        )

    def _make_tasks(self):
        decided = "outcome IN ('approved', 'rejected', 'returned')"
        self._clone(
            "approval_task",
            self._last("approval_task", "state = 'pending'"),
            f"{TASKS} ORDER BY a.id, level_",
            id=f"{self._last('approval_task')} + row_number() OVER ()",
            instance_id="data.id",
            user_id="person",
            acting_for_id="CASE WHEN MOD(n, 40) = 7 THEN "
            "CASE level_ WHEN 1 THEN data.second ELSE data.first END END",
            state="outcome",
            step_key="(SELECT step_key FROM approval_task t WHERE t.level = level_ "
            f"AND t.instance_id = {self._example_id()} LIMIT 1)",
            level="level_",
            due="asked + interval '8 hours'",
            ask_date="asked",
            create_date="asked",
            write_date="decided",
            decided_date=f"CASE WHEN {decided} THEN decided END",
            decided_by_id=f"CASE WHEN {decided} THEN person END",
            res_id="order_id",
            company_id="company",
            mail_pending="FALSE",
        )

    def _example_id(self):
        """Return the id of the approval that was really submitted."""
        self._cr.execute("SELECT MIN(id) - 1 FROM bench_approval")
        return self._cr.fetchone()[0]

    def _make_events(self):
        self._clone(
            "approval_event",
            self._last("approval_event"),
            f"{EVENTS} ORDER BY a.id",
            id=f"{self._last('approval_event')} + row_number() OVER ()",
            instance_id="data.id",
            kind="data.kind",
            round="data.round",
            user_id="person",
            acting_for_id="NULL",
            date="CASE data.kind WHEN 'submitted' THEN asked ELSE decided END",
            create_date="asked",
        )

    def _make_activities(self):
        """Give every open task the activity that the engine makes for it."""
        example = self._last("mail_activity", "res_model = 'approval.task'")
        self._clone(
            "mail_activity",
            example,
            "SELECT t.* FROM approval_task t "
            f"WHERE state = 'pending' AND instance_id > {self._example_id()}",
            id=f"{self._last('mail_activity')} + row_number() OVER ()",
            res_id="data.id",
            user_id="data.user_id",
            res_name="'B' || data.res_id",
            summary="'B' || data.res_id",
            date_deadline="data.due::date",
            create_date="data.create_date",
        )

    def _make_statistics(self):
        self._cr.execute("DROP TABLE bench_approval, bench_order")
        if "approval.statistic" in self._env:
            self._env["approval.statistic"]._refresh()
