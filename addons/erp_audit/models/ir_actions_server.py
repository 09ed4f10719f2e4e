import re

from odoo import models

from ..context import ensure, is_forged

# what code that is up to something against the trail, or the rights, speaks of
WORDS = re.compile(
    r"erp[._](?:audit|access|role)|set_config|session_replication_role"
    r"|\btrigger\b|search_path",
    re.I,
)
# what holds it; code that is made for these need not speak of them by name
CONTENT = (
    "erp.access.grant",
    "erp.access.request",
    "erp.audit.alert",
    "erp.audit.record",
    "erp.role",
)
# the jobs that come with the addon
JOB = re.compile(r"\s*model\._cron_\w+\(\)\s*")


class IrActionsServer(models.Model):
    """Code of server actions and scheduled actions: whoever writes it may send SQL.

    It is recorded when such code speaks of the trail, and when it has told the
    database that somebody else is at work.
    """

    _inherit = "ir.actions.server"

    def _run_action_code_multi(self, eval_context):
        """Override to look at what the code does to the trail."""
        if self.env.cr.readonly:
            return super()._run_action_code_multi(eval_context)
        ensure(self.env, exact=False)
        code = self.code or ""
        words = set(WORDS.findall(code))
        if not JOB.fullmatch(code):
            # sudo: what the action is for, whoever runs it
            words |= {self.sudo().model_id.model}.intersection(CONTENT)
        if words:
            self._tell_attack("code_on_trail", words=sorted(words))
        result = super()._run_action_code_multi(eval_context)
        if is_forged(self.env):
            self._tell_attack("context_forged")
        return result

    def _tell_attack(self, event, **detail):
        """Record it, whatever becomes of the transaction."""
        # sudo: the name of an action, whoever runs it
        detail |= {"action": self.id, "name": self.sudo().name}
        self.env["erp.audit.event"]._log_apart(
            event, "ir.actions.server", self.id, detail
        )
