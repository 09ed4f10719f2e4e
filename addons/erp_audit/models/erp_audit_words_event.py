import json
import re

from odoo import api, models
from odoo.tools import format_datetime, formatLang

from odoo.addons.approval_flow.models.approval_words import SIGNS

# details for programs, or told by the document itself: they stay in what was recorded
NOT_TOLD = frozenset({"grant", "request", "file_sha256", "rule", "action", "left_out"})
# so many documents of an event are told by name
FEW = 5
DYNAMIC = re.compile(r"(?:now|today) -(\d+)([hHdwmy])$")
OPERATORS = {**SIGNS, "in": "=", "not in": "≠"}


class ErpAuditWords(models.AbstractModel):
    """What events tell: what was read, how somebody logged in, which rights."""

    _inherit = "erp.audit.words"

    @api.model
    def _want_event(self, record, detail, names):
        """Ask for the names that the details of an event need."""
        for key in ("gained", "lost"):
            for item in self._items(detail.get(key)):
                number = item.get("id") if isinstance(item, dict) else item
                names.want("res.groups", number)
        names.want("erp.role", detail.get("role"))
        for number in self._few(record, detail.get("ids")):
            names.want(record.source_id.name, number)

    @api.model
    def _event_lines(self, record, detail, names):
        """Return ``[(label, words)]`` of an event, the most telling first."""
        labels, found = self._event_labels(), []
        order = {name: place for place, name in enumerate(labels)}
        for name in sorted(detail, key=lambda key: order.get(key, len(order))):
            value = detail[name]
            said = value is False and name == "on"
            if name in NOT_TOLD or not (said or value):
                continue
            if name == "groups" and detail.get("count"):
                # the list counts what it shows
                continue
            tell = getattr(self, f"_event_{name}", None)
            words = tell(record, value, names) if tell else self._plain(value)
            if words:
                found.append((labels.get(name, name), words))
        return found

    def _few(self, record, ids):
        """Return the documents of an event that are told by name, if they are few."""
        name, ids = record.source_id.name, self._items(ids)
        # of the trail itself, what was looked for tells more
        if record.res_id or not name or name == "erp.audit.record" or len(ids) > FEW:
            return []
        return ids

    @staticmethod
    def _items(value):
        return value if isinstance(value, list) else []

    # -- details -----------------------------------------------------------------------

    def _event_count(self, record, value, names):
        return formatLang(self.env, value, digits=0) if value else ""

    def _event_ids(self, record, value, names):
        name = record.source_id.name
        return ", ".join(names.name(name, item) for item in self._few(record, value))

    def _event_gained(self, record, value, names):
        found = []
        for item in self._items(value):
            if isinstance(item, dict):
                told = ("res.groups", item.get("id")) in names.told
                name = names.name("res.groups", item["id"]) if told else item["name"]
            else:
                name = names.name("res.groups", item)
            found.append(str(name))
        return ", ".join(found)

    _event_lost = _event_gained

    def _event_role(self, record, value, names):
        return names.name("erp.role", value)

    def _event_type(self, record, value, names):
        words = {
            "password": self.env._("password"),
            "totp": self.env._("code of the second factor"),
            "totp_mail": self.env._("code by e-mail"),
            "webauthn": self.env._("passkey"),
            "api_key": self.env._("key"),
            "apikey": self.env._("key"),
        }
        return words.get(value, value)

    _event_kind = _event_type

    def _event_mfa(self, record, value, names):
        words = {
            # as the user has it: tells nothing
            "default": "",
            "skip": self.env._("not asked for"),
            "enforce": self.env._("asked for"),
        }
        return words.get(value, value)

    def _event_scope(self, record, value, names):
        if value == "rpc":
            return self.env._("with a password, from a program")
        return self.env._("with a key (%s)", value.removeprefix("key: "))

    def _event_device(self, record, value, names):
        return " ".join(word.capitalize() for word in str(value).split())

    def _event_format(self, record, value, names):
        return {"xlsx": "Excel"}.get(value, str(value).upper())

    def _event_operation(self, record, value, names):
        words = {
            "read": self.env._("Read"),
            "write": self.env._("Change"),
            "create": self.env._("Create"),
            "unlink": self.env._("Delete"),
        }
        return words.get(value, value)

    def _event_origin(self, record, value, names):
        origins = self.env["erp.access.grant"]._fields["origin"]
        return dict(origins._description_selection(self.env)).get(value, value)

    def _event_screen(self, record, value, names):
        return self.env._("History") if value == "history" else value

    def _event_until(self, record, value, names):
        try:
            return format_datetime(self.env, str(value), dt_format="short")
        except ValueError:
            return value

    def _event_fields(self, record, value, names):
        name = record.source_id.name
        if name not in self.env:
            return self._plain(value)
        model = self.env[name]
        return self._plain(
            [self._path_label(model, str(path)) for path in self._items(value)]
        )

    def _event_report(self, record, value, names):
        # sudo: the name of a report
        report = self.env["ir.actions.report"].sudo()._get_report_from_name(value)
        return report.name if report else value

    # -- filters -----------------------------------------------------------------------

    def _event_domain(self, record, value, names):
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError:
                return value
        leaves = [leaf for leaf in self._items(value) if len(leaf) == 3]
        name = record.source_id.name
        if name not in self.env or not all(isinstance(leaf, list) for leaf in leaves):
            return self._plain(value)
        model = self.env[name]
        return "; ".join(self._condition(model, *leaf) for leaf in leaves)

    _event_filter = _event_domain

    def _condition(self, model, path, operator, value):
        """Return a condition of a filter in words."""
        symbol = OPERATORS.get(operator, "~" if "like" in operator else operator)
        return f"{self._path_label(model, path)} {symbol} {self._searched(value)}"

    def _searched(self, value):
        """Return what was looked for."""
        if isinstance(value, list):
            return ", ".join(self._searched(item) for item in value)
        found = DYNAMIC.match(value) if isinstance(value, str) else None
        if not found:
            return self._plain(value).removesuffix(" 00:00:00")
        words = {
            "h": self.env._("%s hours ago", found[1]),
            "d": self.env._("%s days ago", found[1]),
            "w": self.env._("%s weeks ago", found[1]),
            "m": self.env._("%s months ago", found[1]),
            "y": self.env._("%s years ago", found[1]),
        }
        return words[found[2].lower()]

    def _path_label(self, model, path):
        """Return the labels of a path of fields, such as that of an export."""
        names = re.split(r"[./]", path)
        labels = self.env["approval.words"]._path_labels(model._name, names)
        return " / ".join([*labels, *names[len(labels) :][:1]])

    @api.model
    def _event_labels(self):
        """Return the words for the details of events, in the order they are told."""
        env = self.env
        return {
            "name": env._("Name"),
            "login": env._("Login"),
            "type": env._("Way of logging in"),
            "kind": env._("Kind"),
            "on": env._("Switched on"),
            "access": env._("Access"),
            "role": env._("Role"),
            "gained": env._("Gained"),
            "lost": env._("Lost"),
            "users": env._("People concerned"),
            "origin": env._("Origin"),
            "until": env._("Until"),
            "reason": env._("Reason"),
            "result": env._("Result"),
            "note": env._("Note"),
            "count": env._("Records"),
            "records": env._("Records"),
            "groups": env._("In sums"),
            "filter": env._("Looked for"),
            "domain": env._("Filter"),
            "selected": env._("Selected"),
            "ids": env._("Documents"),
            "fields": env._("Fields"),
            "field": env._("Field"),
            "report": env._("Report"),
            "format": env._("Format"),
            "operation": env._("Attempt"),
            "screen": env._("Screen"),
            "device": env._("Device"),
            "scope": env._("Way of logging in"),
            "mfa": env._("Second factor"),
            "findings": env._("Findings"),
            "unsealed": env._("Not sealed yet"),
            "seal": env._("Seal"),
            "file": env._("File"),
            "table": env._("Table"),
            "what": env._("What"),
            "words": env._("Words"),
        }
