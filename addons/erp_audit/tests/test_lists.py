from lxml import etree

from odoo.tests import new_test_user

from .common_access import AccessCase

MANY = 100


class TestLists(AccessCase):
    """Lists and cards of rights and alerts: a hundred rows cost what one costs."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people = cls.env["res.users"].create(
            [
                {
                    "name": f"Person {n}",
                    "login": f"list_{n}",
                    "group_ids": cls.env.ref("base.group_user").ids,
                }
                for n in range(MANY)
            ]
        )
        cls.roles = cls.env["erp.role"].create(
            [{"name": f"R{n}", "group_ids": cls.partner_group.ids} for n in range(MANY)]
        )
        cls.both = new_test_user(
            cls.env,
            "list_both",
            "erp_audit.group_access_manager,erp_audit.group_audit_auditor",
        )

    def _specification(self, model, kind):
        """Return the fields that a view reads, with the names of what they link to."""
        arch = etree.fromstring(model.get_view(view_type=kind)["arch"])
        names = {
            node.get("name")
            for node in arch.iter("field")
            if not any(parent.tag == "field" for parent in node.iterancestors())
        }
        links = ("many2one", "many2many", "one2many")
        return {
            name: {"fields": {"display_name": {}}}
            if model._fields[name].type in links
            else {}
            for name in names
        }

    def assertFlat(self, model, user, kind="list", domain=()):
        """Check that a view of many records costs hardly more queries than one row."""
        model = self.env[model].with_user(user)
        specification, counts = self._specification(model, kind), []
        for limit in (1, MANY):
            for _warm in range(2):
                self.env.flush_all()
                self.env.invalidate_all()
                before = self.env.cr.sql_log_count
                found = model.web_search_read([*domain], specification, limit=limit)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(len(found["records"]), MANY, "enough of them to tell")
        # what some rows hold and others do not is read for all of them at once
        self.assertLessEqual(counts[1], counts[0] + 6, (model, kind, counts))

    def test_requests(self):
        for role, person in zip(self.roles, self.people, strict=True):
            self._ask(self.maria, role_id=role.id, user_id=person.id)
        for kind in ("list", "kanban"):
            self.assertFlat("erp.access.request", self.maria, kind)

    def test_grants_and_roles(self):
        for role, person in zip(self.roles, self.people, strict=True):
            self._give(person, role)
        self.assertFlat("erp.access.grant", self.maria)
        self.assertFlat("erp.role", self.maria)

    def test_conflicts(self):
        self.env["erp.duty.conflict"].create(
            [
                {
                    "name": f"C{n}",
                    "left_name": "One",
                    "right_name": "Other",
                    "left_group_ids": self.partner_group.ids,
                    "right_group_ids": self.export_group.ids,
                }
                for n in range(MANY)
            ]
        )
        self.assertFlat("erp.duty.conflict", self.both)

    def test_alert_rules(self):
        self.env["erp.audit.alert.rule"].create(
            [{"name": f"A{n}", "code": "export_large"} for n in range(MANY)]
        )
        self.assertFlat("erp.audit.alert.rule", self.both)

    def test_rights_under_review(self):
        review = self.env["erp.access.review"].with_user(self.maria)
        review = review.create(
            {"name": "All", "scope": "people", "user_ids": self.people.ids}
        )
        for person in self.people:
            person.group_ids |= self.export_group
        review.action_start()
        domain = [("review_id", "=", review.id)]
        for kind in ("list", "kanban"):
            self.assertFlat("erp.access.review.line", self.maria, kind, domain)
