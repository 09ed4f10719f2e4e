from unittest.mock import MagicMock, patch

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .gate_common import SaleApprovalCommon


@tagged("post_install", "-at_install")
class TestChangeHeld(SaleApprovalCommon):
    """A confirmed order changes and is cancelled by request, whichever way is tried."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._enable_discounts()
        cls.goods = cls._create_product(name="Pump", list_price=20, is_storable=True)
        cls.other = cls._create_product(name="Valve", list_price=30)
        cls.tax = cls.env["account.tax"].create({"name": "Other", "amount": 3})
        cls.term = cls.env.ref("account.account_payment_term_30days")
        cls.reason = cls.env.ref("approval_flow.change_reason_demand")

    def _confirmed(self, user=None):
        order = self._order(user, lines=1, price=100.0)
        order.order_line.write({"product_uom_qty": 10})
        order.write({"order_line": [Command.create({"product_id": self.goods.id})]})
        order.action_confirm()
        self.assertEqual(order.state, "sale")
        return order

    def _request(self, order, user=None, **values):
        return (
            self.env["sale.order.change"]
            .with_user(user or self.seller)
            .create({"order_id": order.id, "reason_id": self.reason.id, **values})
        )

    def _picture(self, order):
        order.env.flush_all()
        order.env.invalidate_all()
        order = order.sudo()
        names = sorted(order._change_material)
        lines = sorted(order._change_line_material)
        return {
            "order": order.read([*names, "state", "change_revision"]),
            "lines": order.order_line.read([*lines, "price_subtotal"]),
            "moves": order.order_line.move_ids.read(["product_uom_qty", "state"]),
        }

    # -- ways to change ----------------------------------------------------------------

    def _ways_to_change(self):
        def line(order):
            return order.order_line[:1]

        def write(values):
            return lambda order: line(order).write(values)

        def through_order(command):
            return lambda order: order.write({"order_line": [command(order)]})

        return {
            "quantity": write({"product_uom_qty": 3}),
            "quantity up": write({"product_uom_qty": 30}),
            "price": write({"price_unit": 1}),
            "discount": write({"discount": 50}),
            "taxes": write({"tax_ids": [Command.set(self.tax.ids)]}),
            "product": write({"product_id": self.other.id}),
            "unit": write({"product_uom_id": self.env.ref("uom.product_uom_dozen").id}),
            "delay": write({"customer_lead": 30}),
            "agreed date": write({"promised_date": "2030-01-01"}),
            "made a down payment": write({"is_downpayment": True}),
            "attribute": lambda o: setattr(line(o), "price_unit", 1),
            "command": through_order(
                lambda o: Command.update(line(o).id, {"price_unit": 1})
            ),
            "new line": through_order(
                lambda _o: Command.create({"product_id": self.other.id})
            ),
            "new line of nothing": through_order(
                lambda _o: Command.create(
                    {"product_id": self.other.id, "product_uom_qty": 0}
                )
            ),
            "new line created": lambda o: o.order_line.create(
                {"order_id": o.id, "product_id": self.other.id}
            ),
            "new line by default": lambda o: o.order_line.with_context(
                default_order_id=o.id
            ).create({"product_id": self.other.id}),
            "line copied": lambda o: line(o).copy({"order_id": o.id}),
            "line removed": lambda o: line(o).unlink(),
            "line removed by command": through_order(
                lambda o: Command.delete(line(o).id)
            ),
            "line moved away": lambda o: line(o).write(
                {"order_id": self._order(o.env.user).id}
            ),
            "line moved in": lambda o: self._order(o.env.user).order_line.write(
                {"order_id": o.id}
            ),
            "payment terms": lambda o: o.write({"payment_term_id": self.term.id}),
            "address": lambda o: o.write(
                {"partner_shipping_id": o.partner_id.copy().id}
            ),
            "customer": lambda o: o.write({"partner_id": o.partner_id.copy().id}),
            "date": lambda o: o.write({"commitment_date": "2030-01-01"}),
            "unlocked": lambda o: (
                o.action_lock(),
                o.action_unlock(),
                line(o).write({"price_unit": 1}),
            ),
            "catalogue": lambda o: self._catalogue(o, self.other, 5),
            "catalogue, less": lambda o: self._catalogue(o, line(o).product_id, 1),
            "discount wizard": lambda o: self.env["sale.order.discount"]
            .with_user(o.env.user)
            .create(
                {
                    "sale_order_id": o.id,
                    "discount_percentage": 0.5,
                    "discount_type": "sol_discount",
                }
            )
            .action_apply_discount(),
            "prices anew": self._prices_anew,
            "system": lambda o: line(o).sudo().write({"price_unit": 1}),
            "superuser": lambda o: o.with_user(self.env.ref("base.user_root"))
            .order_line[:1]
            .write({"product_uom_qty": 1}),
            "hostile context": lambda o: line(o)
            .with_context(
                approval_change_pass=True,
                approval_engine=True,
                skip_procurement=True,
                install_mode=True,
                import_file=True,
                sale_write_from_compute=True,
                tracking_disable=True,
            )
            .write({"price_unit": 1}),
            "forged pass": lambda o: line(o)
            .with_context(
                approval_change_pass={"model": "sale.order", "ids": [o.id]},
            )
            .write({"price_unit": 1}),
            "import": self._import_line,
            "server action": self._server_action,
            "revision": lambda o: o.write({"change_revision": 7}),
            "closed": lambda o: o.sudo().write({"change_closed": "remaining"}),
            "back to draft": lambda o: o.write({"state": "draft"}),
            "back to draft, sent": lambda o: o.write({"state": "sent"}),
        }

    def _catalogue(self, order, product, quantity):
        # the catalogue reads the address of its page
        with patch("odoo.addons.sale.models.sale_order.request", MagicMock()):
            order._update_order_line_info(product.id, quantity)

    def _prices_anew(self, order):
        order.sudo().order_line.product_id.list_price = 777
        order.action_update_prices()

    def _import_line(self, order):
        external = order.sudo().order_line[:1].export_data(["id"])["datas"][0][0]
        result = order.order_line.load(["id", "price_unit"], [[external, "1"]])
        if not result["ids"]:
            raise UserError(result["messages"][0]["message"])

    def _server_action(self, order):
        action = self.env["ir.actions.server"].create(
            {
                "name": "way around",
                "model_id": self.env["ir.model"]._get_id("sale.order"),
                "state": "code",
                "code": "records.sudo().order_line.write({'price_unit': 1})",
            }
        )
        action.with_context(active_model="sale.order", active_ids=order.ids).run()

    def test_no_way_changes_a_confirmed_order(self):
        for user in (self.seller, self.sales_manager):
            order = self._confirmed(user)
            before = self._picture(order)
            for name, way in self._ways_to_change().items():
                with self.subTest(user=user.login, way=name):
                    with (
                        self.assertRaises(UserError),
                        self.env.cr.savepoint(),
                    ):
                        way(order)
                        self.env.flush_all()
                    self.assertEqual(self._picture(order), before)

    # -- ways to cancel ----------------------------------------------------------------

    def test_no_way_cancels_a_confirmed_order(self):
        wizard = self.env["sale.mass.cancel.orders"]
        ways = {
            "button": lambda o: o.action_cancel(),
            "private": lambda o: o._action_cancel(),
            "private, system": lambda o: o.sudo()._action_cancel(),
            "state": lambda o: o.write({"state": "cancel"}),
            "state, system": lambda o: o.sudo().write({"state": "cancel"}),
            "mass cancel": lambda o: wizard.with_user(o.env.user)
            .with_context(active_model="sale.order", active_ids=o.ids)
            .create({"sale_order_ids": [Command.set(o.ids)]})
            .action_mass_cancel(),
            "unlocked": lambda o: (
                o.action_lock(),
                o.action_unlock(),
                o._action_cancel(),
            ),
            "deleted": lambda o: o.unlink(),
            "context": lambda o: o.with_context(
                disable_cancel_warning=True, approval_change_pass=True
            )._action_cancel(),
        }
        for user in (self.seller, self.sales_manager):
            order = self._confirmed(user)
            before = self._picture(order)
            for name, way in ways.items():
                with self.subTest(user=user.login, way=name):
                    with (
                        self.assertRaises(UserError),
                        self.env.cr.savepoint(),
                    ):
                        way(order)
                    self.assertEqual(self._picture(order), before)

    def test_mass_cancel_of_quotations_and_one_order_cancels_none(self):
        order, quotation = self._confirmed(), self._order()
        with self.assertRaisesRegex(UserError, order.name), self.env.cr.savepoint():
            (order | quotation)._action_cancel()
        self.assertEqual((order.state, quotation.state), ("sale", "draft"))
        quotation.action_cancel()
        self.assertEqual(quotation.state, "cancel")

    # -- what stays possible -----------------------------------------------------------

    def test_what_is_not_material_stays_editable(self):
        order = self._confirmed()
        order.write({"client_order_ref": "PO 7", "note": "<p>Call before</p>"})
        order.order_line[:1].write({"name": "A better text", "sequence": 3})
        order.write(
            {"order_line": [Command.create({"display_type": "line_note", "name": "N"})]}
        )
        self.assertEqual(order.client_order_ref, "PO 7")
        # a form or an import that sends the same values again changes nothing
        line = order.order_line[:1]
        line.write(
            {
                "price_unit": line.price_unit,
                "product_uom_qty": line.product_uom_qty,
                "tax_ids": [Command.set(line.tax_ids.ids)],
            }
        )
        order.write({"partner_id": order.partner_id.id, "state": "sale"})

    def test_an_order_may_be_created_confirmed(self):
        values = self._order_values(lines=2, state="sale")
        order = self.env["sale.order"].with_user(self.seller).create(values)
        self.assertEqual(len(order.order_line), 2)
        with self.assertRaises(UserError):
            order.order_line[:1].price_unit = 1

    def test_deliveries_and_invoices_go_on(self):
        order = self._confirmed()
        order.sudo().picking_ids.move_ids.write({"quantity": 1, "picked": True})
        order.sudo().picking_ids.button_validate()
        invoice = order.sudo()._create_invoices()
        invoice.action_post()
        self.assertTrue(order.invoice_ids)

    def test_a_down_payment_may_be_invoiced(self):
        order = self._confirmed()
        wizard = (
            self.env["sale.advance.payment.inv"]
            .with_context(active_model="sale.order", active_ids=order.ids)
            .create({"advance_payment_method": "percentage", "amount": 30})
        )
        wizard.create_invoices()
        order.invoice_ids.sudo().action_post()
        payment = order.order_line.filtered(
            lambda line: line.is_downpayment and not line.display_type
        )
        self.assertTrue(payment)
        with self.assertRaises(UserError):
            payment.with_user(self.seller).product_uom_qty = 5

    def test_products_delivered_beside_the_order_are_put_on_it(self):
        order = self._confirmed()
        picking = order.sudo().picking_ids
        for move in picking.move_ids:
            move.write({"quantity": move.product_uom_qty, "picked": True})
        self.env["stock.move"].create(
            {
                "product_id": self.other.id,
                "product_uom_qty": 1,
                "quantity": 1,
                "picked": True,
                "picking_id": picking.id,
                "location_id": picking.location_id.id,
                "location_dest_id": picking.location_dest_id.id,
            }
        )
        picking.button_validate()
        self.assertIn(self.other, order.order_line.product_id)

    # -- settings ----------------------------------------------------------------------

    def test_administrators_choose_what_is_held(self):
        control = self.env["approval.change.control"].create(
            {
                "model_id": self.env["ir.model"]._get_id("sale.order"),
                "material_field_ids": [
                    Command.set(
                        (
                            self.env["ir.model.fields"]._get(
                                "sale.order", "client_order_ref"
                            )
                            | self.env["ir.model.fields"]._get(
                                "sale.order.line", "price_unit"
                            )
                        ).ids
                    )
                ],
            }
        )
        order = self._confirmed()
        with self.assertRaises(UserError):
            order.client_order_ref = "PO 8"
        with self.assertRaises(UserError):
            order.order_line[:1].price_unit = 1
        order.order_line[:1].discount = 5
        control.is_held = False
        order.client_order_ref = "PO 8"
        order.order_line[:1].price_unit = 99
        # sudo: core asks for rights on purchases here
        order.sudo().action_cancel()
        self.assertEqual(order.state, "cancel")

    def test_small_requests_pass_until_they_add_up(self):
        self.env["approval.change.control"].create(
            {
                "model_id": self.env["ir.model"]._get_id("sale.order"),
                "tolerance_percent": 10,
            }
        )
        self._policy(
            self.sales_manager,
            model_id=self.env["ir.model"]._get_id("sale.order.change"),
            operation="change",
        )
        order = self._confirmed()
        states = []
        for quantity in (10.5, 11.0, 11.5):
            request = self._request(order)
            request.line_ids[:1].new_qty = quantity
            request.action_submit()
            states.append(request.state)
        self.assertEqual(states, ["applied", "applied", "submitted"])
        request.with_user(self.sales_manager).action_approve()
        self.assertEqual(request.state, "applied")
        following = self._request(order)
        following.line_ids[:1].new_qty = 12.0
        following.action_submit()
        self.assertEqual(following.state, "applied")

    # -- requests ----------------------------------------------------------------------

    def test_requests_are_not_forged(self):
        order = self._confirmed()
        request = self._request(
            order, state="applied", requester_id=self.sales_manager.id, amount_new=1
        )
        self.assertEqual(request.state, "draft")
        self.assertEqual(request.requester_id, self.seller)
        forged = {
            "state": "applied",
            "base_digest": "0" * 64,
            "impact": {},
            "customer_state": "accepted",
            "requester_id": self.sales_manager.id,
            "amount_moved": 0,
        }
        for name, value in forged.items():
            with self.subTest(field=name):
                with self.assertRaises(UserError), self.env.cr.savepoint():
                    request.write({name: value})
                with self.assertRaises(UserError), self.env.cr.savepoint():
                    request.sudo().with_context(approval_engine=True).write(
                        {name: value}
                    )
        line = request.line_ids[:1]
        line.write({"old_qty": 1, "qty_done": 99})
        self.assertEqual((line.old_qty, line.qty_done), (10, 0))

    def test_a_request_by_default_values_is_a_draft(self):
        order = self._confirmed()
        request = (
            self.env["sale.order.change"]
            .with_user(self.seller)
            .with_context(default_state="applied", default_customer_state="accepted")
            .create({"order_id": order.id})
        )
        self.assertEqual((request.state, request.customer_state), ("draft", "none"))

    def test_a_submitted_request_is_not_edited(self):
        self._policy(
            self.sales_manager,
            model_id=self.env["ir.model"]._get_id("sale.order.change"),
            operation="change",
        )
        request = self._request(self._confirmed())
        request.line_ids[:1].new_qty = 5
        request.action_submit()
        self.assertEqual(request.state, "submitted")
        ways = {
            "line": lambda: request.line_ids[:1].write({"new_qty": 1}),
            "line, system": lambda: request.sudo().line_ids[:1].write({"new_qty": 1}),
            "command": lambda: request.write(
                {"line_ids": [Command.update(request.line_ids[:1].id, {"new_qty": 1})]}
            ),
            "new line": lambda: request.write(
                {
                    "line_ids": [
                        Command.create({"product_id": self.other.id, "new_qty": 1})
                    ]
                }
            ),
            "removed line": lambda: request.line_ids[:1].unlink(),
            "header": lambda: request.write({"new_payment_term_id": self.term.id}),
            "other order": lambda: request.write({"order_id": self._confirmed().id}),
            "deleted": lambda: request.unlink(),
        }
        for name, way in ways.items():
            with self.subTest(way=name):
                with self.assertRaises(UserError), self.env.cr.savepoint():
                    way()
        self.assertEqual(request.line_ids[:1].new_qty, 5)

    def test_nobody_approves_his_own_request(self):
        self._policy(
            self.sales_manager,
            model_id=self.env["ir.model"]._get_id("sale.order.change"),
            operation="change",
        )
        order = self._confirmed()
        request = self._request(order, self.sales_manager)
        request.line_ids[:1].new_qty = 5
        with self.assertRaises(UserError):
            request.action_submit()
        self.assertEqual(order.order_line[:1].product_uom_qty, 10)

    def test_only_who_may_change_the_order_raises_a_request(self):
        order = self._confirmed()
        with self.assertRaises(AccessError):
            self._request(order, self.seller2)
        with self.assertRaises(AccessError):
            self._request(order, self.finance)

    def test_lines_of_another_order_are_refused(self):
        order, foreign = self._confirmed(), self._confirmed()
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self._request(
                order,
                line_ids=[
                    Command.create(
                        {"order_line_id": foreign.order_line[0].id, "new_qty": 1}
                    )
                ],
            )
        request = self._request(order)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            request.write(
                {
                    "line_ids": [
                        Command.create({"order_line_id": order.order_line[0].id})
                    ]
                }
            )

    def test_one_open_request_per_order(self):
        order = self._confirmed()
        request = self._request(order)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self._request(order)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self._request(order, kind="cancel")
        request.action_withdraw()
        self.assertTrue(self._request(order))

    def test_quotations_need_no_request(self):
        with self.assertRaises(UserError):
            self._request(self._order())
