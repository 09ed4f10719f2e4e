from contextlib import closing

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from odoo.exceptions import UserError
from odoo.tests import tagged

from .change_common import PurchaseChangeCommon

QUANTITIES = st.sampled_from([0, 1, 2, 3, 5, 8, 12])
PRICES = st.sampled_from([1.0, 7.77, 20.0, 99.99])
DISCOUNTS = st.sampled_from([0.0, 5.0, 12.5])
# goods billed on order or on receipt, goods in dozens, a service
KINDS = st.sampled_from(["ordered", "received", "dozen", "service"])

ORDERS = st.lists(
    st.tuples(KINDS, st.sampled_from([1, 3, 7, 10]), PRICES, DISCOUNTS),
    min_size=1,
    max_size=4,
)
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("receive"), st.lists(QUANTITIES, min_size=4, max_size=4)),
        st.tuples(st.just("bill"), st.just(None)),
        st.tuples(st.just("count"), QUANTITIES),
        st.tuples(st.just("print"), st.just(None)),
    ),
    max_size=4,
)
WISHES = st.lists(
    st.one_of(
        st.none(),
        st.fixed_dictionaries(
            {},
            optional={
                "new_qty": QUANTITIES,
                "new_price": PRICES,
                "new_discount": DISCOUNTS,
                "new_date": st.just("2999-05-05 12:00:00"),
            },
        ),
        st.just({"is_removed": True}),
        st.fixed_dictionaries({"replaced": st.just(True), "new_qty": QUANTITIES}),
    ),
    min_size=4,
    max_size=4,
)
REQUESTS = st.one_of(
    st.tuples(st.just("change"), WISHES),
    st.tuples(st.just("change"), WISHES),
    st.tuples(st.just("cancel"), st.sampled_from(["full", "remaining"])),
)
# always the same examples: a failure here is a failure everywhere
EXAMPLES = settings(
    max_examples=30,
    # looking for the smallest example would take minutes
    phases=(Phase.explicit, Phase.generate),
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
# what a request may touch, compared row by row
TABLES = (
    "purchase_order purchase_order_line stock_move stock_move_line stock_picking "
    "stock_quant account_move account_move_line mail_message mail_activity"
).split()


@tagged("post_install", "-at_install")
class TestChangeProperties(PurchaseChangeCommon):
    """Whatever was ordered, received and billed, and whatever is asked for."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.service = cls.env["product.product"].create(
            {"name": "Transport", "type": "service", "supplier_taxes_id": False}
        )
        cls.bolt.purchase_method = "purchase"
        cls.nut.purchase_method = "receive"
        cls.washer.purchase_method = "purchase"

    # -- an order with a past ------------------------------------------------------

    def _past(self, lines, events):
        products = {
            "ordered": (self.bolt, {}),
            "received": (self.nut, {}),
            "dozen": (self.washer, {"product_uom_id": self.uom_dozen.id}),
            "service": (self.service, {}),
        }
        order = self._confirmed(
            *(
                self._line(products[kind][0], quantity, price, discount=discount)
                if not products[kind][1]
                else self._line(
                    products[kind][0],
                    quantity,
                    price,
                    discount=discount,
                    **products[kind][1],
                )
                for kind, quantity, price, discount in lines
            )
        )
        for name, detail in events:
            getattr(self, f"_past_{name}")(order, detail)
        self.env.flush_all()
        return order

    def _past_receive(self, order, quantities):
        wanted = dict(zip(order.order_line, quantities, strict=False))
        for picking in self._open_receipts(order)[:1]:
            for move in picking.move_ids:
                line = move.purchase_line_id
                quantity = line.product_uom_id._compute_quantity(
                    wanted.get(line, 0), move.product_uom
                )
                move.quantity = min(quantity, move.product_uom_qty)
                move.picked = bool(move.quantity)
            if any(picking.move_ids.mapped("quantity")):
                picking._action_done()

    def _past_bill(self, order, _detail):
        if order.invoice_status == "to invoice":
            try:
                with self.env.cr.savepoint():
                    self._bill(order)
            except UserError:
                return  # nothing to bill, by core's rules

    def _past_count(self, order, quantity):
        for move in self._open_receipts(order).move_ids[:1]:
            taken = min(quantity, move.product_uom_qty)
            move.write({"quantity": taken, "picked": bool(taken)})

    def _past_print(self, order, _detail):
        self._open_receipts(order).printed = True

    # -- a request -----------------------------------------------------------------

    def _asked(self, order, asked):
        if asked[0] == "cancel":
            return self._request(order, kind="cancel", cancel_kind=asked[1])
        request = self._request(order)
        for line, wish in zip(request.line_ids, asked[1], strict=False):
            values = dict(wish or {})
            if values.pop("replaced", None):
                other = self.bolt if line.product_id != self.bolt else self.nut
                values.update(product_id=other.id, new_price=11.0, new_discount=0)
            if values:
                line.write(values)
        return request

    def _rows(self):
        self.env.flush_all()
        rows = {}
        for table in TABLES:
            self.env.cr.execute(f'SELECT * FROM "{table}" ORDER BY id')
            rows[table] = self.env.cr.fetchall()
        return rows

    @EXAMPLES
    @given(ORDERS, EVENTS, REQUESTS)
    def test_applied_or_untouched(self, lines, events, asked):
        with closing(self.env.cr.savepoint()):
            order = self._past(lines, events)
            request = self._asked(order, asked)
            before = self._rows()
            figures = self._figures(order)
            try:
                with self.env.cr.savepoint():
                    request.action_submit()
            except UserError as error:
                self.assert_refused(error)
                self.assertEqual(self._rows(), before, "refused: nothing changed")
                return
            self.assertEqual(request.state, "applied")
            self.env.invalidate_all()
            self._check(order.sudo(), request.sudo(), figures)
        self.env.invalidate_all()

    @EXAMPLES
    @given(ORDERS, EVENTS, REQUESTS)
    def test_preview_is_what_happens(self, lines, events, asked):
        with closing(self.env.cr.savepoint()):
            order = self._past(lines, events)
            request = self._asked(order, asked)
            before = self._rows()
            try:
                with self.env.cr.savepoint():
                    request.action_preview()
            except UserError as error:
                self.assert_refused(error)
                self.assertEqual(self._rows(), before, "refused: nothing changed")
                return
            self.assertEqual(self._rows(), before, "a preview leaves no trace")
            total, impact = request.amount_new, request.impact
            request.action_submit()
            self.assertEqual(
                order.amount_total if order.state != "cancel" else 0, total
            )
            codes = [effect["code"] for effect in impact["effects"]]
            self.assertEqual(
                [effect["code"] for effect in request.impact["effects"]], codes
            )
        self.env.invalidate_all()

    def assert_refused(self, error):
        """Assert that it was refused for what was asked, not for what came of it."""
        self.assertNotRegex(str(error), "would be|would not|although|could not be")

    # -- what must be true ---------------------------------------------------------

    def _figures(self, order):
        self.env.invalidate_all()
        return {
            line.id: {
                "ordered": line.product_qty,
                "price": line.price_unit,
                "discount": line.discount,
                "received": line.qty_received,
                "billed": line.qty_invoiced,
                "moves": set(line.move_ids.ids),
            }
            for line in order.sudo().order_line
        }

    def _check(self, order, request, figures):
        if request.cancel_kind == "full":
            self.assertEqual(order.state, "cancel")
            self.assertFalse(order.order_line._change_open_receipts())
            return
        known = set().union(*(item["moves"] for item in figures.values()))
        moves = order.order_line.move_ids
        back = moves.filtered(
            lambda move: move.id not in known
            and move.location_dest_id.usage == "supplier"
        )
        self.assertFalse(back, "nothing goes back to the vendor")
        for line in request.line_ids.filtered("order_line_id"):
            self._check_line(line, figures[line.order_line_id.id])
        for line in request.line_ids.new_order_line_id:
            self._check_open(line, line.product_qty)
        expected = sum(
            self._expected_note(line, figures[line.order_line_id.id])
            for line in request.line_ids.filtered("order_line_id")
        )
        notes = sum(
            move.amount_untaxed * (-1 if move.move_type == "in_refund" else 1)
            for move in request.move_ids
        )
        self.assertAlmostEqual(notes, expected, delta=0.05)

    def _target(self, line, was):
        if line.is_removed or line.change_id.kind == "cancel":
            return min(was["received"], was["ordered"])
        if line.action == "replace":
            return min(was["received"], was["ordered"])
        return line.new_qty

    def _check_line(self, line, was):
        target = self._target(line, was)
        now = line.order_line_id
        self.assertEqual(now.product_qty, target)
        changed = line.action == "change" and line.change_id.kind == "change"
        price = line.new_price if changed else was["price"]
        self.assertAlmostEqual(now.price_unit, price, places=2)
        self.assertEqual(now.qty_received, was["received"])
        self._check_open(now, target)

    def _check_open(self, line, target):
        if line.product_id.type != "consu":
            self.assertFalse(line.move_ids)
            return
        coming = line.move_ids.filtered(
            lambda move: move.state not in ("done", "cancel")
        )
        wanted = line.product_uom_id._compute_quantity(
            max(target - line.qty_received, 0), line.product_id.uom_id
        )
        self.assertEqual(sum(coming.mapped("product_qty")), wanted)

    def _expected_note(self, line, was):
        """Return what the notes are to say of a line, untaxed."""
        target, billed = self._target(line, was), was["billed"]
        kept = billed
        if target < was["ordered"]:
            by_order = line.order_line_id.product_id.purchase_method == "purchase"
            kept = min(billed, target if by_order else was["received"])
        old = was["price"] * (1 - was["discount"] / 100)
        new = old
        if line.action == "change" and line.change_id.kind == "change":
            new = line.new_price * (1 - line.new_discount / 100)
        return kept * new - billed * old
