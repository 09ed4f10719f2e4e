from odoo import api, fields, models


class ResUsers(models.Model):
    """Roles and grants of a person."""

    _inherit = "res.users"

    access_grant_ids = fields.One2many(
        "erp.access.grant",
        "user_id",
        string="Access",
        groups="erp_audit.group_access_manager,erp_audit.group_audit_auditor",
    )
    erp_role_ids = fields.Many2many(
        "erp.role",
        string="Roles in force",
        compute="_compute_erp_role_ids",
        search="_search_erp_role_ids",
        compute_sudo=True,
        groups="base.group_erp_manager,erp_audit.group_access_manager,"
        "erp_audit.group_audit_auditor",
    )

    @api.depends("access_grant_ids.state")
    def _compute_erp_role_ids(self):
        grants = self.env["erp.access.grant"].search(
            [
                ("user_id", "in", self.ids),
                ("state", "=", "active"),
                ("role_id", "!=", False),
            ]
        )
        by_user = grants.grouped("user_id")
        for user in self:
            user.erp_role_ids = by_user.get(user._origin, grants.browse()).role_id

    def _search_erp_role_ids(self, operator, value):
        # the ORM does not ask for fields that are searched by a method
        if not self.env.su:
            self._check_field_access(self._fields["erp_role_ids"], "read")
        if operator not in ("in", "any"):
            return NotImplemented
        grants = self.env["erp.access.grant"].sudo()  # sudo: part of a guarded search
        found = grants.search([("role_id", operator, value), ("state", "=", "active")])
        return [("id", "in", found.user_id.ids)]

    def write(self, vals):
        """Override: who has no account in use any more has no grants either."""
        result = super().write(vals)
        if vals.get("active") is False or "group_ids" in vals:
            self._end_access_of_leavers()
        return result

    def _end_access_of_leavers(self):
        # sudo: bookkeeping, whoever archives people
        left = self.sudo().filtered(lambda user: not user.active or user.share)
        if left:
            # sudo: as above
            grants = self.env["erp.access.grant"].sudo()
            grants.search([("user_id", "in", left.ids), ("state", "!=", "ended")])._end(
                self.env._("The person has no account in use any more.")
            )

    def _access_managers(self):
        """Return the managers of these people, and theirs, up to the top."""
        # sudo: who leads whom
        people, found = self.sudo(), self.browse()
        while people := people.approval_manager_id - found:
            found |= people.with_env(self.env)
        return found

    def action_open_access(self):
        """Return the action that shows what access a person has, and had."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "erp_audit.erp_access_grant_action"
        )
        return {
            **action,
            "domain": [("user_id", "=", self.id)],
            "context": {"search_default_current": 1},
        }
