from odoo import api, models
from odoo.exceptions import UserError

from ..beside import beside

# set while Odoo itself books a move, whose approval was asked for by then
BOOKING = "stock_approval_booking"
# what changes how much of what lies where
STOCK = {"quantity", "product_id", "location_id", "company_id"}


class StockQuant(models.Model):
    """Stock changes by moves alone: quantities are not written past the gate."""

    _inherit = "stock.quant"

    @api.model
    def _update_available_quantity(
        self,
        product_id,
        location_id,
        quantity=False,
        reserved_quantity=False,
        lot_id=None,
        package_id=None,
        owner_id=None,
        in_date=None,
    ):
        """Override to know the quantities that moves write."""
        cache = beside(self.env.cr)
        depth = cache.get(BOOKING, 0)
        cache[BOOKING] = depth + 1
        try:
            return super()._update_available_quantity(
                product_id,
                location_id,
                quantity=quantity,
                reserved_quantity=reserved_quantity,
                lot_id=lot_id,
                package_id=package_id,
                owner_id=owner_id,
                in_date=in_date,
            )
        finally:
            cache[BOOKING] = depth

    @api.model
    def _approval_guards(self):
        return not beside(self.env.cr).get(BOOKING) and bool(
            self.env["stock.inventory.approval"]._approval_policies()
        )

    @api.model_create_multi
    def create(self, vals_list):
        """Override to refuse stock out of nothing."""
        given = [vals.get("quantity") for vals in vals_list]
        given.append(self.env.context.get("default_quantity"))
        if any(given) and self._approval_guards():
            with self.env.cr.savepoint():
                quants = super().create(vals_list)
                quants._approval_demand_written({quant.id: 0.0 for quant in quants})
            return quants
        return super().create(vals_list)

    def write(self, vals):
        """Override to refuse quantities that no move has booked."""
        if STOCK.isdisjoint(vals) or not self._approval_guards():
            return super().write(vals)
        before = {quant.id: quant.quantity for quant in self}
        if {"product_id", "location_id", "company_id"} & vals.keys():
            self._approval_demand_gone()
            before = dict.fromkeys(before, 0.0)
        with self.env.cr.savepoint():
            result = super().write(vals)
            self._approval_demand_written(before)
        return result

    @api.ondelete(at_uninstall=True)
    def _unlink_except_covered(self):
        """Refuse to make stock disappear whose loss needs an approval."""
        if self._approval_guards():
            self._approval_demand_gone()

    def _approval_demand_gone(self):
        stock = self.filtered("quantity")
        stock._approval_demand_differences(
            {quant.id: -quant.quantity for quant in stock}
        )

    def _approval_demand_written(self, before):
        self._approval_demand_differences(
            {quant.id: quant.quantity - before[quant.id] for quant in self}
        )

    def _approval_demand_differences(self, differences):
        """Refuse if an adjustment with these differences would need an approval.

        :param dict differences: {id of the quant: quantity}
        :raise UserError: saying what to do instead
        """
        # sudo: the gate asks for everybody
        quants = self.sudo().filtered(
            lambda quant: not quant.product_uom_id.is_zero(differences[quant.id])
            and quant.location_id.usage in ("internal", "transit")
        )
        Document = self.env["stock.inventory.approval"]
        vals_of = {
            quant.id: {
                **quant._approval_line_vals(),
                "quantity_before": quant.quantity - differences[quant.id],
                "quantity_counted": quant.quantity,
                "difference": differences[quant.id],
            }
            for quant in quants
        }
        documents = Document._approval_of_lines(quants, vals_of)
        if any(document._approval_match("adjust") for document in documents):
            raise UserError(
                self.env._(
                    "%(names)s: this difference needs an approval. Enter what you have "
                    "counted in the physical inventory and apply it there.",
                    names=", ".join(quants.product_id.mapped("display_name")[:10]),
                )
            )
