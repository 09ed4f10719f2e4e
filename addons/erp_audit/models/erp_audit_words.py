import re

from odoo import api, models, tools
from odoo.http import request

from ..words import Names, Row

AUDITOR = "erp_audit.group_audit_auditor"
# columns that say nothing to people
TECHNICAL = frozenset({"parent_path", "message_main_attachment_id", "access_url"})
# what the machine counts beside each change
COUNTED = frozenset(
    {"sequence", "approval_revision", "approval_editor_id", "change_revision"}
)
# of these, the words depend on what the row holds elsewhere
OF_THE_ROW = ("monetary", "properties")


class ErpAuditWords(models.AbstractModel):
    """What is stored, in a reader's words: for lists, pages, and the history.

    What somebody may not see is counted, never told: auditors see everything, others
    the fields of their groups in documents that they may read.
    """

    _name = "erp.audit.words"
    _description = "Audit Words"

    # -- who sees what -----------------------------------------------------------------

    @api.model
    def _sees_everything(self):
        """Return whether everything may be shown: to auditors, and to the server.

        An administrator does not get there by becoming the superuser.
        """
        server = self.env.su and not request
        return server or self.env.user.has_group(AUDITOR)

    @api.model
    def _is_field_visible(self, model, name):
        """Return whether the reader may see a column of a row."""
        field = model._fields.get(name)
        if field is None:
            # a column without a field any more: the record says what it was
            return model.env.su
        return model.has_access("read") and model._has_field_access(field, "read")

    # -- labels ------------------------------------------------------------------------

    @api.model
    def _model_label(self, name):
        """Return how people call a kind of document."""
        # sudo: the name of a kind of document
        return self.env["ir.model"].sudo()._get(name).name or name or ""

    @api.model
    def _field_label(self, model, name):
        """Return how people call a field."""
        field = model._fields.get(name) if model is not None else None
        return field._description_string(self.env) if field is not None else name

    # -- documents ---------------------------------------------------------------------

    @api.model
    def _documents(self, pairs):
        """Return names of documents.

        :param pairs: ``(model, id)``
        :return: ``{pair: {"name", "readable", "exists"}}``
        """
        names = Names(self, self._sees_everything())
        for model, number in pairs:
            if model in self.env and self.env[model]._auto:
                names.want(model, number)
        names.look_up()
        readable = self._readable(pairs, names)
        found = {}
        for model, number in pairs:
            label = self._model_label(model)
            there = number in names.known(model)
            told = (model, number) in names.told
            name = f"{label} {names.name(model, number) if told else number}"
            if told and not there:
                name = self.env._("%(document)s (deleted)", document=name)
            found[model, number] = {
                "name": name if number else label,
                "readable": (model, number) in readable,
                "exists": there,
            }
        return found

    @api.model
    def _readable(self, pairs, names):
        """Return which documents the reader may open: an auditor not all he sees."""
        if not names.every or self.env.su:
            return {pair for pair in names.told if pair[1] in names.known(pair[0])}
        found = set()
        for model in {model for model, _number in pairs if model in self.env}:
            records = self.env[model].browse(names.known(model))
            if records and records.has_access("read"):
                found |= {(model, number) for number in self._allowed(records)}
        return found

    @staticmethod
    def _allowed(records):
        return records.with_context(active_test=False)._filtered_access("read")._ids

    # -- changes -----------------------------------------------------------------------

    @api.model
    def _changes(self, records, limit=None):
        """Return what changed, in words.

        :param int limit: put only so many columns of each record into words, the most
            telling; the others are counted with those that are hidden
        :return: ``{record id: ([(label, old, new)], number of hidden changes)}``
        """
        names = Names(self, self._sees_everything())
        pairs = set()
        if not names.every:
            # what the reader may open he may see
            closed = records.filtered(lambda r: r.source_id and not r.can_open)
            pairs = {(r.source_id.name, r.res_id) for r in closed}
        documents = self._documents(pairs) if pairs else {}
        # sudo: the values are shown below as far as the reader may see them
        diffs = {record.id: record.diff or {} for record in records.sudo()}
        told = [
            (record, *self._told(record, diffs[record.id], documents, names, limit))
            for record in records
        ]
        names.look_up()
        return {
            record.id: (self._told_in_words(record, row, names), hidden)
            for record, row, hidden in told
        }

    @api.model
    def _told(self, record, diff, documents, names, limit):
        """Return what is told of a record as a row, and how much of it is hidden."""
        name = record.source_id.name
        # details of an event are no fields, though some are called like one
        model = names.model(name) if name in self.env and record.op != "e" else None
        row, hidden = Row(model, record.res_id), 0
        visible = names.every or self._is_visible(record, model, documents)
        for column in self._most_telling(model, diff):
            value = diff[column]
            shown = names.every or (
                record.op == "e" or self._is_field_visible(model, column)
            )
            if not (visible and shown):
                hidden += 1
            elif record.op in ("c", "d") and not value:
                # nothing was there to tell
                continue
            elif limit and len(row.values) >= limit and record.op != "e":
                hidden += 1
            else:
                row.values[column] = self._pair(record.op, value)
        if record.op in ("l", "u"):
            names.want(record.other_source_id.name, record.other_id)
        elif record.op == "e":
            self._want_event(record, diff if visible else {}, names)
        elif model is not None:
            self._want(row, names)
            if any(
                column in model._fields and model._fields[column].type in OF_THE_ROW
                for column in row.values
            ):
                names.want(model._name, row.number)
        return row, hidden

    @api.model
    def _most_telling(self, model, names):
        """Return columns as people know them, the minor ones last."""
        if model is None:
            return list(names)
        ordered = self._in_order(model, names)
        return sorted(ordered, key=lambda name: self._is_minor(model, name))

    @api.model
    def _in_order(self, model, names):
        """Return columns in the order in which people know them."""

        def place(name):
            field = model._fields.get(name)
            return (name != model._rec_name, field._sequence if field else 0, name)

        return sorted(names, key=place)

    @api.model
    def _is_minor(self, model, name, is_line=False):
        """Return whether a value follows from others, or is the machine's own."""
        if name in COUNTED or name in TECHNICAL:
            return True
        field = model._fields.get(name)
        if field is None or not field.compute or not field.readonly:
            return False
        return bool(is_line) or field.type not in ("monetary", "selection")

    @api.model
    def _told_in_words(self, record, row, names):
        """Return ``[(label, old, new)]`` of a record."""
        if record.op == "e":
            detail = {name: new for name, (_old, new) in row.values.items()}
            return [
                (label, "", words)
                for label, words in self._event_lines(record, detail, names)
            ]
        if record.op in ("l", "u"):
            other = names.name(record.other_source_id.name, record.other_id)
            sides = (other, "") if record.op == "u" else ("", other)
            return [(self._field_label(row.model, name), *sides) for name in row.values]
        if row.model is None:
            return [
                (name, *(self._plain(value) if value else "" for value in pair))
                for name, pair in row.values.items()
            ]
        return [
            (line["label"], line["old"], line.get("note") or line["new"])
            for name, pair in row.values.items()
            for line in self._lines(row, name, *pair, names)
        ]

    @api.model
    def _is_visible(self, record, model, documents):
        """Return whether values of a record may be shown to a reader."""
        if model is None:
            return record.user_id == self.env.user
        if not model.has_access("read"):
            return False
        known = documents.get((model._name, record.res_id))
        if not known or known["readable"] or not known["exists"]:
            return True
        return record.source_id.id in self.env.user._erp_audit_sources()

    @staticmethod
    def _pair(op, value):
        """Return the old and the new value."""
        if op in ("w", "l", "u") and isinstance(value, list) and len(value) == 2:
            return value
        return (value, None) if op == "d" else (None, value)

    # -- actions -----------------------------------------------------------------------

    @api.model
    def _action(self, action):
        """Return what somebody did, such as a button's words, for a method."""
        if not action:
            return ""
        if action.startswith("cron: "):
            name = self._cron_name(action.removeprefix("cron: "), self.env.lang)
            return self.env._("Scheduled: %s", name)
        if action.startswith("/"):
            return self._page(action)
        model, _dot, method = action.rpartition(".")
        method = method or action
        verb = self._verbs().get(method) or self._spelled(method)
        if model not in self.env:
            return verb
        label = self._model_label(model)
        return self.env._("%(field)s: %(value)s", field=label, value=verb)

    @api.model
    def _page(self, route):
        """Return what somebody did by opening an address."""
        login = ("/web/login", "/web/session", "/auth", "/web/signup", "/web/reset")
        words = {
            login: self.env._("Log in or out"),
            ("/my", "/shop"): self.env._("Customer portal"),
            ("/report",): self.env._("Print"),
            ("/web/export",): self.env._("Export"),
            ("/web/content", "/web/image"): self.env._("Download"),
            ("/odoo", "/web"): self.env._("Open a page"),
            ("/jsonrpc", "/xmlrpc", "/json/"): self.env._("Program from outside"),
            ("/mail", "/discuss"): self.env._("Messages"),
        }
        for starts, shown in words.items():
            if route.startswith(starts):
                return shown
        return route

    @api.model
    @tools.ormcache("name", "lang", cache="templates")
    def _cron_name(self, name, lang):
        """Return the name of a scheduled action in the reader's language."""
        # sudo: the name of a scheduled action
        crons = self.env["ir.cron"].sudo().with_context(active_test=False, lang="en_US")
        found = crons.search([("cron_name", "=", name)], limit=1)
        action = found.with_context(lang=lang).ir_actions_server_id
        return action.name or name

    @staticmethod
    def _spelled(method):
        """Return the name of a method as words."""
        bare = re.sub(r"^_*(action|button|do|web)_", "", method)
        return bare.strip("_").replace("_", " ").capitalize()

    @api.model
    def _verbs(self):
        """Return the words for methods that many documents have."""
        env = self.env
        return {
            "action_approve": env._("Approve"),
            "action_archive": env._("Archive"),
            "action_assign": env._("Check availability"),
            "action_cancel": env._("Cancel"),
            "action_confirm": env._("Confirm"),
            "action_draft": env._("Set to draft"),
            "action_post": env._("Post"),
            "action_reject": env._("Reject"),
            "action_submit_approval": env._("Submit for approval"),
            "action_unarchive": env._("Unarchive"),
            "button_approve": env._("Approve"),
            "button_cancel": env._("Cancel"),
            "button_confirm": env._("Confirm"),
            "button_draft": env._("Set to draft"),
            "button_validate": env._("Validate"),
            "compare": env._("Read"),
            "copy": env._("Duplicate"),
            "create": env._("Create"),
            "export_data": env._("Export"),
            "formatted_read_group": env._("Read"),
            "get_page": env._("Read"),
            "install": env._("Installation"),
            "load": env._("Import"),
            "load_choices": env._("Read"),
            "load_operation": env._("Read"),
            "load_page": env._("Read"),
            "name_create": env._("Create"),
            "read": env._("Read"),
            "search_read": env._("Read"),
            "shell": env._("Command line"),
            "system": env._("System"),
            "unlink": env._("Delete"),
            "web_read": env._("Read"),
            "web_read_group": env._("Read"),
            "web_save": env._("Save"),
            "web_save_multi": env._("Save several"),
            "web_search_read": env._("Read"),
            "write": env._("Save"),
        }
