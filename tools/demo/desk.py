"""One order at the desks of several people: entered, submitted, decided.

Every act runs with the rights of its person and at its own moment in the past, so
that deadlines, durations and histories are those of an ordinary fortnight.
"""

from datetime import timedelta
from zoneinfo import ZoneInfo

from tools.demo import orders, users
from tools.demo.store import TIME_ZONE

# Prices with tax per price without.
TAX = 1.13
# Working hours between two acts.
PAUSE = (0.4, 5)

REMARKS = (
    "同意",
    "同意，请按合同交期安排生产",
    "价格与上次成交一致，同意",
    "客户信用良好，同意",
    "同意，注意收款节点",
    "",
    "",
)


class Desk:
    """What the people at work share: the market, the stock, the credit."""

    def __init__(self, demo):
        self.demo = demo
        self.market = orders.Market(demo, "approvals")
        self.rng = self.market.rng
        self.free = {
            product: product.virtual_available for product in self.market.goods
        }
        # Read once: the acts of people empty the cache again and again.
        self.price = {product: product.lst_price for product in self.market.goods}
        customers = [customer for customer, _weight in self.market.customers]
        self.limit = {customer: customer.credit_limit for customer in customers}
        self.room = {c: self.limit[c] - c.credit_exposure for c in customers}
        self.about = {c: (c.user_id, c.credit_grade) for c in customers}

    def customer(self, seller, amount, grade=None):
        """Return a customer of `seller` and for how much he orders.

        :param amount: what the order is to be worth, without tax
        :param grade: of the customer; by default a good one with enough credit, and
            of grade C one who uses up his credit
        """
        wanted = grade or "AB"
        mine = [
            customer
            for customer, (user, own_grade) in self.about.items()
            if user == seller and own_grade and own_grade in wanted
        ]
        gross = TAX * amount
        if grade == "C":
            customer = max(mine, key=self.room.get)
            gross = min(gross, 0.97 * self.room[customer])
            gross = max(gross, self.room[customer] - 0.1 * self.limit[customer])
        else:
            left = {c: (self.room[c] - gross) / (self.limit[c] or 1) for c in mine}
            fitting = [customer for customer in mine if left[customer] > 0.3]
            customer = self.rng.choice(fitting or [max(mine, key=left.get)])
        self.room[customer] -= gross
        return customer, gross / TAX

    def products(self, amount, short=False):
        """Return {product: quantity} worth `amount`; more than there is if `short`."""
        count = self.rng.choice([2, 2, 3, 3, 4]) if amount > 15_000 else 1
        share, price = amount / count, self.price
        goods = [p for p in self.market.goods if 1 <= share / price[p] <= 20_000]
        enough = [p for p in goods if self.free[p] * price[p] > 1.2 * share]
        chosen = self.rng.sample(enough, count)
        if short:
            chosen[0] = self.rng.choice([p for p in goods if self.free[p] <= 0])
        basket = {}
        for product in chosen:
            basket[product] = self._quantity(share / price[product])
            self.free[product] -= basket[product]
        return basket

    @staticmethod
    def _quantity(number):
        """Return a quantity as people order it."""
        step = 1
        for limit, size in ((20, 5), (100, 10), (500, 50), (2000, 100), (8000, 500)):
            if number >= limit:
                step = size
        return max(1, round(number / step) * step)


class Case:
    """One order on its way through the approval.

    :param seller: login of the salesperson
    :param amount: value in CNY, without tax
    :param age: working days since it was entered
    :param price: of the first line, as a share of the price list
    :param options: what else is unusual about it, see `_values`
    """

    def __init__(self, desk, name, seller, amount, age, price=None, **options):
        self.desk = desk
        self.demo = desk.demo
        self.seller = users.user(desk.demo, seller)
        self.moment = self._start(age)
        values = self._values(amount, **options)
        with self.demo.at(self.moment):
            order = self._as(self.seller, self.demo.env["sale.order"]).create(values)
            (self.order,) = self.demo.name(order.with_env(self.demo.env), [name])
            if price:
                line = self._as(self.seller, self.order).order_line[0]
                line.price_unit = round(line.price_unit * price, 2)

    # Time

    def _start(self, age):
        day = self.demo.today
        while age or day.weekday() > 4:
            day -= timedelta(days=1)
            age -= age > 0 and day.weekday() < 5
        days = (self.demo.today - day).days
        rng = self.desk.rng
        return self.demo.moment(days, rng.randint(9, 14), rng.randint(0, 59))

    def _wait(self, hours=None):
        """Let some working time pass, but never into the future."""
        hours = hours or self.desk.rng.uniform(*PAUSE)
        zone = ZoneInfo(TIME_ZONE)
        local = self.moment.replace(tzinfo=ZoneInfo("UTC")).astimezone(zone)
        local += timedelta(hours=hours)
        if local.hour >= 18 or local.hour < 8:
            local = local.replace(hour=9) + timedelta(days=local.hour >= 18)
        while local.weekday() > 4:
            local += timedelta(days=1)
        moment = local.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)
        self.moment = min(moment, self.demo.now)

    # The order

    def _values(
        self,
        amount,
        *,
        grade=None,
        discount=None,
        special=None,
        short=False,
        customer=None,
        product=None,
    ):
        """Return the values of the order.

        :param grade: credit grade of the customer, by default a good one
        :param discount: of the first line, in percent
        :param special: why it is a special order
        :param short: whether it orders more than there is
        :param customer: external id, when it must be a certain one
        :param product: external id of one more product
        """
        desk, rng = self.desk, self.desk.rng
        if customer:
            buyer = self.demo.ref(customer)
        else:
            buyer, amount = desk.customer(self.seller, amount, grade)
        lines = []
        for number, (item, quantity) in enumerate(desk.products(amount, short).items()):
            values = {"product_uom_qty": quantity, "discount": rng.choice([0, 0, 2, 3])}
            if number == 0 and discount:
                values["discount"] = discount
            lines.append(desk.market.line(item, **values))
        if product:
            extra = self.demo.ref(product).with_context(active_test=False)
            lines.append(desk.market.line(extra.product_variant_ids, discount=0))
        values = desk.market.order(0, customer=buyer, order_line=lines)
        values.update(
            date_order=self.moment,
            validity_date=self.moment.date() + orders.VALID,
            user_id=self.seller.id,
            commitment_date=self.moment + timedelta(days=rng.randint(20, 60)),
        )
        if special and self.demo.has("sale.order", "approval_special"):
            values.update(approval_special=True, approval_special_reason=special)
        return values

    def change(self, factor):
        """The salesperson changes the quantity of the first line."""
        line = self._as(self.seller, self.order).order_line[0]
        self._wait()
        with self.demo.at(self.moment):
            line.product_uom_qty = line.product_uom_qty * factor

    # What people do

    def _as(self, user, records):
        """Return `records` as `user` sees them, in his language."""
        context = {"lang": user.lang, "tz": user.tz, "mail_notify_force_send": False}
        return records.with_env(self.demo.env(user=user.id, context=context, su=False))

    def open_tasks(self):
        """Return the open tasks of the order."""
        return self.order.approval_instance_id.task_ids.filtered(
            lambda task: task.state == "pending"
        )

    def _task(self, login=None):
        """Return an open task as its approver sees it: of `login`, or the first."""
        tasks = self.open_tasks()
        if login:
            person = users.user(self.demo, login)
            tasks = tasks.filtered(lambda task: task.user_id == person)
        staff = users.everybody(self.demo)
        task = tasks.filtered(lambda task: task.user_id in staff).sorted("id")[:1]
        if not task:
            raise LookupError("nobody has this to decide")
        return self._as(task.user_id, task)

    def submit(self):
        """The salesperson confirms the order, which submits it."""
        self._wait(0.5)
        with self.demo.at(self.moment):
            self._as(self.seller, self.order).action_confirm()
        return self

    def send(self):
        """The salesperson sends the quotation."""
        self._wait()
        with self.demo.at(self.moment):
            self._as(self.seller, self.order).action_quotation_sent()
        return self

    def approve(self, times=1, comment=None):
        """The next `times` approvers agree."""
        for _time in range(times):
            self._wait()
            task = self._task()
            remark = self.desk.rng.choice(REMARKS) if comment is None else comment
            with self.demo.at(self.moment):
                task.action_approve(remark or None)
        return self

    def approve_all(self):
        """Everybody agrees."""
        while self.order.approval_state == "pending":
            self.approve()
        return self

    def approve_until(self, level):
        """Agree until the order waits at `level`, counted from 1."""
        while self.level() < level and self.order.approval_state == "pending":
            self.approve()
        return self

    def level(self):
        """Return the level at which the order waits, counted from 1."""
        instance = self.order.approval_instance_id
        levels = sorted({step["level"] for step in instance.steps})
        return levels.index(instance.level) + 1

    def decide(self, decision, comment):
        """The next approver rejects or returns the order."""
        self._wait()
        task = self._task()
        with self.demo.at(self.moment):
            getattr(task, f"action_{decision}")(comment)
        return self

    def recall(self, comment):
        """The salesperson takes the order back."""
        self._wait()
        with self.demo.at(self.moment):
            order = self._as(self.seller, self.order)
            order.action_recall_approval(comment)
        return self

    def urge(self):
        """The salesperson asks the approvers to hurry."""
        self._wait(9)
        with self.demo.at(self.moment):
            order = self._as(self.seller, self.order)
            order.approval_instance_id.action_urge()
        return self

    def transfer(self, login, comment):
        """The next approver passes the decision on."""
        self._wait()
        task = self._task()
        with self.demo.at(self.moment):
            task.action_transfer(users.user(self.demo, login).id, comment)
        return self

    def add(self, login, position, comment):
        """The next approver asks somebody else to decide as well."""
        self._wait()
        task = self._task()
        person = users.user(self.demo, login)
        with self.demo.at(self.moment):
            task.action_add_approver(person.ids, position, comment)
        return self

    def expect(self, state, level=None):
        """Fail unless the order is in `state`, at `level`."""
        found = self.order.approval_state, self.order.state
        if state not in found:
            raise ValueError(f"{self.order.name} is {found}, not {state}")
        if level and self.level() != level:
            raise ValueError(f"{self.order.name} is at level {self.level()}")
        return self
