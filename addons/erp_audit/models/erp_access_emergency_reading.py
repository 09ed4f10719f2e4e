from odoo import models

from .. import reading


class Base(models.AbstractModel):
    """Who has taken emergency access reads nothing unseen while it lasts."""

    _inherit = "base"

    def _fetch_query(self, query, fields):
        """Override to note reads of every audited document in an emergency."""
        records = super()._fetch_query(query, fields)
        if not self.env.su and records and self.pool.ready:
            people, names = self.env["erp.access.grant"]._emergencies()
            if self.env.uid in people and self._name in names:
                reading.note(self.env, "read", self._name, records._ids)
        return records
