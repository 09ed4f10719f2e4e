from odoo.tests import HttpCase, tagged

from .change_common import ChangeCommon


class ChangeTourCase(HttpCase, ChangeCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.company_id.approval_urge_hours = 0
        cls.storekeeper = cls._person("wes", "stock.group_stock_user")

    def setUp(self):
        super().setUp()
        self._approved_by(self.leader, self.storekeeper, self.finance)

    def _url(self, action, record=None):
        action = self.env.ref(action)
        return f"/odoo/action-{action.id}" + (f"/{record.id}" if record else "")


@tagged("post_install", "-at_install")
class TestChangeTour(ChangeTourCase):
    """From the wish to the changed order, at a desk."""

    def test_three_people_approve_and_the_order_is_changed(self):
        order = self._confirmed((self.goods, 10), (self.other, 3, 30.0))
        self.start_tour(
            self._url("sale.action_orders", order),
            "sale_approval_request_change",
            login="sam",
        )
        request = order.change_ids
        self.assertEqual(request.state, "submitted")
        self.assertEqual(request.line_ids[0].new_qty, 4)
        for login in ("lee", "wes", "fay"):
            self.assertEqual(order.order_line[0].product_uom_qty, 10)
            self.start_tour(
                self._url(
                    "approval_flow.approval_instance_action",
                    request.approval_instance_id,
                ),
                f"sale_approval_approve_change_{login}",
                login=login,
            )
            self.env.invalidate_all()
        self.assertEqual(request.state, "applied")
        self.assertEqual(order.order_line[0].product_uom_qty, 4)
        self.start_tour(
            self._url("sale.action_orders", order),
            "sale_approval_changed_order",
            login="sam",
        )


@tagged("post_install", "-at_install")
class TestChangePhoneTour(ChangeTourCase):
    """The same decision on a phone."""

    browser_size = "390x844"
    touch_enabled = True

    def test_deciding_on_a_phone(self):
        order = self._confirmed()
        request = self._request(order, {"new_qty": 4})
        request.action_submit()
        self.start_tour(
            self._url("approval_flow.approval_task_action_inbox"),
            "sale_approval_decide_change_phone",
            login="lee",
        )
        self.assertEqual(
            request.approval_approver_ids.mapped("login"), [self.storekeeper.login]
        )
