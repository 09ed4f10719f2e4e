import base64
import io
import os
import re

import qrcode
from werkzeug.urls import url_encode, url_quote

from odoo.http import Controller, request, route

from odoo.addons.auth_totp.models.totp import (
    ALGORITHM,
    DIGITS,
    TIMESTEP,
    TOTP_SECRET_SIZE,
)
from odoo.addons.web.controllers.utils import ensure_db

# under this key a session remembers the secret that is being set up
SECRET = "erp_audit_totp_secret"


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
                # a passkey is there already: it is what lets the person in
                return self._render({"passkey": True})
            return request.redirect("/web/login")
        user = request.env["res.users"].browse(session.uid)
        if user.sudo()._second_factor()[1]:  # sudo: of the person himself
            session.pop(SECRET, None)
            return request.redirect("/odoo")
        error = None
        secret = session.get(SECRET)
        if not secret:
            secret = base64.b32encode(os.urandom(TOTP_SECRET_SIZE // 8)).decode()
            session[SECRET] = secret
        if request.httprequest.method == "POST":
            digits = re.sub(r"\s", "", code or "")
            if digits.isdigit() and user._totp_try_setting(secret, int(digits)):
                session.pop(SECRET, None)
                return request.redirect("/odoo")
            error = request.env._(
                "This code is not right. Wait for the next one and type its six digits."
            )
        return self._render({"error": error, **self._picture(user, secret)})

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
        }

    def _render(self, values):
        response = request.render("erp_audit.second_factor", values)
        response.headers["Cache-Control"] = "no-store"
        return response
