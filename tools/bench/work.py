"""The work that is measured, the same for every system.

Two lots of orders pass through it: one is handled order by order, the other all at
once. The parent process reads only :data:`STEPS`; the rest runs inside Odoo.
"""

from dataclasses import dataclass

LINES = 5


@dataclass(frozen=True)
class Step:
    """One measured piece of work.

    :param name: method of :class:`Work` that does it for one order, or for the batch
    :param label: words in the table
    :param batch: whether all orders are handled in one call
    :param approval: whether only systems with a matching policy can do it
    """

    name: str
    label: str
    batch: bool = False
    approval: bool = False


STEPS = (
    Step("create", "create, one by one"),
    Step("create_batch", "create, one batch", batch=True),
    Step("edit_header", "edit a header field"),
    Step("edit_date", "edit the delivery date"),
    Step("edit_lines", f"edit {LINES} lines"),
    Step("submit", "submit, one by one", approval=True),
    Step("submit_batch", "submit, one batch", batch=True, approval=True),
    Step("approve", "approve two levels, one by one", approval=True),
    Step("approve_batch", "approve two levels, batch", batch=True, approval=True),
    Step("confirm", "confirm, one by one"),
    Step("confirm_batch", "confirm, one batch", batch=True),
)


class Work:
    """One round of the work, on plain Odoo: there is nothing to submit or approve."""

    def __init__(self, env, scene, size):
        self._env = env
        self._scene = scene
        self._size = size
        orders = self._as(scene.seller)["sale.order"]
        self._single, self._batch = orders, orders

    def _as(self, user_id):
        """Return the environment of a user as a page of the web client has it."""
        context = {
            "lang": "en_US",
            "tz": "UTC",
            "uid": user_id,
            "allowed_company_ids": [self._scene.company],
        }
        return self._env(user=user_id, context=context, su=False)

    def _order(self, index):
        return self._single[index]

    # -- steps; those of the first lot get the number of the order -------------------

    def create(self, index):
        """Create one order with its lines."""
        values = self._scene.order_values(index)
        self._single |= self._as(self._scene.seller)["sale.order"].create(values)

    def create_batch(self):
        """Create all orders of the second lot in one call."""
        values = [self._scene.order_values(index) for index in range(self._size)]
        self._batch = self._as(self._scene.seller)["sale.order"].create(values)

    def edit_header(self, index):
        """Write a field that no approval is about."""
        self._order(index).write({"client_order_ref": f"PO {index}"})

    def edit_date(self, index):
        """Write a field that an approval is about."""
        self._order(index).write({"commitment_date": f"2999-01-{1 + index % 28:02}"})

    def edit_lines(self, index):
        """Change the quantity of every line, as saving the form does."""
        lines = [
            (1, line.id, {"product_uom_qty": line.product_uom_qty + 1})
            for line in self._order(index).order_line
        ]
        self._order(index).write({"order_line": lines})

    def confirm(self, index):
        """Confirm one order."""
        self._order(index).action_confirm()

    def confirm_batch(self):
        """Confirm all orders of the second lot in one call."""
        self._batch.action_confirm()

    # -- what a step must have done, looked at after the clock has stopped ------------

    def failures(self, step):
        """Return why `step` did not do its work, "" if it did."""
        orders = self._batch if step.batch else self._single
        wanted = step.name.removesuffix("_batch")
        if wanted == "create" and len(orders.order_line) != LINES * self._size:
            return "orders or lines are missing"
        field, value = self._outcome(wanted)
        wrong = orders.filtered(lambda order: field and order[field] != value)
        if wrong:
            return f"{len(wrong)} of {len(orders)} orders: {field} is {wrong[0][field]}"
        return ""

    def _outcome(self, wanted):
        """Return the (field, value) that tells that a step was done."""
        return ("state", "sale") if wanted == "confirm" else (None, None)


class SuiteWork(Work):
    """The work with our suite, and a policy that matches."""

    def submit(self, index):
        """Submit one order as its salesperson."""
        self._order(index).action_submit_approval()

    def submit_batch(self):
        """Submit all orders of the second lot in one call."""
        self._batch.action_submit_approval()

    def approve(self, index):
        """Approve one order as the first, then as the second approver."""
        for approver in self._scene.approvers:
            self._order(index).with_env(self._as(approver)).action_approve()

    def approve_batch(self):
        """Approve all orders in one call of each approver."""
        for approver in self._scene.approvers:
            self._batch.with_env(self._as(approver)).action_approve()

    def _outcome(self, wanted):
        states = {"submit": "pending", "approve": "approved"}
        if wanted in states:
            return "approval_state", states[wanted]
        return super()._outcome(wanted)


class TierWork(Work):
    """The work with OCA's tier validation."""

    def submit(self, index):
        """Request validation of one order."""
        self._order(index).request_validation()

    def submit_batch(self):
        """Request validation of all orders of the second lot in one call."""
        self._batch.request_validation()

    def approve(self, index):
        """Validate one order as the first, then as the second reviewer."""
        for approver in self._scene.approvers:
            self._order(index).with_env(self._as(approver)).validate_tier()

    def approve_batch(self):
        """Validate one after the other: there is no call for several orders."""
        for approver in self._scene.approvers:
            for order in self._batch.with_env(self._as(approver)):
                order.validate_tier()

    def _outcome(self, wanted):
        states = {"submit": "pending", "approve": "validated"}
        if wanted in states:
            return "validation_status", states[wanted]
        return super()._outcome(wanted)
