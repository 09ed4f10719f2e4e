import base64
import io
import json
import subprocess
import sys
import zipfile

from openpyxl import load_workbook

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .. import merkle
from ..proof_selection import Selection, many_path
from ..wizards import erp_audit_export
from .common_reading import ReadingCase
from .test_seal_proof import SCRIPT


@tagged("post_install", "-at_install")
class TestExport(ReadingCase):
    """An Excel file that can be proven."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rows = [
            cls._done(cls.anna, {"name": ["A", f"=B{number}"]}, tx=100 + number)
            for number in range(9)
        ]

    def _open(self, rows=(), domain=(), user=None):
        records = self.env["erp.audit.record"].with_user(user or self.auditor)
        records = records.browse(rows).with_context(active_domain=list(domain))
        action = records.action_export()
        return records.env[action["res_model"]].browse(action["res_id"])

    def _unpack(self, export):
        """Unpack what is exported into the folder of the test."""
        content = io.BytesIO(base64.b64decode(export.content))
        with zipfile.ZipFile(content) as archive:
            archive.extractall(self.folder)
            return set(archive.namelist())

    def _check(self, *options):
        done = subprocess.run(
            [sys.executable, "-I", SCRIPT, self.folder / "proof.json", *options],
            capture_output=True,
            text=True,
            env={},
        )
        return done.returncode, done.stdout + done.stderr

    def _cells(self):
        book = load_workbook(self.folder / "audit-trail.xlsx")
        return [[cell.value for cell in row] for row in book.active.iter_rows()]

    def test_selected(self):
        self._seal(limit=4)
        chosen = [self.rows[0], self.rows[3], self.rows[7]]
        export = self._open(chosen)
        self.assertEqual(export.number, 3)
        export.action_export()
        names = self._unpack(export)
        self.assertEqual(
            names, {"audit-trail.xlsx", "proof.json", "verify_proof.py", "README.txt"}
        )
        code, text = self._check("--key", self.key.public)
        self.assertEqual(code, 0, text)
        for row in chosen:
            self.assertIn(f"record {row} of", text)
        self.assertIn("3 records proven under 2 seals", text)
        head, *lines = self._cells()
        self.assertEqual(head[2], "Person")
        self.assertEqual([line[0] for line in lines], [str(r) for r in chosen[::-1]])
        self.assertEqual(lines[0][2], "Anna")
        self.assertEqual(lines[0][5], "Contact Azure")
        # not a formula, though the value begins like one
        self.assertEqual(lines[0][6], "Name: A → =B7")

    def test_filtered(self):
        self._seal()
        export = self._open(domain=[("id", ">", self.rows[4])])
        export.action_export()
        self._unpack(export)
        code, text = self._check()
        self.assertEqual(code, 0, text)
        self.assertIn("4 records proven", text)

    def test_not_sealed_yet(self):
        self._seal(limit=100, watermark=105)
        export = self._open(self.rows)
        export.action_export()
        self.assertEqual(export.waiting, 4)
        self._unpack(export)
        code, text = self._check()
        self.assertEqual(code, 0, text)
        self.assertIn("NOT SEALED YET", text)
        self.assertIn("5 records proven", text)
        seals = [line[-1] for line in self._cells()[1:]]
        self.assertEqual(seals, ["not sealed yet"] * 4 + ["1"] * 5)

    def test_forged(self):
        self._seal(limit=5)
        export = self._open(self.rows)
        export.action_export()
        self._unpack(export)
        good = json.loads((self.folder / "proof.json").read_text())
        blocks = good["blocks"]

        def block(**values):
            return {"blocks": [{**blocks[0], **values}, *blocks[1:]]}

        texts = blocks[0]["records"]
        for forged in (
            block(records=[texts[0].replace("anna", "bob"), *texts[1:]]),
            block(records=texts[1:], positions=blocks[0]["positions"][1:]),
            block(positions=blocks[0]["positions"][::-1]),
            block(nodes=["00" * 32]),
            {"blocks": blocks[1:]},
            {"manifest": good["manifest"].replace("auditor", "somebody")},
            {"unsealed": [texts[0]]},
        ):
            proof = json.dumps({**good, **forged})
            (self.folder / "proof.json").write_text(proof)
            code, text = self._check()
            self.assertEqual(code, 1, (forged, text))
        (self.folder / "proof.json").write_text(json.dumps(good))
        self.assertEqual(self._check()[0], 0)
        with open(self.folder / "audit-trail.xlsx", "ab") as file:
            file.write(b"x")
        self.assertIn("not the file that was exported", self._check()[1])

    def test_any_selection_leads_to_the_root(self):
        leaves = b"".join(merkle.leaf(str(number)) for number in range(11))
        for number in range(1, 12):
            for places in ({0}, {number - 1}, set(range(number)), {0, number // 2}):
                part = leaves[: number * merkle.SIZE]
                nodes = many_path(part, places)
                self.assertLessEqual(len(nodes), number)

    def test_changed_records_are_not_exported(self):
        self._seal()
        self._tamper("UPDATE erp_audit_log SET login = 'x' WHERE id = %s", self.rows[2])
        self.assertEqual(Selection(self.cr, self.rows).wrong, [self.rows[2]])
        with self.assertRaisesRegex(UserError, "not what was sealed"):
            self._open(self.rows).action_export()

    def test_limit(self):
        self.patch(erp_audit_export, "LIMIT", 5)
        export = self._open(self.rows)
        self.assertTrue(export.is_too_many)
        with self.assertRaisesRegex(UserError, "more than 5 records"):
            export.action_export()
        with self.assertRaisesRegex(UserError, "finds no records"):
            self._open(domain=[("id", "=", 0)]).action_export()

    def test_is_recorded(self):
        self._open(self.rows[:2]).action_export()
        self.cr.execute("SELECT diff FROM erp_audit_log WHERE event = 'audit_export'")
        (detail,) = self.cr.fetchone()
        self.assertEqual(sorted(detail["ids"]), self.rows[:2])

    @mute_logger("odoo.addons.base.models.ir_model")
    def test_only_auditors(self):
        for user in (self.anna, self.bob, self.dora, self.sam):
            with self.assertRaises(AccessError):
                self._open(self.rows, user=user)
            with self.assertRaises(AccessError):
                Form(self.env["erp.audit.export"].with_user(user)).save()

    def test_companies_of_the_auditor(self):
        other = self._done(self.anna, company=self._other_company().id)
        export = self._open([*self.rows, other])
        self.assertEqual(export.number, 9)
