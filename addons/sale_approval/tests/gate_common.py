from odoo import Command
from odoo.tests import new_test_user

from odoo.addons.sale.tests.common import SaleCommon

# the smallest picture there is
SIGNATURE = "R0lGODlhAQABAAD/ACwAAAAAAQABAAACADs="


class SaleApprovalCommon(SaleCommon):
    """Salespeople, approvers and a customer, with the least rights each."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["approval.policy"].with_context(active_test=False).search(
            [("res_model", "=", "sale.order")]
        ).active = False
        # the checks have tests of their own
        cls.env["approval.check"].search(
            [("res_model", "=", "sale.order")]
        ).active = False
        cls.seller = cls._person("sam", "sales_team.group_sale_salesman")
        cls.seller2 = cls._person("sue", "sales_team.group_sale_salesman")
        cls.leader = cls._person("lee", "sales_team.group_sale_salesman_all_leads")
        cls.sales_manager = cls._person("max", "sales_team.group_sale_manager")
        # approvers without any right on sales orders
        cls.finance = cls._person("fay", "base.group_user")
        cls.general = cls._person("gus", "sale_approval.group_general_manager")

    @classmethod
    def _person(cls, login, groups):
        return new_test_user(cls.env, login, groups, name=login.capitalize())

    @classmethod
    def _policy(cls, *approvers, **values):
        """Create a policy on confirming, with one step for each approver."""
        return cls.env["approval.policy"].create(
            {
                "name": "Sales orders",
                "model_id": cls.env["ir.model"]._get_id("sale.order"),
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
    def _order(cls, user=None, lines=1, price=100.0, **values):
        """Create a quotation as a salesperson."""
        return (
            cls.env["sale.order"]
            .with_user(user or cls.seller)
            .create(cls._order_values(lines, price, **values))
        )

    @classmethod
    def _order_values(cls, lines=1, price=100.0, **values):
        return {
            "partner_id": cls.partner.id,
            "order_line": [
                Command.create(
                    {
                        "product_id": cls.product.id,
                        "product_uom_qty": 1.0,
                        "price_unit": price,
                    }
                )
                for _number in range(lines)
            ],
            **values,
        }

    def _submitted(self, **values):
        order = self._order(**values)
        order.action_confirm()
        self.assertEqual(order.approval_state, "pending")
        return order

    def _approve(self, order, *users):
        for user in users:
            order.with_user(user).action_approve()

    def _cancel_confirmed(self, order):
        """Cancel a confirmed order, which takes a request."""
        request = self.env["sale.order.change"].create(
            {
                "order_id": order.id,
                "kind": "cancel",
                "reason_id": self.env.ref("approval_flow.change_reason_mistake").id,
            }
        )
        request.action_submit()
        self.assertEqual(order.state, "cancel")
