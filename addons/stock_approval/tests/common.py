from odoo import Command
from odoo.tests import TransactionCase, new_test_user


class StockApprovalCommon(TransactionCase):
    """Warehouse people and approvers, with the least rights each."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["approval.policy"].with_context(active_test=False).search(
            [("res_model", "in", cls._documents())]
        ).active = False
        cls.company = cls.env.company
        cls.warehouse = cls.env["stock.warehouse"].search(
            [("company_id", "=", cls.company.id)], limit=1
        )
        cls.stock = cls.warehouse.lot_stock_id
        cls.shelf = cls.env["stock.location"].create(
            {"name": "Shelf", "location_id": cls.stock.id}
        )
        cls.customers = cls.env.ref("stock.stock_location_customers")
        cls.suppliers = cls.env.ref("stock.stock_location_suppliers")
        cls.sensor = cls._product("Sensor", 100.0)
        cls.cable = cls._product("Cable", 4.0)
        cls.loss = cls.sensor.property_stock_inventory
        cls.partner = cls.env["res.partner"].create({"name": "Acme"})
        cls.worker = cls._person("wes", "stock.group_stock_user")
        cls.worker2 = cls._person("wyn", "stock.group_stock_user")
        cls.manager = cls._person("mia", "stock.group_stock_manager")
        # an approver without any right on stock
        cls.finance = cls._person("fay", "base.group_user")
        cls._stock(cls.sensor, 100)
        cls._stock(cls.cable, 1000)

    @staticmethod
    def _documents():
        return ("stock.picking", "stock.scrap", "stock.inventory.approval")

    @classmethod
    def _product(cls, name, cost, **values):
        return cls.env["product.product"].create(
            {"name": name, "is_storable": True, "standard_price": cost, **values}
        )

    @classmethod
    def _person(cls, login, groups):
        return new_test_user(cls.env, login, groups, name=login.capitalize())

    @classmethod
    def _stock(cls, product, quantity, location=None, **values):
        cls.env["stock.quant"]._update_available_quantity(
            product, location or cls.stock, quantity, **values
        )

    def _on_hand(self, product, location=None):
        quants = self.env["stock.quant"].search(
            [
                ("product_id", "=", product.id),
                ("location_id", "child_of", (location or self.stock).id),
            ]
        )
        return sum(quants.mapped("quantity"))

    @classmethod
    def _policy(cls, model, *approvers, **values):
        """Create a policy with one step for each approver."""
        operation = "adjust" if model == "stock.inventory.approval" else "validate"
        return cls.env["approval.policy"].create(
            {
                "name": "Warehouse",
                "model_id": cls.env["ir.model"]._get_id(model),
                "operation": operation,
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

    # -- transfers -----------------------------------------------------------------

    @classmethod
    def _delivery(cls, *goods, user=None, ready=True, **values):
        """Return a delivery of ``(product, quantity)``, reserved."""
        operation = values.pop("picking_type_id", cls.warehouse.out_type_id.id)
        destination = values.pop("location_dest_id", cls.customers.id)
        picking = (
            cls.env["stock.picking"]
            .with_user(user or cls.worker)
            .create(
                {
                    "picking_type_id": operation,
                    "partner_id": cls.partner.id,
                    "location_id": cls.stock.id,
                    "location_dest_id": destination,
                    "move_ids": [
                        Command.create(cls._move_values(product, quantity, destination))
                        for product, quantity in goods or [(cls.sensor, 5)]
                    ],
                    **values,
                }
            )
        )
        if ready:
            picking.action_confirm()
            picking.action_assign()
        return picking

    @classmethod
    def _move_values(cls, product, quantity, destination, **values):
        return {
            "product_id": product.id,
            "product_uom_qty": quantity,
            "product_uom": product.uom_id.id,
            "location_id": cls.stock.id,
            "location_dest_id": destination,
            **values,
        }

    def _approve(self, document, *users):
        for user in users:
            document.with_user(user).action_approve()
