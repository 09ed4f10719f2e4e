import time
from datetime import timedelta

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessDenied
from odoo.http import request
from odoo.tools import SQL, ormcache

GRACE = "erp_audit.second_factor_days"
# more days than these are a slip: they must not lock people out
LONGEST = 3650
PAGE = "/erp_audit/second_factor"
# a person whose only second factor is a passkey logs in with it
PASSKEY = "erp_audit_passkey"
# under this key a session remembers when its person has logged in
LOGGED_IN = "erp_audit_logged_in"


class ResUsers(models.Model):
    """Second factor by role: who must have one, and since when.

    An authenticator app or a passkey counts. Who has only a passkey cannot log in
    with the password alone any more. Programs use API keys: a key is a secret of its
    own, made by somebody who was let in with the second factor, and it is revoked by
    itself; passwords of people who need a second factor open nothing for programs.
    """

    _inherit = "res.users"

    @ormcache("self.id")
    def _second_factor(self):
        """Return what the person needs and has.

        :return: ``(since, has_app, has_passkey)``: the timestamp from which a second
            factor is required, or None if it is not
        """
        self.env["erp.access.grant"].flush_model()
        self.env["erp.role"].flush_model()
        [(since, has_app, has_passkey)] = self.env.execute_query(
            SQL(
                """SELECT (SELECT min(g.started_on) FROM erp_access_grant g
                             JOIN erp_role r ON r.id = g.role_id
                            WHERE g.user_id = %(uid)s AND g.state = 'active'
                              AND r.requires_second_factor),
                          (SELECT totp_secret IS NOT NULL FROM res_users
                            WHERE id = %(uid)s),
                          EXISTS (SELECT 1 FROM auth_passkey_key
                                   WHERE create_uid = %(uid)s)""",
                uid=self.id,
            )
        )
        if not since:
            return None, bool(has_app), has_passkey
        # sudo: a setting that concerns everybody
        value = self.env["ir.config_parameter"].sudo().get_param(GRACE, "0")
        days = min(int(value), LONGEST) if str(value).isdecimal() else 0
        return (since + timedelta(days=days)).timestamp(), bool(has_app), has_passkey

    def _second_factor_overdue(self):
        """Return whether the person must set a second factor up before going on."""
        if not self.id or self.id == SUPERUSER_ID:
            return False
        since, has_app, has_passkey = self._second_factor()
        return bool(
            since
            and not has_app
            and not has_passkey
            and since <= fields.Datetime.now().timestamp()
        )

    def _second_factor_due(self):
        """Return the moment by which a second factor is needed, or None."""
        since, has_app, has_passkey = self._second_factor()
        return None if has_app or has_passkey else since

    def _needs_passkey(self):
        """Return whether only a passkey lets the person in."""
        if not self.id:
            return False
        since, has_app, has_passkey = self._second_factor()
        return bool(since and has_passkey and not has_app)

    # -- logging in --------------------------------------------------------------------

    def _login(self, credential, user_agent_env):
        """Override to remember when a person has shown who he is."""
        result = super()._login(credential, user_agent_env)
        if request and (user_agent_env or {}).get("interactive", True):
            request.session[LOGGED_IN] = time.time()
        return result

    def _mfa_type(self):
        """Override: whose role asks for more than a password and has a passkey."""
        result = super()._mfa_type()
        if result in (None, "totp_mail") and len(self) == 1 and self._needs_passkey():
            return PASSKEY
        return result

    def _mfa_url(self):
        """Override to lead to the page that asks for the passkey."""
        if self._mfa_type() == PASSKEY:
            return PAGE
        return super()._mfa_url()

    def _rpc_api_keys_only(self):
        """Override: programs of people with such a role have keys, no passwords."""
        self.ensure_one()
        return (
            self._second_factor_overdue()
            or self._needs_passkey()
            or super()._rpc_api_keys_only()
        )

    def _check_credentials(self, credential, env):
        """Override to tell programs why a password is not enough."""
        try:
            return super()._check_credentials(credential, env)
        except AccessDenied as error:
            user = self.env.user
            if (env or {}).get("interactive", True) or not (
                user._second_factor_overdue() or user._needs_passkey()
            ):
                raise
            # whether the password was right is not told
            raise AccessDenied(
                self.env._(
                    "This account needs a second factor. Log in with a browser to set "
                    "it up, and use an API key for programs."
                )
            ) from error

    @api.model
    def _check_uid_passwd(self, uid, passwd):
        """Override: a password that was good enough a while ago may not be now."""
        result = super()._check_uid_passwd(uid, passwd)
        # sudo: before access is known
        user = self.sudo().browse(uid)
        if user._second_factor_overdue():
            user = self.with_user(uid).env.user
            credential = {"login": user.login, "password": passwd, "type": "password"}
            user._check_credentials(credential, {"interactive": False})
        self.env["erp.access.grant"]._catch_up()
        return result

    def write(self, vals):
        """Override: who sets a second factor up goes on at once."""
        result = super().write(vals)
        if "totp_secret" in vals:
            self.env.registry.clear_cache()
        return result
