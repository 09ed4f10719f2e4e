from markupsafe import Markup

from odoo import models

from .approval_change_partner import FOLLOW_UP


class ApprovalChangeMixin(models.AbstractModel):
    """Tasks for people where the system may not act alone.

    Each is an activity on the document concerned, one per document and request. They
    do not say again by e-mail what the change notice said.
    """

    _inherit = "approval.change.mixin"

    def _change_follow_ups(self):
        """Return {code of an effect: what is to be done}, in the reader's words.

        The effect names its document: ``"document": [model, id]``.
        """
        return {}

    def _change_follow_up(self):
        """Leave the tasks that follow from what was applied, once."""
        effects = (self.impact or {}).get("effects") or []
        known = self._change_follow_ups()
        by_document = {}
        for effect in effects:
            if effect["code"] in known:
                document = self._change_effect_document(effect)
                if document is None or not hasattr(document, "activity_schedule"):
                    document = self.sudo().order_id  # sudo: a task for others
                by_document.setdefault(document, []).append(effect)
        for document, found in by_document.items():
            self._change_follow_document(document, found)

    def _change_follow_document(self, document, effects):
        person, readable = self._change_follow_person(document, effects)
        if not readable:
            document = self.sudo().order_id  # sudo: a task for others
        if self._change_is_followed(document):
            return
        request = self._change_for(person.lang, person.tz)
        words = request._change_follow_ups()
        items = Markup("").join(
            Markup("<li>%s</li>") % request._change_effect_text(effect)
            for effect in effects
        )
        # quick: the notice was the e-mail
        document = document.with_env(request.env).with_context(
            mail_activity_quick_update=True
        )
        document.activity_schedule(
            FOLLOW_UP,
            user_id=person.id,
            summary=f"{self.name}: {words[effects[0]['code']]}",
            note=Markup("<ul>%s</ul>") % items,
        )

    def _change_is_followed(self, document):
        """Return whether the document has the task of this request, done or not."""
        return bool(
            self.env["mail.activity"]
            # sudo: tasks of whoever it is
            .sudo()
            .with_context(active_test=False)
            .search_count(
                [
                    ("res_model", "=", document._name),
                    ("res_id", "=", document.id),
                    ("activity_type_id", "=", self.env.ref(FOLLOW_UP).id),
                    ("summary", "=like", f"{self.name}:%"),
                ],
                limit=1,
            )
        )

    def _change_follow_person(self, document, effects):
        """Return ``(user, readable)``: who is to act, and whether he may open it.

        The person responsible for the document, else those named in the settings, else
        the contact person; of these the first who may do something about it.
        """
        department = effects[0]["department"]
        people = self._change_concerned(department, document)
        people |= self._change_contacts(department)
        people = self._change_staff(people) | self._change_minder()
        for operation in ("write", "read"):
            for user in people:
                if document.with_user(user).has_access(operation):
                    return user, True
        return people[:1], False
