from odoo import models
from odoo.http import request

from ..context import begin


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _dispatch(cls, endpoint):
        """Override to tell the database who asks for what, once per request."""
        begin(request.env)
        return super()._dispatch(endpoint)
