from odoo.tests import HttpCase, tagged


@tagged("post_install", "-at_install")
class TestApprovalJs(HttpCase):
    def test_unit_desktop(self):
        """The unit tests of this addon's components pass."""
        self.browser_js(
            "/web/tests?headless&loglevel=2&preset=desktop&timeout=15000"
            f"&id={self._hoot_id('@approval_flow')}",
            "",
            "",
            login="admin",
            timeout=600,
            success_signal="[HOOT] Test suite succeeded",
            error_checker=lambda message: "[HOOT]" not in message,
        )

    def _hoot_id(self, name):
        """Return the id that the runner gives a suite of this name."""
        number = 0
        for char in name:
            number = ((number << 5) - number + ord(char)) & 0xFFFFFFFF
        return f"{number:08x}"
