from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ResUsers(models.Model):
    _inherit = "res.users"

    approval_manager_id = fields.Many2one(
        "res.users",
        string="Approval manager",
        index="btree_not_null",
        domain=[("share", "=", False)],
        help="Decides where a policy asks the requester's manager, and gets what is "
        "passed on when a deadline is over.",
    )

    @api.constrains("approval_manager_id")
    def _check_approval_manager_id(self):
        if self._has_cycle("approval_manager_id"):
            raise ValidationError(
                self.env._("Somebody would be his own manager. Choose another one.")
            )

    def write(self, vals):
        """Override to hand over the open approvals of people who are archived."""
        result = super().write(vals)
        if vals.get("active") is False:
            # sudo: their tasks belong to them, not to the administrator
            self.env["approval.task"].sudo()._replace_person(self)
        return result
