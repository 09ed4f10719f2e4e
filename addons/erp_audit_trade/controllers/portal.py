from odoo.exceptions import AccessError
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal


class AuditPortal(CustomerPortal):
    def _document_check_access(self, model_name, document_id, access_token=None):
        """Override to record who asks for documents of others.

        The pages answer with their front page, as if nothing had been.
        """
        try:
            return super()._document_check_access(model_name, document_id, access_token)
        except AccessError as error:
            request.env["erp.audit.event"]._denied_and_caught(error)
            raise
