from odoo.tests import HttpCase, tagged

from .gate_common import SaleApprovalCommon


class TourCase(HttpCase, SaleApprovalCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product.name = "Sensor"
        cls.policy = cls._policy(cls.leader)
        # the inbox is for these orders alone
        cls.env.user.company_id.approval_urge_hours = 0

    def _url(self, action, record=None):
        action = self.env.ref(action)
        return f"/odoo/action-{action.id}" + (f"/{record.id}" if record else "")


@tagged("post_install", "-at_install")
class TestTour(TourCase):
    """People at a desk."""

    def test_salesperson_confirms_and_sees_who_decides(self):
        order = self._order()
        self.start_tour(
            self._url("sale.action_quotations", order),
            "sale_approval_submit",
            login="sam",
        )
        self.assertEqual(order.approval_state, "pending")

    def test_manager_approves_a_batch(self):
        orders = self._submitted() | self._submitted() | self._submitted()
        self.start_tour(
            self._url("approval_flow.approval_task_action_inbox"),
            "sale_approval_decide_desk",
            login="lee",
        )
        self.assertEqual(set(orders.mapped("state")), {"sale"})

    def test_approver_without_rights_opens_the_order(self):
        self.policy.step_ids.user_ids = self.finance
        order = self._submitted()
        self.start_tour(
            self._url(
                "approval_flow.approval_instance_action", order.approval_instance_id
            ),
            "sale_approval_open_document",
            login="fay",
        )
        self.assertEqual(order.approval_state, "pending")


@tagged("post_install", "-at_install")
class TestPhoneTour(TourCase):
    """A manager with a phone, between two meetings."""

    browser_size = "390x844"
    touch_enabled = True

    def test_manager_decides_on_a_phone(self):
        orders = self._submitted(name="PHONE-1") | self._submitted(name="PHONE-2")
        self.start_tour(
            self._url("approval_flow.approval_task_action_inbox"),
            "sale_approval_decide_phone",
            login="lee",
        )
        self.assertEqual(orders.mapped("state"), ["sale", "draft"])
        self.assertEqual(orders.mapped("approval_state"), ["approved", "rejected"])
