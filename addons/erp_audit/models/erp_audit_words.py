import re
from collections import defaultdict

from odoo import api, models
from odoo.tools import html2plaintext
from odoo.tools.misc import format_date, format_datetime, formatLang

from ..sqltext import MASK

AUDITOR = "erp_audit.group_audit_auditor"
LONG = 200


class ErpAuditWords(models.AbstractModel):
    """Puts records of the trail into a reader's words, many at a time.

    What somebody may not see is counted, never told: auditors see everything, others
    the fields of their groups in documents that they may read.
    """

    _name = "erp.audit.words"
    _description = "Audit Words"

    # -- documents ---------------------------------------------------------------------

    @api.model
    def _documents(self, pairs):
        """Return names of documents.

        :param pairs: ``(model, id)``
        :return: ``{pair: {"name", "readable", "exists"}}``
        """
        found, by_model = {}, defaultdict(set)
        for model, number in pairs:
            by_model[model].add(number)
        for model, numbers in by_model.items():
            label = self._label(model)
            numbers = {number for number in numbers if number}
            existing, readable = self._readable(model, numbers)
            found[model, 0] = {"name": label, "readable": False, "exists": False}
            for number in numbers:
                known = number in readable
                name = readable[number] if known else number
                found[model, number] = {
                    "name": f"{label} {name}",
                    "readable": known,
                    "exists": number in existing,
                }
        return found

    @api.model
    def _label(self, model):
        # sudo: the name of a kind of document
        return self.env["ir.model"].sudo()._get(model).name or model or ""

    @api.model
    def _readable(self, model, numbers):
        """Return the ids that are there, and the names of those one may read."""
        if model not in self.env or not self.env[model]._auto or not numbers:
            return set(), {}
        records = self.env[model].with_context(active_test=False)
        # sudo: whether they are there
        existing = records.sudo().browse(numbers).exists()._ids
        if not records.has_access("read"):
            return set(existing), {}
        readable = records.browse(existing)._filtered_access("read")
        return set(existing), {item.id: item.display_name for item in readable}

    # -- changes -----------------------------------------------------------------------

    @api.model
    def _changes(self, records):
        """Return what changed, in words.

        :return: ``{record id: ([(label, old, new)], number of hidden changes)}``
        """
        every = self.env.su or self.env.user.has_group(AUDITOR)
        pairs = {(r.source_id.name, r.res_id) for r in records if r.source_id}
        documents = {} if every else self._documents(pairs)
        rows, wanted = [], defaultdict(set)
        # sudo: the values are shown below as far as the reader may see them
        for record, secret in zip(records, records.sudo(), strict=True):
            name = record.source_id.name
            model = self.env.get(name) if name else None
            visible = every or self._is_visible(record, model, documents)
            shown, hidden = [], 0
            for column, value in (secret.diff or {}).items():
                # details of an event are no fields, though some are called like one
                known = model is not None and record.op != "e"
                field = model._fields.get(column) if known else None
                if not visible or not (every or self._may_see(model, field, record)):
                    hidden += 1
                    continue
                old, new = self._pair(record.op, value)
                shown.append((column, field, old, new))
                self._collect(wanted, record, field, (old, new))
            rows.append((record, model, shown, hidden))
        names = self._names(wanted)
        return {
            record.id: (
                [
                    (
                        self._field_label(model, column, field),
                        self._value(model, field, old, names, record),
                        self._value(model, field, new, names, record),
                    )
                    for column, field, old, new in shown
                ],
                hidden,
            )
            for record, model, shown, hidden in rows
        }

    @api.model
    def _is_visible(self, record, model, documents):
        """Return whether values of a record may be shown to a reader."""
        if record.op == "e" or model is None:
            return record.user_id == self.env.user
        if not model.has_access("read"):
            return False
        known = documents.get((model._name, record.res_id))
        if not known or known["readable"] or not known["exists"]:
            return True
        return record.source_id.id in self.env.user._erp_audit_sources()

    @api.model
    def _may_see(self, model, field, record):
        if record.op == "e":
            return True
        return field is not None and model._has_field_access(field, "read")

    @staticmethod
    def _pair(op, value):
        """Return the old and the new value."""
        if op in ("w", "l", "u") and isinstance(value, list) and len(value) == 2:
            return value
        return (value, None) if op == "d" else (None, value)

    @staticmethod
    def _collect(wanted, record, field, values):
        """Remember of which linked records the names are needed."""
        if record.op in ("l", "u"):
            wanted[record.other_source_id.name].update(filter(None, values))
        elif field is not None and field.type == "many2one":
            ids = (value for value in values if isinstance(value, int))
            wanted[field.comodel_name].update(filter(None, ids))

    @api.model
    def _names(self, wanted):
        """Return ``{(model, id): name}`` of linked records."""
        found = {}
        for name, ids in wanted.items():
            if name in self.env and ids:
                # sudo: like Odoo, whoever sees a link sees the name behind it
                records = self.env[name].sudo().with_context(active_test=False)
                for record in records.browse(ids).exists():
                    found[name, record.id] = record.display_name
        return found

    @api.model
    def _field_label(self, model, column, field):
        if field is None:
            return self._event_labels().get(column, column)
        return field.get_description(self.env, ["string"])["string"]

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

    # -- values ------------------------------------------------------------------------

    @api.model
    def _value(self, model, field, value, names, record):
        """Return a stored value as a reader knows it."""
        if value is None or value == "":
            return ""
        if value == MASK:
            return self.env._("(not shown)")
        if record.op in ("l", "u"):
            return names.get((record.other_source_id.name, value), f"#{value}")
        if field is None:
            return self._plain(value)
        shown = getattr(self, f"_value_{field.type}", None)
        return shown(model, field, value, names) if shown else self._plain(value)

    @api.model
    def _plain(self, value):
        if isinstance(value, bool):
            return self.env._("Yes") if value else self.env._("No")
        if isinstance(value, dict):
            value = value.get("name") or ", ".join(
                f"{k}: {v}" for k, v in value.items()
            )
        elif isinstance(value, list):
            value = ", ".join(self._plain(item) for item in value)
        text = str(value)
        return text if len(text) <= LONG else f"{text[:LONG]}…"

    def _value_boolean(self, model, field, value, names):
        return self._plain(bool(value))

    def _value_many2one(self, model, field, value, names):
        return names.get((field.comodel_name, value), f"#{value}")

    def _value_selection(self, model, field, value, names):
        return dict(field._description_selection(self.env)).get(value, value)

    def _value_date(self, model, field, value, names):
        return format_date(self.env, value)

    def _value_datetime(self, model, field, value, names):
        moment = str(value).replace("T", " ").partition(".")[0]
        return format_datetime(self.env, moment, dt_format="short")

    def _value_float(self, model, field, value, names):
        digits = field.get_digits(self.env)
        return formatLang(self.env, value, digits=digits[1] if digits else 2)

    def _value_monetary(self, model, field, value, names):
        return formatLang(self.env, value, digits=2)

    def _value_html(self, model, field, value, names):
        return self._plain(html2plaintext(self._translated(value)))

    def _value_char(self, model, field, value, names):
        return self._plain(self._translated(value))

    _value_text = _value_char

    def _translated(self, value):
        """Return a text in the reader's language, if it was recorded in several."""
        if not isinstance(value, dict):
            return str(value)
        lang = self.env.lang or "en_US"
        return str(value.get(lang) or value.get("en_US") or "")

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
        return f"{self._label(model)}: {verb}" if model in self.env else verb

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
