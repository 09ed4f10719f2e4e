from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .change_common import PurchaseChangeCommon


@tagged("post_install", "-at_install")
class TestChangeHeld(PurchaseChangeCommon):
    """A confirmed order changes and is cancelled by request, whichever way is tried."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tax = cls.env["account.tax"].create(
            {"name": "Other", "amount": 3, "type_tax_use": "purchase"}
        )
        cls.service = cls.env["product.product"].create(
            {"name": "Transport", "type": "service"}
        )

    def _picture(self, order):
        order.env.flush_all()
        order.env.invalidate_all()
        order = order.sudo()
        names = sorted(order._change_material)
        lines = sorted(order._change_line_material)
        moves = order.order_line.move_ids
        return {
            "order": order.read([*names, "state", "change_revision", "change_closed"]),
            "lines": order.order_line.read([*lines, "price_subtotal"]),
            "moves": moves.read(["product_uom_qty", "state", "date_deadline"]),
        }

    def _ways_to_change(self):
        def line(order):
            return order.order_line[:1]

        def write(values):
            return lambda order: line(order).write(values)

        def through_order(command):
            return lambda order: order.write({"order_line": [command(order)]})

        return {
            "quantity": write({"product_qty": 3}),
            "quantity up": write({"product_qty": 30}),
            "price": write({"price_unit": 1}),
            "discount": write({"discount": 50}),
            "taxes": write({"tax_ids": [Command.set(self.tax.ids)]}),
            "product": write({"product_id": self.nut.id}),
            "unit": write({"product_uom_id": self.uom_dozen.id}),
            "date": write({"date_planned": "2999-05-05 10:00:00"}),
            "made a down payment": write({"is_downpayment": True}),
            "attribute": lambda o: setattr(line(o), "price_unit", 1),
            "command": through_order(
                lambda o: Command.update(line(o).id, {"price_unit": 1})
            ),
            "new line": through_order(lambda _o: self._line(self.nut)),
            "new line of nothing": through_order(
                lambda _o: self._line(self.service, quantity=0)
            ),
            "new line by default": lambda o: o.order_line.with_context(
                default_order_id=o.id
            ).create({**self._line(self.nut)[2], **self._unit_and_name()}),
            "line copied": lambda o: line(o).copy({"order_id": o.id}),
            "line removed": lambda o: line(o).unlink(),
            "line removed by command": through_order(
                lambda o: Command.delete(line(o).id)
            ),
            "line moved away": lambda o: line(o).write(
                {"order_id": self._order(user=o.env.user).id}
            ),
            "line moved in": lambda o: self._order(user=o.env.user).order_line.write(
                {"order_id": o.id}
            ),
            "vendor": lambda o: o.write({"partner_id": self.vendor_2.id}),
            "payment terms": lambda o: o.write({"payment_term_id": self.term.id}),
            "address": lambda o: o.write({"dest_address_id": self.vendor_2.id}),
            "arrival": lambda o: o.write({"date_planned": "2999-05-05 10:00:00"}),
            "unlocked": lambda o: (
                o.button_lock(),
                o.button_unlock(),
                line(o).write({"price_unit": 1}),
            ),
            "catalogue": lambda o: o._update_order_line_info(self.service.id, 5),
            "catalogue, less": lambda o: o._update_order_line_info(self.bolt.id, 1),
            "bill matching": self._bill_matching,
            "bill to order": self._bill_to_order,
            "suggestions": lambda o: o.with_context(
                suggest_domain=[("id", "=", self.bolt.id)]
            ).action_purchase_order_suggest(),
            "system": lambda o: line(o).sudo().write({"price_unit": 1}),
            "superuser": lambda o: o.with_user(self.env.ref("base.user_root"))
            .order_line[:1]
            .write({"product_qty": 1}),
            "hostile context": lambda o: line(o)
            .with_context(
                approval_change_pass=True,
                approval_engine=True,
                purchase_process_pass=True,
                purchase_change_own_receipts=True,
                install_mode=True,
                import_file=True,
                tracking_disable=True,
            )
            .write({"price_unit": 1}),
            "forged pass": lambda o: line(o)
            .with_context(
                approval_change_pass={"model": "purchase.order", "ids": [o.id]},
                purchase_process_pass={"model": "purchase.order", "ids": None},
            )
            .write({"price_unit": 1}),
            "import": self._import_line,
            "server action": self._server_action,
            "revision": lambda o: o.write({"change_revision": 7}),
            "closed": lambda o: o.sudo().write({"change_closed": "remaining"}),
        }

    def _unit_and_name(self):
        # core computes them only for a line that names its order
        return {"name": "Nut", "product_uom_id": self.nut.uom_id.id}

    def _bill_matching(self, order):
        self.env.flush_all()
        match = self.env["purchase.bill.line.match"].search(
            [("pol_id", "=", order.order_line[0].id)]
        )
        match.with_user(order.env.user).product_uom_price = 1

    def _bill_to_order(self, order):
        bill = self.env["account.move"].create(
            {
                "move_type": "in_invoice",
                "partner_id": self.vendor.id,
                "invoice_line_ids": [
                    Command.create({"product_id": self.service.id, "price_unit": 9})
                ],
            }
        )
        self.env["bill.to.po.wizard"].with_user(self.accountant).with_context(
            active_ids=[-line.id for line in bill.invoice_line_ids]
        ).create({"purchase_order_id": order.id}).action_add_to_po()

    def _import_line(self, order):
        external = order.order_line[:1].sudo().export_data(["id"])["datas"][0][0]
        result = order.order_line.load(["id", "price_unit"], [[external, "1"]])
        if not result["ids"]:
            raise UserError(result["messages"][0]["message"])

    def _server_action(self, order):
        action = self.env["ir.actions.server"].create(
            {
                "name": "way around",
                "model_id": self.env["ir.model"]._get_id("purchase.order"),
                "state": "code",
                "code": "records.sudo().order_line.write({'price_unit': 1})",
            }
        )
        action.with_context(active_model="purchase.order", active_ids=order.ids).run()

    def test_no_way_changes_a_confirmed_order(self):
        for user in (self.buyer, self.manager):
            for name, way in self._ways_to_change().items():
                with self.subTest(way=name, user=user.login):
                    order = self._confirmed().with_user(user)
                    before = self._picture(order)
                    with self.assertRaises(UserError), self.env.cr.savepoint():
                        way(order)
                    self.assertEqual(self._picture(order), before)

    def test_refused_before_anything_happens(self):
        """Who catches the error inside the transaction finds nothing half done."""
        order = self._confirmed()
        before = self._picture(order)
        for way in (
            lambda: order.order_line[0].write({"date_planned": "2999-05-05"}),
            lambda: order.order_line[0].write({"product_qty": 1}),
            lambda: order.order_line[0].unlink(),
            lambda: order.button_cancel(),
        ):
            with self.assertRaises(UserError):
                way()
        self.assertEqual(self._picture(order), before)

    # -- cancel --------------------------------------------------------------------

    def test_no_way_cancels_a_confirmed_order(self):
        ways = {
            "button": lambda o: o.button_cancel(),
            "list of two": lambda o: (o | self._order()).button_cancel(),
            "write": lambda o: o.write({"state": "cancel"}),
            "system": lambda o: o.sudo().write({"state": "cancel"}),
            "draft": lambda o: o.button_draft(),
            "write draft": lambda o: o.sudo().write({"state": "draft"}),
            "sent": lambda o: o.write({"state": "sent"}),
            "to approve": lambda o: o.write({"state": "to approve"}),
            "hostile": lambda o: o.with_context(
                approval_change_pass=True
            ).button_cancel(),
        }
        for user in (self.buyer, self.manager):
            for name, way in ways.items():
                with self.subTest(way=name, user=user.login):
                    order = self._confirmed().with_user(user)
                    before = self._picture(order)
                    with self.assertRaises(UserError), self.env.cr.savepoint():
                        way(order)
                    self.assertEqual(self._picture(order), before)

    def test_requests_are_not_forged(self):
        order = self._confirmed()
        request = self._request(order)
        for values in (
            {"state": "applied"},
            {"state": "approved"},
            {"is_customer": True},
            {"customer_state": "accepted"},
            {"amount_new": 1},
            {"requester_id": self.manager.id},
        ):
            with self.subTest(values=values):
                with self.assertRaises(UserError), self.env.cr.savepoint():
                    request.write(values)
        self.assertEqual(
            self._request(self._confirmed(), state="applied").state, "draft"
        )

    # -- what stays possible -------------------------------------------------------

    def test_what_is_not_material_stays_editable(self):
        order = self._confirmed()
        order.write({"partner_ref": "V-7", "note": "Gate 3", "priority": "1"})
        order.order_line[0].name = "Bolt, zinc plated"
        note = {"display_type": "line_note", "name": "By noon", "product_qty": 0}
        order.write({"order_line": [Command.create(note)]})
        order.action_acknowledge()
        order.button_lock()
        self.assertTrue(order.acknowledged)

    def test_drafts_are_edited_freely(self):
        order = self._order()
        order.order_line.product_qty = 7
        order.button_cancel()
        order.button_draft()
        self.assertEqual(order.state, "draft")

    def test_switched_off_for_a_company(self):
        self.env["approval.change.control"].create(
            {
                "model_id": self.env["ir.model"]._get_id("purchase.order"),
                "is_held": False,
            }
        )
        order = self._confirmed()
        order.order_line[0].product_qty = 12
        self.assert_open(order, self.bolt, 12)
        order.button_cancel()
        self.assertEqual(order.state, "cancel")

    def test_forged_marker_does_not_keep_receipts_from_following(self):
        self.env["approval.change.control"].create(
            {
                "model_id": self.env["ir.model"]._get_id("purchase.order"),
                "is_held": False,
            }
        )
        order = self._confirmed()
        order.order_line[0].with_context(
            purchase_change_own_receipts=True
        ).product_qty = 12
        self.assert_open(order, self.bolt, 12)

    # -- what Odoo itself writes ---------------------------------------------------

    def test_receiving_goes_on(self):
        order = self._confirmed()
        self._receive(order, bolt=4)
        self.assertEqual(self._of(order).qty_received, 4)
        self._receive(order, bolt=8, nut=10)  # two more than ordered
        self.assertEqual(self._of(order).qty_received, 12)

    def test_products_received_beside_the_order(self):
        """Odoo puts them on the order, with nothing ordered."""
        order = self._confirmed()
        picking = self._open_receipts(order)
        picking.write(
            {
                "move_ids": [
                    Command.create(
                        {
                            "product_id": self.washer.id,
                            "product_uom_qty": 3,
                            "quantity": 3,
                            "picked": True,
                            "location_id": picking.location_id.id,
                            "location_dest_id": picking.location_dest_id.id,
                        }
                    )
                ]
            }
        )
        picking.move_ids.picked = True
        # core writes the order as whoever receives
        picking.with_user(self.receiver).button_validate()
        line = self._of(order, self.washer)
        self.assertEqual((line.product_qty, line.qty_received), (0, 3))

    def test_services_are_received_by_hand(self):
        order = self._confirmed(self._line(self.service, quantity=5, price=10))
        order.order_line.qty_received = 2
        self.assertEqual(order.order_line.qty_received, 2)

    def test_down_payments_are_billed(self):
        order = self._confirmed()
        bill = self.env["account.move"].create(
            {
                "move_type": "in_invoice",
                "partner_id": self.vendor.id,
                "invoice_line_ids": [
                    Command.create({"name": "Advance", "price_unit": 100})
                ],
            }
        )
        self.env["bill.to.po.wizard"].with_user(self.accountant).with_context(
            active_ids=[-line.id for line in bill.invoice_line_ids]
        ).create({"purchase_order_id": order.id}).action_add_downpayment()
        self.assertTrue(order.order_line.filtered("is_downpayment"))
        self._receive(order, bolt=10, nut=10)
        self._bill(order)
        self.assertEqual(self._of(order).qty_invoiced, 10)
