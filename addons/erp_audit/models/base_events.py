import json

from odoo import api, models
from odoo.exceptions import AccessError
from odoo.http import request

from .. import reading


class Base(models.AbstractModel):
    """Exports, reads of sensitive documents, and fields that are refused."""

    _inherit = "base"

    # whether no other addon has a say in the access to the fields of all models;
    # set for a whole registry by _mark_field_checks
    _audit_asks_core_only = False

    def _mark_field_checks(self):
        """Note whether the access to fields can be asked for on the short way."""
        base = self.env.registry["base"]
        owners = {c for c in base.__mro__ if "_check_field_access" in vars(c)}
        base._audit_asks_core_only = owners == {Base, models.BaseModel}

    def _note_read(self, ids=(), detail=None):
        """Note a read, if the reading of these documents is recorded."""
        marks = getattr(self.pool, "erp_audit_marks", None)
        if marks and self._name in marks[0] and reading.is_person(self.env):
            # not what is not saved yet
            known = tuple(filter(None, ids))
            if known or not ids:
                reading.note(self.env, "read", self._name, known, detail)

    def _fetch_query(self, query, fields):
        """Override to note reads of the documents whose reading is recorded."""
        records = super()._fetch_query(query, fields)
        if records:
            records._note_read(records._ids)
        return records

    def _read_format(self, fnames, load="_classic_read"):
        """Override to note reads of what was fetched with other rights before."""
        if self._ids:
            self._note_read(self._ids)
        return super()._read_format(fnames, load=load)

    @api.model
    @api.readonly
    def search_count(self, domain, limit=None):
        """Override to note questions that are asked by counting."""
        self._note_read((), {"groups": True})
        return super().search_count(domain, limit=limit)

    def _read_group(self, domain, *args, **kwargs):
        """Override to note sums over the documents whose reading is recorded."""
        result = super()._read_group(domain, *args, **kwargs)
        self._note_read((), {"groups": True})
        return result

    def _read_grouping_sets(self, domain, *args, **kwargs):
        """Override to note sums over the documents whose reading is recorded."""
        result = super()._read_grouping_sets(domain, *args, **kwargs)
        self._note_read((), {"groups": True})
        return result

    def export_data(self, fields_to_export):
        """Override to record what is taken out, and by which filter."""
        result = super().export_data(fields_to_export)
        events = self.env["erp.audit.event"]
        detail = {
            **events._some(self.ids),
            "fields": list(fields_to_export)[:200],
            **self._export_filter(),
        }
        events._log_now("export", self._name, detail=detail)
        return result

    def _export_filter(self):
        """Return the filter of the export that the web client asks for."""
        if not request or not request.httprequest.path.startswith("/web/export/"):
            return {}
        try:
            params = json.loads(request.params["data"])
            return {
                "domain": params.get("domain") or [],
                "selected": bool(params.get("ids")),
                "format": request.httprequest.path.rpartition("/")[2],
            }
        except (AttributeError, KeyError, TypeError, ValueError):
            return {}

    def _check_field_access(self, field, operation):
        """Override to record that a field was refused."""
        # Asked hundreds of times in a request: the way through super(), past all that
        # extends every model, takes ten times as long as the answer.
        if self._audit_asks_core_only and self._has_field_access(field, operation):
            return
        try:
            return super()._check_field_access(field, operation)
        except AccessError as error:
            error.erp_audit_recorded = True
            self.env["erp.audit.event"]._denied(
                self._name, operation, self.ids, field=field.name
            )
            raise
