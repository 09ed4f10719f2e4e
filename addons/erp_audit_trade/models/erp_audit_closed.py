from odoo import api, models
from odoo.tools import SQL


class ErpAuditClosed(models.AbstractModel):
    """Duties that were really done are looked for in all of the trail."""

    _inherit = "erp.audit.closed"

    @api.model
    def _wanted(self):
        """Override: who did first what the chains of documents ask for.

        With all that they ask for: the records themselves are not read.
        """
        number = self.env["erp.audit.source"]._number
        return [
            *super()._wanted(),
            *(
                SQL(
                    "(source, res_id, real_uid, uid, ts) WHERE source = %s AND %s",
                    number(model),
                    what,
                )
                for model, what in self.env["erp.access.report.chain"]._deeds()
            ),
        ]
