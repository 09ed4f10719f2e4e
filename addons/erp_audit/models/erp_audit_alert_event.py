from odoo import api, models
from odoo.http import request
from odoo.modules import module

# events that critical rules listen to: the engine is woken with the commit
AT_ONCE = frozenset(
    {
        "audit_default_partition",
        "audit_verification_failed",
        "become_superuser",
        "code_on_trail",
        "context_forged",
        "rights",
        "second_factor",
        "trigger",
    }
)


class ErpAuditEvent(models.AbstractModel):
    _inherit = "erp.audit.event"

    @api.model
    def _log(self, event, model=None, res_id=None, detail=None, cr=None, **who):
        """Override to name the device of a login, and to wake the alert engine.

        The engine is woken by the transaction that records the event: it looks once
        that is committed, in a transaction and a process of its own.
        """
        if event == "login" and request:
            detail = {**(detail or {}), **self._device()}
        result = super()._log(event, model, res_id, detail, cr, **who)
        if event in AT_ONCE and self._is_running():
            env = self.env(cr=cr) if cr else self.env
            env["erp.audit.alert.engine"]._wake()
        return result

    @api.model
    def _is_running(self):
        """Return whether the system is at work, not being installed."""
        return self.env.registry.ready or bool(module.current_test)

    @api.model
    def _device(self):
        """Return the kind of device that a person sits at, and in which country.

        The country is known where Odoo has a database of addresses.
        """
        agent = request.httprequest.user_agent
        names = [agent.platform, agent.browser]
        device = " ".join(str(name)[:20] for name in names if name)
        try:
            country = request.geoip.country.iso_code
        except ValueError:
            # behind some proxies the address is none
            country = None
        found = {"device": device, "country": country}
        return {name: value for name, value in found.items() if value}
