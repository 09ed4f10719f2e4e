from odoo import http
from odoo.http import request

from odoo.addons.web.controllers.home import Home

from ..context import BECAME


class AuditHome(Home):
    @http.route()
    def switch_to_admin(self):
        """Override to record who becomes superuser, and to remember him."""
        before = request.session.uid
        response = super().switch_to_admin()
        if request.session.uid != before:
            request.session.setdefault(BECAME, before)
            request.env["erp.audit.event"]._log_apart(
                "become_superuser", "res.users", before, u=before
            )
        return response
