from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import format_datetime

from .erp_access_rights_html import ICONS, ITEM, LIST


class ErpAccessRequest(models.Model):
    """What a request means, in words: rights gained, conflicts of duties."""

    _inherit = "erp.access.request"

    difference = fields.Html(
        string="What it changes", compute="_compute_difference", sanitize=False
    )
    conflict_text = fields.Html(
        string="Conflicts of duties", compute="_compute_difference", sanitize=False
    )
    conflict_count = fields.Integer(compute="_compute_difference")

    @api.depends("user_id", "role_id", "group_ids", "state")
    @api.depends_context("lang", "uid")
    def _compute_difference(self):
        for request in self:
            conflicts = request._conflicts()
            request.difference = self.env["erp.access.rights"]._html(
                request._difference_lines()
            )
            request.conflict_count = len(conflicts)
            request.conflict_text = LIST % Markup().join(
                ITEM
                % (
                    "fa-balance-scale",
                    "text-danger",
                    self.env._("Conflict of duties"),
                    text,
                )
                for text in conflicts
            )

    def _difference_lines(self):
        """Return what the request changes for the person, see ``erp.access.rights``."""
        groups = self._what_groups()
        if not groups or not self.user_id or self.state in ("active", "emergency"):
            return []
        # sudo: rights of the person, for whoever may read the request
        rights = self.env["erp.access.rights"].sudo()
        return rights._difference(self.user_id._origin, groups._origin)

    def _conflicts(self):
        """Return in sentences which conflicts of duties the request would make."""
        groups = self._what_groups()
        if not groups or not self.user_id:
            return []
        # sudo: rights of the person, for whoever may read the request
        rights = self.env["erp.access.rights"].sudo()
        new, _present = rights._conflicts(self.user_id._origin, groups._origin)
        return [
            self.env._(
                "%(name)s (%(left)s and %(right)s)",
                name=conflict.name,
                left=conflict.left_name,
                right=conflict.right_name,
            )
            for conflict in new
        ]

    # -- for the people who decide -----------------------------------------------------

    def _approval_facts(self):
        """Override: for whom, what, how long, why."""
        self.ensure_one()
        request = self
        until = request.date_to
        facts = [
            (self.env._("For"), request.user_id.name, ""),
            (
                self.env._("What"),
                request.role_id.name or ", ".join(request._what().mapped("full_name")),
                "",
            ),
            (
                self.env._("From"),
                format_datetime(self.env, request.date_from, dt_format="short"),
                "",
            ),
            (
                self.env._("Until"),
                format_datetime(self.env, until, dt_format="short")
                if until
                else self.env._("without end"),
                "" if until else "warning",
            ),
            (self.env._("Reason"), request.reason, ""),
        ]
        facts += [
            (self.env._("Conflict of duties"), text, "danger")
            for text in request._conflicts()
        ]
        return facts

    def _approval_effects(self):
        """Override: what the person may do then, the most important first."""
        self.ensure_one()
        tones = {"high": "danger", "medium": "warning", "low": ""}
        rights = self.env["erp.access.rights"]
        return [
            {
                "department": self.user_id.name,
                "text": line["text"],
                # the engine names icons without what they have in common
                "icon": ICONS[line["level"]][0].removeprefix("fa-"),
                "tone": tones[line["level"]],
            }
            for line in rights._in_short(self._difference_lines())
        ]
