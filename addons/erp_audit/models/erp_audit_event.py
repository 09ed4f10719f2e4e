import json

from odoo import api, models
from odoo.tools.json import json_default

from ..context import describe


class ErpAuditEvent(models.AbstractModel):
    """What is recorded besides changed rows: logins, exports, printing, reads."""

    _name = "erp.audit.event"
    _description = "Audit Event"

    @api.model
    def _log(self, event, model=None, res_id=None, detail=None, cr=None):
        """Record an event in the present transaction, or on another cursor.

        :param str event: code of the event, such as ``login`` or ``export``
        :param str model: name of the model concerned, if there is one
        :param int res_id: record concerned, if there is one
        :param dict detail: further facts, as plain data
        :param cr: cursor to use instead of that of the environment
        """
        context = describe(self.env)
        # sudo: bookkeeping of the audit, whoever acts
        source = self.env["erp.audit.source"].sudo()._number(model) if model else 0
        (cr or self.env.cr).execute(
            """INSERT INTO erp_audit_log
                   (op, source, res_id, event, uid, real_uid, login, company, ip,
                    session, route, action, diff)
               VALUES ('e', %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)""",
            [
                source,
                res_id,
                event,
                context["e"],
                context["u"],
                context.get("l"),
                context["c"],
                context.get("ip"),
                context.get("s"),
                context.get("r"),
                context["a"],
                json.dumps(detail or {}, default=json_default),
            ],
        )
