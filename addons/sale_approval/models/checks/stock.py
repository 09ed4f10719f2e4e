from collections import defaultdict

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import format_date

from .wording import first_and_more, quantity

TO_DO = ("waiting", "confirmed", "assigned", "partially_available")


class SaleApprovalCheckStock(models.AbstractModel):
    """The goods will be there on the day of delivery."""

    _name = "sale.approval.check.stock"
    _description = "Check: Stock"
    _inherit = "approval.check.base"

    _check_model = "sale.order"
    _check_code = "stock"

    def _run(self, documents, settings):
        """Override to compare what is ordered with the forecast of the delivery day.

        Services, goods without stock keeping and goods procured for the order itself
        pass. A confirmed order passes: the forecast has its goods deducted already.
        """
        # sudo: quantities in warehouses that the salesperson may not enter
        orders = documents.sudo().filtered(lambda order: order.state != "sale")
        needs = {order.id: self._needs(order) for order in orders}
        forecast = self._forecast(
            {need for by_need in needs.values() for need in by_need}
        )
        results = {}
        for order in orders:
            reasons = self._shortages(needs[order.id], forecast)
            if reasons:
                results[order.id] = self._fail(
                    settings, first_and_more(self.env, reasons), "order_line"
                )
        return results

    def _needs(self, order):
        """Return {(warehouse, product, day): quantity in the unit of the product}."""
        today = fields.Date.today()
        needs = defaultdict(float)
        for line in order.order_line:
            warehouse = line.warehouse_id or order.warehouse_id
            if not line.product_id.is_storable or line.product_uom_qty <= 0:
                continue
            if self._procured_for_order(line, warehouse):
                continue
            day = (order.commitment_date or line._expected_date()).date()
            needs[warehouse, line.product_id, max(day, today)] += (
                line.product_uom_id._compute_quantity(
                    line.product_uom_qty, line.product_id.uom_id, round=False
                )
            )
        return needs

    def _procured_for_order(self, line, warehouse):
        """Return whether the goods come for this order: made, bought or dropshipped.

        Odoo's ``is_mto`` says the same, but looks for bills of material line by line.
        """
        product = line.product_id
        routes = line.route_ids or (
            product.route_ids | product.categ_id.total_route_ids
        )
        if not routes:
            return False
        to_order = warehouse.mto_pull_id.route_id or self.env.ref(
            "stock.route_warehouse0_mto", raise_if_not_found=False
        )
        if to_order and to_order in routes:
            return True
        transfers = routes.rule_ids.picking_type_id
        return any(
            transfer.default_location_src_id.usage == "supplier"
            and transfer.default_location_dest_id.usage == "customer"
            for transfer in transfers
        )

    def _shortages(self, needs, forecast):
        """Return a reason for each product that runs short, earliest day first."""
        reasons = {}
        wanted = defaultdict(float)
        for warehouse, product, day in sorted(needs, key=lambda need: need[2]):
            wanted[warehouse, product] += needs[warehouse, product, day]
            there = forecast[warehouse, product, day]
            need = wanted[warehouse, product]
            if product in reasons or product.uom_id.compare(need, there) <= 0:
                continue
            reasons[product] = self.env._(
                "Only %(there)s of “%(product)s” will be free in %(warehouse)s on "
                "%(date)s; %(need)s are ordered. Plan a receipt, deliver later or "
                "order less.",
                there=quantity(self.env, max(0.0, there), product.uom_id),
                product=product.display_name,
                warehouse=warehouse.name,
                date=format_date(self.env, day),
                need=quantity(self.env, need, product.uom_id),
            )
        return list(reasons.values())

    def _forecast(self, needs):
        """Return {(warehouse, product, day): quantity on hand, in and out by then}.

        Odoo's own forecast is read per warehouse and moment. Here the moves of a
        warehouse are read once by day, so that orders for a hundred different days
        cost the same as those for one.
        """
        forecast = {}
        by_warehouse = defaultdict(set)
        for warehouse, product, day in needs:
            by_warehouse[warehouse].add((product, day))
        for warehouse, wanted in by_warehouse.items():
            # sudo: what is in stock, for people who may not read it
            products = self.env["product.product"].sudo()
            products = products.union(*(product for product, _day in wanted))
            kits = self._kits(products)
            flows = self._flows(
                products - kits, warehouse, max(day for _product, day in wanted)
            )
            for product, day in wanted:
                if product in kits:
                    amount = self._core_forecast(product, warehouse, day)
                else:
                    amount = sum(q for d, q in flows[product.id] if d <= day)
                forecast[warehouse, product, day] = amount
        return forecast

    def _flows(self, products, warehouse, until):
        """Return {product id: [(day, quantity)]} of the stock and the moves to come."""
        flows = defaultdict(list)
        if not products:
            return flows
        # days are compared in UTC, in which deliveries are planned
        products = products.with_context(warehouse_id=warehouse.id, tz="UTC")
        stock, move_in, move_out = products._get_domain_locations()
        ours = Domain("product_id", "in", products.ids)
        to_come = Domain("state", "in", TO_DO) & Domain(
            "date", "<", fields.Date.add(until, days=1)
        )
        for product, amount in products.env["stock.quant"]._read_group(
            ours & Domain(stock), ["product_id"], ["quantity:sum"]
        ):
            flows[product.id].append((fields.Date.today(), amount))
        for domain, sign in ((move_in, 1), (move_out, -1)):
            for product, day, amount in products.env["stock.move"]._read_group(
                ours & to_come & Domain(domain),
                ["product_id", "date:day"],
                ["product_qty:sum"],
            ):
                day = fields.Datetime.to_datetime(day).date()
                flows[product.id].append((day, sign * amount))
        return flows

    def _kits(self, products):
        """Return the products that are made up of others when they are delivered."""
        # the field belongs to mrp, which need not be installed
        if "is_kits" not in products._fields:
            return products.browse()
        return products.filtered("is_kits")

    def _core_forecast(self, product, warehouse, day):
        """Return Odoo's own forecast, which knows what a kit consists of."""
        return product.with_context(
            warehouse_id=warehouse.id, to_date=fields.Date.add(day, days=1)
        ).virtual_available
