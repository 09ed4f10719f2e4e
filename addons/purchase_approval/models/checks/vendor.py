from odoo import models


class PurchaseApprovalCheckVendor(models.AbstractModel):
    """The company buys from this vendor."""

    _name = "purchase.approval.check.vendor"
    _description = "Check: Vendor"
    _inherit = "approval.check.base"

    _check_model = "purchase.order"
    _check_code = "vendor"

    def _run(self, documents, settings):
        """Override to find archived and blocked vendors, and to show their notes."""
        results = {}
        # sudo: whoever submits learns that a vendor is blocked, whatever his role
        for order in documents.sudo():
            vendor = order.partner_id.with_company(order.company_id)
            if reason := self._refusal(vendor):
                results[order.id] = self._fail(settings, reason, "partner_id")
            elif note := self._note(vendor):
                results[order.id] = self._result("warn", note, "partner_id")
        return results

    def _refusal(self, vendor):
        name = vendor.display_name
        owner = vendor.commercial_partner_id
        if not (vendor.active and owner.active):
            return self.env._(
                "“%(vendor)s” is archived. Choose another vendor, or restore this one.",
                vendor=name,
            )
        if not owner.purchase_blocked:
            return None
        if not owner.purchase_block_reason:
            return self.env._(
                "“%(vendor)s” is blocked for purchases. Ask the purchasing manager.",
                vendor=name,
            )
        return self.env._(
            "“%(vendor)s” is blocked for purchases: %(reason)s. Ask the purchasing "
            "manager.",
            vendor=name,
            reason=owner.purchase_block_reason.rstrip(".。 "),
        )

    def _note(self, vendor):
        note = vendor.purchase_warn_msg or vendor.parent_id.purchase_warn_msg
        if not note:
            return None
        return self.env._(
            "Note on “%(vendor)s”: %(note)s", vendor=vendor.display_name, note=note
        )
