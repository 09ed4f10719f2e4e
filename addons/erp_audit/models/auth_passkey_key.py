from odoo import models


class AuthPasskeyKey(models.Model):
    _inherit = "auth.passkey.key"

    def unlink(self):
        """Override: who has a second factor is kept in memory."""
        result = super().unlink()
        self.env.registry.clear_cache()
        return result
