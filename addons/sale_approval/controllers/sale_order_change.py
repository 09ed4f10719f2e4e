from urllib.parse import urlencode

from odoo.exceptions import AccessError, MissingError, UserError
from odoo.http import request, route

from odoo.addons.approval_flow.engine import plain_number
from odoo.addons.sale.controllers.portal import CustomerPortal

# what a page says after something was done
MESSAGES = ("received", "accepted", "declined", "withdrawn", "outdated", "busy")
ROUTE = "/my/orders/<int:order_id>/changes"
NEW = ROUTE + "/<any(change,cancel):kind>"


class SaleOrderChangePortal(CustomerPortal):
    """The customer's requests to change or cancel a confirmed order of his own.

    Access is checked as for the page of the order itself, by login or by the token of
    its address. Opening a page changes nothing; only its forms do.
    """

    @route(ROUTE, type="http", auth="public", website=True, readonly=True)
    def portal_order_changes(self, order_id, access_token=None, message=None, **_kw):
        """Show the requests of an order with what they change and their state.

        :param str message: what was just done, one of ``MESSAGES``
        """
        order = self._change_order(order_id, access_token)
        if not order:
            return request.redirect("/my")
        return request.render(
            "sale_approval.portal_changes",
            {
                **self._change_values(order, access_token),
                "changes": self._change_in_days(order._change_portal_requests()),
                "message": message if message in MESSAGES else None,
            },
        )

    @route(
        NEW, type="http", auth="public", methods=["GET"], website=True, readonly=True
    )
    def portal_order_change_form(self, order_id, kind, access_token=None, **_kw):
        """Show the form to request a change or a cancellation."""
        order = self._change_order(order_id, access_token)
        if not order:
            return request.redirect("/my")
        if not order._change_portal_open():
            return self._change_done(order, access_token, "busy")
        return self._change_form(order, kind, access_token, {}, {})

    @route(NEW, type="http", auth="public", methods=["POST"], website=True)
    def portal_order_change_send(self, order_id, kind, access_token=None, **form):
        """Take a request; on errors show the form again with all that was typed."""
        order = self._change_order(order_id, access_token)
        if not order:
            return request.redirect("/my")
        if not order._change_portal_open():
            return self._change_done(order, access_token, "busy")
        form = {name: text for name, text in form.items() if isinstance(text, str)}
        values, lines, errors = order._change_portal_read(kind, form)
        problem = not errors and self._change_problem(order)
        if problem:
            errors["form"] = problem
        if not errors:
            try:
                # sudo: customers have no rights on requests; the link was checked
                request.env["sale.order.change"].sudo()._change_raise(
                    order, values, lines
                )
            except UserError:
                return self._change_done(order, access_token, "busy")
            return self._change_done(order, access_token, "received")
        return self._change_form(order, kind, access_token, form, errors)

    @route(
        ROUTE + "/<int:change_id>/answer",
        type="http",
        auth="public",
        methods=["POST"],
        website=True,
    )
    def portal_order_change_answer(
        self, order_id, change_id, access_token=None, answer=None, seen="", **_kw
    ):
        """Take the customer's answer to a change that he was asked about.

        :param str answer: ``accept`` or ``decline``
        :param str seen: digest of the proposal that the page showed
        """

        def give(change):
            change._change_answer(answer == "accept", self._change_author(), seen)
            return "accepted" if answer == "accept" else "declined"

        if answer not in ("accept", "decline"):
            return request.redirect("/my")
        return self._change_act(order_id, change_id, access_token, give)

    @route(
        ROUTE + "/<int:change_id>/withdraw",
        type="http",
        auth="public",
        methods=["POST"],
        website=True,
    )
    def portal_order_change_withdraw(
        self, order_id, change_id, access_token=None, **_kw
    ):
        """Take a request back that the customer raised."""

        def give(change):
            change._change_withdraw_raised()
            return "withdrawn"

        return self._change_act(order_id, change_id, access_token, give)

    # -- helpers -----------------------------------------------------------------------

    def _change_order(self, order_id, access_token):
        """Return the order as the system, read by the customer, or None."""
        try:
            self._document_check_access("sale.order", order_id, access_token)
        except (AccessError, MissingError):
            return None
        # sudo: the access was checked above; who asks stays known
        order = request.env["sale.order"].sudo().browse(order_id)
        return order.with_company(order.company_id)

    def _change_author(self):
        """Return who answers, for the history: the login, or the link."""
        user = request.env.user
        if user._is_public():
            return request.env._("The customer (by the link, without logging in)")
        return user.name

    def _change_problem(self, order):
        """Return why nobody may raise a request just now, or None."""
        if request.env.user._is_internal():
            return request.env._(
                "You are logged in as an employee: use the buttons of the order itself."
            )
        if order._change_portal_too_often():
            return request.env._(
                "You have sent several requests today. Please contact us, so that we "
                "can help you."
            )
        return None

    def _change_act(self, order_id, change_id, access_token, give):
        """Do something with a request of an order; say so, or that it is too late."""
        order = self._change_order(order_id, access_token)
        change = order and order._change_portal_requests().filtered(
            lambda item: item.id == change_id
        )
        if not change or request.env.user._is_internal():
            return request.redirect("/my")
        try:
            with request.env.cr.savepoint():
                message = give(change)
        except UserError:
            message = "outdated"
        return self._change_done(order, access_token, message)

    def _change_done(self, order, access_token, message):
        """Return the redirection to the requests: a reload repeats nothing."""
        url = self._change_url(order, access_token, "/changes", message=message)
        return request.redirect(url, code=303)

    def _change_url(self, order, access_token, suffix="", **query):
        if access_token:
            query["access_token"] = access_token
        return f"/my/orders/{order.id}{suffix}" + (
            f"?{urlencode(query)}" if query else ""
        )

    def _change_in_days(self, changes):
        zone = changes[:1].order_id._change_portal_zone() if changes else None
        return changes.with_context(change_days=True, tz=zone and zone.zone)

    def _change_values(self, order, access_token):
        return {
            **self._prepare_portal_layout_values(),
            "sale_order": order,
            "page_name": "order",
            "access_token": access_token,
            "employee": request.env.user._is_internal(),
            "url": lambda suffix="": self._change_url(order, access_token, suffix),
        }

    def _change_form(self, order, kind, access_token, form, errors):
        return request.render(
            "sale_approval.portal_change_form",
            {
                **self._change_values(order, access_token),
                "kind": kind,
                "lines": order._change_portal_lines(),
                "reasons": order._change_portal_reasons(kind),
                "form": form,
                "plain_number": plain_number,
                "errors": errors,
            },
        )
