import re

from odoo import api, models, tools

# saving a form, an import, or a call from outside: what changed tells the rest
PLAIN = frozenset({"write", "web_save", "web_save_multi", "onchange", "web_override"})
CREATING = frozenset({"create", "web_create", "name_create", "quick_create"})
DELETING = frozenset({"unlink", "web_unlink"})


class ErpAuditHistory(models.AbstractModel):
    """What somebody did, in words."""

    _inherit = "erp.audit.history"

    @api.model
    def _what(self, document, rows, groups):
        """Return what an operation was: a sentence part and the sign for it.

        :return: dict with ``text``, ``icon`` and ``tone``
        """
        first = rows[0]
        events = [row for row in rows if row["op"] == "e"]
        root = next((group["kind"] for group in groups if group["root"]), "")
        also = [self._event_words(event["event"]) for event in events]
        if events and not groups:
            return self._look("event", ", ".join(dict.fromkeys(also)))
        model, _dot, method = (first["action"] or "").rpartition(".")
        if root == "c":
            return self._look("create", self._creation_words(method))
        if root == "d":
            return self._look("delete", self.env._("deleted it"))
        if not first["action"]:
            return self._look(
                "outside", self.env._("changed it directly in the database")
            )
        return self._action_words(document, first["action"], model, method)

    def _look(self, kind, text):
        icons = {
            "create": ("fa-plus", "success"),
            "delete": ("fa-trash", "danger"),
            "change": ("fa-pencil", "info"),
            "button": ("fa-hand-pointer-o", "info"),
            "machine": ("fa-cog", "muted"),
            "outside": ("fa-database", "danger"),
            "event": ("fa-eye", "muted"),
        }
        icon, tone = icons[kind]
        return {"kind": kind, "text": text, "icon": icon, "tone": tone}

    def _creation_words(self, method):
        if method in ("load", "execute_import"):
            return self.env._("imported it")
        if method == "copy":
            return self.env._("made it as a copy")
        return self.env._("created it")

    def _action_words(self, document, action, model, method):
        if action.startswith("cron: "):
            words = self.env["erp.audit.words"]
            name = words._cron_name(action.removeprefix("cron: "), self.env.lang)
            return self._look(
                "machine", self.env._("by the scheduled action “%s”", name)
            )
        machine = {
            "install": self.env._("by installing or updating an application"),
            "system": self.env._("by the system"),
            "shell": self.env._("in the console of the server"),
        }.get(action)
        if machine:
            return self._look("machine", machine)
        if action.startswith("/"):
            return self._look("change", self._route_words(action))
        if method in ("load", "execute_import"):
            return self._look("change", self.env._("changed it by an import"))
        if method in PLAIN | CREATING | DELETING and model == document.name:
            return self._look("change", self.env._("changed it"))
        text = self._method_words(model, method)
        if model == document.name:
            return self._look("button", text)
        words = self.env._(
            "%(done)s (%(kind)s)",
            done=text,
            kind=self.env["erp.audit.words"]._model_label(model),
        )
        return self._look("button", words)

    def _route_words(self, route):
        if route.startswith(("/my/", "/shop", "/payment")):
            return self.env._("changed it on the website")
        if route.startswith("/mail/"):
            return self.env._("changed it by a message")
        return self.env._("changed it")

    @api.model
    def _method_words(self, model, method):
        """Return what calling a method means: by its name, else by its button."""
        stem = re.sub(r"^(action|button|web)_", "", method)
        words = self._stem_words().get(stem)
        if words:
            return words
        if method in PLAIN:
            return self.env._("changed it")
        if method in CREATING:
            return self.env._("created it")
        if method in DELETING:
            return self.env._("deleted it")
        label = self._button_label(model, method, self.env.lang)
        if label:
            return self.env._("pressed “%s”", label)
        return self.env._("changed it")

    @api.model
    def _stem_words(self):
        """Return ``{stem of a method: words}`` for what most documents know."""
        return {
            "confirm": self.env._("confirmed it"),
            "cancel": self.env._("cancelled it"),
            "validate": self.env._("validated it"),
            "approve": self.env._("approved it"),
            "reject": self.env._("rejected it"),
            "refuse": self.env._("refused it"),
            "post": self.env._("posted it"),
            "draft": self.env._("set it back to draft"),
            "done": self.env._("finished it"),
            "lock": self.env._("locked it"),
            "unlock": self.env._("unlocked it"),
            "assign": self.env._("checked the availability"),
            "do_unreserve": self.env._("released the reservation"),
            "archive": self.env._("archived it"),
            "unarchive": self.env._("restored it from the archive"),
            "quotation_send": self.env._("sent it"),
            "quotation_sent": self.env._("marked it as sent"),
            "send": self.env._("sent it"),
            "send_mail": self.env._("sent a message"),
            "message_post": self.env._("wrote a message"),
            "submit_approval": self.env._("submitted it for approval"),
            "recall_approval": self.env._("recalled it from approval"),
            "resequence": self.env._("changed the order of the lines"),
            "update_field_translations": self.env._("translated it"),
            "merge": self.env._("merged it"),
            "apply": self.env._("applied it"),
        }

    @api.model
    @tools.ormcache("model", "method", "lang", cache="templates")
    def _button_label(self, model, method, lang):
        """Return the label of the button that calls a method, "" if there is none."""
        if model not in self.env or not re.fullmatch(r"\w+", method or ""):
            return ""
        # sudo: the label of a button, as the forms show it
        views = self.env["ir.ui.view"].sudo()
        found = views.with_context(lang=lang).search(
            [("model", "=", model), ("arch_db", "ilike", f'name="{method}"')],
            order="priority, id",
        )
        pattern = re.compile(rf'<button\b[^>]*\bname="{method}"[^>]*>')
        for view in found:
            for button in pattern.findall(view.arch_db or ""):
                if label := re.search(r'\bstring="([^"]+)"', button):
                    return label[1]
        return ""

    @api.model
    def _event_words(self, event):
        """Return what happened to a document besides changes."""
        return {
            "print": self.env._("printed it"),
            "access_granted": self.env._("gave access"),
            "access_withdrawn": self.env._("withdrew access"),
            "alert_confirmed": self.env._("confirmed the alert"),
            "alert_dismissed": self.env._("dismissed the alert"),
            "alert_new": self.env._("opened the alert again"),
            "alert_review": self.env._("took the alert"),
            "download": self.env._("downloaded a file"),
            "export": self.env._("exported it"),
            "denied": self.env._("was refused access"),
            "code_on_trail": self.env._("ran code that touches the trail"),
            "context_forged": self.env._("posed as somebody else"),
            "backup": self.env._("made a backup"),
            "rehearsal": self.env._("tried a backup"),
            "restore": self.env._("restored a backup"),
            "rights": self.env._("changed rights"),
            "login": self.env._("logged in"),
            "login_failed": self.env._("failed to log in"),
            "logout": self.env._("logged out"),
        }.get(event) or self._other_event_words(event)

    @api.model
    def _other_event_words(self, event):
        """Return what the list of operations calls an event."""
        known = self.env["erp.audit.record"]._event_words()
        return known.get(event, self.env._("recorded an event"))
