import json

from odoo.http import Request
from odoo.tests import HttpCase, new_test_user

from ..models.erp_audit_event_denied import DENIED
from ..models.res_users import FAILED, USED
from .common import AuditCase


class AuditHttpCase(HttpCase):
    """Anna's requests as a browser sends them, and what is recorded of them."""

    groups = "base.group_user,base.group_partner_manager"

    _rule = classmethod(AuditCase._rule.__func__)
    _mark = AuditCase._mark
    _records = AuditCase._records
    _one = AuditCase._one

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.anna = new_test_user(cls.env, "anna", cls.groups, password="annaanna")

    def setUp(self):
        super().setUp()
        for limit in (FAILED, USED, DENIED):
            limit._seen.clear()
        self._mark()

    def _call(self, model, method, *args, **kwargs):
        return self.make_jsonrpc_request(
            f"/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": args, "kwargs": kwargs},
        )

    def _export(self, domain):
        """Export the names of contacts to a file, as the web client does."""
        data = {
            "model": "res.partner",
            "fields": [{"name": "name", "label": "Name"}],
            "ids": False,
            "domain": domain,
            "import_compat": False,
        }
        self.url_open(
            "/web/export/csv",
            data={"data": json.dumps(data), "csrf_token": Request.csrf_token(self)},
        ).raise_for_status()
