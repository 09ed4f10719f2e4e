from contextlib import closing

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from odoo.exceptions import UserError
from odoo.tests import tagged

from .change_common import ChangeCommon

QUANTITIES = st.sampled_from([0, 1, 2, 3, 5, 8, 12])
PRICES = st.sampled_from([1.0, 7.77, 20.0, 99.99])
DISCOUNTS = st.sampled_from([0.0, 5.0, 12.5])
KINDS = st.sampled_from(["goods", "bulk", "service"])

ORDERS = st.lists(
    st.tuples(KINDS, st.sampled_from([1, 3, 7, 10]), PRICES, DISCOUNTS),
    min_size=1,
    max_size=5,
)
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("deliver"), st.lists(QUANTITIES, min_size=5, max_size=5)),
        st.tuples(st.just("invoice"), st.booleans()),
        st.tuples(st.just("return"), st.booleans()),
        st.tuples(st.just("pick"), QUANTITIES),
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
                "new_date": st.just("2031-05-05 12:00:00"),
            },
        ),
        st.just({"is_removed": True}),
        st.fixed_dictionaries({"replace": KINDS, "new_qty": st.integers(1, 9)}),
    ),
    min_size=5,
    max_size=5,
)
ADDED = st.lists(st.tuples(KINDS, st.integers(1, 9), PRICES), max_size=2)
REQUESTS = st.one_of(
    st.tuples(st.just("change"), WISHES, ADDED),
    st.tuples(st.just("change"), WISHES, ADDED),
    st.tuples(st.just("cancel"), st.sampled_from(["full", "remaining"])),
    st.tuples(st.just("cancel"), st.just("after_delivery")),
)
# always the same examples: a failure here is a failure everywhere
EXAMPLES = settings(
    max_examples=40,
    # looking for the smallest example would take minutes
    phases=(Phase.explicit, Phase.generate),
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
# what a request may touch, compared row by row
TABLES = (
    "sale_order sale_order_line stock_move stock_move_line stock_picking stock_quant "
    "stock_reference account_move account_move_line mail_message mail_mail "
    "mail_notification mail_activity mail_tracking_value bus_bus ir_cron_trigger "
    "sale_order_line_invoice_rel stock_move_move_rel approval_event ir_attachment"
).split()


@tagged("post_install", "-at_install")
class TestChangeProperties(ChangeCommon):
    """Whatever was ordered, delivered and invoiced, and whatever is asked for."""

    def _product(self, kind, other=False):
        if other:
            return {"goods": self.other, "bulk": self.heavy, "service": self.travel}[
                kind
            ]
        return {"goods": self.goods, "bulk": self.bulk, "service": self.service}[kind]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.heavy = cls._goods("Anchor", invoice_policy="delivery")
        cls.travel = cls._create_product(
            name="Travel", type="service", invoice_policy="delivery"
        )
        cls.travel.taxes_id = False
        cls.cr.execute("SELECT relname FROM pg_class WHERE relkind = 'r'")
        names = {name for (name,) in cls.cr.fetchall()}
        cls.tables = sorted(names.intersection(TABLES))

    # -- an order with a past ----------------------------------------------------------

    def _past(self, lines, events):
        order = self._confirmed(
            *(
                (self._product(kind), quantity, price, {"discount": discount})
                for kind, quantity, price, discount in lines
            )
        )
        for name, detail in events:
            getattr(self, f"_past_{name}")(order, detail)
        self.env.flush_all()
        return order

    def _ready(self, order):
        return order.picking_ids.filtered(
            lambda p: p.state not in ("done", "cancel")
            and p.picking_type_code == "outgoing"
        )

    def _past_deliver(self, order, quantities):
        wanted = dict(zip(order.order_line, quantities, strict=False))
        for line in order.order_line:
            if line.product_id.type == "service":
                line.qty_delivered += min(wanted[line], line.product_uom_qty)
        ready = self._ready(order)
        if any(wanted[move.sale_line_id] for move in ready.move_ids):
            self._move(ready, wanted)

    def _past_invoice(self, order, post):
        if order.invoice_status == "to invoice":
            try:
                with self.env.cr.savepoint():
                    self._invoice(order, post=post)
            except UserError:
                return  # only negative quantities, by core's rules

    def _past_return(self, order, refund):
        done = order.picking_ids.filtered(
            lambda p: p.state == "done" and p.picking_type_code == "outgoing"
        )
        for move in done[:1].move_ids[:1]:
            back = sum(move.returned_move_ids.mapped("quantity"))
            if move.quantity > back:
                wizard = self.env["stock.return.picking"].create(
                    {"picking_id": done[0].id}
                )
                lines = wizard.product_return_moves.grouped("move_id")
                lines[move].write({"quantity": 1, "to_refund": refund})
                self._move(wizard._create_return())

    def _past_pick(self, order, quantity):
        for move in self._ready(order).move_ids[:1]:
            taken = min(quantity, move.product_uom_qty)
            move.write({"quantity": taken, "picked": bool(taken)})

    def _past_print(self, order, _detail):
        self._ready(order).printed = True

    # -- a request ---------------------------------------------------------------------

    def _asked(self, order, asked):
        if asked[0] == "cancel":
            return self._request(order, kind="cancel", cancel_kind=asked[1])
        _kind, wishes, added = asked
        request = self._request(order)
        for line, wish in zip(request.line_ids, wishes, strict=False):
            values = dict(wish or {})
            if "replace" in values:
                product = self._product(values.pop("replace"), other=True)
                values.update(product_id=product.id, new_price=11.0, new_discount=0)
            line.write(values)
        for kind, quantity, price in added:
            self._adding(request, self._product(kind, other=True), quantity, price)
        return request

    def _targets(self, request):
        """Return {order line: new quantity}, and new lines as (product, quantity)."""
        targets, new = {}, []
        for item in request.line_ids:
            line = item.order_line_id
            kept = min(max(line.qty_delivered, 0), line.product_uom_qty)
            if request.kind == "cancel" or item.is_removed:
                targets[line] = kept
            elif line and item.product_id != line.product_id:
                targets[line] = kept
                new.append((item.product_id, item.new_qty))
            elif line:
                targets[line] = item.new_qty
            else:
                new.append((item.product_id, item.new_qty))
        return targets, new

    def _is_possible(self, request):
        order = request.order_id
        if request.kind == "cancel":
            return (request.cancel_kind == "full") != order._change_begun()
        below = [
            item
            for item in request.line_ids
            if item.action == "change"
            and item.new_qty != item.old_qty
            and item.new_qty < item.order_line_id.qty_delivered
        ]
        return not below and any(item.action != "keep" for item in request.line_ids)

    # -- the property ------------------------------------------------------------------

    @EXAMPLES
    @given(ORDERS, EVENTS, REQUESTS)
    def test_any_request_on_any_order(self, lines, events, asked):
        with closing(self.env.cr.savepoint()):
            order = self._past(lines, events)
            request = self._asked(order, asked)
            if request.cancel_kind == "remaining" and not order._change_begun():
                request.cancel_kind = "full"
            if self._is_possible(request):
                self._assert_applied(order, request)
            else:
                self._assert_refused(order, request)

    def _assert_refused(self, order, request):
        picture = self._picture(order)
        try:
            with self.env.cr.savepoint():
                request.action_submit()
        except UserError:
            self.assertEqual(self._picture(order), picture)
        else:
            self.fail("what cannot be done was applied")

    def _assert_applied(self, order, request):
        rows = self._rows()
        effects = request._change_preview()["impact"]["effects"]
        self.assertEqual(self._rows(), rows, "the preview leaves no trace")
        targets, new = self._targets(request)
        before = self._state(order)
        picture = self._picture(order)
        system = request._change_system()
        was = system._change_picture()
        request.action_submit()
        self.env.flush_all()
        self.assertEqual(request.state, "applied")
        self.assertEqual(
            self._unnumbered(effects),
            self._unnumbered(system._change_effects(was, system._change_picture())),
            "what was shown is what happened",
        )
        if request.cancel_kind == "full":
            self.assertEqual(order.state, "cancel")
            self.assertFalse(order.order_line._change_open_moves())
        else:
            self._check_lines(order, request, targets, before)
            added = order.order_line - order.order_line.browse(before)
            self.assertEqual([(x.product_id, x.product_uom_qty) for x in added], new)
        self._check_rest(order, request, picture)
        if request.kind == "change":
            self._check_delivers(order, targets, before)

    def _state(self, order):
        return {
            line.id: {
                "qty": line.product_uom_qty,
                "open": sum(line._change_open_moves().mapped("product_qty")),
                "delivered": line.qty_delivered,
                "invoiced": line.qty_invoiced,
                "billed": self._billed(order, line),
            }
            for line in order.order_line
        }

    def _check_lines(self, order, request, targets, before):
        now = self._state(order)
        asked = {item.order_line_id: item for item in request.line_ids}
        for line, target in targets.items():
            old, new = before[line.id], now[line.id]
            self.assertEqual(new["qty"], target)
            self.assertEqual(new["delivered"], old["delivered"])
            moved = target != old["qty"] or asked[line].action in ("remove", "replace")
            if line.product_id.type == "service":
                self.assertEqual(new["open"], 0)
            elif moved or request.kind == "cancel":
                self.assertEqual(new["open"], max(target - old["delivered"], 0))
            else:
                self.assertEqual(new["open"], old["open"])
            if request.cancel_kind == "after_delivery":
                self.assertAlmostEqual(new["billed"], 0, 2)
                self.assertEqual((new["invoiced"], line.qty_to_invoice), (0, 0))
            else:
                self._check_billed(line, asked[line], old, new)

    def _check_billed(self, line, item, old, new):
        if new["qty"] >= old["qty"]:
            self.assertEqual(new["invoiced"], old["invoiced"], "not taken back")
        elif line.product_id.invoice_policy == "order":
            self.assertLessEqual(new["invoiced"], new["qty"])
        share = new["invoiced"] * line.price_unit * (1 - line.discount / 100)
        self.assertAlmostEqual(new["billed"], share, delta=0.03)

    def _check_rest(self, order, request, picture):
        """Nothing else changed: other lines, what is delivered and what is posted."""
        now = self._picture(order)
        touched = request.line_ids.filtered(lambda item: item.action != "keep")
        if request.kind == "change":
            for line in order.order_line - touched.order_line_id:
                if line.id in picture["lines"]:
                    self.assertEqual(now["lines"][line.id], picture["lines"][line.id])
        for move_id, move in picture["moves"].items():
            if move["state"] == "done":
                linked = self._linked(now, move_id)
                self.assertEqual(now["moves"][move_id], {**move, **linked})
        for invoice_id, invoice in picture["invoices"].items():
            if invoice["state"] == "posted":
                self.assertEqual(
                    now["invoices"][invoice_id]["amount_total"], invoice["amount_total"]
                )
        back = self._incoming(order)
        if request.cancel_kind == "after_delivery":
            out = sum(
                line.qty_delivered
                for line in order.order_line
                if line.product_id.type != "service"
            )
            waiting = back.filtered(lambda move: move.state != "done")
            self.assertLessEqual(sum(waiting.mapped("product_uom_qty")), out)
        else:
            self.assertLessEqual(set(back.ids), set(picture["moves"]))

    def _linked(self, now, move_id):
        """Return what may differ of a move that is done: what follows it."""
        names = ("move_dest_ids", "move_orig_ids", "returned_move_ids")
        return {name: now["moves"][move_id][name] for name in names}

    def _check_delivers(self, order, targets, before):
        """Deliver what is open: then everybody has what he ordered."""
        ready = self._ready(order)
        ready.move_ids.picked = False
        if ready:
            self._move(ready)
        for line, target in targets.items():
            old = before[line.id]
            if line.product_id.type == "consu" and target != old["qty"]:
                self.assertEqual(line.qty_delivered, max(target, old["delivered"]))

    # -- in numbers --------------------------------------------------------------------

    def _rows(self):
        self.env.flush_all()
        found = {}
        for table in self.tables:
            self.cr.execute(
                f'SELECT count(*), sum(hashtext(t::text)::bigint) FROM "{table}" t'
            )
            found[table] = self.cr.fetchone()
        return found

    def _unnumbered(self, effects):
        """Return effects without the numbers of documents that are created."""
        found = []
        for effect in effects:
            values = dict(effect["values"])
            if effect["code"] in ("transfer_new", "return_new", "move"):
                values.pop("name")
            found.append((effect["code"], sorted(values.items())))
        return sorted(found, key=str)
