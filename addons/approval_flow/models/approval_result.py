from odoo.exceptions import UserError


class ApprovalResult:
    """What became of a batch of documents that were to be carried out or submitted."""

    def __init__(self, env, model_name):
        self.env = env
        self.done = env[model_name]
        self.submitted = env["approval.instance"]
        self.waiting = env["approval.instance"]
        self.refused = []  # [(document, reason)]

    def add(self, other):
        """Take over what another result says."""
        self.submitted |= other.submitted
        self.waiting |= other.waiting
        self.refused += other.refused

    def _raise_refused(self):
        """Raise the reasons why documents could not be submitted, if any."""
        if self.refused:
            raise self._error()

    def _error(self):
        if len(self.refused) == 1:
            return UserError(self.refused[0][1])
        return UserError(
            "\n\n".join(
                f"{document.display_name}\n{reason}"
                for document, reason in self.refused
            )
        )

    def _hold(self):
        """Nobody is there to read: leave the reasons with the responsible people."""
        for document, reason in self.refused:
            self.env["approval.instance"]._note_held(document, reason)

    def _notification(self):
        """Return the client action that says in one message what happened.

        :raise UserError: if the only document could not be submitted
        """
        if self.refused and not (self.submitted or self.waiting or self.done):
            raise self._error()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": self._title(),
                "message": self._message(),
                "type": "warning" if self.refused else "success",
                "sticky": bool(self.refused),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _title(self):
        if self.submitted:
            return self.env._("Submitted for approval")
        return (
            self.env._("Waiting for approval") if self.waiting else self.env._("Done")
        )

    def _message(self):
        # sudo: names of the people asked, for the person who submits
        instances = (self.submitted | self.waiting).sudo()
        if len(instances) == 1 and not self.refused and not self.done:
            return instances._who_is_next()
        parts = []
        if self.done:
            parts.append(self.env._("%s done at once", len(self.done)))
        if self.submitted:
            people = instances.open_task_ids.user_id.mapped("name")
            parts.append(
                self.env._(
                    "%(count)s submitted to %(people)s",
                    count=len(self.submitted),
                    people=", ".join(people[:5]),
                )
            )
        if self.waiting:
            parts.append(self.env._("%s waiting already", len(self.waiting)))
        for document, reason in self.refused[:5]:
            parts.append(f"{document.display_name}: {reason}")
        if len(self.refused) > 5:
            parts.append(self.env._("and %s more not submitted", len(self.refused) - 5))
        return "; ".join(parts) + "."
