from odoo import models
from odoo.http import request

from .. import reading


class IrBinary(models.AbstractModel):
    _inherit = "ir.binary"

    def _get_stream_from(self, record, *args, **kwargs):
        """Override to note who downloads attachments of chosen documents."""
        stream = super()._get_stream_from(record, *args, **kwargs)
        marks = getattr(self.pool, "erp_audit_marks", None)
        if marks and marks[1] and record._name == "ir.attachment":
            # sudo: the document of a file that was just handed out
            file = record.sudo()
            if file.res_model in marks[1] and not self._is_picture(file):
                detail = {"attachments": [{"id": file.id, "name": file.name}]}
                ids = [file.res_id] if file.res_id else []
                reading.note(self.env, "download", file.res_model, ids, detail)
        return stream

    def _is_picture(self, file):
        """Return whether a file is shown in a page rather than downloaded."""
        path = request.httprequest.path if request else ""
        return bool(file.res_field) or path.startswith("/web/image")
