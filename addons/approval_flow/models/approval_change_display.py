from odoo import api, fields, models
from odoo.tools import SQL, format_date

from .approval_change_mixin import EDITABLE, INTERNAL

# applied requests that a document's history shows
MAX_SHOWN = 50


class ApprovalChangeMixin(models.AbstractModel):
    """What the form, the cards and the figures show of a change request."""

    _inherit = "approval.change.mixin"

    is_editable = fields.Boolean(
        compute="_compute_is_editable", help="Whether the proposal can be edited now."
    )
    view_effects = fields.Json(
        compute="_compute_view_change", string="What will happen, by department"
    )
    view_rows = fields.Json(compute="_compute_view_change", string="What changes")
    view_figures = fields.Json(compute="_compute_view_change", string="Figures")
    view_conflict = fields.Json(
        compute="_compute_view_change", string="How the order has moved on"
    )
    change_words = fields.Char(
        string="What changes, in words", compute="_compute_change_words"
    )
    apply_hours = fields.Float(
        string="Hours until applied",
        compute="_compute_apply_hours",
        store=True,
        aggregator="avg",
        digits=(16, 1),
        help="From raising the request until it was applied.",
    )

    @api.depends("state")
    def _compute_is_editable(self):
        for request in self:
            request.is_editable = request.state in EDITABLE

    @api.depends("impact", "conflict", "state")
    @api.depends_context("lang", "tz")
    def _compute_view_change(self):
        for request in self:
            request.view_effects = by_department(request._approval_effects()) or False
            request.view_rows = request._change_rows() or False
            request.view_figures = request._change_figure_rows() or False
            request.view_conflict = request._change_conflict_rows() or False

    @api.depends("impact", "state")
    @api.depends_context("lang", "tz")
    def _compute_change_words(self):
        for request in self:
            request.change_words = request._change_in_words()

    @api.depends("applied_date")
    def _compute_apply_hours(self):
        for request in self:
            applied = request.applied_date
            request.apply_hours = (
                (applied - request.create_date).total_seconds() / 3600.0
                if applied and request.create_date
                else 0.0
            )

    def _read_group_select(self, aggregate_spec, query):
        """Override: the time to apply is that of applied requests."""
        if aggregate_spec != "apply_hours:avg":
            return super()._read_group_select(aggregate_spec, query)
        return SQL(
            "AVG(%s) FILTER (WHERE %s = 'applied')",
            self._field_to_sql(self._table, "apply_hours", query),
            self._field_to_sql(self._table, "state", query),
        )

    def _change_in_words(self):
        """Return in one line what the request changes: for cards and lists."""
        self.ensure_one()
        if self.kind == "cancel":
            return ""
        header = self._change_header()
        lines = self.line_ids
        touched = lines.filtered(lambda line: line.action != "keep")
        # only the first is put into words, and read with those of the other requests
        first = touched[:1].with_prefetch(lines._prefetch_ids)
        rows = self._change_line_rows(first) if first else []
        rows = rows or (self._change_header_rows() if header else [])
        if not rows:
            return ""
        first = rows[0]
        what = f"{first['where']} {first['what']}".strip()
        text = f"{what}: {first['old'] or '–'} → {first['new'] or '–'}"
        more = len(header) - 1 + (len(touched) and len(touched) + len(rows) - 1)
        return (
            self.env._("%(first)s, and %(count)s more", first=text, count=more)
            if more
            else text
        )

    def _approval_headline(self):
        """Override: the document, and what changes in it."""
        # sudo: shown to people who are asked to decide
        order = self.sudo().order_id
        what = self._change_in_words() or self._change_label("kind")
        return f"{order.display_name} · {what}"

    def _approval_differences(self):
        """Override: old and new."""
        return self._change_rows()

    def _change_figure_rows(self):
        """Return figures before and after: ``[{"label", "old", "new", "tone"}]``."""
        self.ensure_one()
        if not (self.impact or {}).get("figures"):
            return []
        money = self.currency_id.format
        return [
            {
                "label": self.env._("Total"),
                "old": money(self.amount_old),
                "new": money(self.amount_new),
                "tone": "warning" if self.amount_delta < 0 else "",
            }
        ]

    # -- on the document ---------------------------------------------------------------

    def _change_strip(self):
        """Return what the strip on the document shows of this request."""
        self.ensure_one()
        # sudo: told to whoever may read the document
        request = self.sudo()
        instance = request.approval_instance_id
        # rights are those of the reader, not of the system that found the request
        own = self.with_env(self.env(su=False))
        return {
            "request": request.id,
            "model": request._name,
            "number": request.name,
            "kind": request.kind,
            "kind_label": request._change_label("kind"),
            "state": request.state,
            "state_label": request._change_label("state"),
            "people": request.approval_approver_ids.mapped("name")
            if request.state == "submitted"
            else [],
            "since": fields.Datetime.to_string(instance.level_since)
            if request.state == "submitted"
            else False,
            "due": fields.Datetime.to_string(instance.due)
            if request.state == "submitted" and instance.due
            else False,
            "words": request._change_in_words(),
            "asks_partner": request.customer_state == "asked",
            "partner": request.partner_id.display_name or "",
            "conflict": [
                f"{row['where']} {row['what']}: {row['old'] or '–'} → "
                f"{row['new'] or '–'}".strip()
                for row in request._change_conflict_rows()[:3]
            ]
            if request.state == "conflict"
            else [],
            "error": request.error or "",
            "can_open": own.has_access("read"),
            "can_act": own.has_access("write"),
        }

    def _change_label(self, name):
        return dict(self._fields[name]._description_selection(self.env))[self[name]]

    def _change_history_item(self):
        """Return an applied request as plain data for the document's history."""
        self.ensure_one()
        return {
            "id": self.id,
            "model": self._name,
            "number": self.name,
            "kind": self.kind,
            "kind_label": self._change_label("kind"),
            "revision": self.revision,
            "date": self._change_at(self.applied_date),
            "effective": format_date(self.env, self.effective_date),
            "who": self._change_requester_words(),
            "reason": self.reason_id.name or "",
            "note": self.note or "",
            "rows": self._change_rows(),
            "old": self.currency_id.format(self.amount_old),
            "new": self.currency_id.format(self.amount_new),
        }

    def _change_requester_words(self):
        return self.requester_id.name


class ApprovalChangeableMixin(models.AbstractModel):
    """What the form of a document shows of its change requests."""

    _inherit = "approval.changeable.mixin"

    change_status = fields.Json(
        compute="_compute_change_status",
        string="Status of the open request",
        groups=INTERNAL,
    )
    change_history = fields.Json(
        compute="_compute_change_history", string="Applied requests", groups=INTERNAL
    )
    change_held_fields = fields.Char(
        compute="_compute_change_held_fields",
        string="Fields that change only by request",
        help="Names between commas, those of the lines with “line.” before them: what "
        "the form makes read-only.",
    )

    @api.depends("change_ids.state", "change_ids.approval_instance_id")
    @api.depends_context("uid", "lang", "tz")
    def _compute_change_status(self):
        opened = self._change_open_requests()
        for document in self:
            request = opened.get(document._origin.id)
            document.change_status = request._change_strip() if request else False

    @api.depends("change_ids.state")
    @api.depends_context("lang", "tz")
    def _compute_change_history(self):
        # sudo: what was changed, for whoever may read the document
        requests = self.env[self._change_model].sudo()
        applied = requests.search(
            [("order_id", "in", self._origin.ids), ("state", "=", "applied")],
            order="applied_date desc, id desc",
        )
        by_document = applied.grouped("order_id")
        for document in self:
            found = by_document.get(document._origin, applied.browse())[:MAX_SHOWN]
            document.change_history = [
                request._change_history_item() for request in found
            ] or False

    @api.depends(lambda self: [self._change_state_field, "company_id"])
    def _compute_change_held_fields(self):
        for document in self:
            names = []
            if document._change_is_held():
                control = document._change_control()
                names = sorted(control["header"])
                names += [f"line.{name}" for name in sorted(control["lines"])]
            # never empty: the form looks for a name in it
            document.change_held_fields = f",{','.join(names)},"


class ApprovalChangeControl(models.Model):
    _inherit = "approval.change.control"

    line_model = fields.Char(compute="_compute_line_model", string="Model of the lines")

    @api.depends("res_model")
    def _compute_line_model(self):
        for control in self:
            model = self.env.get(control.res_model or "")
            control.line_model = (
                model._approval_line_model() if model is not None else False
            )


def by_department(effects):
    """Return effects grouped by department, for screens, mails and paper.

    :param list effects: see ``approval.document.mixin._approval_effects``
    :return: ``[{"department", "code", "icon", "rows": [{"text", "icon", "tone"}]}]``
    """
    icons = {
        "warehouse": "cubes",
        "production": "industry",
        "purchasing": "shopping-cart",
        "finance": "money",
        "sales": "handshake-o",
    }
    groups = {}
    for effect in effects:
        if not effect["text"]:
            continue  # found by an addon that is not installed any more
        code = effect.get("code") or ""
        group = groups.setdefault(
            effect["department"],
            {
                "department": effect["department"],
                "code": code,
                "icon": icons.get(code, "cogs"),
                "rows": [],
            },
        )
        group["rows"].append(
            {"text": effect["text"], "icon": effect["icon"], "tone": effect["tone"]}
        )
    return list(groups.values())
