import time

from odoo.tests import HttpCase, new_test_user

from ..models.res_users_access_factor import LOGGED_IN

PASSWORD = "acc-Secret-1"


class FactorCase(HttpCase):
    """Somebody with a role that asks for a second factor, which he has not got."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.role = cls.env["erp.role"].create(
            {
                "name": "Careful",
                "group_ids": cls.env.ref("base.group_partner_manager").ids,
                "requires_second_factor": True,
            }
        )
        cls.user = new_test_user(cls.env, "acc_factor", password=PASSWORD)
        cls.grant = cls.env["erp.access.grant"]._grant(cls.user, cls.role, "direct")

    def authenticate(self, user, password, *, ago=0, **options):
        """Override: as if the person had logged in so many seconds ago."""
        extra = {LOGGED_IN: time.time() - ago, **options.pop("session_extra", {})}
        return super().authenticate(user, password, session_extra=extra, **options)
