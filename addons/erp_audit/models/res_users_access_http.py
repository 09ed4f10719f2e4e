from datetime import UTC, datetime

from werkzeug.exceptions import abort

from odoo import fields, http, models
from odoo.http import request

from .res_users_access_factor import PAGE

# what somebody without the second factor that his role asks for still reaches
OPEN = (
    PAGE,
    "/web/login",
    "/web/session/logout",
    "/web/session/destroy",
    "/web/assets/",
    "/web/webclient/translations",
    "/web/binary/company_logo",
    "/auth/passkey/",
)


class IrHttp(models.AbstractModel):
    """Each request: access that is over ends now; second factors are asked for."""

    _inherit = "ir.http"

    @classmethod
    def _authenticate_explicit(cls, auth):
        """Override: rights that are over are over, and a second factor is set up.

        Costs no query: what is due, and who lacks a second factor, is kept in memory.
        """
        result = super()._authenticate_explicit(auth)
        # the route of the web client asks for nobody, and looks at the session itself
        uid = request.session.uid
        if not uid and not request.env.uid:
            return result
        request.env["erp.access.grant"]._catch_up()
        if uid and not cls._is_open(request.httprequest.path):
            # sudo: what concerns the person of the session himself
            user = request.env["res.users"].sudo().browse(uid)
            if user._second_factor_overdue():
                cls._lead_to_second_factor()
        return result

    def session_info(self):
        """Override to tell the screen until when a second factor has to be set up."""
        result = super().session_info()
        # sudo: what concerns the person of the session himself
        due = self.env.user.sudo()._second_factor_due() if request.session.uid else None
        if due:
            moment = fields.Datetime.to_string(datetime.fromtimestamp(due, UTC))
            result["erp_second_factor_due"] = moment
        emergency = self._emergency_in_force() if request.session.uid else None
        if emergency:
            result["erp_emergency"] = emergency
        return result

    def _emergency_in_force(self):
        """Return the emergency access that the person has now, for a notice.

        Costs no query while nobody has any: who has is kept in memory.
        """
        people, _names = self.env["erp.access.grant"]._emergencies()
        if self.env.uid not in people:
            return None
        # sudo: of the person of the session himself
        grant = self.env["erp.access.grant"].sudo()
        grant = grant.search(
            [
                ("user_id", "=", self.env.uid),
                ("state", "=", "active"),
                ("origin", "=", "emergency"),
            ],
            order="date_to desc",
            limit=1,
        )
        return {
            "role": grant.what,
            "until": fields.Datetime.to_string(grant.date_to),
            "request": grant.request_id.id,
        }

    @classmethod
    def _is_open(cls, path):
        return any(
            path == item or path.startswith(item.rstrip("/") + "/") for item in OPEN
        )

    @classmethod
    def _lead_to_second_factor(cls):
        """Send people to the page that sets it up; screens already open to a reload."""
        if request.dispatcher.routing_type == "http":
            abort(request.redirect(PAGE))
        raise http.SessionExpiredException(
            request.env._(
                "Your role asks for a second factor. Reload the page to set it up."
            )
        )
