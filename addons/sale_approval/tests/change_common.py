from odoo import Command

from .gate_common import SaleApprovalCommon


class ChangeCommon(SaleApprovalCommon):
    """Confirmed orders with real deliveries and invoices, and requests on them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["approval.policy"].with_context(active_test=False).search([]).active = 0
        cls.env["approval.check"].search([]).active = False
        cls._enable_uom()
        company = cls.env.company
        if not company.chart_template:
            cls.env["account.chart.template"].try_loading(
                "generic_coa", company, install_demo=False
            )
        cls.warehouse = cls.env["stock.warehouse"].search(
            [("company_id", "=", company.id)], limit=1
        )
        cls.stock = cls.warehouse.lot_stock_id
        cls.goods = cls._goods("Pump")
        cls.other = cls._goods("Valve", list_price=30)
        cls.bulk = cls._goods("Cable", list_price=5, invoice_policy="delivery")
        cls.service = cls._create_product(
            name="Fitting", type="service", list_price=50, invoice_policy="order"
        )
        cls.service.taxes_id = False
        cls.reason = cls.env.ref("approval_flow.change_reason_demand")

    @classmethod
    def _goods(cls, name, stock=1000, **values):
        """Create a product that is kept in stock."""
        product = cls._create_product(
            **{
                "name": name,
                "list_price": 20,
                "standard_price": 8,
                "is_storable": True,
                "invoice_policy": "order",
                **values,
            }
        )
        product.taxes_id = False
        if stock:
            cls.env["stock.quant"]._update_available_quantity(product, cls.stock, stock)
        return product

    # -- the order ---------------------------------------------------------------------

    def _confirmed(self, *lines, **values):
        """Return a confirmed order; lines are (product, quantity, price, values)."""
        order = (
            self.env["sale.order"]
            .with_user(self.seller)
            .create(
                {
                    "partner_id": self.partner.id,
                    "order_line": [
                        Command.create(self._line_values(*line))
                        for line in lines or [(self.goods, 10, 20.0)]
                    ],
                    **values,
                }
            )
        )
        order.action_confirm()
        self.assertEqual(order.state, "sale")
        return order.with_env(self.env)

    @staticmethod
    def _line_values(product, quantity=10, price=20.0, values=None):
        return {
            "product_id": product.id,
            "product_uom_qty": quantity,
            "price_unit": price,
            **(values or {}),
        }

    def _deliver(self, order, *quantities, backorder=True):
        """Deliver so much of each line that is open on deliveries now."""
        lines = order.order_line.filtered("product_id")
        wanted = dict(zip(lines, quantities, strict=False))
        pickings = order.picking_ids.filtered(
            lambda p: p.state not in ("done", "cancel")
            and p.picking_type_code == "outgoing"
        )
        return self._move(pickings, wanted, backorder)

    def _move(self, pickings, wanted=None, backorder=True):
        """Carry transfers out, with so much of each order line, or all of it."""
        moves = pickings.move_ids.filtered(lambda m: m.state not in ("done", "cancel"))
        for move in moves:
            line = move.sale_line_id
            if wanted is not None:
                quantity = line.product_uom_id._compute_quantity(
                    wanted.get(line, 0.0), move.product_uom
                )
                quantity = min(quantity, move.product_uom_qty)
                wanted[line] = wanted.get(line, 0.0) - quantity
                move.quantity = quantity
            else:
                move.quantity = move.product_uom_qty
            move.picked = bool(move.quantity)
        pickings = pickings.filtered(lambda p: any(p.move_ids.mapped("quantity")))
        context = {"skip_backorder": True}
        if not backorder:
            context["picking_ids_not_to_backorder"] = pickings.ids
        pickings.with_context(**context).button_validate()
        self.assertEqual(set(pickings.mapped("state")), {"done"})
        return pickings

    def _send_back(self, picking, quantity, refund=True, done=True):
        """Return goods of a delivery with one product."""
        wizard = self.env["stock.return.picking"].create({"picking_id": picking.id})
        wizard.product_return_moves.write({"quantity": quantity, "to_refund": refund})
        back = wizard._create_return()
        return self._move(back) if done else back

    def _invoice(self, order, post=True, **quantities):
        """Invoice what core says is to be invoiced."""
        invoice = order._create_invoices()
        if post:
            invoice.action_post()
        return invoice

    # -- the request -------------------------------------------------------------------

    def _request(self, order, *changes, user=None, **values):
        """Draft a request; ``changes`` are values for the order's lines in turn."""
        request = (
            self.env["sale.order.change"]
            .with_user(user or self.seller)
            .create({"order_id": order.id, "reason_id": self.reason.id, **values})
        )
        lines = order.order_line.filtered(lambda line: line._change_is_content())
        for line, change in zip(lines, changes, strict=False):
            if change:
                of_line = request.line_ids.filtered(
                    lambda item, of=line: item.order_line_id == of
                )
                of_line.write(change)
        return request

    def _changed(self, order, *changes, **values):
        """Return a request that is applied."""
        request = self._request(order, *changes, **values)
        request.action_submit()
        self.assertEqual(request.state, "applied", request.error)
        return request

    def _cancelled(self, order, kind, **values):
        """Return a cancellation that is applied."""
        return self._changed(order, kind="cancel", cancel_kind=kind, **values)

    def _adding(self, request, product, quantity=1, price=20.0, **values):
        return self.env["sale.order.change.line"].create(
            {
                "change_id": request.id,
                "product_id": product.id,
                "new_qty": quantity,
                "new_price": price,
                **values,
            }
        )

    def _approved_by(self, *approvers, operation="change"):
        """Let requests be approved."""
        return self._policy(
            *(approvers or (self.sales_manager,)),
            model_id=self.env["ir.model"]._get_id("sale.order.change"),
            operation=operation,
        )

    # -- what there is -----------------------------------------------------------------

    def _open(self, order, line=0):
        """Return what is open of a line on the last transfers to the customer."""
        order.env.flush_all()
        line = order.order_line.filtered("product_id")[line]
        return sum(line._change_open_moves().mapped("product_qty"))

    def _incoming(self, order):
        """Return transfers that bring goods back from the customer."""
        moves = order.order_line.move_ids | order.picking_ids.move_ids
        return moves.filtered(
            lambda move: move.location_id.usage == "customer" and move.state != "cancel"
        )

    def _notes(self, order):
        return order.invoice_ids.filtered("sale_change_id")

    def _billed(self, order, line=None):
        """Return the untaxed amount on invoices less credit notes, drafts included."""
        items = (line or order.order_line).invoice_lines.filtered(
            lambda item: item.parent_state != "cancel"
        )
        return sum(
            item.price_subtotal * (1 if item.move_id.move_type == "out_invoice" else -1)
            for item in items
        )

    def _picture(self, order):
        """Return everything around an order as plain data, to be compared."""
        self.env.flush_all()
        self.env.invalidate_all()
        order = order.with_env(self.env)
        lines = order.order_line
        moves = lines.move_ids | lines.move_ids.move_orig_ids
        return {
            "order": _plain(order),
            "lines": _plain(lines),
            "moves": _plain(moves),
            "reserved": _plain(moves.move_line_ids),
            "pickings": _plain(order.picking_ids | moves.picking_id),
            "invoices": _plain(order.invoice_ids),
            "items": _plain(order.invoice_ids.line_ids),
        }


# what says only that a request was raised, or when something was written
BESIDE = {
    "write_date",
    "write_uid",
    "change_ids",
    "message_ids",
    "message_follower_ids",
    "website_message_ids",
    "activity_ids",
    "rating_ids",
}


def _plain(records):
    """Return the stored fields of records as plain data."""
    names = [
        name
        for name, field in records._fields.items()
        if field.store and name not in BESIDE and field.type != "binary"
    ]
    return {values["id"]: values for values in records.sudo().read(names, load=None)}
