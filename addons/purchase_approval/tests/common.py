from odoo import Command, fields
from odoo.tests import new_test_user

from odoo.addons.product.tests.common import ProductCommon


class PurchaseApprovalCommon(ProductCommon):
    """Buyers, approvers and a vendor, with the least rights each."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._enable_uom()
        cls.env["approval.policy"].with_context(active_test=False).search(
            [("res_model", "=", "purchase.order")]
        ).active = False
        # the checks have tests of their own
        cls.env["approval.check"].search(
            [("res_model", "=", "purchase.order")]
        ).active = False
        cls.company = cls.env.company
        cls.company.po_double_validation = "one_step"
        cls.vendor, cls.vendor_2 = cls.env["res.partner"].create(
            [
                {"name": "Vendor", "email": "vendor@example.com"},
                {"name": "Second vendor", "email": "second@example.com"},
            ]
        )
        cls.category = cls.env["product.category"].create({"name": "Parts"})
        cls.bolt, cls.nut = cls.env["product.product"].create(
            [
                {
                    "name": name,
                    "is_storable": True,
                    "supplier_taxes_id": False,
                    "categ_id": cls.category.id,
                }
                for name in ("Bolt", "Nut")
            ]
        )
        cls.buyer = cls._person("bob", "purchase.group_purchase_user")
        cls.buyer2 = cls._person("bea", "purchase.group_purchase_user")
        cls.manager = cls._person("pam", "purchase.group_purchase_manager")
        # approvers without any right on purchase orders
        cls.finance = cls._person("fay", "base.group_user")
        cls.director = cls._person("dan", "purchase_approval.group_purchase_director")

    @classmethod
    def _person(cls, login, groups):
        return new_test_user(cls.env, login, groups, name=login.capitalize())

    @classmethod
    def _policy(cls, *approvers, **values):
        """Create a policy on confirming, with one step for each approver."""
        return cls.env["approval.policy"].create(
            {
                "name": "Purchase orders",
                "model_id": cls.env["ir.model"]._get_id("purchase.order"),
                "operation": "confirm",
                "step_ids": [
                    Command.create(
                        {
                            "name": f"Level {number}",
                            "sequence": number,
                            "approver_type": "users",
                            "user_ids": [Command.set(approver.ids)],
                        }
                    )
                    for number, approver in enumerate(approvers, 1)
                ],
                **values,
            }
        )

    @classmethod
    def _line(cls, product=None, quantity=1.0, price=100.0, **values):
        return Command.create(
            {
                "product_id": (product or cls.bolt).id,
                "product_qty": quantity,
                "price_unit": price,
                "tax_ids": False,
                "date_planned": "2999-01-15 12:00:00",
                **values,
            }
        )

    @classmethod
    def _order_values(cls, *lines, price=100.0, **values):
        return {
            "partner_id": cls.vendor.id,
            "date_order": fields.Datetime.now(),
            "order_line": list(lines) or [cls._line(price=price)],
            **values,
        }

    @classmethod
    def _order(cls, *lines, user=None, **values):
        """Create a request for quotation as a buyer."""
        return (
            cls.env["purchase.order"]
            .with_user(user or cls.buyer)
            .create(cls._order_values(*lines, **values))
        )

    @classmethod
    def _bought(cls, *lines, **values):
        """Create an order that was confirmed before any policy."""
        order = cls._order(*lines, **values)
        order.button_confirm()
        return order

    def _submitted(self, *lines, **values):
        order = self._order(*lines, **values)
        order.button_confirm()
        self.assertEqual(order.approval_state, "pending")
        return order

    def _approve(self, order, *users):
        for user in users:
            order.with_user(user).action_approve()

    def _cancel(self, order):
        """Cancel a confirmed order, which only a request does."""
        request = self.env["purchase.order.change"].create(
            {
                "order_id": order.id,
                "kind": "cancel",
                "reason_id": self.env.ref("approval_flow.change_reason_mistake").id,
            }
        )
        request.action_submit()
        self.assertEqual(order.state, "cancel")

    def _receipts(self, order):
        return order.sudo().picking_ids.filtered(lambda item: item.state != "cancel")

    @classmethod
    def _many(cls, count):
        """Return orders of different vendors, products and currencies."""
        euro = cls.setup_other_currency("GBP", rates=[("1900-01-01", 0.5)])
        currencies = cls.company.currency_id + euro
        products = cls.bolt + cls.nut
        products += products.create([{"name": f"Part {n}"} for n in range(28)])
        vendors = cls.vendor.create([{"name": f"Vendor {n}"} for n in range(count)])
        cls.env["product.supplierinfo"].create(
            [
                {"partner_id": vendor.id, "product_id": product.id, "price": 1 + step}
                for vendor in vendors[:20]
                for step, product in enumerate(products)
            ]
        )
        orders = cls.env["purchase.order"].create(
            [
                cls._order_values(
                    *(
                        cls._line(products[(5 * number + step) % 30], 1 + step)
                        for step in range(5)
                    ),
                    partner_id=vendor.id,
                    user_id=cls.buyer.id,
                    currency_id=currencies[number % 2].id,
                )
                for number, vendor in enumerate(vendors)
            ]
        )
        cls.env.flush_all()
        return orders.with_user(cls.buyer)
