from contextlib import contextmanager

from odoo import models
from odoo.exceptions import UserError

# links to documents of production and repair, which are not under these policies
MADE_BY = (
    "production_id",
    "raw_material_production_id",
    "unbuild_id",
    "consume_unbuild_id",
    "repair_id",
)


class StockMove(models.Model):
    """Moves without a transfer: counted differences, and whatever code may create.

    They have nothing that could be submitted. Differences are judged as an inventory
    adjustment of the same content would be. Other moves across the border of the
    company's stock are refused from the smallest amount on that any policy for stock
    asks about: no condition of a policy can be told of a move without a document.
    """

    _inherit = "stock.move"

    @contextmanager
    def _approval_passing_loose(self):
        judged = self.env["stock.approval.mixin"]._approval_judged()
        self = self.filtered(lambda move: (move._name, move.id) not in judged)
        names = self._approval_loose_covered()
        if names:
            raise UserError(
                self.env._(
                    "%(names)s: this needs an approval, and there is no document to "
                    "approve. Use a transfer, a scrap order, or count the product in "
                    "the physical inventory.",
                    names=", ".join(names[:10]),
                )
            )
        added = {(move._name, move.id) for move in self}
        judged |= added
        try:
            yield
        finally:
            judged -= added

    def _approval_loose_covered(self):
        """Return the names of the products whose moves a policy would cover."""
        if not self:
            return []
        # sudo: the gate asks for everybody
        crossing = self.sudo()._approval_crossing()
        differences = crossing._approval_differences()
        names = []
        Document = self.env["stock.inventory.approval"]
        if differences and Document._approval_policies():
            documents = Document._approval_of_moves(differences)
            for document in documents:
                if document._approval_match("adjust"):
                    names += document.line_ids.product_id.mapped("display_name")
        return names + (crossing - differences)._approval_bare_covered()

    def _approval_crossing(self):
        """Return the moves into or out of the company's stock, without production."""
        crossing = self._approval_leaves_company() | self._approval_enters_company()
        return crossing.filtered(lambda move: not move._approval_is_made())

    def _approval_is_made(self):
        links = any(name in self._fields and self[name] for name in MADE_BY)
        places = self.location_id | self.location_dest_id
        return links and "production" in places.mapped("usage")

    def _approval_differences(self):
        """Return the moves between the company's stock and inventory loss."""

        def differs(move):
            if not move.is_inventory:
                return False
            places = move._approval_places()
            losses = places.filtered(lambda place: place.usage == "inventory")
            return losses and not (places - losses)._approval_outside(move.company_id)

        return self.filtered(differs)

    def _approval_places(self):
        self.ensure_one()
        lines = self.move_line_ids
        return (
            self.location_id
            | self.location_dest_id
            | lines.location_id
            | lines.location_dest_id
        )

    def _approval_bare_covered(self):
        names, Document = [], self.env["stock.approval.mixin"]
        for company, moves in self.grouped("company_id").items():
            value = sum(moves.with_company(company).mapped(self._approval_bare_value))
            if Document._approval_any_reaches(company, value):
                names += moves.product_id.mapped("display_name")
        return names

    @staticmethod
    def _approval_bare_value(move):
        quantity = max(
            move.product_uom._compute_quantity(
                max(move.quantity, move.product_uom_qty),
                move.product_id.uom_id,
                round=False,
            ),
            sum(move.move_line_ids.mapped("quantity_product_uom")),
        )
        return abs(quantity) * move.product_id.standard_price
