from odoo import api, models

from .. import reading


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    @api.model
    def _render_qweb_pdf(self, report_ref, res_ids=None, data=None):
        """Override to note who prints what."""
        self._note_printing(report_ref, res_ids, "pdf")
        return super()._render_qweb_pdf(report_ref, res_ids=res_ids, data=data)

    @api.model
    def _render_qweb_html(self, report_ref, docids, data=None):
        """Override to note who prints what."""
        self._note_printing(report_ref, docids, "html")
        return super()._render_qweb_html(report_ref, docids, data=data)

    @api.model
    def _render_qweb_text(self, report_ref, docids, data=None):
        """Override to note who prints what."""
        self._note_printing(report_ref, docids, "text")
        return super()._render_qweb_text(report_ref, docids, data=data)

    def _note_printing(self, report_ref, ids, kind):
        """Note that a report of documents whose printing is recorded is made."""
        marks = getattr(self.pool, "erp_audit_marks", None)
        if not marks or not marks[1]:
            return
        report = self._get_report(report_ref)
        if report.model in marks[1]:
            ids = [ids] if isinstance(ids, int) else list(ids or [])
            detail = {"report": report.report_name, "format": kind}
            reading.note(self.env, "print", report.model, ids, detail)
