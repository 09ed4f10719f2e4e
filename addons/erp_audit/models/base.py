from odoo import models

from ..context import ensure


class Base(models.AbstractModel):
    """Whoever writes through the ORM has told the database who he is.

    Requests and scheduled jobs do so when they begin. This catches the rest: the
    external RPC, which opens a cursor of its own, and the shell.
    """

    _inherit = "base"

    def _create(self, data_list):
        """Override to tell the database the context before the first write."""
        # the rows say who created them
        ensure(self.env, exact=not self._log_access)
        return super()._create(data_list)

    def _write_multi(self, vals_list):
        """Override to tell the database the context before the first write."""
        # what is flushed may have been written as somebody else: the rows say it
        ensure(self.env, exact=False)
        return super()._write_multi(vals_list)

    def write(self, vals):
        """Override to tell the database the context before links are written."""
        ensure(self.env, any(isinstance(v, (list, tuple)) for v in vals.values()))
        return super().write(vals)

    def unlink(self):
        """Override to tell the database the context before the first write."""
        ensure(self.env)
        return super().unlink()
