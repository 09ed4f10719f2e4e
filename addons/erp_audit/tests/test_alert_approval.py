from odoo.tests import tagged

from odoo.addons.approval_flow.tests.common import ApprovalCase

from .common_alert import AlertMixin


@tagged("post_install", "-at_install")
class TestAlertApproval(AlertMixin, ApprovalCase):
    """Approvals that are none."""

    def _approve(self, order, user):
        order.with_user(self.seller).action_confirm()
        self.env.flush_all()
        order.with_user(user).action_approve()
        self.env.flush_all()

    def test_approved_by_who_asked_for_it(self):
        """Where a step lets the requester decide; another approver is none."""
        step = {
            **self._users(self.seller, self.anna),
            "exclude_creator": False,
            "exclude_editor": False,
            "exclude_responsible": False,
        }
        self._policy(step)
        first, second = self._order(), self._order()
        with self._doing("own_approval") as found:
            self._approve(first, self.anna)
        self.assertFalse(found.alerts)
        with self._doing("own_approval") as found:
            self._approve(second, self.seller)
        self.assertEqual(found.alerts.person_id, self.seller)
        self.assertIn("Seller", found.alerts.name)

    def test_history_of_approvals_changed(self):
        """The application appends to it; whoever changes it works past it."""
        self._policy(self._users(self.anna))
        order = self._order()
        with self._doing("approval_bypass") as found:
            self._approve(order, self.anna)
        self.assertFalse(found.alerts)
        with self._doing("approval_bypass") as found:
            self.env.cr.execute(
                "UPDATE approval_event SET comment = 'fine' WHERE kind = 'approved'"
            )
        self.assertEqual(len(found.alerts), 1)
