import json
import logging

import psycopg2

from odoo import api, models
from odoo.tools.json import json_default

from ..context import clean, company_of, describe

_logger = logging.getLogger(__name__)

# ids of records that an event names at most
MANY = 1000

INSERT = """
INSERT INTO erp_audit_log
       (op, source, res_id, event, uid, real_uid, login, company, ip, session, route,
        action, diff)
SELECT 'e', %(source)s, %(res_id)s, %(event)s, %(e)s, %(u)s,
       coalesce(%(l)s, u.login),
       coalesce((SELECT r.cid FROM res_company_users_rel r
                  WHERE r.user_id = u.id AND r.cid = %(company)s), u.company_id),
       %(ip)s, %(s)s, %(r)s, %(a)s, %(diff)s
  FROM (SELECT 1) one LEFT JOIN res_users u ON u.id = %(u)s
"""


class ErpAuditEvent(models.AbstractModel):
    """What is recorded besides changed rows: logins, exports, printing, reads."""

    _name = "erp.audit.event"
    _description = "Audit Event"

    @api.model
    def _log(self, event, model=None, res_id=None, detail=None, cr=None, **who):
        """Record an event in the present transaction, or on another cursor.

        :param str event: code of the event, such as ``login`` or ``export``
        :param str model: name of the model concerned, if there is one
        :param int res_id: record concerned, if there is one
        :param dict detail: further facts, as plain data
        :param cr: cursor to use instead of that of the environment
        :param who: ``u``, ``l``, ``a`` of the context where the caller knows better
        """
        env = self.env(cr=cr) if cr else self.env
        values = dict.fromkeys(("l", "ip", "s", "r")) | describe(self.env) | clean(who)
        values.setdefault("u", values["e"])
        # sudo: bookkeeping of the audit, whoever acts
        source = env["erp.audit.source"].sudo()._number(model) if model else 0
        env.cr.execute(
            INSERT,
            {
                **values,
                "source": source,
                "res_id": res_id or None,
                "event": event,
                "company": company_of(self.env),
                "diff": json.dumps(clean(detail or {}), default=json_default),
            },
        )

    @api.model
    def _log_apart(self, event, model=None, res_id=None, detail=None, **who):
        """Record an event that stays, whatever becomes of the present transaction."""
        if self.env.cr.readonly:
            # what was read is in the answer already; frees the connection in tests
            self.env.cr.rollback()
        try:
            with self.env.registry.cursor() as cr:
                self._log(event, model, res_id, detail, cr=cr, **who)
        except psycopg2.Error:
            # what is going on must not depend on a second connection
            _logger.exception("The event %s could not be recorded", event)

    @api.model
    def _log_now(self, event, model=None, res_id=None, detail=None, **who):
        """Record an event with the present transaction, if that can write at all."""
        log = self._log_apart if self.env.cr.readonly else self._log
        log(event, model, res_id, detail, **who)

    @api.model
    def _some(self, ids):
        """Return the ids that an event names, and how many there were."""
        ids = [number for number in ids if isinstance(number, int)]
        return {"count": len(ids), "ids": ids[:MANY]}
