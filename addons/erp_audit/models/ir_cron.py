import threading

from odoo import models

from ..context import JOB, begin


class IrCron(models.Model):
    _inherit = "ir.cron"

    def _callback(self, cron_name, server_action_id):
        """Override to tell the database which job is running."""
        thread = threading.current_thread()
        before = getattr(thread, JOB, None)
        setattr(thread, JOB, f"cron: {cron_name}"[:120])
        try:
            begin(self.env)
            return super()._callback(cron_name, server_action_id)
        finally:
            setattr(thread, JOB, before)
