from odoo import models
from odoo.http import request

from .. import reading

CONTENT = {"datas", "raw", "db_datas"}


class IrAttachment(models.Model):
    """Whose attachments leave the system, by whatever way."""

    _inherit = "ir.attachment"

    def _to_http_stream(self):
        """Override to note who downloads attachments of chosen documents."""
        stream = super()._to_http_stream()
        if not _is_thumbnail():
            self._note_download()
        return stream

    def _compute_raw(self):
        """Override to remember what a file that a request makes is made of."""
        result = super()._compute_raw()
        if request:
            self._note_download(reading.hold)
        return result

    def _read_format(self, fnames, load="_classic_read"):
        """Override to note what programs read."""
        if not self.env.su and not CONTENT.isdisjoint(fnames):
            self._note_download()
        return super()._read_format(fnames, load=load)

    def _note_download(self, note=reading.note):
        marks = getattr(self.pool, "erp_audit_marks", None)
        if not marks or not marks[1]:
            return
        # sudo: the documents of files that are handed out
        for file in self.sudo()._origin:
            # what a field holds is noted with its document
            if file.res_model in marks[1] and not file.res_field:
                detail = {"attachments": [{"id": file.id, "name": file.name}]}
                ids = [file.res_id] if file.res_id else []
                note(self.env, "download", file.res_model, ids, detail)


def _is_thumbnail():
    """Return whether a small picture is shown in a page."""
    if not request or not request.httprequest.path.startswith("/web/image"):
        return False
    return any(request.params.get(name) for name in ("width", "height"))
