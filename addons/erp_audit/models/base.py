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
        # the rows say who created them, their links do not
        ensure(self.env, lambda: not self._log_access or self._has_links(data_list))
        return super()._create(data_list)

    def _has_links(self, data_list):
        """Return whether new records come with links to others."""
        names = {name for data in data_list for name in data["stored"]}
        return any(self._fields[name].type == "many2many" for name in names)

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
