"""Ways by which things leave the system, or are refused, that are easily forgotten."""

import json

from odoo.http import Request
from odoo.tests import tagged
from odoo.tests.common import JsonRpcException
from odoo.tools import mute_logger

from .. import reading
from ..models.erp_audit_event_denied import DENIED
from .common_http import AuditHttpCase

PICTURE = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00"
    b"\x00\x00\x1f\x15\xc4\x89\x00\x00\x00\rIDATx\x9cc\xf8\xff\xff?\x00\x05\xfe\x02"
    b"\xfe\xa7\x9a\xa0\xa0\x00\x00\x00\x00IEND\xaeB`\x82"
)


@tagged("post_install", "-at_install")
class TestEventsMore(AuditHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._rule("res.partner", log_files=True)
        cls.ada = cls.env["res.partner"].create({"name": "Ada"})

    def setUp(self):
        super().setUp()
        self.authenticate("anna", "annaanna")
        self._mark()

    def _file(self, **values):
        vals = {
            "name": "contract.pdf",
            "raw": b"%PDF",
            "res_model": "res.partner",
            "res_id": self.ada.id,
            **values,
        }
        return self.env["ir.attachment"].create(vals)

    def _post(self, url, **data):
        data["csrf_token"] = Request.csrf_token(self)
        return self.url_open(url, data=data)

    # -- files -------------------------------------------------------------------------

    def test_every_address_of_a_file(self):
        """Whatever the address: who, which file, of which document."""
        file = self._file()
        scan = self._file(name="scan.png", raw=PICTURE)
        for number, (url, what) in enumerate(
            (
                (f"/web/content/{file.id}", file),
                (f"/web/content/{file.id}/other_name.pdf", file),
                (f"/web/content?id={file.id}", file),
                (f"/web/content?model=ir.attachment&id={file.id}&field=datas", file),
                (f"/web/content/ir.attachment/{file.id}/raw", file),
                (f"/web/image/{scan.id}", scan),
                (f"/web/image/{scan.id}?download=1", scan),
                (f"/web/image/ir.attachment/{scan.id}/datas", scan),
            )
        ):
            with self.subTest(url=url):
                self._mark()
                self.url_open(f"{url}{'&' if '?' in url else '?'}nocache={number}")
                (event,) = self._records("res.partner", event="download")
                self.assertEqual(event["res_id"], self.ada.id)
                self.assertEqual(event["real_uid"], self.anna.id)
                names = [item["name"] for item in event["diff"]["attachments"]]
                self.assertEqual(names, [what.name])

    def test_thumbnails_are_no_downloads(self):
        """Small pictures in lists, and those of the records themselves."""
        scan = self._file(name="scan.png", raw=PICTURE)
        self.url_open(f"/web/image/{scan.id}?width=64&height=64")
        self.url_open(f"/web/image/res.partner/{self.ada.id}/avatar_128")
        self.assertFalse(self._records("res.partner", event="download"))

    def test_files_in_an_archive(self):
        """All of them are named."""
        files = self._file() | self._file(name="b.txt", raw=b"b")
        ids = ",".join(map(str, files.ids))
        self._post("/mail/attachment/zip", file_ids=ids, zip_name="all.zip")
        (event,) = self._records("res.partner", event="download")
        names = [item["name"] for item in event["diff"]["attachments"]]
        self.assertEqual(sorted(names), ["b.txt", "contract.pdf"])

    def test_an_event_names_so_many_files(self):
        """However many a request hands out."""
        files = self._file() | self._file(name="b.txt", raw=b"b")
        self.patch(reading, "MANY", 1)
        ids = ",".join(map(str, files.ids))
        self._post("/mail/attachment/zip", file_ids=ids, zip_name="all.zip")
        (event,) = self._records("res.partner", event="download")
        self.assertEqual(len(event["diff"]["attachments"]), 1)

    def test_files_read_on_the_way(self):
        """The connection they are read on may be closed when the answer is made."""
        file, bundles = self._file(), type(self.env["ir.qweb"])
        make = bundles._get_asset_bundle

        def read_and_make(model, *args, **kwargs):
            file.with_env(model.env).sudo().raw  # noqa: B018 (for what it leaves)
            return make(model, *args, **kwargs)

        self.patch(bundles, "_get_asset_bundle", read_and_make)
        self.env["ir.attachment"].search([("url", "=like", "/web/assets/%")]).unlink()
        name = "web.assets_frontend_minimal.min.js"
        self.url_open(f"/web/assets/any/{name}").raise_for_status()
        (event,) = self._records("res.partner", event="download")
        self.assertEqual(event["diff"]["attachments"][0]["id"], file.id)

    def test_files_that_programs_read(self):
        """By the content of the record itself."""
        file = self._file()
        for field in ("datas", "raw", "db_datas"):
            with self.subTest(field=field):
                self._mark()
                with mute_logger("odoo.http"):
                    try:
                        self._call("ir.attachment", "read", file.ids, [field])
                    except JsonRpcException:
                        # raw bytes are no JSON: nothing has left the system
                        continue
                self.assertTrue(self._records("res.partner", event="download"))
        self._mark()
        self._call("ir.attachment", "read", file.ids, ["name"])
        self.assertFalse(self._records("res.partner", event="download"))

    # -- exports -----------------------------------------------------------------------

    def test_pivot_as_a_file(self):
        """Sums leave the system as well."""
        table = {
            "title": "Contacts",
            "model": "res.partner",
            "measure_count": 1,
            "origin_count": 1,
            "col_group_headers": [[{"title": "Total", "width": 1, "height": 1}]],
            "measure_headers": [],
            "origin_headers": [],
            "rows": [],
        }
        self._post("/web/pivot/export_xlsx", data=json.dumps(table)).raise_for_status()
        (event,) = self._records("res.partner", event="export")
        self.assertEqual(event["diff"], {"format": "pivot", "title": "Contacts"})

    def test_contacts_as_a_file(self):
        """As cards, one or many."""
        bob = self.env["res.partner"].create({"name": "Bob"})
        ids = f"{self.ada.id},{bob.id}"
        self.url_open(f"/web/partner/vcard?partner_ids={ids}").raise_for_status()
        (event,) = self._records("res.partner", event="export")
        self.assertEqual(event["diff"]["ids"], [self.ada.id, bob.id])

    # -- reads -------------------------------------------------------------------------

    def test_reads_as_superuser(self):
        """Whoever becomes superuser reads on record."""
        self._rule("res.partner.category", log_reads=True)
        tag = self.env["res.partner.category"].create({"name": "T"})
        self.anna.group_ids |= self.env.ref("base.group_system")
        self.url_open("/web/become")
        self._mark()
        self._call("res.partner.category", "search_read", [("id", "=", tag.id)])
        (event,) = self._records("res.partner.category", event="read")
        self.assertEqual(event["diff"]["ids"], tag.ids)
        self.assertEqual(event["real_uid"], self.anna.id)

    def test_reads_of_what_is_in_the_cache(self):
        """What was looked at with all rights before is read all the same."""
        self._rule("res.company", log_reads=True)
        company = self.anna.company_id
        company.with_user(self.anna).sudo().fetch(["name"])
        company.with_user(self.anna).read(["name"])
        (event,) = self._records("res.company", event="read")
        self.assertEqual(event["diff"]["ids"], company.ids)

    def test_questions_by_counting(self):
        """How many earn more than …"""
        self._rule("res.partner.category", log_reads=True)
        self._call("res.partner.category", "search_count", [("name", "like", "T")])
        self.assertTrue(self._records("res.partner.category", event="read"))

    # -- refusals ----------------------------------------------------------------------

    def test_refused_by_code_of_its_own(self):
        """Private methods, and files of what one may not see."""
        secret = self._file(res_model="ir.config_parameter", res_id=1)
        own = self._file(res_model=False, res_id=False)
        for model, method, ids in (
            ("res.partner", "_compute_display_name", self.ada.ids),
            ("ir.attachment", "read", secret.ids),
            ("ir.attachment", "read", own.ids),
        ):
            with self.subTest(method=method), mute_logger("odoo.http"):
                DENIED._seen.clear()
                self._mark()
                # the other one would undo what the request has recorded
                with self.assertRaisesRegex(JsonRpcException, "AccessError"):
                    self._call(model, method, ids)
                (event,) = self._records(None, event="denied")
                self.assertEqual(event["real_uid"], self.anna.id)

    def test_odd_companies(self):
        """What is no company is recorded as none."""
        for number, value in enumerate(("[Infinity]", "[NaN]", "[1e400]", "[-1]")):
            self._mark()
            body = (
                '{"params": {"model": "res.users", "method": "context_get",'
                ' "args": [], "kwargs": {"context": {"allowed_company_ids": %s}}}}'
            )
            answer = self.url_open(
                f"/web/dataset/call_kw/res.users/context_get?n={number}",
                data=body % value,
                headers={"Content-Type": "application/json"},
            )
            self.assertIn("result", answer.json(), value)
