from odoo import fields, models

from .. import reading


class IrBinary(models.AbstractModel):
    _inherit = "ir.binary"

    def _get_stream_from(self, record, field_name="raw", *args, **kwargs):
        """Override to note who downloads the files in fields of chosen documents."""
        stream = super()._get_stream_from(record, field_name, *args, **kwargs)
        marks = getattr(self.pool, "erp_audit_marks", None)
        if marks and record._name in marks[1]:
            # pictures of people and products are shown everywhere
            if not isinstance(record._fields[field_name], fields.Image):
                detail = {"field": field_name}
                reading.note(self.env, "download", record._name, record.ids, detail)
        return stream
