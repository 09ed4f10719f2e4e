from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..models.erp_access_settings import DEFAULT_HOURS, HOURS

# a week, whatever is set
LONGEST = 168.0


class ErpAccessEmergency(models.TransientModel):
    """The form in which somebody takes a role at once, for hours, with a reason."""

    _name = "erp.access.emergency"
    _description = "Emergency Access"

    role_id = fields.Many2one(
        "erp.role", required=True, default=lambda self: self._default_role_id()
    )
    candidate_ids = fields.Many2many("erp.role", compute="_compute_candidate_ids")
    hours = fields.Float(required=True, default=1.0)
    hours_max = fields.Float(compute="_compute_candidate_ids", string="At most (hours)")
    reason = fields.Text(required=True)

    @api.model
    def _candidates(self):
        """Return the roles that the user may take at once."""
        roles = self.env["erp.role"].search([("is_emergency", "=", True)])
        return roles.filtered(lambda role: role._may_use_in_emergency(self.env.user))

    @api.model
    def _default_role_id(self):
        """Return the role, where there is only one: nobody searches in an emergency."""
        roles = self._candidates()
        return roles if len(roles) == 1 else False

    @api.depends_context("uid")
    def _compute_candidate_ids(self):
        mine = self._candidates()
        for form in self:
            form.candidate_ids = mine
            form.hours_max = self._hours_max()

    @api.model
    def _hours_max(self):
        """Return for how many hours emergency access is given at most."""
        # sudo: a setting that concerns everybody
        value = self.env["ir.config_parameter"].sudo().get_param(HOURS)
        try:
            return min(max(float(value), 0.0), LONGEST) if value else DEFAULT_HOURS
        except ValueError:
            return DEFAULT_HOURS

    def action_start(self):
        """Take the role now: it is recorded, others are told, and it is reviewed.

        :raise AccessError: if the role is not for the user's emergencies
        :raise UserError: without reason, or for longer than the settings allow
        """
        self.ensure_one()
        request = self._start(self.role_id, self.hours, self.reason)
        return {
            "type": "ir.actions.act_window",
            "res_model": request._name,
            "res_id": request.id,
            "views": [(False, "form")],
        }

    @api.model
    def _start(self, role, hours, reason):
        user = self.env.user
        if self.env.su or not role._may_use_in_emergency(user):
            raise AccessError(
                self.env._(
                    "This role is not meant for your emergencies. Ask the access "
                    "managers."
                )
            )
        if not (reason or "").strip():
            raise UserError(self.env._("Write what the emergency is."))
        limit = self._hours_max()
        if not 0 < hours <= limit:
            raise UserError(
                self.env._(
                    "Emergency access is for up to %(hours)s hours.", hours=f"{limit:g}"
                )
            )
        self._check_before(user, role, hours, limit)
        now = fields.Datetime.now()
        requests = self.env["erp.access.request"]
        request = requests._emergency(role, now, now + timedelta(hours=hours), reason)
        return request

    @api.model
    def _check_before(self, user, role, hours, limit):
        """Check what the person has taken before: hours do not add up unreviewed.

        :raise UserError: if it is in force still, or would be too long altogether
        """
        # sudo: also of companies that the person has not switched to
        requests = self.env["erp.access.request"].sudo()
        before = requests.search(
            [
                ("user_id", "=", user.id),
                ("role_id", "=", role.id),
                ("state", "in", ("emergency", "review")),
            ]
        )
        if "emergency" in before.mapped("state"):
            raise UserError(self.env._("You have this emergency access already."))
        periods = [request._emergency_period() for request in before]
        used = sum((end - begin).total_seconds() / 3600 for begin, end in periods)
        # minutes are not counted: whoever has ended early may begin again
        if hours > limit - used + 0.1:
            raise UserError(
                self.env._(
                    "You have used %(used)s of %(hours)s hours of this emergency "
                    "access. You may take it again for longer when what you did has "
                    "been reviewed.",
                    used=f"{used:.1f}",
                    hours=f"{limit:g}",
                )
            )
