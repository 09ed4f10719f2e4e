import json

from odoo import api, fields, models

AUDITOR = "erp_audit.group_audit_auditor"
# changes that a summary tells; the form tells all
SHORT = 3
# letters of one of them
LONG = 90


class ErpAuditRecord(models.Model):
    """Records in the reader's words: nothing of it is stored, or shows codes."""

    _inherit = "erp.audit.record"

    person = fields.Char(
        compute="_compute_person",
        search="_search_person",
        help="Who it was. Somebody who was deleted since is named by his login.",
    )
    kind = fields.Char(string="What", compute="_compute_kind")
    document = fields.Char(compute="_compute_document", search="_search_document")
    can_open = fields.Boolean(compute="_compute_document")
    has_history = fields.Boolean(compute="_compute_has_history")
    other_document = fields.Char(compute="_compute_document")
    summary = fields.Char(compute="_compute_summary")
    change_table = fields.Html(
        string="Changes", compute="_compute_change_table", sanitize=False
    )
    action_name = fields.Char(
        string="Action",
        compute="_compute_action_name",
        search="_search_action_name",
    )
    raw = fields.Text(string="As recorded", compute="_compute_raw", groups=AUDITOR)

    def _compute_display_name(self):
        for record in self:
            record.display_name = f"{record.kind}: {record.document or record.person}"

    @api.depends("user_id", "login", "effective_user_id")
    @api.depends_context("lang", "uid")
    def _compute_person(self):
        unknown = self.env._("Unknown")
        for record in self:
            # sudo: names of people; whoever reads the record knows who it was
            name = record.user_id.sudo().name
            record.person = name or record.login or unknown

    @api.depends("op", "event")
    @api.depends_context("lang")
    def _compute_kind(self):
        kinds = self._kinds()
        for record in self:
            kind = record.event if record.op == "e" else record.op
            record.kind = kinds.get(kind, kind)

    @api.model
    def _kinds(self):
        """Return ``{operation or event: words}``."""
        ops = self._fields["op"]._description_selection(self.env)
        return {**dict(ops), **self._event_words()}

    @api.depends("source_id", "res_id", "other_source_id", "other_id")
    @api.depends_context("lang", "uid")
    def _compute_document(self):
        pairs = {(r.source_id.name, r.res_id) for r in self if r.source_id}
        pairs |= {(r.other_source_id.name, r.other_id) for r in self if r.other_id}
        known = self.env["erp.audit.words"]._documents(pairs)
        for record in self:
            mine = known.get((record.source_id.name, record.res_id))
            other = known.get((record.other_source_id.name, record.other_id))
            record.document = mine and mine["name"]
            record.can_open = bool(mine and mine["readable"])
            record.other_document = other and other["name"]

    @api.depends("source_id", "res_id")
    def _compute_has_history(self):
        recorded = self.env["erp.audit.rule"]._recorded_names()
        for record in self:
            name = record.source_id.name
            record.has_history = bool(record.res_id) and name in recorded

    @api.depends("action", "op", "user_id")
    @api.depends_context("lang")
    def _compute_action_name(self):
        words = self.env["erp.audit.words"]
        outside = self.env._("Directly in the database")
        for record in self:
            if record.op != "e" and not record.action and not record.user_id:
                # not even a program of ours said who it was
                record.action_name = outside
            else:
                record.action_name = words._action(record.action)

    @api.depends("diff", "op")
    @api.depends_context("lang", "uid", "tz")
    def _compute_summary(self):
        changes = self.env["erp.audit.words"]._changes(self, limit=SHORT)
        for record in self:
            record.summary = record._summary(*changes[record.id])

    def _summary(self, lines, hidden):
        """Return one line of words about a record."""
        self.ensure_one()
        shown = [self._short(self._line(*line)) for line in lines[:SHORT]]
        more = len(lines) - len(shown) + hidden
        if more:
            shown.append(self.env._("%s more", more))
        head = self.document or ""
        if self.op != "w":
            head = self.env._(
                "%(what)s: %(document)s", what=self.kind, document=head or self.person
            )
        return (
            f"{head} – {'; '.join(shown)}" if shown and head else head or "".join(shown)
        )

    def _line(self, label, old, new):
        """Return one change as text."""
        if self.op in ("c", "d", "e"):
            told = new or old
        elif self.op in ("l", "u"):
            told = f"{'+' if self.op == 'l' else '−'} {new or old}"
        else:
            told = f"{old or '–'} → {new or '–'}"
        return self.env._("%(field)s: %(value)s", field=label, value=told)

    @staticmethod
    def _short(text):
        """Return a change as a list has room for it; the form tells all."""
        return text if len(text) <= LONG else f"{text[:LONG].rstrip()}…"

    @api.depends("diff", "op")
    @api.depends_context("lang", "uid", "tz")
    def _compute_change_table(self):
        changes = self.env["erp.audit.words"]._changes(self)
        for record in self:
            lines, hidden = changes[record.id]
            record.change_table = self.env["ir.qweb"]._render(
                "erp_audit.record_changes",
                {
                    "record": record,
                    "lines": lines,
                    "hidden": hidden
                    and self.env._("%s more, which you may not see.", hidden),
                },
            )

    @api.depends("diff")
    def _compute_raw(self):
        for record in self:
            record.raw = json.dumps(record.diff, indent=1, ensure_ascii=False)

    @api.model
    def _event_words(self):
        """Return ``{event: words}``; addons add theirs."""
        env = self.env
        return {
            "access_granted": env._("Access granted"),
            "access_withdrawn": env._("Access withdrawn"),
            "alert_confirmed": env._("Alert confirmed"),
            "alert_dismissed": env._("Alert dismissed"),
            "alert_new": env._("Alert opened again"),
            "alert_review": env._("Alert taken"),
            "audit_default_partition": env._("Records without a month"),
            "audit_export": env._("Trail exported"),
            "audit_month_taken_away": env._("Month of the trail taken away"),
            "audit_verification_failed": env._("Check of the trail failed"),
            "backup": env._("Backup made"),
            "become_superuser": env._("Became superuser"),
            "code_on_trail": env._("Code touched the trail"),
            "context_forged": env._("Posed as somebody else"),
            "denied": env._("Refused"),
            "download": env._("Downloaded"),
            "emergency": env._("Emergency access"),
            "emergency_reviewed": env._("Emergency access reviewed"),
            "export": env._("Exported"),
            "key_used": env._("Program logged in"),
            "login": env._("Logged in"),
            "login_failed": env._("Login failed"),
            "logout": env._("Logged out"),
            "print": env._("Printed"),
            "read": env._("Read"),
            "rehearsal": env._("Backup tried"),
            "restore": env._("Backup restored"),
            "rights": env._("Rights changed"),
            "second_factor": env._("Second factor changed"),
            "trail_read": env._("Trail read"),
            "trigger": env._("Recording disturbed"),
            "truncate": env._("Table emptied"),
        }

    # -- proofs ------------------------------------------------------------------------

    def _proof(self):
        """Override: a proof holds all values, so it is for those who may see them.

        :raise AccessError: if there are values that the reader may not see
        """
        self.check_access("read")
        _lines, hidden = self.env["erp.audit.words"]._changes(self)[self.id]
        if hidden:
            self._check_field_access(self._fields["diff"], "read")
        return super()._proof()
