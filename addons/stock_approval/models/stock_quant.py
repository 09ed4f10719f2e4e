from contextlib import contextmanager

from odoo import api, fields, models

from odoo.addons.approval_flow.models.approval_result import ApprovalResult

from ..beside import beside
from .stock_inventory_approval import APPLYING

COLLECTING = "stock_approval_collecting"


class StockQuant(models.Model):
    """Counted quantities that a policy covers become an adjustment that waits."""

    _inherit = "stock.quant"

    approval_line_ids = fields.One2many(
        "stock.inventory.approval.line",
        "quant_id",
        string="Counts under approval",
        groups="stock.group_stock_user",
    )
    approval_adjustment_id = fields.Many2one(
        "stock.inventory.approval",
        string="Adjustment under approval",
        compute="_compute_approval_adjustment_id",
        search="_search_approval_adjustment_id",
        compute_sudo=True,
        help="The count of this stock is kept there until it is approved.",
    )
    approval_state = fields.Selection(related="approval_adjustment_id.approval_state")

    @api.depends("approval_line_ids.document_id.state")
    def _compute_approval_adjustment_id(self):
        for quant in self:
            lines = quant.approval_line_ids.filtered(
                lambda line: line.document_id.state == "draft"
            )
            quant.approval_adjustment_id = lines[:1].document_id

    def _search_approval_adjustment_id(self, operator, value):
        if operator not in ("in", "any"):
            return NotImplemented
        # sudo: narrowed to readable stock by the search this domain is part of
        Line = self.env["stock.inventory.approval.line"].sudo()
        lines = Line.search([("document_id.state", "=", "draft")])
        if operator == "any":
            lines = lines.filtered_domain([("document_id", "any", value)])
        elif False in value:  # stock that waits for nothing
            return [("id", "not in", lines.quant_id.ids)]
        else:
            lines = lines.filtered(lambda line: line.document_id.id in value)
        return [("id", "in", lines.quant_id.ids)]

    def action_open_approval_adjustment(self):
        """Return the form of the adjustment that keeps the count."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "stock.inventory.approval",
            "res_id": self.approval_adjustment_id.id,
            "views": [(False, "form")],
        }

    # -- apply ---------------------------------------------------------------------

    def action_apply_inventory(self, date=None):
        """Override to tell what became of the counts that a policy covers."""
        with self._approval_collecting() as result:
            action = super().action_apply_inventory(date)
        if not result:
            return action
        # Odoo takes all counts for applied: these are not
        for quant in result[0]:
            quant.inventory_quantity_set = True
        return self._approval_merged(result[1])._notification()

    def _apply_inventory(self, date=None):
        """Override to submit the counts that a policy covers instead."""
        if (
            beside(self.env.cr).get(APPLYING)
            or not self.env["stock.inventory.approval"]._approval_policies()
        ):
            return super()._apply_inventory(date)
        self.inventory_quantity_set = True
        held, result = self._approval_hold(date)
        if held:
            self._approval_tell(held, result)
        rest = self - held
        return super(StockQuant, rest)._apply_inventory(date) if rest else None

    def _approval_hold(self, date):
        """Submit what a policy covers.

        :return: the quants that wait now, and an ``ApprovalResult``
        """
        result = ApprovalResult(self.env, "stock.inventory.approval")
        counted = self.filtered(
            lambda quant: not quant.product_uom_id.is_zero(
                quant.inventory_diff_quantity
            )
        )
        busy = counted._approval_busy(result)
        documents = self.env["stock.inventory.approval"]._approval_of_quants(
            counted - busy, date
        )
        covered = documents.filtered(
            lambda document: document._approval_match("adjust")
        )
        held = busy | covered.line_ids.quant_id
        if covered:
            documents = covered._approval_keep()
            result.add(documents._approval_submit("adjust"))
            # refused: an error, and nothing stays behind
            result._raise_refused()
        return held, result

    def _approval_busy(self, result):
        """Return the quants whose earlier count is still being decided on.

        Adjustments that were rejected or given back make way for the new count.
        """
        # sudo: whatever waits counts, whoever sees it
        lines = self.sudo().approval_line_ids.filtered(
            lambda line: line.document_id.state == "draft"
        )
        running = lines.filtered(
            lambda line: line.document_id.approval_state
            in ("pending", "approved", "failed")
        )
        (lines - running).document_id._engine().write({"state": "cancel"})
        for document in running.document_id:
            mine = running.filtered(lambda line, doc=document: line.document_id == doc)
            if all(
                not line.product_uom_id.compare(
                    line.quantity_counted, line.quant_id.inventory_quantity
                )
                for line in mine
            ):
                result.waiting |= document.approval_instance_id
            else:
                reason = self.env._(
                    "Another count of it is waiting for approval. Recall that "
                    "one first."
                )
                result.refused.append((document, reason))
        return running.quant_id.with_env(self.env)

    def _approval_line_vals(self):
        """Return the count of this stock as values of an adjustment line."""
        self.ensure_one()
        company = self.company_id or self.env.company
        return {
            "quant_id": self.id,
            "product_id": self.product_id.id,
            "location_id": self.location_id.id,
            "lot_id": self.lot_id.id,
            "package_id": self.package_id.id,
            "owner_id": self.owner_id.id,
            "quantity_before": self.quantity,
            "quantity_counted": self.quantity + self.inventory_diff_quantity,
            "difference": self.inventory_diff_quantity,
            # sudo: costs, for whoever has counted
            "unit_cost": self.product_id.sudo().with_company(company).standard_price,
        }

    # -- messages ------------------------------------------------------------------

    @contextmanager
    def _approval_collecting(self):
        """Collect ``[quants that wait, results]`` of nested calls."""
        cache, found = beside(self.env.cr), []
        outer = cache.get(COLLECTING)
        cache[COLLECTING] = found
        try:
            yield found
        finally:
            cache[COLLECTING] = outer

    def _approval_tell(self, held, result):
        """Leave the result with the button that asked, or send it to the user."""
        found = beside(self.env.cr).get(COLLECTING)
        if found is None:
            notice = result._notification()["params"]
            keys = ("title", "message", "type", "sticky")
            self.env.user._bus_send(
                "simple_notification", {key: notice[key] for key in keys}
            )
        elif found:
            found[0] |= held
            found[1].append(result)
        else:
            found += [held, [result]]

    def _approval_merged(self, results):
        merged = ApprovalResult(self.env, "stock.inventory.approval")
        for result in results:
            merged.add(result)
        return merged

    def _get_inventory_move_values(
        self,
        qty,
        location_id,
        location_dest_id,
        package_id=False,
        package_dest_id=False,
    ):
        """Override to name the adjustment that the move belongs to.

        It is only a name: the gate compares the moves with what was approved.
        """
        values = super()._get_inventory_move_values(
            qty, location_id, location_dest_id, package_id, package_dest_id
        )
        document = self.env.context.get("approval_adjustment_id")
        return {**values, "approval_adjustment_id": document} if document else values
