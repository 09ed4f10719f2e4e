from odoo.tests import HttpCase, tagged

from .common_history import HistoryCase


class TourCase(HttpCase, HistoryCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._rule("res.partner")
        cls.partner = cls.env["res.partner"].create({"name": "Ada"})

    def setUp(self):
        super().setUp()
        self.env.flush_all()
        self._operate(self.partner, {"street": [None, "First"]})
        for number in range(25):
            self._operate(self.partner, {"zip": [str(number), str(number + 1)]})
        self._operate(self.partner, {"city": ["Rome", "Oslo"]})
        self.action = self.env["ir.actions.act_window"].create(
            {"name": "People", "res_model": "res.partner", "view_mode": "list,form"}
        )


@tagged("post_install", "-at_install")
class TestHistoryTour(TourCase):
    """From the form to its history and back, at a desk."""

    def test_desk(self):
        url = f"/odoo/action-{self.action.id}/{self.partner.id}"
        self.start_tour(url, "erp_audit_history_desk", login="auditor")

    def test_address(self):
        """Reloading the page, or opening it by its address."""
        url = f"/odoo/action-{self.action.id}/{self.partner.id}/audit-history"
        self.start_tour(
            f"{url}?res_model=res.partner", "erp_audit_history_address", login="auditor"
        )

    def test_new_document(self):
        url = f"/odoo/action-{self.action.id}/new"
        self.start_tour(url, "erp_audit_history_new", login="anna")


@tagged("post_install", "-at_install")
class TestHistoryPhoneTour(TourCase):
    """The same on a phone."""

    browser_size = "390x844"
    touch_enabled = True

    def test_phone(self):
        url = f"/odoo/action-{self.action.id}/{self.partner.id}"
        self.start_tour(url, "erp_audit_history_phone", login="auditor")
