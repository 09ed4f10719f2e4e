import base64
import io
import json
import os
import re
import time

import qrcode
from werkzeug.urls import url_encode, url_quote

from odoo.exceptions import AccessDenied
from odoo.http import Controller, request, route

from odoo.addons.auth_passkey._vendor.webauthn.helpers import exceptions
from odoo.addons.auth_totp.models.totp import (
    ALGORITHM,
    DIGITS,
    TIMESTEP,
    TOTP_SECRET_SIZE,
)
from odoo.addons.web.controllers.utils import ensure_db

from ..models.res_users_access_factor import LOGGED_IN, PAGE

# under this key a session remembers the secret that is being set up
SECRET = "erp_audit_totp_secret"
# seconds after the login in which a second factor can be set up: later, whoever sits
# at a screen that was left open could make one of his own
RECENT = 15 * 60
# what a browser may answer wrongly
WRONG = (
    *(ValueError, TypeError, KeyError, AccessDenied),
    *(
        kind
        for kind in vars(exceptions).values()
        if isinstance(kind, type) and issubclass(kind, Exception)
    ),
)


class SecondFactor(Controller):
    """The page on which people set up the second factor that their role asks for."""

    @route(
        "/erp_audit/second_factor",
        type="http",
        auth="public",
        methods=["GET", "POST"],
        sitemap=False,
        # the frame of the login page is that of the website, where there is one
        website=True,
        multilang=False,
    )
    def erp_audit_second_factor(self, code=None, redirect=None, **_params):
        """Show the code to scan, and switch the second factor on.

        :param str code: six digits of the app
        """
        ensure_db()
        session = request.session
        if not session.uid:
            if session.get("pre_uid"):
                self._speak_to(session["pre_uid"])
                # a passkey is there already: it is what lets the person in
                return self._render({"passkey": True})
            return request.redirect("/web/login")
        self._speak_to(session.uid)
        user = self._held()
        if not user:
            session.pop(SECRET, None)
            return request.redirect("/odoo")
        if not self._is_recent():
            return self._log_in_again()
        error = None
        secret = session.get(SECRET) or self._new_secret()
        if request.httprequest.method == "POST":
            digits = re.sub(r"\s", "", code or "")
            if digits.isdigit() and user._totp_try_setting(secret, int(digits)):
                session.pop(SECRET, None)
                return request.redirect("/odoo")
            error = request.env._(
                "This code is not right. Wait for the next one and type its six digits."
            )
        return self._render({"error": error, **self._picture(user, secret)})

    def _speak_to(self, uid):
        """Show the page in the language of the person, not of the public website."""
        # sudo: of the person who is at this page
        request.update_context(lang=request.env["res.users"].sudo().browse(uid).lang)

    @route(
        "/erp_audit/second_factor/passkey/start",
        type="jsonrpc",
        auth="public",
    )
    def erp_audit_passkey_start(self):
        """Return what the browser needs to make a passkey of this device."""
        if not self._held() or not self._is_recent():
            raise AccessDenied
        return request.env["auth.passkey.key"]._start_registration()

    @route(
        "/erp_audit/second_factor/passkey",
        type="http",
        auth="public",
        methods=["POST"],
        sitemap=False,
        website=True,
        multilang=False,
    )
    def erp_audit_passkey(self, registration=None, **_params):
        """Keep the passkey that the browser has made as the second factor.

        :param str registration: what the browser answered, as JSON
        """
        user = self._held()
        if not user:
            return request.redirect("/odoo")
        if not self._is_recent():
            return self._log_in_again()
        self._speak_to(user.id)
        try:
            self._keep_passkey(json.loads(registration or ""))
        except WRONG:
            error = request.env._("The passkey could not be made. Please try again.")
            secret = request.session.get(SECRET) or self._new_secret()
            return self._render({"error": error, **self._picture(user, secret)})
        request.session.pop(SECRET, None)
        return request.redirect("/odoo")

    def _keep_passkey(self, registration):
        """Make the passkey as Odoo does in the preferences."""
        if not isinstance(registration, dict) or not registration:
            raise ValueError("no registration")
        name = request.env._("Made at the login")
        form = request.env["auth.passkey.key.create"].create({"name": name})
        # who has no second factor yet has just logged in with all that he has: Odoo
        # would ask for the same password again
        type(form).make_key.__wrapped__(form, registration)

    def _held(self):
        """Return the person of the session whose role asks for what he has not got.

        Nobody else sets a second factor up here: in the preferences Odoo asks for the
        password.
        """
        user = request.env["res.users"].browse(request.session.uid or ())
        # sudo: what concerns the person of the session himself
        if user and user.sudo()._second_factor_due() is not None:
            return user
        return user.browse()

    def _is_recent(self):
        """Return whether the person has shown just now who he is."""
        session = request.session
        shown = max(session.get(LOGGED_IN, 0), session.get("identity-check-last", 0))
        return shown > time.time() - RECENT

    def _log_in_again(self):
        """Ask the person of an older session for the password, and come back here."""
        request.session.logout(keep_db=True)
        return request.redirect_query("/web/login", {"redirect": PAGE})

    def _new_secret(self):
        secret = base64.b32encode(os.urandom(TOTP_SECRET_SIZE // 8)).decode()
        request.session[SECRET] = secret
        return secret

    def _picture(self, user, secret):
        issuer = request.httprequest.host.split(":", 1)[0]
        query = url_encode(
            {
                "secret": secret,
                "issuer": issuer,
                "algorithm": ALGORITHM.upper(),
                "digits": DIGITS,
                "period": TIMESTEP,
            }
        )
        label = url_quote(f"{issuer}:{user.login}", safe=":")
        data = io.BytesIO()
        picture = qrcode.make(f"otpauth://totp/{label}?{query}".encode(), box_size=4)
        picture.save(data, optimise=True, format="PNG")
        return {
            "qrcode": base64.b64encode(data.getvalue()).decode(),
            "secret": " ".join(re.findall(".{1,4}", secret)),
            "login": user.login,
            "later": not user.sudo()._second_factor_overdue(),  # sudo: of himself
        }

    def _render(self, values):
        response = request.render("erp_audit.second_factor", values)
        response.headers["Cache-Control"] = "no-store"
        return response
