import json

from .common import AuditCase

INSERT = """
INSERT INTO erp_audit_log (id, ts, tx, op, source, res_id, real_uid, uid, login, action,
                           event, diff)
VALUES (coalesce(%(id)s, nextval('erp_audit_log_id_seq')), %(ts)s, %(tx)s, %(op)s,
        %(source)s, %(res_id)s, %(uid)s, %(uid)s, %(login)s, %(action)s, %(event)s,
        %(diff)s)
"""


class HistoryCase(AuditCase):
    """The history of a document, and operations that other transactions made."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("zh_CN")

    def setUp(self):
        super().setUp()
        self.next_operation = 10**12

    def _history(self, record, user=None, method="load_page", args=(), **context):
        """Return what the screen asks for, as a person."""
        self.env.flush_all()
        model = self.env["erp.audit.history"].with_user(user or self.auditor)
        model = model.with_context(**context)
        return getattr(model, method)(record._name, record.id, *args)

    def _entries(self, record, user=None, **context):
        return self._history(record, user, **context)["entries"]

    def _lines(self, entry, name=None):
        """Return ``{label: (old, new)}`` of the document, or of the line of a name."""
        found = {}
        for group in entry["groups"]:
            if group["name"] == name if name else group["root"]:
                for value in group["values"]:
                    found[value["label"]] = (value.get("old"), value.get("new"))
        return found

    def _operate(self, record, diff, op="w", user=None, **values):
        """Record an operation as another transaction would have."""
        self.next_operation += 1
        user = user or self.anna
        values = {
            "id": None,
            "ts": "2026-11-20 10:00:00",
            "tx": self.next_operation,
            "op": op,
            "source": self.env["erp.audit.source"]._number(record._name),
            "res_id": record.id,
            "uid": user.id,
            "login": user.login,
            "event": None,
            "action": f"{record._name}.web_save",
            "diff": json.dumps(diff),
            **values,
        }
        self.env.cr.execute(INSERT, values)
        return values["tx"]
