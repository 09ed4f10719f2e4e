from odoo import Command, fields

from .common import PurchaseApprovalCommon


class PurchaseChangeCommon(PurchaseApprovalCommon):
    """Confirmed orders, received and billed in part, and requests on them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["approval.policy"].search(
            [("res_model", "=", "purchase.order.change")]
        ).active = False
        cls.category.property_cost_method = "average"
        cls.reason = cls.env.ref("approval_flow.change_reason_demand")
        cls.term = cls.env.ref("account.account_payment_term_30days")
        cls.washer = cls.env["product.product"].create(
            {
                "name": "Washer",
                "is_storable": True,
                "supplier_taxes_id": False,
                "categ_id": cls.category.id,
            }
        )
        cls.accountant = cls._person(
            "amy", "account.group_account_invoice,purchase.group_purchase_user"
        )
        cls.keeper = cls._person("ken", "stock.group_stock_user")
        cls.receiver = cls._person(
            "rob", "stock.group_stock_user,purchase.group_purchase_user"
        )

    @classmethod
    def _change_policy(cls, *approvers, operation="change", **values):
        return cls._policy(
            *approvers,
            name="Changes",
            model_id=cls.env["ir.model"]._get_id("purchase.order.change"),
            operation=operation,
            **values,
        )

    @classmethod
    def _confirmed(cls, *lines, **values):
        """Return a confirmed order of 10 bolts at 100 and 10 nuts at 20."""
        lines = lines or (
            cls._line(quantity=10, price=100),
            cls._line(cls.nut, quantity=10, price=20),
        )
        return cls._bought(*lines, **values)

    def _receive(self, order, **quantities):
        """Receive quantities of products, by lower-case name; the rest stays open."""
        picking = self._open_receipts(order)[:1]
        for move in picking.move_ids:
            name = move.product_id.name.lower()
            move.quantity = quantities.get(name, 0.0)
            move.picked = bool(quantities.get(name))
        picking.with_context(skip_backorder=True)._action_done()
        return picking

    def _open_receipts(self, order):
        return order.sudo().picking_ids.filtered(
            lambda picking: picking.state not in ("done", "cancel")
            and picking.location_id.usage == "supplier"
        )

    def _bill(self, order, post=True, **quantities):
        action = order.sudo().action_create_invoice()
        bill = self.env["account.move"].browse(action["res_id"])
        bill.invoice_date = fields.Date.today()
        for item in bill.invoice_line_ids:
            name = (item.product_id.name or "").lower()
            if quantities and name in quantities:
                item.quantity = quantities[name]
        if post:
            bill.action_post()
        return bill

    def _request(self, order, user=None, **values):
        """Create a change request as a buyer."""
        values = {"order_id": order.id, "reason_id": self.reason.id, **values}
        requests = self.env["purchase.order.change"].with_user(user or self.buyer)
        return requests.create(values)

    def _line_of(self, request, product):
        return request.line_ids.filtered(
            lambda line: line.order_line_id.product_id == product
        )

    def _changed(self, order, product=None, user=None, **values):
        """Request a change of the line of a product, and submit it."""
        request = self._request(order, user)
        self._line_of(request, product or self.bolt).write(values)
        request.action_submit()
        return request

    def _cancelled(self, order, kind="full", user=None):
        request = self._request(order, user, kind="cancel", cancel_kind=kind)
        request.action_submit()
        return request

    def _of(self, order, product=None):
        return order.order_line.filtered(
            lambda line: line.product_id == (product or self.bolt)
        )

    def assert_open(self, order, product, quantity):
        """Assert what is still to be received, and that nothing goes back."""
        order.env.invalidate_all()
        moves = self._of(order.sudo(), product).move_ids
        open_moves = moves.filtered(lambda move: move.state not in ("done", "cancel"))
        back = open_moves.filtered(
            lambda move: move.location_dest_id.usage == "supplier"
        )
        self.assertFalse(back, "nothing is sent back")
        self.assertEqual(sum(open_moves.mapped("product_qty")), quantity)

    def assert_notes(self, request, *expected):
        """Assert the draft notes of a request: (kind, amount) each."""
        notes = request.sudo().move_ids
        found = [(move.move_type, move.amount_total) for move in notes.sorted("id")]
        self.assertEqual(found, list(expected))
        self.assertEqual(set(notes.mapped("state")) - {"draft"}, set())

    @classmethod
    def _new_line(cls, product, quantity, price, **values):
        return Command.create(
            {
                "product_id": product.id,
                "new_qty": quantity,
                "new_price": price,
                **values,
            }
        )
