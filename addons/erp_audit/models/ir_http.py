from odoo import models
from odoo.http import request

from ..context import tell


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _dispatch(cls, endpoint):
        """Override to tell the database who asks for what, once per request."""
        if request.env.cr and not request.env.cr.readonly:
            tell(request.env)
        return super()._dispatch(endpoint)
