from odoo import api, models
from odoo.exceptions import AccessError


class ErpAuditAppendOnly(models.AbstractModel):
    """Records that only the database itself writes, and nobody changes.

    The database refuses it as well, whoever asks; here people are told why.
    """

    _name = "erp.audit.append.only"
    _description = "Append-only Record"

    def _refuse(self):
        raise AccessError(
            self.env._(
                "The audit trail is append-only: its records and seals cannot be "
                "created, changed or deleted by anybody, administrators included."
            )
        )

    @api.model_create_multi
    def create(self, vals_list):
        """Override to refuse it."""
        self._refuse()
        return super().create(vals_list)

    def write(self, vals):
        """Override to refuse it."""
        self._refuse()
        return super().write(vals)

    @api.ondelete(at_uninstall=True)
    def _unlink_refused(self):
        self._refuse()
