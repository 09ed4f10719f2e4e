from odoo import http
from odoo.http import request

from odoo.addons.web.controllers.session import Session


class AuditSession(Session):
    @http.route()
    def destroy(self):
        """Override to record who leaves."""
        self._log_logout()
        return super().destroy()

    @http.route()
    def logout(self, redirect="/odoo"):
        """Override to record who leaves."""
        self._log_logout()
        return super().logout(redirect)

    def _log_logout(self):
        if request.session.uid:
            uid = request.session.uid
            request.env["erp.audit.event"]._log_apart("logout", "res.users", uid)
