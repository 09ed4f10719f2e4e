from odoo import models
from odoo.exceptions import AccessError
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
        try:
            return super()._dispatch(endpoint)
        except AccessError as error:
            # refused by code of its own: private methods, files of others
            request.env["erp.audit.event"]._denied_by(error)
            raise

    @classmethod
    def _post_dispatch(cls, response):
        """Override to record what the request has read, printed or downloaded."""
        result = super()._post_dispatch(response)
        reading.write(request.env, response)
        return result
