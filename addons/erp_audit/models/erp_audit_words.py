import re

from odoo import api, models
from odoo.http import request

from ..words import Names, Row

AUDITOR = "erp_audit.group_audit_auditor"
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
                "readable": told and there,
                "exists": there,
            }
        return found

    # -- changes -----------------------------------------------------------------------

    @api.model
    def _changes(self, records):
        """Return what changed, in words.

        :return: ``{record id: ([(label, old, new)], number of hidden changes)}``
        """
        names = Names(self, self._sees_everything())
        pairs = {(r.source_id.name, r.res_id) for r in records if r.source_id}
        documents = {} if names.every else self._documents(pairs)
        # sudo: the values are shown below as far as the reader may see them
        diffs = {record.id: record.diff or {} for record in records.sudo()}
        told = [
            (record, *self._told(record, diffs[record.id], documents, names))
            for record in records
        ]
        names.look_up()
        return {
            record.id: (self._told_in_words(record, row, names), hidden)
            for record, row, hidden in told
        }

    @api.model
    def _told(self, record, diff, documents, names):
        """Return what is told of a record as a row, and how much of it is hidden."""
        name = record.source_id.name
        # details of an event are no fields, though some are called like one
        model = names.model(name) if name in self.env and record.op != "e" else None
        row, hidden = Row(model, record.res_id), 0
        visible = names.every or self._is_visible(record, model, documents)
        for column, value in diff.items():
            shown = names.every or (
                record.op == "e" or self._is_field_visible(model, column)
            )
            if visible and shown:
                row.values[column] = self._pair(record.op, value)
            else:
                hidden += 1
        if record.op in ("l", "u"):
            names.want(record.other_source_id.name, record.other_id)
        elif model is not None:
            self._want(row, names)
            if any(
                column in model._fields and model._fields[column].type in OF_THE_ROW
                for column in row.values
            ):
                names.want(model._name, row.number)
        return row, hidden

    @api.model
    def _told_in_words(self, record, row, names):
        """Return ``[(label, old, new)]`` of a record."""
        if record.op == "e":
            labels = self._event_labels()
            return [
                (labels.get(name, name), "", self._plain(new))
                for name, (_old, new) in row.values.items()
                if new not in (None, "")
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

    @api.model
    def _event_labels(self):
        """Return the words for the details of events."""
        env = self.env
        return {
            "action": env._("Action"),
            "count": env._("Records"),
            "fields": env._("Fields"),
            "filter": env._("Looked for"),
            "device": env._("Device"),
            "domain": env._("Filter"),
            "format": env._("Format"),
            "gained": env._("Gained"),
            "groups": env._("In sums"),
            "ids": env._("Numbers"),
            "left_out": env._("Further attempts"),
            "login": env._("Login"),
            "lost": env._("Lost"),
            "mfa": env._("Second factor"),
            "name": env._("Name"),
            "operation": env._("Access"),
            "report": env._("Report"),
            "scope": env._("Scope"),
            "selected": env._("Selected"),
            "type": env._("With"),
            "words": env._("Words"),
            "field": env._("Field"),
        }

    # -- actions -----------------------------------------------------------------------

    @api.model
    def _action(self, action):
        """Return what somebody did, such as a button's words, for a method."""
        if not action:
            return ""
        if action.startswith("cron: "):
            return self.env._("Scheduled: %s", action.removeprefix("cron: "))
        if action.startswith("/"):
            return self._page(action)
        model, _dot, method = action.rpartition(".")
        method = method or action
        verb = self._verbs().get(method) or self._spelled(method)
        return f"{self._model_label(model)}: {verb}" if model in self.env else verb

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
        }
        for starts, shown in words.items():
            if route.startswith(starts):
                return shown
        return route

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
            "copy": env._("Duplicate"),
            "create": env._("Create"),
            "install": env._("Installation"),
            "load": env._("Import"),
            "name_create": env._("Create"),
            "shell": env._("Command line"),
            "system": env._("System"),
            "unlink": env._("Delete"),
            "web_save": env._("Save"),
            "web_save_multi": env._("Save several"),
            "write": env._("Save"),
        }
