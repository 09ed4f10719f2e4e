from lxml import etree

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.erp_audit.tests.common import AuditCase

DELETING = "sales_team.group_sale_manager"


@tagged("post_install", "-at_install")
class TestTouch(AuditCase):
    """Who touched a customer, and the orders that are his."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sales = "sales_team.group_sale_salesman_all_leads"
        cls.olga = new_test_user(cls.env, "olga", cls.sales, name="Olga")
        cls.auditor.group_ids += cls.env.ref(cls.sales)
        cls.mona = new_test_user(
            cls.env, "mona", f"{cls.sales},erp_audit.group_tier_management", name="Mona"
        )
        cls.olga.approval_manager_id = cls.mona
        cls.partner = cls.env["res.partner"].create({"name": "Customer"})
        cls.product = cls.env["product.product"].create({"name": "Chair"})
        orders = cls.env["sale.order"].with_user(cls.olga)
        cls.order = orders.create(
            {
                "partner_id": cls.partner.id,
                "order_line": [(0, 0, {"product_id": cls.product.id})],
            }
        )
        cls.env.flush_all()

    def _page(self, user):
        """Return the page that the button on the customer opens."""
        action = self.partner.with_user(user).action_erp_audit_touch()
        self.assertEqual(action["tag"], "erp_audit_touch")
        params = action["params"]
        pages = self.env["erp.audit.touch"].with_user(user)
        return pages.get_page(params["touch_model"], params["touch_id"])

    def test_orders_of_a_customer(self):
        for user in (self.auditor, self.mona, self.olga):
            people = {person["name"]: person for person in self._page(user)["people"]}
            lines = {line["model"]: line for line in people["Olga"]["lines"]}
            self.assertIn("sale.order.line", lines, user.login)
            kinds = {k["name"]: k["count"] for k in lines["sale.order"]["kinds"]}
            self.assertEqual(kinds.get("Created"), 1, user.login)

    def test_line_leads_to_the_order(self):
        pages = self.env["erp.audit.touch"].with_user(self.auditor)
        action = pages.action_records(
            "res.partner",
            self.partner.id,
            365,
            "sale.order",
            self.olga.login,
            self.olga.id,
        )
        records = self.env["erp.audit.record"].with_user(self.auditor)
        found = records.search(action["domain"])
        self.assertEqual(set(found.mapped("res_id")), {self.order.id})
        self.assertIn(self.order.name, found[0].document)

    @mute_logger("odoo.addons.base.models.ir_rule")
    def test_customers_one_may_not_read(self):
        self.env["ir.rule"].create(
            {
                "name": "Not this customer",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "domain_force": f"[('id', '!=', {self.partner.id})]",
            }
        )
        with self.assertRaises(AccessError):
            self.partner.with_user(self.mona).action_erp_audit_touch()

    def test_button_is_for_those_who_see_others(self):
        for user, sees in ((self.auditor, 1), (self.mona, 1), (self.olga, 0)):
            view = self.env["res.partner"].with_user(user).get_view(view_type="form")
            arch = etree.fromstring(view["arch"])
            found = arch.findall(".//button[@name='action_erp_audit_touch']")
            self.assertEqual(len(found), sees, user.login)

    def test_orders_that_were_deleted(self):
        """An order that is gone is told with its customer, to who may see it."""
        (self.olga | self.mona).group_ids += self.env.ref(DELETING)
        other = self.env["res.partner"].create({"name": "Nobody's"})
        orders = self.env["sale.order"].with_user(self.olga)
        lost = orders.create({"partner_id": self.partner.id, "name": "LOST"})
        orders.create({"partner_id": other.id}).unlink()
        lost.unlink()
        self.env.flush_all()
        for user in (self.auditor, self.mona, self.olga):
            page = self._page(user)
            (kind,) = [k for k in page["kinds"] if k["gone"]]
            self.assertEqual((kind["label"], kind["gone"]), ("Sales Order", 1))
            people = {person["name"]: person for person in page["people"]}
            lines = {line["model"]: line for line in people["Olga"]["lines"]}
            kinds = {k["name"]: k["count"] for k in lines["sale.order"]["kinds"]}
            self.assertEqual(kinds.get("Deleted"), 1, user.login)
            self.assertEqual(lines["sale.order"]["documents"], 2)

    def test_deletions_that_one_may_not_see(self):
        self.mona.group_ids += self.env.ref(DELETING)
        orders = self.env["sale.order"].with_user(self.mona)
        orders.create({"partner_id": self.partner.id}).unlink()
        self.env.flush_all()
        self.assertTrue(any(kind["gone"] for kind in self._page(self.mona)["kinds"]))
        self.assertFalse(any(kind["gone"] for kind in self._page(self.olga)["kinds"]))
