from odoo import models
from odoo.http import request

from .res_users import FAILED


class ResUsersApikeys(models.Model):
    _inherit = "res.users.apikeys"

    def _check_credentials(self, *, scope, key):
        """Override to record keys that are used, and keys that are not good."""
        uid = super()._check_credentials(scope=scope, key=key)
        users = self.env["res.users"]
        if uid:
            users._log_use(uid, f"key: {scope}")
            return uid
        if not self._is_alone():
            # a password that is tried as a key first: not counted with the keys
            return uid
        address = request.httprequest.remote_addr if request else ""
        left_out = FAILED.passes((self.env.cr.dbname, "api key", address))
        if left_out is not None:
            detail = {"type": "api_key", "scope": scope, "left_out": left_out}
            self.env["erp.audit.event"]._log_apart(
                "login_failed", "res.users", None, detail, u=None, l=None
            )
        return uid

    def _is_alone(self):
        """Return whether the key was all there was: a password may still be good."""
        if not request:
            return False
        return "Authorization" in request.httprequest.headers
