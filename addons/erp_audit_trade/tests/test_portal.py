from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.erp_audit.models.erp_audit_event_denied import DENIED
from odoo.addons.erp_audit.tests.common import AuditCase


@tagged("post_install", "-at_install")
class TestPortal(HttpCase):
    """Customers who try the addresses of orders that are not theirs."""

    _mark = AuditCase._mark
    _records = AuditCase._records

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.eve = new_test_user(cls.env, "eve", "base.group_portal", password="eveeve")
        other = cls.env["res.partner"].create({"name": "Somebody else"})
        cls.order = cls.env["sale.order"].create({"partner_id": other.id})

    def setUp(self):
        super().setUp()
        DENIED._seen.clear()
        self.authenticate("eve", "eveeve")
        self._mark()

    def test_order_of_somebody_else(self):
        """The page is polite; the attempt is on record, once."""
        self.url_open(f"/my/orders/{self.order.id}")
        (event,) = self._records("sale.order", event="denied")
        self.assertEqual(event["real_uid"], self.eve.id)
        self.assertEqual(event["diff"]["ids"], self.order.ids)
        self.assertEqual(event["route"], f"/my/orders/{self.order.id}")

    def test_order_with_its_link(self):
        """Whoever was sent the link is welcome."""
        self.url_open(self.order.get_portal_url())
        self.assertFalse(self._records("sale.order", event="denied"))
