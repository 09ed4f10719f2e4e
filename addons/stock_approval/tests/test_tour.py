from odoo.tests import HttpCase, tagged

from .common import StockApprovalCommon


class TourCase(HttpCase, StockApprovalCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for model in cls._documents():
            cls._policy(model, cls.manager)
        cls.picking = cls._delivery((cls.sensor, 5))
        cls.picking.move_ids.quantity = 3
        cls.scrap = (
            cls.env["stock.scrap"]
            .with_user(cls.worker)
            .create({"product_id": cls.sensor.id, "scrap_qty": 2})
        )
        cls.quant = cls.env["stock.quant"].search(
            [("product_id", "=", cls.sensor.id), ("location_id", "=", cls.stock.id)]
        )
        cls.quant.inventory_quantity = 90
        cls.quant.user_id = cls.worker

    def _url(self, action, record=None):
        action = self.env.ref(action)
        return f"/odoo/action-{action.id}" + (f"/{record.id}" if record else "")


@tagged("post_install", "-at_install")
class TestTour(TourCase):
    """People at a desk."""

    def test_worker_validates_scraps_and_counts(self):
        self.start_tour(
            self._url("stock.action_picking_tree_all", self.picking),
            "stock_approval_validate",
            login="wes",
        )
        self.assertEqual(self.picking.approval_state, "pending")
        self.start_tour(
            self._url("stock.action_stock_scrap", self.scrap),
            "stock_approval_scrap",
            login="wes",
        )
        self.assertEqual(self.scrap.approval_state, "pending")
        self.start_tour(
            self._url("stock.action_view_inventory_tree"),
            "stock_approval_count",
            login="wes",
        )
        self.assertEqual(self.quant.approval_state, "pending")


@tagged("post_install", "-at_install")
class TestPhoneTour(TourCase):
    """A manager with a phone."""

    browser_size = "390x844"
    touch_enabled = True

    def test_manager_decides_and_everything_is_done(self):
        # of another product: what is delivered would change the counted difference
        picking = self._delivery((self.cable, 3))
        picking.button_validate()
        self.scrap.product_id = self.cable
        self.scrap.action_validate()
        self.quant.with_user(self.worker).action_apply_inventory()
        document = self.quant.approval_adjustment_id
        self.start_tour(
            self._url("approval_flow.approval_task_action_inbox"),
            "stock_approval_decide",
            login="mia",
        )
        self.assertEqual(picking.state, "done")
        self.assertEqual(self.scrap.state, "done")
        self.assertEqual(document.state, "done")
        self.assertEqual(self.quant.quantity, 90)
