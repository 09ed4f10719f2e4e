import json

from odoo import http
from odoo.http import request

from odoo.addons.web.controllers.pivot import TableExporter
from odoo.addons.web.controllers.vcard import Partner


class AuditTableExporter(TableExporter):
    @http.route()
    def export_xlsx(self, data, **kw):
        """Override to record a pivot that leaves as a file."""
        if hasattr(data, "read"):
            text = data.read()
            data.seek(0)
        else:
            text = data
        try:
            facts = json.loads(text)
            model, title = facts.get("model"), facts.get("title")
        except (AttributeError, ValueError):
            model = title = None
        response = super().export_xlsx(data, **kw)
        detail = {"format": "pivot", "title": str(title or "")[:200]}
        model = model if isinstance(model, str) and model in request.env else None
        request.env["erp.audit.event"]._log_now("export", model, detail=detail)
        return response


class AuditVcard(Partner):
    @http.route()
    def download_vcard(self, partner_ids=None, partner=None, **kwargs):
        """Override to record contacts that leave as a file."""
        response = super().download_vcard(partner_ids, partner, **kwargs)
        ids = [int(part) for part in (partner_ids or "").split(",") if part.isdigit()]
        events = request.env["erp.audit.event"]
        detail = {"format": "vcard", **events._some(ids or partner.ids)}
        events._log_now("export", "res.partner", detail=detail)
        return response
