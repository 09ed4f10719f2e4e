from odoo import api, models
from odoo.modules import module
from odoo.sql_db import Cursor

from ..context import describe
from ..ratelimit import RateLimit

DENIED = RateLimit(5, 60)


class ErpAuditEvent(models.AbstractModel):
    """Attempts that were refused."""

    _inherit = "erp.audit.event"

    @api.model
    def _denied_by(self, error):
        """Record the refusal that ends a request, unless it is recorded already."""
        if getattr(error, "erp_audit_recorded", False):
            return
        model, _dot, method = (describe(self.env)["a"] or "").rpartition(".")
        if model not in self.env:
            model, method = None, "request"
        self._denied(model, method)

    @api.model
    def _refused(self, error, model, operation, ids=()):
        """Record a refusal that is about to be raised; return it."""
        error.erp_audit_recorded = True
        self._denied(model, operation, ids, error=error)
        return error

    @api.model
    def _denied_and_caught(self, error):
        """Record a refusal of a person that the page turns into something polite."""
        record = getattr(error, "erp_audit_record", None)
        if record:
            error.erp_audit_record = None
            record()

    @api.model
    def _denied(self, model, operation, ids=(), error=None, **detail):
        """Record that somebody was refused, once the refusal has undone what he did.

        A refusal that the code catches and lives with is none: it is recorded when the
        transaction is rolled back, and forgotten when it is committed.
        """
        env, cr = self.env, self.env.cr
        if isinstance(cr, Cursor) and module.current_test:
            # a test provokes it, and rolls back only when all its class has run
            return
        left_out = DENIED.passes((cr.dbname, env.uid, model, operation))
        if left_out is None:
            return
        detail = {"operation": operation, **self._some(ids), **detail}
        if left_out:
            detail["left_out"] = left_out

        who = describe(env)

        def record():
            self._log_apart("denied", model, detail=detail, **who)

        if error is None:
            cr.postrollback.add(record)
            return
        # once only, whether the error is caught or not
        error.erp_audit_record = record
        cr.postrollback.add(lambda: self._denied_and_caught(error))
