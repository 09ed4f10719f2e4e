from odoo import Command, api, fields, models

# groups of addons that need not be there, for one side of a conflict
OPTIONAL = {
    "duty_hr_book": ("left_group_ids", ("hr.group_hr_manager",)),
    "duty_expense_pay": (
        "left_group_ids",
        ("hr_expense.group_hr_expense_team_approver",),
    ),
    "duty_pos_book": ("left_group_ids", ("point_of_sale.group_pos_manager",)),
}


class ErpDutyConflict(models.Model):
    _inherit = "erp.duty.conflict"

    chain = fields.Selection(
        selection_add=[
            ("vendor_pay", "Made the vendor and posted his payment"),
            ("bank_pay", "Changed the bank account and posted a payment to it"),
            ("order_approve", "Created the purchase order and approved it"),
            ("order_receive", "Approved the purchase order and received the goods"),
            ("order_bill", "Created the purchase order and posted its bill"),
            ("discount_credit", "Gave the discount and posted the credit note"),
            ("adjust_book", "Adjusted the stock and booked entries by hand"),
        ]
    )

    def _register_hook(self):
        """Override: addons just loaded may bring groups along that matter here."""
        super()._register_hook()
        if self.env.registry.updated_modules:
            self._add_optional_groups()

    @api.model
    def _add_optional_groups(self):
        """Switch conflicts on whose groups have come with an addon.

        Only those without any group: what somebody has set stays as it is.
        """
        for name, (side, refs) in OPTIONAL.items():
            conflict = self.env.ref(f"erp_audit_trade.{name}", raise_if_not_found=False)
            groups = self.env["res.groups"]
            for ref in refs:
                groups |= self.env.ref(ref, raise_if_not_found=False) or groups
            if conflict and groups and not conflict[side]:
                conflict.write({side: [Command.set(groups.ids)], "active": True})
