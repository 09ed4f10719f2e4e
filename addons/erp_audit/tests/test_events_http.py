import hashlib
import json

from odoo.tests import new_test_user, tagged
from odoo.tests.common import JsonRpcException
from odoo.tools import mute_logger

from .. import ratelimit
from .common_http import AuditHttpCase


@tagged("post_install", "-at_install")
class TestEventsHttp(AuditHttpCase):
    """What requests tell about themselves, as browsers and programs send them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._rule("res.partner")
        cls.ada = cls.env["res.partner"].create({"name": "Ada"})

    def _key(self, user):
        keys = self.env["res.users.apikeys"].with_user(user).sudo()
        return keys._generate("rpc", "Test", None)

    # -- who, where, what --------------------------------------------------------------

    def test_web_client(self):
        """Person, method, route, address, and a session that logs nobody in."""
        self.authenticate("anna", "annaanna")
        self._mark()
        self._call("res.partner", "write", self.ada.ids, {"city": "Rome"})
        record = self._one(self.ada)
        self.assertEqual(record["action"], "res.partner.write")
        self.assertEqual(record["route"], "/web/dataset/call_kw/res.partner/write")
        self.assertEqual(record["ip"], "127.0.0.1")
        self.assertEqual(record["real_uid"], self.anna.id)
        self.assertEqual(record["login"], "anna")
        self.assertEqual(record["company"], self.anna.company_id.id)
        sid = self.session.sid
        self.assertNotIn(record["session"], sid)
        self.assertEqual(
            record["session"], hashlib.sha256(sid.encode()).hexdigest()[:16]
        )

    def _move(self, context):
        """Let Anna move somebody to Rome, with a context of her own."""
        self.authenticate("anna", "annaanna")
        self._mark()
        name, values = "res.partner", {"city": "Rome"}
        self._call(name, "write", self.ada.ids, values, context=context)

    def test_nothing_that_a_client_sends_is_believed(self):
        """Names and contexts in the request neither hide nor forge anything."""
        self._move(
            {
                "tracking_disable": True,
                "uid": 1,
                "erp_audit": False,
                "erp_audit_became": 1,
                "install_mode": True,
                "module": "base",
                "rpc_model_method": "x.y",
            },
        )
        record = self._one(self.ada)
        self.assertEqual(record["real_uid"], self.anna.id)
        self.assertEqual(record["action"], "res.partner.write")
        self.assertEqual(record["company"], self.anna.company_id.id)

    def test_other_company(self):
        """The company is the one that the person works in, if it is his."""
        company = self.env["res.company"].create({"name": "Two"})
        self.anna.company_ids |= company
        self._move(
            {"allowed_company_ids": [company.id]},
        )
        self.assertEqual(self._one(self.ada)["company"], company.id)

    def test_requests_do_not_stain_one_another(self):
        """After a request the test itself is somebody else again."""
        self.authenticate("anna", "annaanna")
        self._call("res.partner", "write", self.ada.ids, {"city": "Rome"})
        self._mark()
        self.ada.city = "Bonn"
        record = self._one(self.ada)
        self.assertEqual(record["uid"], self.env.uid)
        self.assertIsNone(record["route"])

    def test_json2(self):
        """The newest interface: the method is named, the key's owner is the person."""
        key = self._key(self.anna)
        self._mark()
        self.url_open(
            "/json/2/res.partner/write",
            data=json.dumps({"ids": self.ada.ids, "vals": {"city": "Rome"}}),
            headers={
                "Content-Type": "application/json",
                "Authorization": f"Bearer {key}",
            },
        ).raise_for_status()
        record = self._one(self.ada)
        self.assertEqual(record["action"], "res.partner.write")
        self.assertEqual(record["real_uid"], self.anna.id)
        (used,) = self._records("res.users", event="key_used")
        self.assertEqual(used["res_id"], self.anna.id)

    def test_xmlrpc(self):
        """The oldest interface."""
        with mute_logger("odoo.addons.rpc.controllers.xmlrpc"):
            proxy = self.xmlrpc_object
            args = (self.env.cr.dbname, self.anna.id, "annaanna", "res.partner")
            proxy.execute(*args, "write", self.ada.ids, {"city": "Rome"})
            record = self._one(self.ada)
            self.assertEqual(record["action"], "res.partner.write")
            self.assertEqual(record["real_uid"], self.anna.id)
            self.assertEqual(record["ip"], "127.0.0.1")

    def test_one_query_more(self):
        """A request costs one query more, whatever it writes."""
        self.authenticate("anna", "annaanna")
        queries = []
        execute = type(self.env.cr).execute

        def spy(cursor, query, *args, **kwargs):
            if "erp_audit" in str(query):
                queries.append(str(query))
            return execute(cursor, query, *args, **kwargs)

        self.patch(type(self.env.cr), "execute", spy)
        values = [{"name": f"N{n}", "category_id": [(0, 0, {"name": n})]} for n in "ab"]
        self._call("res.partner", "create", values)
        self.assertEqual(len(queries), 1, queries)
        queries.clear()
        self._call("res.partner", "search_read", [], ["name"], limit=3)
        self.assertFalse(queries)

    # -- events ------------------------------------------------------------------------

    def _sign_in(self, login, password):
        page = self.url_open("/web/login").text
        token = page.split('name="csrf_token" value="')[1].split('"')[0]
        return self.url_open(
            "/web/login",
            data={"login": login, "password": password, "csrf_token": token},
        )

    def test_login_and_failed_login(self):
        """Both are recorded; of the password there is no trace."""
        with mute_logger("odoo.addons.base.models.res_users"):
            self._sign_in("anna", "Wr0ngSecret")
            self._sign_in("nobody", "Wr0ngSecret")
        failed = self._records("res.users", event="login_failed")
        self.assertEqual([e["diff"]["login"] for e in failed], ["anna", "nobody"])
        self.assertEqual(failed[0]["res_id"], self.anna.id)
        self.assertEqual(failed[0]["ip"], "127.0.0.1")
        self.assertNotIn("Wr0ngSecret", str(failed))
        self._sign_in("anna", "annaanna")
        (event,) = self._records("res.users", event="login")
        self.assertEqual(event["real_uid"], self.anna.id)

    def test_failed_logins_do_not_fill_the_trail(self):
        """Whoever tries a thousand times is recorded some times, and counted."""
        limit = ratelimit.RateLimit(3, 60)
        self.assertEqual([limit.passes("k") for _n in range(5)], [0, 0, 0, None, None])
        limit._seen["k"] = (-100, 3, 2)
        self.assertEqual(limit.passes("k"), 2)

    def test_logout(self):
        """Leaving is recorded with the person who leaves."""
        self.authenticate("anna", "annaanna")
        self._mark()
        self.url_open("/web/session/logout", allow_redirects=False)
        (event,) = self._records("res.users", event="logout")
        self.assertEqual(event["real_uid"], self.anna.id)

    def test_become_superuser(self):
        """An administrator who becomes superuser stays the person he is."""
        admin = new_test_user(
            self.env, "boss", "base.group_system", password="bossboss"
        )
        self.authenticate("boss", "bossboss")
        self._mark()
        self.url_open("/web/become", allow_redirects=False)
        (event,) = self._records("res.users", event="become_superuser")
        self.assertEqual(event["real_uid"], admin.id)
        self._call("res.partner", "write", self.ada.ids, {"city": "Rome"})
        record = self._one(self.ada)
        self.assertEqual(record["real_uid"], admin.id)
        self.assertEqual(record["login"], "boss")
        self.assertEqual(record["uid"], 1)

    def test_denied(self):
        """A refusal is recorded though all the rest is undone."""
        self.authenticate("anna", "annaanna")
        self._mark()
        with (
            self.assertRaisesRegex(JsonRpcException, "AccessError"),
            mute_logger("odoo.http"),
        ):
            self._call("ir.config_parameter", "search_read", [])
        (event,) = self._records("ir.config_parameter", event="denied")
        self.assertEqual(event["diff"]["operation"], "read")
        self.assertEqual(event["real_uid"], self.anna.id)
        self.assertEqual(event["action"], "ir.config_parameter.search_read")

    def test_refusals_that_are_lived_with_are_none(self):
        """Asking whether one may is no attempt."""
        self.authenticate("anna", "annaanna")
        self._mark()
        self._call("ir.config_parameter", "has_access", [], "read")
        self.assertFalse(self._records("ir.config_parameter", event="denied"))

    def test_sensitive_reads_on_readonly_cursors(self):
        """One event for a request, also where nothing can be written."""
        self._rule("res.partner.category", log_reads=True)
        tags = self.env["res.partner.category"].create([{"name": n} for n in "abc"])
        self.authenticate("anna", "annaanna")
        self._mark()
        found = self._call(
            "res.partner.category",
            "web_search_read",
            [("id", "in", tags.ids)],
            {"name": {}, "child_ids": {"fields": {"name": {}}}},
        )
        self.assertEqual(found["length"], 3)
        (event,) = self._records("res.partner.category", event="read")
        self.assertEqual(event["diff"]["count"], 3)
        self.assertEqual(event["real_uid"], self.anna.id)
        self.assertEqual(event["action"], "res.partner.category.web_search_read")

    def test_export_file(self):
        """The filter, the fields and the number of what left as a file."""
        self.anna.group_ids |= self.env.ref("base.group_allow_export")
        self.authenticate("anna", "annaanna")
        self._mark()
        self._export([["id", "=", self.ada.id]])
        (event,) = self._records("res.partner", event="export")
        self.assertEqual(event["diff"]["count"], 1)
        self.assertEqual(event["diff"]["domain"], [["id", "=", self.ada.id]])
        self.assertEqual(event["diff"]["format"], "csv")
        self.assertEqual(event["route"], "/web/export/csv")

    def test_downloads(self):
        """Attachments of chosen documents; pictures in pages are none."""
        self._rule("res.partner", log_files=True)
        file = self.env["ir.attachment"].create(
            {
                "name": "contract.pdf",
                "raw": b"%PDF",
                "res_model": "res.partner",
                "res_id": self.ada.id,
            }
        )
        self.authenticate("anna", "annaanna")
        self._mark()
        self.url_open(f"/web/content/{file.id}?download=1").raise_for_status()
        (event,) = self._records("res.partner", event="download")
        self.assertEqual(event["res_id"], self.ada.id)
        self.assertEqual(event["diff"]["attachments"][0]["name"], "contract.pdf")

    def test_scheduled_jobs(self):
        """A job is named, and keeps its name after it has undone something."""
        cron = self.env["ir.cron"].create(
            {
                "name": "Nightly",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "state": "code",
                "code": f"model.browse({self.ada.id}).write({{'city': 'Rome'}})",
                "user_id": self.anna.id,
            }
        )
        self._mark()
        cron.method_direct_trigger()
        record = self._one(self.ada)
        self.assertEqual(record["action"], "cron: Nightly")
