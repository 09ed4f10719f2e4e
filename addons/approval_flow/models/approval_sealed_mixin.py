from odoo import api, models
from odoo.exceptions import AccessError

from ..engine import ENGINE


class ApprovalSealedMixin(models.AbstractModel):
    """Records that nobody writes through the ORM, only the engine's own methods.

    The access list alone would leave server actions, imports by a superuser and any
    ``sudo()`` as ways to forge a decision. So ``create``, ``write`` and ``unlink``
    ask for the engine's key, which no client can send.
    """

    _name = "approval.sealed.mixin"
    _description = "Record kept by the approval engine"

    def _engine(self):
        """Return ``self`` with the right to be changed; for the engine's code only."""
        # sudo: people have read access only, each public method checks the actor
        return self.sudo().with_context(approval_engine=ENGINE)

    def _is_engine(self):
        return self.env.context.get("approval_engine") is ENGINE

    def _check_engine(self):
        if not self._is_engine():
            raise AccessError(
                self.env._(
                    "Approval records are kept by the system and cannot be created, "
                    "changed or deleted by hand. Use the approval buttons instead."
                )
            )

    @api.model_create_multi
    def create(self, vals_list):
        """Override to refuse any creation outside the engine."""
        self._check_engine()
        return super().create(vals_list)

    def write(self, vals):
        """Override to refuse any change outside the engine."""
        self._check_engine()
        return super().write(vals)

    def unlink(self):
        """Override to refuse any deletion outside the engine."""
        self._check_engine()
        return super().unlink()
