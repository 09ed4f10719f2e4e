from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import PurchaseApprovalCommon


@tagged("post_install", "-at_install")
class TestDoubleValidation(PurchaseApprovalCommon):
    """Odoo's second signature: replaced where a policy covers, left alone elsewhere."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write(
            {"po_double_validation": "two_step", "po_double_validation_amount": 50}
        )

    def test_left_alone_without_a_policy(self):
        order = self._order()
        order.button_confirm()
        self.assertEqual(order.state, "to approve")
        self.assertEqual(order.approval_state, "not_required")
        order.button_approve()  # a buyer may not
        self.assertEqual(order.state, "to approve")
        order.with_user(self.manager).button_approve()
        self.assertEqual(order.state, "purchase")
        self.assertTrue(self._receipts(order))

    def test_left_alone_where_the_policy_does_not_cover(self):
        self._policy(self.finance, amount_min=500)
        order = self._order(price=100)
        order.button_confirm()
        self.assertEqual(order.state, "to approve")
        small = self._order(price=10)
        small.button_confirm()
        self.assertEqual(small.state, "purchase")

    def test_replaced_where_a_policy_covers(self):
        self._policy(self.finance)
        order = self._submitted()
        self.assertEqual(order.state, "draft")
        self._approve(order, self.finance)
        self.assertEqual(order.state, "purchase", "no second signature after all")
        self.assertTrue(self._receipts(order))

    def test_manager_is_asked_as_well_where_a_policy_covers(self):
        self._policy(self.finance)
        order = self._order(user=self.manager)
        order.with_user(self.manager).button_confirm()
        self.assertEqual(order.state, "draft")
        self.assertEqual(order.approval_state, "pending")

    def test_approved_order_is_not_held_when_the_policy_is_archived(self):
        policy = self._policy(self.finance, auto_execute=False)
        order = self._submitted()
        self._approve(order, self.finance)
        policy.active = False
        order.button_confirm()
        self.assertEqual(order.state, "purchase")

    def test_content_changed_after_the_policy_is_archived(self):
        """An approval of something else does not replace core's signature."""
        policy = self._policy(self.finance, auto_execute=False)
        order = self._submitted()
        self._approve(order, self.finance)
        policy.active = False
        order.order_line.price_unit = 900
        order.button_confirm()
        self.assertEqual(order.state, "to approve")

    def test_order_of_before_the_policy(self):
        """What waits for the second signature when a policy begins to cover it."""
        order = self._order()
        order.button_confirm()
        self.assertEqual(order.state, "to approve")
        self._policy(self.finance)
        self.assertEqual(order.approval_state, "required")
        order.with_user(self.manager).button_approve()
        self.assertEqual(order.state, "to approve")
        self.assertEqual(order.approval_state, "pending")
        self._approve(order, self.finance)
        self.assertEqual(order.state, "purchase")
        self.assertTrue(self._receipts(order))

    def test_state_to_approve_is_no_way_around(self):
        self._policy(self.finance)
        order = self._order()
        order.write({"state": "to approve"})
        with self.assertRaises(UserError), self.env.cr.savepoint():
            order.write({"state": "purchase"})
        order.button_confirm()
        self.assertEqual(order.approval_state, "pending")
        self._approve(order, self.finance)
        self.assertEqual(order.state, "purchase")

    def test_locked_after_approval_if_the_company_wants_it(self):
        self.company.po_lock = "lock"
        self._policy(self.finance)
        order = self._submitted()
        self._approve(order, self.finance)
        self.assertTrue(order.locked)
