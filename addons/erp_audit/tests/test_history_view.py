from lxml import etree

from odoo.tests import Form, new_test_user

from .common import AuditCase


class TestHistoryButton(AuditCase):
    """The button is on the forms of recorded documents, and breaks none of them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._rule("res.partner")
        cls.action = cls.env.ref("erp_audit.erp_audit_history_action")

    def _view(self, arch, model="res.partner"):
        return self.env["ir.ui.view"].create(
            {"name": "form", "type": "form", "model": model, "arch": arch}
        )

    def _arch(self, view=None, user=None, model="res.partner", **options):
        model = self.env[model].with_user(user or self.anna)
        arch = model.get_view(view.id if view else None, "form", **options)["arch"]
        return etree.fromstring(arch)

    def _buttons(self, arch):
        return arch.xpath(f"//button[@name='{self.action.id}'][@type='action']")

    def test_on_recorded_documents_only(self):
        """With the rule it is there, without it is not."""
        (button,) = self._buttons(self._arch())
        self.assertEqual(button.get("invisible"), "not id")
        self.assertEqual(button.getparent().get("name"), "button_box")
        self.assertFalse(self._buttons(self._arch(model="res.bank")))
        self._rule("res.partner").action_draft()
        self.assertFalse(self._buttons(self._arch()))
        self._rule("res.bank")
        self.assertTrue(self._buttons(self._arch(model="res.bank")))

    def test_other_views_have_none(self):
        """Lists and searches stay as they are."""
        for kind in ("list", "kanban", "search"):
            arch = self.env["res.partner"].get_view(None, kind)["arch"]
            self.assertNotIn("fa-history", arch)

    def test_portal_users_have_none(self):
        """Who may read nothing of the trail has no button."""
        portal = new_test_user(self.env, "portal_p", "base.group_portal")
        history = self.env["erp.audit.history"]
        self.assertTrue(
            history.with_user(self.anna)._is_offered(self.env["res.partner"])
        )
        self.assertFalse(history.with_user(portal)._is_offered(self.env["res.partner"]))

    def test_forms_of_all_shapes(self):
        """One button, in the first box that the web client looks for."""
        for arch, inside in (
            ("<form><field name='name'/></form>", "/form"),
            ("<form><header/><field name='name'/></form>", "/form"),
            (
                "<form><header/><sheet><field name='name'/></sheet></form>",
                "/form/sheet",
            ),
            (
                "<form><sheet><div name='button_box' class='oe_button_box'>"
                "<button name='action_archive' type='object'/></div></sheet></form>",
                "/form/sheet",
            ),
            (
                "<form><div name='button_box' groups='base.group_system'/>"
                "<field name='name'/></form>",
                "/form",
            ),
            (
                "<form edit='0' create='0'><sheet><field name='child_ids'><form>"
                "<div name='button_box'/><field name='name'/></form></field></sheet>"
                "</form>",
                "/form/sheet",
            ),
        ):
            with self.subTest(arch=arch):
                found = self._arch(self._view(arch))
                (button,) = self._buttons(found)
                box = button.getparent()
                path = found.getroottree().getpath(box.getparent())
                self.assertEqual(path, inside)
                boxes = found.xpath("//div[@name='button_box'][not(ancestor::field)]")
                self.assertEqual(boxes[0], box)

    def test_a_hidden_box(self):
        """What hides the other buttons does not hide the history."""
        view = self._view(
            "<form><sheet><div name='button_box' invisible='active'>"
            "<button name='action_archive' type='object'/>"
            "<button name='action_unarchive' type='object' invisible='is_company'/>"
            "</div><field name='active'/><field name='is_company'/></sheet></form>"
        )
        arch = self._arch(view)
        hidden = [button.get("invisible") for button in arch.iter("button")]
        self.assertEqual(hidden, ["active", "(active) or (is_company)", "not id"])
        self.assertIsNone(arch.find(".//div[@name='button_box']").get("invisible"))

    def test_inherited_views(self):
        """Views that change the box do not see the button, and do not lose it."""
        view = self._view(
            "<form><sheet><div name='button_box'/><field name='name'/></sheet></form>"
        )
        self.env["ir.ui.view"].create(
            {
                "name": "studio",
                "type": "form",
                "model": "res.partner",
                "inherit_id": view.id,
                "mode": "extension",
                "arch": '<div name="button_box" position="replace"/>',
            }
        )
        self.assertTrue(self._buttons(self._arch(view)))
        self.assertTrue(self._buttons(self._arch(view, mobile=True)))

    def test_forms_still_work(self):
        """A new record and an old one, through the form."""
        with Form(self.env["res.partner"].with_user(self.anna)) as form:
            form.name = "Form"
        record = form.record
        with Form(record) as form:
            form.city = "Rome"
        self.assertEqual(record.city, "Rome")

    def test_no_query_more(self):
        """A form that is loaded again asks the database nothing about the history."""
        model = self.env["res.partner"].with_user(self.anna)
        model.get_view(None, "form")
        history = self.env["erp.audit.history"].with_user(self.anna)
        with self.assertQueryCount(0):
            history._is_offered(model)
            model._add_history_button("<form/>")

    def test_every_form_of_the_suite(self):
        """No form of any model is broken by the button, whoever opens it."""
        history = self.env["erp.audit.history"]
        self.patch(type(history), "_is_offered", lambda self, model: True)
        views = self.env["ir.ui.view"].search(
            [("type", "=", "form"), ("mode", "=", "primary")]
        )
        for view in views:
            model = self.env.get(view.model)
            if model is None or model._transient or model._abstract:
                continue
            arch = self.env[view.model].get_view(view.id, "form")["arch"]
            found = self._buttons(etree.fromstring(arch))
            self.assertEqual(len(found), 1, view.xml_id)
