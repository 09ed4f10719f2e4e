from odoo import models

from ..context import tell


class IrCron(models.Model):
    _inherit = "ir.cron"

    def _callback(self, cron_name, server_action_id):
        """Override to tell the database which job is running."""
        tell(self.env, f"cron: {cron_name}")
        return super()._callback(cron_name, server_action_id)
