from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import StockApprovalCommon


@tagged("post_install", "-at_install")
class TestAccess(StockApprovalCommon):
    """Approvers without rights on stock, and people without a part."""

    def _pending(self, model):
        self._policy(model, self.finance)
        if model == "stock.picking":
            document = self._delivery()
            document.button_validate()
        elif model == "stock.scrap":
            document = (
                self.env[model]
                .with_user(self.worker)
                .create({"product_id": self.sensor.id, "scrap_qty": 2})
            )
            document.action_validate()
        else:
            quant = self.env["stock.quant"].search(
                [
                    ("product_id", "=", self.sensor.id),
                    ("location_id", "=", self.stock.id),
                ]
            )
            quant.inventory_quantity = 80
            quant.with_user(self.worker).action_apply_inventory()
            document = quant.approval_adjustment_id
        self.assertEqual(document.approval_state, "pending")
        return document

    def test_approver_reads_decides_and_reads_no_more(self):
        for model in self._documents():
            with self.subTest(model=model):
                document = self._pending(model)
                instance = document.approval_instance_id.with_user(self.finance)
                action = instance.action_open_document()
                view = self.env["ir.ui.view"].browse(action["views"][0][0])
                self.assertEqual(view.priority, 1000)
                mine = document.with_user(self.finance)
                names = {
                    node.get("name")
                    for node in view._get_combined_arch().iter("field")
                    if node.get("name") in document._fields
                }
                mine.web_read({name: {} for name in names})
                if model != "stock.scrap":
                    self.assertTrue(mine.approval_goods["rows"])
                self.assertTrue(instance.view_facts)
                with self.assertRaises(AccessError):
                    mine.write({"approval_instance_id": False})
                mine.action_approve()
                self.assertEqual(document.state, "done")
                with self.assertRaises(AccessError):
                    mine.read(["state"])

    def test_nobody_else_reads(self):
        document = self._pending("stock.inventory.approval")
        stranger = self._person("sid", "base.group_user")
        with self.assertRaises(AccessError):
            document.with_user(stranger).read(["name"])
        with self.assertRaises(AccessError):
            self.env["stock.inventory.approval.line"].with_user(stranger).search([])

    def test_requester_decides_nothing(self):
        policy = self._policy("stock.picking", self.worker | self.manager)
        picking = self._delivery()
        picking.button_validate()
        self.assertEqual(picking.approval_approver_ids, self.manager)
        self.assertTrue(policy.active)

    def test_editor_decides_nothing(self):
        self._policy("stock.picking", self.worker2 | self.manager)
        picking = self._delivery()
        picking.with_user(self.worker2).move_ids.quantity = 4
        picking.with_context(skip_backorder=True).button_validate()
        self.assertEqual(picking.approval_approver_ids, self.manager)

    def test_worker_reads_and_searches(self):
        document = self._pending("stock.inventory.approval")
        Document = self.env["stock.inventory.approval"].with_user(self.worker2)
        self.assertEqual(
            Document.search([("approval_state", "=", "pending")]), document
        )
        inside = Document.search([("location_ids", "in", self.stock.ids)])
        self.assertEqual(inside, document)
        quants = self.env["stock.quant"].with_user(self.worker2)
        waiting = quants.search([("approval_adjustment_id", "!=", False)])
        self.assertEqual(waiting.product_id, self.sensor)
        self.assertEqual(waiting.approval_state, "pending")

    def test_states_are_searched(self):
        picking = self._pending("stock.picking")
        other = self._delivery((self.cable, 1))
        Picking = self.env["stock.picking"].with_user(self.worker)
        mine = [("id", "in", (picking | other).ids)]

        def found(state):
            return Picking.search([*mine, ("approval_state", "=", state)])

        self.assertEqual(found("pending"), picking)
        self.assertEqual(found("required"), other)
        self._approve(picking, self.finance)
        self.assertEqual(found("approved"), picking)
        self.env["approval.policy"].search([]).active = False
        self.assertEqual(found("not_required"), other)

    def test_facts_are_searched(self):
        self.sensor.categ_id = self.env["product.category"].create({"name": "Parts"})
        picking = self._delivery(origin=False)
        other = self._delivery((self.cable, 1), origin="S0001")
        Picking = self.env["stock.picking"].with_user(self.worker)
        mine = [("id", "in", (picking | other).ids)]
        for domain, expected in (
            ([("approval_value", ">", 100)], picking),
            ([("approval_outside", "=", True)], picking | other),
            ([("approval_no_source", "=", True)], picking),
            ([("approval_by_hand", "=", True)], picking | other),
            (
                [("approval_category_ids", "in", self.sensor.categ_id.ids)],
                picking,
            ),
        ):
            with self.subTest(domain=domain):
                self.assertEqual(Picking.search(mine + domain), expected)
