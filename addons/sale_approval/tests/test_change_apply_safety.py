from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .change_common import ChangeCommon

LOGGERS = (
    "odoo.addons.approval_flow.models.approval_instance_flow",
    "odoo.addons.approval_flow.models.approval_instance_submit",
)


@tagged("post_install", "-at_install")
class TestChangeApplySafety(ChangeCommon):
    """All or nothing, on the order that was approved, and nothing but that."""

    def setUp(self):
        super().setUp()
        self._approved_by()
        self._approved_by(operation="cancel")

    def _submitted(self, order, *changes, **values):
        request = self._request(order, *changes, **values)
        request.action_submit()
        self.assertEqual(request.state, "submitted")
        return request

    def _approve_it(self, request):
        request.with_user(self.sales_manager).action_approve()

    def _class(self, model):
        return type(self.env[model])

    # -- failures ----------------------------------------------------------------------

    def _breaking(self):
        """Return core methods that the apply uses, late and early."""
        return [
            ("stock.move", "_action_cancel"),
            ("stock.rule", "run"),
            ("account.move", "create"),
            ("sale.order", "action_lock"),
            ("account.move.line", "write"),
        ]

    def test_a_failure_leaves_the_order_untouched_and_retry_works(self):
        for model, method in self._breaking():
            with self.subTest(model=model, method=method):
                self._assert_fails_and_mends(model, method)

    def _assert_fails_and_mends(self, model, method):
        order = self._confirmed((self.goods, 10), (self.other, 5), (self.bulk, 8))
        self._deliver(order, 2, 1, 3)
        self._invoice(order)
        self._deliver(order, 0, 0, 2)
        self._invoice(order, post=False)
        order.action_lock()
        request = self._submitted(
            order,
            {"is_removed": True, "new_qty": 10},
            {"new_qty": 15, "new_price": 19},
            {"new_price": 4},
            new_commitment_date="2031-01-01 12:00:00",
        )
        picture = self._picture(order)
        broken = patch.object(
            self._class(model), method, side_effect=UserError("The printer is on fire")
        )
        with broken, mute_logger(*LOGGERS):
            self._approve_it(request)
        self.assertEqual(request.state, "failed")
        self.assertIn("printer is on fire", request.error)
        self.assertEqual(self._picture(order), picture)
        self.assertEqual(order.change_revision, 0)
        request.with_user(self.seller).action_retry()
        self.assertEqual(request.state, "applied")
        self.assertFalse(request.error)
        self.assertEqual(order.order_line.mapped("product_uom_qty"), [2, 15, 8])
        self.assertTrue(order.locked)
        self.assertEqual(order.change_revision, 1)

    def test_a_failed_cancellation(self):
        order = self._confirmed()
        self._deliver(order, 4)
        self._invoice(order)
        request = self._submitted(order, kind="cancel", cancel_kind="after_delivery")
        picture = self._picture(order)
        broken = patch.object(
            self._class("account.move"), "create", side_effect=UserError("No paper")
        )
        with broken, mute_logger(*LOGGERS):
            self._approve_it(request)
        self.assertEqual(request.state, "failed")
        self.assertEqual(self._picture(order), picture)
        request.with_user(self.seller).action_retry()
        self.assertEqual(order.change_closed, "after_delivery")

    # -- refused requests --------------------------------------------------------------

    def test_rejected_and_withdrawn_requests_change_nothing(self):
        order = self._confirmed((self.goods, 10), (self.other, 5))
        self._deliver(order, 4, 2)
        self._invoice(order)
        picture = self._picture(order)
        request = self._submitted(
            order, {"new_qty": 5, "new_price": 1}, {"product_id": self.bulk.id}
        )
        self.assertEqual(self._picture(order), picture, "submitted")
        request.with_user(self.sales_manager).action_reject("No")
        self.assertEqual(request.state, "rejected")
        self.assertEqual(self._picture(order), picture, "rejected")
        for kind in ("remaining", "after_delivery"):
            request = self._submitted(order, kind="cancel", cancel_kind=kind)
            request.with_user(self.seller).action_withdraw()
            self.assertEqual(self._picture(order), picture, kind)

    # -- the order has moved on --------------------------------------------------------

    def _moving_on(self):
        return {
            "delivered": lambda order: self._deliver(order, 2),
            "picked": lambda order: order.picking_ids.move_ids[0].write(
                {"quantity": 3, "picked": True}
            ),
            "invoiced": lambda order: self._invoice(order),
            "drafted": lambda order: self._invoice(order, post=False),
        }

    def test_conflict_where_the_request_touches_it(self):
        for name, move_on in self._moving_on().items():
            with self.subTest(name):
                order = self._confirmed((self.goods, 10), (self.bulk, 5))
                request = self._submitted(order, {"new_qty": 8})
                move_on(order)
                picture = self._picture(order)
                self._approve_it(request)
                self.assertEqual(request.state, "conflict")
                self.assertTrue(request._change_conflict_rows())
                self.assertEqual(self._picture(order), picture)
                # seen, and asked for again
                request.with_user(self.seller).action_submit()
                self.assertEqual(request.state, "submitted")
                self._approve_it(request)
                self.assertEqual(request.state, "applied")
                self.assertEqual(order.order_line[0].product_uom_qty, 8)

    def test_no_conflict_where_it_does_not(self):
        order = self._confirmed((self.goods, 10), (self.other, 5))
        request = self._submitted(order, {"new_qty": 8})
        self._deliver(order, 0, 3)
        self._approve_it(request)
        self.assertEqual(request.state, "applied")
        self.assertEqual((self._open(order, 0), self._open(order, 1)), (8, 2))

    def test_no_conflict_of_an_address_with_a_delivery(self):
        there = self.env["res.partner"].create({"name": "There"})
        order = self._confirmed()
        request = self._submitted(order, new_shipping_id=there.id)
        done = self._deliver(order, 3)
        self._approve_it(request)
        self.assertEqual(request.state, "applied")
        self.assertEqual((order.picking_ids - done).partner_id, there)
        self.assertEqual(done.partner_id, self.partner)

    def test_a_cancellation_conflicts_with_any_progress(self):
        order = self._confirmed((self.goods, 10), (self.other, 5))
        self._deliver(order, 1)
        request = self._submitted(order, kind="cancel", cancel_kind="remaining")
        self._deliver(order, 0, 3)
        self._approve_it(request)
        self.assertEqual(request.state, "conflict")
        self.assertEqual(self._open(order, 0), 9)

    def test_a_total_that_is_not_the_approved_one_is_not_applied(self):
        tax = self.env["account.tax"].create({"name": "Seven", "amount": 7})
        order = self._confirmed((self.goods, 10, 20.0, {"tax_ids": tax.ids}))
        request = self._submitted(order, {"new_qty": 5})
        tax.amount = 9
        picture = self._picture(order)
        with mute_logger(*LOGGERS):
            self._approve_it(request)
        self.assertEqual(request.state, "failed")
        self.assertIn("instead of the approved", request.error)
        self.assertEqual(self._picture(order), picture)

    # -- the proof ---------------------------------------------------------------------

    def _assert_undone(self, sabotage, *changes, message, **values):
        """Apply a request while something else happens along with it."""
        order = self._confirmed((self.goods, 10), (self.other, 5))
        self._deliver(order, 2, 1)
        self._invoice(order)
        request = self._submitted(order, *(changes or [{"new_qty": 6}]), **values)
        picture = self._picture(order)
        model = self._class("sale.order.change")
        perform = model._change_perform

        def meddle(this):
            perform(this)
            sabotage(this.order_id)

        with patch.object(model, "_change_perform", meddle), mute_logger(*LOGGERS):
            self._approve_it(request)
        self.assertEqual(request.state, "failed", message)
        self.assertRegex(request.error, message)
        self.assertEqual(self._picture(order), picture)

    def test_whatever_else_would_happen_is_undone(self):
        term = self.env.ref("account.account_payment_term_30days")
        sabotages = {
            "Valve.*Quantity": lambda o: o.order_line[1]
            .with_context(skip_procurement=True)
            .write({"product_uom_qty": 7}),
            "Valve.*Unit Price": lambda o: o.order_line[1].write({"price_unit": 1}),
            "Pump.*Unit Price": lambda o: o.order_line[0].write({"price_unit": 1}),
            "Pump.*Discount": lambda o: o.order_line[0].write({"discount": 1}),
            "Pump.*Taxes": lambda o: o.order_line[0].write(
                {
                    "tax_ids": self.env["account.tax"]
                    .create({"name": "Zero", "amount": 0})
                    .ids
                }
            ),
            "Payment Terms": lambda o: o.write({"payment_term_id": term.id}),
            "Pump: 3 would be on delivery instead of 4": lambda o: (
                o.order_line[0]._change_open_moves().write({"product_uom_qty": 3})
            ),
            "Valve is not part of the request": lambda o: (
                o.order_line[1]._change_open_moves()._action_cancel()
            ),
            "Pump, Quantity would not be": lambda o: o.order_line[0]
            .with_context(skip_procurement=True)
            .write({"product_uom_qty": 6.5}),
            "Cable": lambda o: o.write(
                {"order_line": [(0, 0, self._line_values(self.bulk, 1, 0.0))]}
            ),
            "fetched back": lambda o: o.picking_ids.filtered(
                lambda p: p.state == "done"
            )._change_prepare_return(),
        }
        for message, sabotage in sabotages.items():
            with self.subTest(message):
                self._assert_undone(sabotage, message=message)

    def test_what_was_asked_for_and_did_not_happen(self):
        there = self.env["res.partner"].create({"name": "There"})
        self._assert_undone(
            lambda order: order.with_context(mail_activity_automation_skip=True).write(
                {"partner_shipping_id": self.partner.id}
            ),
            None,
            new_shipping_id=there.id,
            message="Delivery Address would not be",
        )
        self._assert_undone(
            lambda order: order.invoice_ids.filtered("sale_change_id").unlink(),
            message="what is invoiced would not fit",
        )
        self._assert_undone(
            lambda order: order.order_line[0].write({"promised_date": False}),
            {"new_date": "2031-01-01 12:00:00"},
            message="Pump, Agreed delivery date would not be",
        )

    # -- no trace ----------------------------------------------------------------------

    def _all_tables(self):
        """Return what is in every table of the database, as checksums."""
        self.env.flush_all()
        cr = self.env.cr
        cr.execute(
            "SELECT relname FROM pg_stat_user_tables WHERE schemaname = 'public'"
        )
        tables = sorted(name for (name,) in cr.fetchall())
        found = {}
        for table in tables:
            cr.execute(
                f'SELECT count(*), sum(hashtext(t::text)::bigint) FROM "{table}" t'
            )
            found[table] = cr.fetchone()
        return found

    def test_the_preview_leaves_no_trace(self):
        order = self._confirmed((self.goods, 10), (self.other, 5, 30), (self.bulk, 8))
        self._deliver(order, 4, 1, 2)
        self._invoice(order)
        request = self._request(
            order,
            {"new_qty": 5, "new_price": 18, "new_date": "2031-01-01 12:00:00"},
            {"product_id": self.bulk.id, "new_qty": 3},
            {"new_qty": 12},
            new_shipping_id=self.env["res.partner"].create({"name": "There"}).id,
        )
        self._assert_no_trace(request)

    def test_the_preview_of_cancellations_leaves_no_trace(self):
        order = self._confirmed((self.goods, 10), (self.other, 5, 30))
        self._deliver(order, 4, 1)
        self._invoice(order)
        for kind in ("remaining", "after_delivery"):
            request = self._request(order, kind="cancel", cancel_kind=kind)
            self._assert_no_trace(request)
            request.action_withdraw()

    def _assert_no_trace(self, request):
        cr = self.env.cr
        cr.flush()
        queues = (cr.precommit, cr.postcommit, cr.prerollback, cr.postrollback)
        tables = self._all_tables()
        waiting = [(list(queue._funcs), dict(queue.data)) for queue in queues]
        outcome = request._change_preview()
        self.assertTrue(outcome["impact"]["effects"])
        self.assertEqual(
            [(list(queue._funcs), dict(queue.data)) for queue in queues], waiting
        )
        self.env.flush_all()
        after = self._all_tables()
        self.assertEqual(
            {name for name in tables if tables[name] != after.get(name)}, set()
        )

    # -- the preview is the apply ------------------------------------------------------

    def test_what_was_shown_is_what_happens(self):
        order = self._confirmed((self.goods, 10), (self.other, 5, 30), (self.bulk, 8))
        self._deliver(order, 4, 1, 2)
        self._invoice(order)
        request = self._submitted(
            order,
            {"new_qty": 5, "new_price": 18},
            {"product_id": self.bulk.id, "new_qty": 3, "new_price": 4},
            {"new_qty": 12},
        )
        shown = request.impact
        amount = request.amount_new
        before = request._change_system()._change_picture()
        self._approve_it(request)
        self.assertEqual(request.state, "applied")
        system = request._change_system()
        happened = system._change_effects(before, system._change_picture())
        self.assertEqual(self._unnumbered(happened), self._unnumbered(shown["effects"]))
        self.assertEqual(order.amount_total, amount)

    def _unnumbered(self, effects):
        """Return effects without the numbers of documents that were created."""
        found = []
        for effect in effects:
            values = dict(effect["values"])
            if effect["code"] in ("transfer_new", "return_new", "move"):
                values.pop("name")
            found.append((effect["code"], sorted(values.items())))
        return sorted(found, key=str)
