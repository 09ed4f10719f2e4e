from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import StockApprovalCommon


@tagged("post_install", "-at_install")
class TestCompanies(StockApprovalCommon):
    """Each company's stock is judged by its own policies, costs and currency."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.euro = (
            cls.env["res.currency"]
            .with_context(active_test=False)
            .search([("name", "=", "CHF")])
        )
        cls.euro.active = True
        cls.other = cls.env["res.company"].create(
            {"name": "Second company", "currency_id": cls.euro.id}
        )
        cls.there = cls.env["stock.warehouse"].search(
            [("company_id", "=", cls.other.id)], limit=1
        )
        cls.worker.company_ids |= cls.other
        cls.manager.company_ids |= cls.other
        cls.sensor.with_company(cls.other).standard_price = 7
        cls._stock(cls.sensor, 100, cls.there.lot_stock_id)

    def _picking_there(self):
        picking = (
            self.env["stock.picking"]
            .with_user(self.worker)
            .with_company(self.other)
            .create(
                {
                    "picking_type_id": self.there.out_type_id.id,
                    "location_id": self.there.lot_stock_id.id,
                    "location_dest_id": self.customers.id,
                    "move_ids": [
                        (
                            0,
                            0,
                            {
                                "product_id": self.sensor.id,
                                "product_uom_qty": 5,
                                "location_id": self.there.lot_stock_id.id,
                                "location_dest_id": self.customers.id,
                            },
                        )
                    ],
                }
            )
        )
        picking.action_confirm()
        picking.action_assign()
        return picking

    def test_value_is_of_the_own_company(self):
        here, there = self._delivery(), self._picking_there()
        both = (here | there).with_company(self.company)
        self.assertEqual(both.mapped("approval_value"), [500, 35])
        self.assertEqual(there.currency_id, self.euro)

    def test_policy_of_one_company(self):
        self._policy("stock.picking", self.manager, company_id=self.company.id)
        here, there = self._delivery(), self._picking_there()
        (here | there).button_validate()
        self.assertEqual(here.approval_state, "pending")
        self.assertEqual(there.state, "done")

    def test_approved_from_the_other_company(self):
        self._policy("stock.picking", self.manager, company_id=False)
        there = self._picking_there()
        there.button_validate()
        there.with_user(self.manager).with_company(self.company).action_approve()
        self.assertEqual(there.state, "done")

    def test_counts_are_one_document_per_company(self):
        self._policy("stock.inventory.approval", self.manager, company_id=False)
        quants = self.env["stock.quant"].search(
            [
                ("product_id", "=", self.sensor.id),
                ("location_id.usage", "=", "internal"),
            ]
        )
        quants.inventory_quantity = 10
        quants.with_user(self.worker).action_apply_inventory()
        documents = quants.approval_adjustment_id
        self.assertEqual(documents.company_id, self.company | self.other)
        self.assertEqual(
            sorted(documents.mapped("approval_value")), [90 * 7.0, 90 * 100.0]
        )
        documents.with_user(self.manager).action_approve()
        self.assertEqual(set(quants.mapped("quantity")), {10.0})

    def test_counts_of_other_companies_are_not_read(self):
        self._policy("stock.inventory.approval", self.manager, company_id=False)
        quant = self.env["stock.quant"].search(
            [
                ("product_id", "=", self.sensor.id),
                ("location_id", "=", self.there.lot_stock_id.id),
            ]
        )
        quant.inventory_quantity = 10
        quant.with_user(self.worker).with_company(self.other).action_apply_inventory()
        document = quant.approval_adjustment_id
        self.assertTrue(document)
        with self.assertRaises(AccessError):
            document.with_user(self.worker2).read(["name"])
        with self.assertRaises(AccessError):
            document.line_ids.with_user(self.worker2).read(["value"])

    def test_bare_moves_of_the_other_company(self):
        self._policy("stock.picking", self.manager, company_id=self.other.id)
        move = self.env["stock.move"].create(
            {
                "product_id": self.sensor.id,
                "product_uom_qty": 5,
                "company_id": self.other.id,
                "location_id": self.there.lot_stock_id.id,
                "location_dest_id": self.customers.id,
                "picked": True,
                "quantity": 5,
            }
        )
        with self.assertRaises(UserError):
            move._action_done()
