from odoo import models
from odoo.http import request

from .. import reading
from ..context import begin


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _dispatch(cls, endpoint):
        """Override to tell the database who asks for what, once per request."""
        begin(request.env)
        reading.forget()
        return super()._dispatch(endpoint)

    @classmethod
    def _post_dispatch(cls, response):
        """Override to record what the request has read, printed or downloaded."""
        result = super()._post_dispatch(response)
        reading.write(request.env)
        return result
