import base64
import io
import json
import zipfile
from pathlib import Path

import xlsxwriter

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..proof_selection import Selection

# records of one export at most: what a spreadsheet and a reader can still handle
LIMIT = 20_000
CHUNK = 1000
SCRIPT = Path(__file__).parent.parent / "static" / "verify_proof.py"
SHEET = "audit-trail.xlsx"
WIDTHS = (12, 20, 20, 20, 14, 34, 80, 28, 16, 20, 14, 16)


class ErpAuditExport(models.TransientModel):
    """An Excel file of records in words, with a proof that they are what was sealed.

    For auditors: a proof holds all values, also those that others may not see.
    """

    _name = "erp.audit.export"
    _description = "Export with Proof"

    # what to export: the records chosen in the list, or all that its filter finds
    record_ids = fields.Json(readonly=True)
    domain = fields.Char(readonly=True)
    number = fields.Integer(string="Records", compute="_compute_number")
    is_too_many = fields.Boolean(compute="_compute_number")
    limit = fields.Integer(compute="_compute_number")
    content = fields.Binary(readonly=True, attachment=False)
    file_name = fields.Char(readonly=True)
    waiting = fields.Integer(string="Not sealed yet", readonly=True)

    @api.depends("record_ids", "domain")
    def _compute_number(self):
        for export in self:
            number = len(export._ids_to_export(LIMIT + 1))
            export.number = min(number, LIMIT)
            export.is_too_many = number > LIMIT
            export.limit = LIMIT

    @api.model
    def _open(self, ids, domain):
        """Return the action that asks before exporting.

        :param ids: records chosen in the list, if any
        :param domain: the filter of the list
        """
        export = self.create(
            {
                "record_ids": list(ids) or False,
                "domain": json.dumps(list(domain or []), default=str),
            }
        )
        return export._action_show()

    def _action_show(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Export with proof"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
        }

    def _ids_to_export(self, limit):
        """Return the ids of what to export, as the reader may read it."""
        records = self.env["erp.audit.record"]
        if self.record_ids:
            domain = [("id", "in", self.record_ids[:limit])]
        else:
            domain = json.loads(self.domain or "[]")
        return list(records._search(Domain(domain), order="id desc", limit=limit))

    def action_export(self):
        """Make the file.

        :return: action that offers it
        :raise UserError: if there are too many records, or none
        """
        self.ensure_one()
        self.env["erp.audit.record"].check_access("read")
        ids = self._ids_to_export(LIMIT + 1)
        if not ids:
            raise UserError(
                self.env._("The filter finds no records. Change it, and export again.")
            )
        if len(ids) > LIMIT:
            raise UserError(
                self.env._(
                    "There are more than %s records. Choose a shorter period or "
                    "fewer kinds of documents, and export them one after the other.",
                    LIMIT,
                )
            )
        selection = Selection(self.env.cr, ids)
        self._check_intact(selection)
        sheet = self._sheet(ids, selection)
        moment = fields.Datetime.now()
        proof = selection.proof(
            SHEET,
            sheet,
            by=self.env.user.login,
            made=moment.isoformat(),
            filter=self.domain if not self.record_ids else "",
        )
        self._record_export(selection, json.loads(proof["manifest"]))
        self.write(
            {
                "content": base64.b64encode(self._zip(sheet, proof)),
                "file_name": f"audit-trail-{moment:%Y%m%d-%H%M%S}.zip",
                "waiting": len(selection.unsealed),
            }
        )
        return self._action_show()

    def _check_intact(self, selection):
        """Refuse to export what is not what was sealed."""
        if selection.wrong:
            raise UserError(
                self.env._(
                    "%(number)s of the records are not what was sealed, such as "
                    "%(record)s. Nothing was exported: check the trail (Proof / "
                    "Checks) first.",
                    number=len(selection.wrong),
                    record=selection.wrong[0],
                )
            )

    def _record_export(self, selection, manifest):
        """Record that a part of the trail was taken out."""
        events = self.env["erp.audit.event"]
        names = ("file_sha256", "filter", "records")
        detail = {name: manifest[name] for name in names}
        detail |= {"unsealed": len(selection.unsealed)}
        detail |= events._some(list(selection.texts))
        events._log("audit_export", "erp.audit.record", detail=detail)

    # -- the file ----------------------------------------------------------------------

    def _zip(self, sheet, proof):
        """Return the archive: list, proof, and how to check it."""
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(SHEET, sheet)
            archive.writestr(
                "proof.json", json.dumps(proof, indent=1, ensure_ascii=False)
            )
            archive.writestr(SCRIPT.name, SCRIPT.read_text())
            archive.writestr("README.txt", self._readme())
        return file.getvalue()

    def _readme(self):
        return self.env._(
            "To check without Odoo that these records are what was sealed:\n\n"
            "    pip install cryptography\n"
            "    python3 verify_proof.py proof.json\n\n"
            "Compare the key that is printed with the one that you were given "
            "(./ctl audit key). Records that are not sealed yet are named as such, in "
            "the list and by the script.\n"
        )

    def _sheet(self, ids, selection):
        """Return the list as an Excel file."""
        file = io.BytesIO()
        options = {"in_memory": True, "strings_to_formulas": False}
        with xlsxwriter.Workbook(file, options) as book:
            sheet = book.add_worksheet("Audit")
            bold = book.add_format({"bold": True, "bg_color": "#eeeeee"})
            wrap = book.add_format({"text_wrap": True, "valign": "top"})
            columns = zip(self._columns(), WIDTHS, strict=True)
            for place, (name, width) in enumerate(columns):
                sheet.set_column(place, place, width)
                sheet.write_string(0, place, name, bold)
            sheet.freeze_panes(1, 0)
            sheet.autofilter(0, 0, len(ids), len(WIDTHS) - 1)
            line = 0
            for start in range(0, len(ids), CHUNK):
                for values in self._lines(ids[start : start + CHUNK], selection):
                    line += 1
                    for place, value in enumerate(values):
                        # never as a formula, whatever it begins with
                        sheet.write_string(line, place, str(value or ""), wrap)
        return file.getvalue()

    def _columns(self):
        env = self.env
        return (
            env._("Record"),
            env._("Time (%s)", env.user.tz or "UTC"),
            env._("Person"),
            env._("Login"),
            env._("What"),
            env._("Document"),
            env._("Changes"),
            env._("Action"),
            env._("IP address"),
            env._("Company"),
            env._("Operation"),
            env._("Seal"),
        )

    def _lines(self, ids, selection):
        """Yield the cells of some records."""
        records = self.env["erp.audit.record"].browse(ids)
        changes = self.env["erp.audit.words"]._changes(records)
        waiting = self.env._("not sealed yet")
        for record in records:
            lines, _hidden = changes[record.id]
            moment = fields.Datetime.context_timestamp(self, record.date)
            yield (
                record.id,
                f"{moment:%Y-%m-%d %H:%M:%S}",
                record.person,
                record.login,
                record.kind,
                record.document,
                "\n".join(record._line(*line) for line in lines),
                record.action_name,
                record.ip,
                record.company_id.name,
                record.operation,
                selection.seals.get(record.id) or waiting,
            )
