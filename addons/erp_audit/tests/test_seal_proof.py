import base64
import gzip
import json
import socket
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, new_test_user, tagged

from .. import keys, proof, seal, sealer, sinks
from .common_seal import SealCase

SCRIPT = Path(__file__).parent.parent / "static" / "verify_proof.py"


class ProofCase(SealCase):
    def _check(self, values, *options):
        """Run the stand-alone script; return its exit code and what it printed."""
        path = self.folder / "proof.json"
        path.write_text(json.dumps(values))
        # alone: without Odoo, in an empty environment
        done = subprocess.run(
            [sys.executable, "-I", SCRIPT, path, *options],
            capture_output=True,
            text=True,
            env={},
        )
        return done.returncode, done.stdout + done.stderr


@tagged("post_install", "-at_install")
class TestProof(ProofCase):
    def test_any_record(self):
        rows = self._records(11)
        self._seal(limit=4)
        for row in rows:
            values = proof.of_record(self.cr, row)
            code, text = self._check(values, "--key", self.key.public)
            self.assertEqual(code, 0, text)
            self.assertIn("document: res.partner", text)
            self.assertIn(f"Record {row} ", text)

    def test_what_is_proven_is_what_is_shown(self):
        row = self._record(100, diff=json.dumps({"name": ["é", '"\n\\']}))
        self._seal()
        values = proof.of_record(self.cr, row)
        self.assertEqual(values["record"]["diff"], {"name": ["é", '"\n\\']})
        self.assertEqual(self._check(values)[0], 0)
        values["record"]["login"] = "bob"
        code, text = self._check(values)
        self.assertEqual(code, 1)
        self.assertIn("readable copy", text)

    def test_forged_proofs(self):
        rows = self._records(9)
        self._seal(limit=5)
        values = proof.of_record(self.cr, rows[1])
        other = proof.of_record(self.cr, rows[7])
        path = values["path"]
        for forged in (
            {"canonical": values["canonical"].replace("anna", "bob")},
            {"canonical": other["canonical"], "record": other["record"]},
            {"path": path[:-1]},
            {"path": [["right", path[0][1]], *path[1:]]},
            {"seal": other["seal"]},
            {"seal": {**values["seal"], "signature": other["seal"]["signature"]}},
            {
                "seal": {
                    **values["seal"],
                    "header": values["seal"]["header"].replace("block", "epoch"),
                }
            },
            {"names": [{**values["names"][0], "signature": "00"}]},
        ):
            code, text = self._check({**values, **forged})
            self.assertEqual(code, 1, (forged, text))
            self.assertIn("DOES NOT HOLD", text)

    def test_other_key_and_other_anchors(self):
        row = self._record(100)
        seals = self._seal()
        values = proof.of_record(self.cr, row)
        other = keys.Key.generate().public
        self.assertEqual(self._check(values, "--key", other)[0], 1)
        anchors = self.folder / "anchors"
        anchors.write_text("".join(item.line() + "\n" for item in seals))
        self.assertEqual(self._check(values, "--anchors", anchors)[0], 0)
        anchors.write_text("\n")
        self.assertEqual(self._check(values, "--anchors", anchors)[0], 1)

    def test_no_proof(self):
        self.assertEqual(self._check({"x": 1})[0], 2)

    def test_for_people(self):
        """Whoever may read a record may have it proven."""
        anna = new_test_user(self.env, "anna", "base.group_user")
        mine, other = self._record(100, real_uid=anna.id), self._record(100)
        late = self._record(200, real_uid=anna.id)
        self._seal(watermark=150)
        records = self.env["erp.audit.record"].with_user(anna)
        action = records.browse(mine).action_proof()
        self.assertEqual(action["url"], f"/erp_audit/proof/{mine}")
        self.assertEqual(records.browse(mine)._proof()["record"]["id"], mine)
        with self.assertRaises(AccessError):
            records.browse(other).action_proof()
        with self.assertRaisesRegex(UserError, "not sealed yet"):
            records.browse(late).action_proof()
        self._tamper("UPDATE erp_audit_log SET login = 'x' WHERE id = %s", mine)
        with self.assertRaisesRegex(UserError, "not what was sealed"):
            records.browse(mine).action_proof()


@tagged("post_install", "-at_install")
class TestProofDownload(HttpCase, ProofCase):
    def test_download(self):
        anna = new_test_user(self.env, "anna", "base.group_user", password="annaanna")
        mine, other = self._record(100, real_uid=anna.id), self._record(100)
        self._seal()
        self.authenticate("anna", "annaanna")
        answer = self.url_open(f"/erp_audit/proof/{mine}")
        self.assertEqual(self._check(answer.json())[0], 0)
        self.assertIn("attachment", answer.headers["Content-Disposition"])
        answer = self.url_open(f"/erp_audit/proof/{other}")
        self.assertEqual(answer.status_code, 403)
        self.authenticate(None, None)
        answer = self.url_open(f"/erp_audit/proof/{mine}", allow_redirects=False)
        self.assertNotEqual(answer.status_code, 200)
        script = self.url_open("/erp_audit/static/verify_proof.py")
        self.assertEqual(script.text, SCRIPT.read_text())


@tagged("post_install", "-at_install")
class TestSinks(ProofCase):
    """Seals leave the machine, and what left it tells the truth later."""

    def _set(self, name, value):
        values = {f"ERP_AUDIT_{name.upper()}": str(value)}
        self.startPatcher(patch.dict("os.environ", values))

    def test_file(self):
        path = self.folder / "seals.jsonl"
        self._set("seal_file", path)
        self._records(6)
        self._seal(limit=2)
        self.assertEqual(sinks.send(self.cr, self.database), {})
        sinks.send(self.cr, self.database)
        self._records(2, tx=300)
        self._seal()
        sinks.send(self.cr, self.database)
        lines = path.read_text().splitlines()
        numbers = [json.loads(json.loads(line)["header"])["seq"] for line in lines]
        self.assertEqual(numbers, list(range(1, len(numbers) + 1)))
        self.assertIntact(anchors=lines)

    def test_file_after_a_restore(self):
        path = self.folder / "seals2.jsonl"
        self._set("seal_file", path)
        self._records(6)
        self._seal(limit=2)
        sinks.send(self.cr, self.database)
        self._tamper("DELETE FROM erp_audit_chain WHERE seq > 1")
        sealer.publish(self._sealer().begin_epoch("Restored", "anna"))
        self._seal()
        sinks.send(self.cr, self.database)
        lines = path.read_text().splitlines()
        last = seal.Seal.select(self.cr, "true ORDER BY seq DESC LIMIT 1")[0]
        self.assertEqual(lines[-1], last.line())
        self.assertIntact(anchors=lines)

    def test_place_that_fails_stops_nothing(self):
        self._set("seal_file", self.folder / "no" / "such" / "folder")
        self._records(2)
        self._seal()
        with self.assertLogs("odoo.addons.erp_audit.sinks", "WARNING"):
            wrong = sinks.send(self.cr, self.database)
        self.assertEqual(list(wrong), ["file"])
        (self.folder / "no" / "such").mkdir(parents=True)
        self.assertEqual(sinks.send(self.cr, self.database), {})
        self.assertTrue((self.folder / "no" / "such" / "folder").exists())

    def test_syslog(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.bind(("127.0.0.1", 0))
            server.settimeout(10)
            self._set("syslog", f"127.0.0.1:{server.getsockname()[1]}")
            self._records(4)
            seals = self._seal(limit=2)
            sinks.send(self.cr, self.database)
            received = [server.recv(65536).decode() for _seal in seals]
            # once is enough
            sinks.send(self.cr, self.database)
            server.settimeout(0.05)
            with self.assertRaises(TimeoutError):
                server.recv(65536)
        lines = [text.rstrip("\0") for text in received]
        self.assertIn("erp_audit_seal", lines[0])
        self.assertIntact(anchors=lines)

    def test_mail(self):
        self.env["ir.config_parameter"].set_param(
            "erp_audit.mail_to", "a@example.com, Bob <b@example.com>"
        )
        self._records(4)
        seals = self._seal(limit=2)
        job = self.env["erp.audit.seal"]
        before = self.env["mail.mail"].search([])
        job._cron_mail()
        (mail,) = self.env["mail.mail"].search([]) - before
        self.assertEqual(mail.email_to, "a@example.com,b@example.com")
        content = base64.b64decode(mail.attachment_ids.datas)
        lines = gzip.decompress(content).decode().splitlines()
        self.assertEqual(lines, [item.line() for item in seals])
        self.assertIn(seals[-1].digest, mail.body_html)
        # after the commit it is known what was sent
        self.cr.postcommit.run()
        job._cron_mail()
        self.assertEqual(self.env["mail.mail"].search_count([]), len(before) + 1)

    def test_no_addresses(self):
        before = self.env["mail.mail"].search_count([])
        self._records(2)
        self._seal()
        self.env["erp.audit.seal"]._cron_mail()
        self.assertEqual(self.env["mail.mail"].search_count([]), before)
