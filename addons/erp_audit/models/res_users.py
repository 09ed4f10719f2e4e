from odoo import api, models
from odoo.exceptions import AccessDenied
from odoo.http import request

from ..ratelimit import RateLimit

# failed attempts that are recorded one by one, for a login from an address
FAILED = RateLimit(20, 60)
# uses of a password or key by programs: once an hour says enough
USED = RateLimit(1, 3600)


class ResUsers(models.Model):
    _inherit = "res.users"

    def _login(self, credential, user_agent_env):
        """Override to record who logs in, and who tries to."""
        try:
            result = super()._login(credential, user_agent_env)
        except AccessDenied as error:
            self._log_failed_login(error, credential)
            raise
        # sudo: bookkeeping of the audit, nobody is logged in yet
        user = self.sudo().browse(result["uid"])
        detail = {"type": str(credential.get("type")), "mfa": result.get("mfa")}
        self.env["erp.audit.event"]._log_now(
            "login", "res.users", user.id, detail, u=user.id, e=user.id, l=user.login
        )
        return result

    def _check_credentials(self, credential, env):
        """Override to record failed second factors, and passwords of programs."""
        try:
            result = super()._check_credentials(credential, env)
        except AccessDenied as error:
            # sudo: the login of whom somebody claims to be
            self._log_failed_login(error, {"login": self.sudo().login, **credential})
            raise
        if not (env or {}).get("interactive", True):
            self._log_use(result.get("uid"), "rpc")
        return result

    def _log_failed_login(self, error, credential):
        """Record an attempt with the login that was tried, never with the password."""
        if getattr(error, "erp_audit_recorded", False):
            return
        error.erp_audit_recorded = True
        login = str(credential.get("login") or "")[:100]
        address = request.httprequest.remote_addr if request else ""
        left_out = FAILED.passes((self.env.cr.dbname, login, address))
        if left_out is None:
            return
        detail = {"login": login, "type": str(credential.get("type"))[:20]}
        if left_out:
            detail["left_out"] = left_out
        # sudo: whether there is such a person at all
        user = self.sudo().search(self._get_login_domain(login), limit=1)
        self.env["erp.audit.event"]._log_apart(
            "login_failed", "res.users", user.id, detail, l=login, u=user.id or None
        )

    def _log_use(self, uid, scope):
        """Record that a program has let itself in."""
        address = request.httprequest.remote_addr if request else ""
        left_out = USED.passes((self.env.cr.dbname, uid, scope, address))
        if uid and left_out is not None:
            self.env["erp.audit.event"]._log_apart(
                "key_used", "res.users", uid, {"scope": scope}, u=uid, l=None
            )

    def write(self, vals):
        """Override to record changes of rights and of the second factor in words."""
        factor = "totp_secret" in vals
        with self.env["res.groups"]._recording_rights(vals, self):
            result = super().write(vals)
        if factor:
            for user in self:
                self.env["erp.audit.event"]._log(
                    "second_factor",
                    "res.users",
                    user.id,
                    {"kind": "totp", "on": bool(vals["totp_secret"])},
                )
        return result

    @api.model_create_multi
    def create(self, vals_list):
        """Override to record the rights of new users in words."""
        users = super().create(vals_list)
        users.env["res.groups"]._record_rights({}, users)
        return users
