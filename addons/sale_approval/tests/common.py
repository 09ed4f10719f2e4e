from odoo.fields import Command
from odoo.tests import new_test_user

from odoo.addons.sale.tests.common import SaleCommon


class ConditionsCommon(SaleCommon):
    """Orders in two companies and three currencies, and a plain salesperson."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._enable_uom()
        cls._enable_discounts()
        cls.euro = cls.setup_other_currency("EUR", rates=[("1900-01-01", 0.8)])
        cls.yen = cls.setup_other_currency("JPY", rates=[("1900-01-01", 150.0)])
        cls.company_2 = cls.env["res.company"].create(
            {"name": "Second company", "currency_id": cls.euro.id}
        )
        cls.env.user.company_ids += cls.company_2
        cls.in_euro, cls.in_yen = cls.env["product.pricelist"].create(
            [
                {"name": "Euro", "currency_id": cls.euro.id},
                {"name": "Yen", "currency_id": cls.yen.id},
            ]
        )
        cls.customer = cls.env["res.partner"].create(
            {
                "name": "Acme",
                "is_company": True,
                "street": "1 Main Street",
                "city": "Springfield",
                "country_id": cls.env.ref("base.us").id,
            }
        )
        cls.sensor = cls._create_product(
            name="Sensor X", list_price=100.0, standard_price=60.0, is_storable=True
        )
        cls.cable = cls._create_product(
            name="Cable", list_price=10.0, standard_price=4.0
        )
        cls.seller = new_test_user(
            cls.env,
            "conditions_seller",
            groups="sales_team.group_sale_salesman",
            company_id=cls.env.company.id,
        )

    @classmethod
    def _line(cls, product=None, quantity=1.0, **values):
        values = {
            "product_id": (product or cls.sensor).id,
            "product_uom_qty": quantity,
            "tax_ids": False,
            **values,
        }
        return Command.create(values)

    @classmethod
    def _order(cls, *lines, **values):
        return cls.env["sale.order"].create(
            {
                "partner_id": cls.customer.id,
                "user_id": cls.seller.id,
                "pricelist_id": cls.pricelist.id,
                "order_line": list(lines or [cls._line()]),
                **values,
            }
        )

    @classmethod
    def _many_orders(cls, count):
        """Return orders of different customers, products, currencies and days."""
        products = cls.sensor + cls.cable
        products += cls.env["product.product"].create(
            [
                {
                    "name": f"Part {number}",
                    "list_price": 5 + number,
                    "is_storable": True,
                }
                for number in range(8)
            ]
        )
        pricelists = cls.pricelist + cls.in_euro + cls.in_yen
        customers = cls.env["res.partner"].create(
            [{"name": f"Customer {number}"} for number in range(count)]
        )
        return cls.env["sale.order"].create(
            [
                {
                    "partner_id": customer.id,
                    "user_id": cls.seller.id,
                    "pricelist_id": pricelists[number % 3].id,
                    "commitment_date": f"2999-01-{1 + number % 28:02} 12:00:00",
                    "order_line": [
                        cls._line(products[(number + step) % 10], 1 + step)
                        for step in range(5)
                    ],
                }
                for number, customer in enumerate(customers)
            ]
        )
