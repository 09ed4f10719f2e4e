from urllib.parse import quote

from odoo.exceptions import AccessError, UserError
from odoo.http import Controller, request, route

CHOICES = ("approved", "rejected")
# the address is a key: no cache, no search engine, no other site gets to see it
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}


class ApprovalLink(Controller):
    """The page behind the buttons of an approval e-mail.

    Opening it decides nothing, since e-mail programs and scanners open links by
    themselves; only its form does.
    """

    @route(
        "/approval/decide/<string:token>",
        type="http",
        auth="public",
        methods=["GET"],
        readonly=True,
    )
    def approval_decide(self, token, choice=None, **_params):
        """Show the document to decide, or why there is nothing to decide.

        Not a page of the website: no menus, no scripts of third parties that would
        get to know the address.

        :param str token: see ``approval.task._link_token``
        :param str choice: the button of the e-mail, ``approved`` or ``rejected``
        """
        opened = self._approval_open(token)
        if not isinstance(opened, tuple):
            return opened
        return self._approval_page(token, *opened, choice=choice)

    @route(
        "/approval/decide/<string:token>",
        type="http",
        auth="public",
        methods=["POST"],
    )
    def approval_decide_confirm(
        self, token, choice=None, comment="", seen=None, **_params
    ):
        """Record the decision, then show what became of it.

        :param str choice: ``approved`` or ``rejected``
        :param str comment: remark; needed to reject
        :param str seen: digest of the content that the page showed
        """
        opened = self._approval_open(token)
        if not isinstance(opened, tuple):
            return opened
        task, digest = opened
        problem = self._approval_record(task, digest, choice, comment, seen)
        if problem:
            return self._approval_page(token, task, digest, choice, comment, problem)
        # a reload of the next page repeats nothing
        return request.redirect(f"/approval/decide/{quote(token)}", code=303)

    # -- who ---------------------------------------------------------------------------

    def _approval_open(self, token):
        """Return ``(task, digest)`` for the person named by the token, or a page."""
        found = request.env["approval.task"]._link_open(token)
        if not found:
            return self._approval_render("approval_flow.link_invalid", {}, 404)
        task, user, digest = found
        if request.session.uid and request.session.uid != user.id:
            # who is logged in as himself does not act as somebody else
            values = {"login": request.env.user.name, "token": token}
            return self._approval_render("approval_flow.link_other_person", values, 403)
        # sudo: a setting of the company
        if not request.session.uid and not task.sudo().company_id.approval_mail_public:
            query = request.httprequest.query_string.decode()
            address = request.httprequest.path + (f"?{query}" if query else "")
            return request.redirect_query("/web/login", {"redirect": address})
        request.update_context(lang=user.lang or "en_US", tz=user.tz)
        return task, digest

    # -- decide ------------------------------------------------------------------------

    def _approval_record(self, task, digest, choice, comment, seen):
        """Decide the task; return in words what is missing or wrong, or None."""
        if choice not in CHOICES:
            return task.env._("Choose whether you approve or reject.")
        if choice == "rejected" and not (comment or "").strip():
            return task.env._("Say why, so that the requester knows what to do.")
        if task._link_changed(digest):
            return None  # the page says so
        cache = request.env.cr.cache
        cache["approval_source"] = "mail"
        try:
            with request.env.cr.savepoint():
                task._decide(choice, (comment or "").strip() or None, seen or digest)
        except (UserError, AccessError) as error:
            return str(error)
        finally:
            cache.pop("approval_source", None)
        return None

    # -- pages -------------------------------------------------------------------------

    def _approval_page(
        self, token, task, digest, choice=None, comment="", problem=None
    ):
        """Return the page of a task: the form, or why it is not to be decided."""
        # sudo: the approval of the task; the person was checked
        instance = task.sudo().instance_id._for_reader(task.env.user)
        values = {
            "token": token,
            "url": f"/odoo/approval.instance/{instance.id}",
            "company": instance.company_id,
        }
        # sudo: the reason, for the person whom the task is for
        reason = task.sudo()._refusal("approved", None)
        if reason:
            values.update(self._approval_outcome(task, instance, reason))
            return self._approval_render("approval_flow.link_closed", values)
        if task._link_changed(digest):
            return self._approval_render("approval_flow.link_changed", values)
        columns, rows = instance._fact_lines()
        own = task.sudo().with_env(instance.env)  # sudo: step and deadline
        values.update(
            facts={
                **instance._facts(),
                "due": instance._at(own.due),
                "late": own.is_late,
            },
            step=own.step_name or "",
            acting_for=own.acting_for_id.name
            if own.acting_for_id and own.acting_for_id != task.env.user
            else "",
            columns=columns,
            rows=rows,
            choice=choice if choice in CHOICES else "",
            comment=comment or "",
            problem=problem,
            seen=instance.accepted_digest or instance.digest,
            me=task.env.user.name,
        )
        return self._approval_render("approval_flow.link_decide", values)

    def _approval_outcome(self, task, instance, reason):
        """Return what a page says about a task that is not to be decided (any more)."""
        own = task.sudo()  # sudo: the person's own decision
        if own.decided_by_id != task.env.user or own.state not in (
            "approved",
            "rejected",
            "returned",
        ):
            return {"mine": False, "reason": reason}
        return {
            "mine": own.state,
            "document": instance.document_name,
            "state": instance.state,
            "next": instance._who_is_next() if instance.state == "pending" else "",
        }

    def _approval_render(self, template, values, status=200):
        lang = request.env.lang or "en_US"
        values = {"html_lang": lang.replace("_", "-"), **values}
        response = request.render(template, values)
        response.status_code = status
        response.headers.update(HEADERS)
        return response
