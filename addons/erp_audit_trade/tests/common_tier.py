from odoo import Command
from odoo.tests import TransactionCase, new_test_user


class TierCase(TransactionCase):
    """People of two departments, with the rights of their roles, and their orders."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = cls._person("tier_seller", "role_salesperson")
        cls.mate = cls._person("tier_mate", "role_salesperson")
        cls.stranger = cls._person("tier_stranger", "role_salesperson")
        cls.manager = cls._person("tier_manager", "role_sales_manager")
        cls.buyer = cls._person("tier_buyer", "role_purchaser")
        cls.buyer2 = cls._person("tier_buyer2", "role_purchaser")
        cls.clerk = cls._person("tier_clerk", "role_warehouse")
        cls.finance = cls._person("tier_finance", "role_finance")
        cls.boss = cls._person("tier_boss", "role_general_manager")
        cls.seller.approval_manager_id = cls.manager
        cls.mate.approval_manager_id = cls.manager
        teams = cls.env["crm.team"]
        cls.north = teams.create(
            {"name": "North", "member_ids": [Command.set(cls.seller.ids)]}
        )
        cls.south = teams.create(
            {"name": "South", "member_ids": [Command.set(cls.stranger.ids)]}
        )
        cls.partner = cls.env["res.partner"].create({"name": "Customer"})
        cls.product = cls.env["product.product"].create(
            {"name": "Goods", "is_storable": True, "list_price": 10}
        )
        cls.own = cls._order(cls.seller, cls.north)
        cls.far = cls._order(cls.stranger, cls.south)

    @classmethod
    def _person(cls, login, role):
        user = new_test_user(cls.env, login, "base.group_user")
        role = cls.env.ref(f"erp_audit_trade.{role}")
        cls.env["erp.access.grant"]._grant(user, role, "direct")
        return user

    @classmethod
    def _order(cls, user, team):
        return cls.env["sale.order"].create(
            {
                "partner_id": cls.partner.id,
                "user_id": user.id,
                "team_id": team.id,
                "order_line": [
                    Command.create({"product_id": cls.product.id, "product_uom_qty": 2})
                ],
            }
        )
