from urllib.parse import urlencode

from odoo.exceptions import AccessError, MissingError, UserError
from odoo.http import request, route

from odoo.addons.purchase.controllers.portal import CustomerPortal

ANSWER = "/my/purchase/<int:order_id>/changes/<int:change_id>/answer"


class PurchaseOrderChangePortal(CustomerPortal):
    """The vendor's answer to a change of a confirmed order that he is asked about.

    Access is checked as for the page of the order itself, by login or by the token of
    its address.
    """

    @route(ANSWER, type="http", auth="public", methods=["POST"], website=True)
    def portal_purchase_change_answer(
        self, order_id, change_id, access_token=None, answer=None, seen="", **_kw
    ):
        """Take the vendor's answer.

        :param str answer: ``accept`` or ``decline``
        :param str seen: digest of the proposal that the page showed
        """
        try:
            self._document_check_access("purchase.order", order_id, access_token)
        except (AccessError, MissingError):
            return request.redirect("/my")
        # sudo: the access was checked above; who answers stays known
        order = request.env["purchase.order"].sudo().browse(order_id)
        asked = order._change_asked().filtered(lambda item: item.id == change_id)
        user = request.env.user
        if answer not in ("accept", "decline") or not asked or user._is_internal():
            return request.redirect(self._change_page(order, access_token))
        name = (
            request.env._("The vendor (by the link, without logging in)")
            if user._is_public()
            else user.name
        )
        try:
            with request.env.cr.savepoint():
                asked._change_answer(answer == "accept", name, seen)
            message = "accepted" if answer == "accept" else "declined"
        except UserError:
            message = "outdated"
        # a reload of the page repeats nothing
        url = self._change_page(order, access_token, change=message)
        return request.redirect(url, code=303)

    def _change_page(self, order, access_token, **query):
        if access_token:
            query["access_token"] = access_token
        return f"/my/purchase/{order.id}" + (f"?{urlencode(query)}" if query else "")
