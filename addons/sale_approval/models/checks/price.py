from dateutil.relativedelta import relativedelta

from odoo import fields, models
from odoo.tools import SQL

from .wording import first_and_more, money, percent

MONTHS = 12


class SaleApprovalCheckPrice(models.AbstractModel):
    """Prices are reasonable: not below cost, and like what others paid."""

    _name = "sale.approval.check.price"
    _description = "Check: Price"
    _inherit = "approval.check.base"

    _check_model = "sale.order"
    _check_code = "price"

    def _run(self, documents, settings):
        """Override to compare net prices with cost and with recent sales.

        A price below cost fails, and is stopped in any case if it is further below
        than ``limit_block``. A price that differs from the average of the last months
        by more than ``limit_warn`` is reminded of: too low, or mistyped.
        """
        # sudo: costs and the sales of others are compared, whoever submits
        orders = documents.sudo()
        lines = orders.order_line._approval_selling()
        nets = lines._approval_net_prices()
        below = lines._approval_below_cost()
        averages = self._averages(lines, orders) if settings.limit_warn else {}
        results = {}
        for order, own in lines.grouped("order_id").items():
            result = self._judge_cost(order, own, nets, below, settings)
            result = result or self._judge_average(order, own, nets, averages, settings)
            if result:
                results[order.id] = result
        return results

    def _judge_cost(self, order, lines, nets, below, settings):
        worst = sorted(
            (line for line in lines if line.id in below),
            key=lambda line: -below[line.id][0],
        )
        if not worst:
            return None
        reasons = [
            self.env._(
                "“%(product)s” is sold at %(price)s per %(unit)s, %(gap)s below its "
                "cost of %(cost)s. Raise the price, or tell the approver why.",
                product=line.product_id.display_name,
                price=money(self.env, nets[line.id], order.currency_id),
                unit=line.product_uom_id.name,
                gap=percent(self.env, below[line.id][0]),
                cost=money(self.env, below[line.id][1], order.currency_id),
            )
            for line in worst
        ]
        stop = settings.limit_block and below[worst[0].id][0] > settings.limit_block
        return self._result(
            "block" if stop else settings.severity,
            first_and_more(self.env, reasons),
            "order_line",
        )

    def _judge_average(self, order, lines, nets, averages, settings):
        found = []
        for line in lines:
            average = self._line_average(line, averages)
            if not average:
                continue
            deviation = 100.0 * (nets[line.id] - average) / average
            if round(abs(deviation), 2) > settings.limit_warn:
                found.append((deviation, line, average))
        if not found:
            return None
        found.sort(key=lambda item: -abs(item[0]))
        reasons = [
            self._average_reason(order, line, nets[line.id], deviation, average)
            for deviation, line, average in found
        ]
        return self._result("warn", first_and_more(self.env, reasons), "order_line")

    def _average_reason(self, order, line, net, deviation, average):
        words = {
            "product": line.product_id.display_name,
            "price": money(self.env, net, order.currency_id),
            "unit": line.product_uom_id.name,
            "deviation": percent(self.env, abs(deviation)),
            "average": money(self.env, average, order.currency_id),
            "months": MONTHS,
        }
        if deviation < 0:
            return self.env._(
                "“%(product)s” is sold at %(price)s per %(unit)s, %(deviation)s below "
                "its average of the last %(months)s months (%(average)s). Check the "
                "price.",
                **words,
            )
        return self.env._(
            "“%(product)s” is sold at %(price)s per %(unit)s, %(deviation)s above its "
            "average of the last %(months)s months (%(average)s). Check the price.",
            **words,
        )

    def _line_average(self, line, averages):
        """Return the average in order currency, per unit of the line."""
        average = averages.get((line.company_id.id, line.product_id.id))
        if not average:
            return 0.0
        return average * line.product_uom_id.factor * line.order_id._approval_rate()

    def _averages(self, lines, orders):
        """Return {(company id, product id): average price per smallest unit}.

        In company currency, from the confirmed sales of the last months; the orders
        under review do not count, nor does what was given away. One query.
        """
        if not lines:
            return {}
        self.env["sale.order"].flush_model()
        self.env["sale.order.line"].flush_model()
        self.env["uom.uom"].flush_model(["factor"])
        since = fields.Datetime.now() - relativedelta(months=MONTHS)
        rows = self.env.execute_query(
            SQL(
                """
                SELECT sale.company_id, line.product_id,
                       SUM(line.price_subtotal
                           / COALESCE(NULLIF(sale.currency_rate, 0), 1))
                       / SUM(line.product_uom_qty * uom.factor)
                  FROM sale_order_line line
                  JOIN sale_order sale ON sale.id = line.order_id
                  JOIN uom_uom uom ON uom.id = line.product_uom_id
                 WHERE line.product_id IN %(products)s
                   AND line.company_id IN %(companies)s
                   AND line.state = 'sale'
                   AND line.product_uom_qty > 0
                   AND line.price_subtotal > 0
                   AND sale.date_order >= %(since)s
                   AND sale.id NOT IN %(orders)s
              GROUP BY sale.company_id, line.product_id
                """,
                products=tuple(lines.product_id.ids),
                companies=tuple(lines.company_id.ids),
                since=since,
                orders=tuple(orders.ids) or (None,),
            )
        )
        return {(company, product): float(price) for company, product, price in rows}
