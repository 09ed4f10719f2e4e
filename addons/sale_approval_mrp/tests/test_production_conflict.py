from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import ProductionCommon


@tagged("post_install", "-at_install")
class TestProductionConflict(ProductionCommon):
    """Production is asked, and what happens in the factory meanwhile counts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.impact = cls.env.ref("sale_approval.approval_policy_change_impact")
        cls.gone = cls.env.ref("sale_approval.approval_policy_cancel_impact")

    def _submitted(self, order, *changes, **values):
        request = self._request(order, *changes, **values)
        request.action_submit()
        self.assertEqual(request.state, "submitted", request.error)
        return request

    def _asked(self, request):
        # sudo: the tasks of other people
        return request.sudo().approval_instance_id.open_task_ids.user_id

    def test_production_is_asked_about_what_it_has_confirmed(self):
        self.impact.active = True
        order = self._confirmed((self.lamp, 10))
        request = self._submitted(order, {"new_qty": 6})
        self.assertIn(self.worker, self._asked(request))
        self.assertNotIn(self.sales_manager, self._asked(request))
        self.assertEqual(self._quantities(self._makes(order)), [10])
        request.with_user(self.worker).action_approve()
        self.assertEqual(request.state, "applied")
        self.assertEqual(self._quantities(self._makes(order)), [6])

    def test_production_is_asked_about_a_cancellation(self):
        self.gone.active = True
        order = self._confirmed((self.lamp, 10))
        request = self._submitted(order, kind="cancel")
        self.assertIn(self.worker, self._asked(request))
        request.with_user(self.worker).action_approve()
        self.assertEqual(order.state, "cancel")
        self.assertEqual(self._makes(order).state, "cancel")

    def test_production_is_not_asked_without_need(self):
        self.impact.active = True
        order = self._confirmed((self.lamp, 10), (self.goods, 5))
        more = self._changed(order, {"new_qty": 12})
        self.assertFalse(more.impact_production)
        price = self._changed(order, {"new_price": 19})
        self.assertFalse(price.impact_production)
        goods = self._changed(order, None, {"new_qty": 1})
        self.assertFalse(goods.impact_production)
        self.assertFalse(self._words(goods, "production"))

    def test_begun_between_request_and_approval(self):
        self._approved_by(self.sales_manager)
        order = self._confirmed((self.lamp, 10))
        request = self._submitted(order, {"new_qty": 6})
        lamps = self._makes(order)
        self._begin(lamps)
        request.with_user(self.sales_manager).action_approve()
        self.assertEqual(request.state, "conflict")
        self.assertEqual(self._quantities(lamps), [10])
        self.assertEqual(self._open(order), 10)
        (row,) = request._change_conflict_rows()
        self.assertEqual(
            (row["what"], row["old"], row["new"]), ("Production", "", lamps.name)
        )
        # once he knows, it is his decision
        request.with_user(self.seller).action_reopen()
        request.with_user(self.seller).action_submit()
        request.with_user(self.sales_manager).action_approve()
        self.assertEqual(request.state, "applied")
        self.assertEqual(self._open(order), 6)
        self.assertTrue(self._tasks(lamps))

    def test_a_component_is_begun_meanwhile(self):
        self._approved_by(self.sales_manager)
        order = self._confirmed((self.desk, 10))
        request = self._submitted(order, {"new_qty": 6})
        self._begin(self._makes(order, self.board))
        request.with_user(self.sales_manager).action_approve()
        self.assertEqual(request.state, "conflict")

    def test_a_price_does_not_mind_production(self):
        self._approved_by(self.sales_manager)
        order = self._confirmed((self.lamp, 10))
        request = self._submitted(order, {"new_price": 15})
        self._begin(self._makes(order))
        request.with_user(self.sales_manager).action_approve()
        self.assertEqual(request.state, "applied")

    def test_a_rejected_request_changes_nothing(self):
        self._approved_by(self.sales_manager)
        order = self._confirmed((self.desk, 10), (self.set, 4))
        before = self._factory(order)
        request = self._submitted(order, {"new_qty": 3}, {"new_qty": 1})
        self.assertEqual(self._factory(order), before)
        request.with_user(self.sales_manager).action_reject("No")
        self.assertEqual(request.state, "rejected")
        self.assertEqual(self._factory(order), before)

    def test_the_preview_leaves_no_trace(self):
        order = self._confirmed((self.desk, 10), (self.set, 4))
        self._begin(self._makes(order, self.lamp))
        before = self._factory(order)
        counts = [self.env[name].search_count([]) for name in self._touched()]
        for values in ({"kind": "cancel"}, {"new_commitment_date": "2999-01-01"}, {}):
            request = self._request(order, **values)
            if not values:
                request.line_ids[0].new_qty = 3
                request.line_ids[1].new_qty = 9
            request.action_preview()
            self.assertTrue(self._words(request, "production"))
            self.assertEqual(self._factory(order), before)
            request.action_withdraw()
        self.assertEqual(
            counts, [self.env[name].search_count([]) for name in self._touched()]
        )

    def _touched(self):
        return (
            "mrp.production",
            "mrp.workorder",
            "stock.move",
            "stock.picking",
            "mail.activity",
        )

    def test_a_failure_leaves_production_untouched(self):
        """Production fits, the rest does not: nothing at all happens."""
        order = self._confirmed((self.desk, 10))
        self._approved_by(self.sales_manager)
        request = self._submitted(order, {"new_qty": 6})
        before = self._factory(order)

        def fail(request):
            raise UserError(request.name)

        self.patch(type(request), "_change_assert", fail)
        with mute_logger("odoo.addons.approval_flow.models.approval_instance_flow"):
            request.with_user(self.sales_manager).action_approve()
        self.assertEqual(request.state, "failed")
        self.assertEqual(self._factory(order), before)

    def test_the_words_of_the_reader(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.env["ir.module.module"].search(
            [("name", "in", ("sale_approval", "sale_approval_mrp", "approval_flow"))]
        )._update_translations(["zh_CN"])
        order = self._confirmed((self.lamp, 10))
        lamps = self._makes(order)
        request = self._changed(order, {"new_qty": 6})
        words = self._words(request.with_context(lang="zh_CN"), "production")
        self.assertEqual(len(words), 1)
        self.assertIn(lamps.name, words[0])
        self.assertIn("制造订单", words[0])

    def test_plain_orders_cost_little_more(self):
        """Orders without production are not searched for it again and again."""
        plain = self._confirmed(*[(self.goods, 2)] * 20)
        request = self._request(plain, {"new_qty": 1})
        self.env.flush_all()
        self.env.invalidate_all()
        lines = plain.order_line
        lines.mapped("move_ids.product_id")
        with self.assertQueryCount(12):
            for line in lines:
                line._change_is_kit()
                line._change_making()
                line._change_production_levels()
        self.assertTrue(request)
