from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.http import request


class ApprovalEvent(models.Model):
    """Append-only history of an approval: nothing is ever changed or removed."""

    _name = "approval.event"
    _description = "Approval History"
    _inherit = ["approval.sealed.mixin"]
    _order = "id"
    _rec_name = "kind"

    instance_id = fields.Many2one(
        "approval.instance", required=True, index=True, ondelete="restrict"
    )
    date = fields.Datetime(required=True, default=fields.Datetime.now)
    user_id = fields.Many2one("res.users", string="Person", ondelete="restrict")
    acting_for_id = fields.Many2one(
        "res.users", string="Acting for", ondelete="restrict"
    )
    target_user_id = fields.Many2one(
        "res.users", string="Concerns", ondelete="restrict"
    )
    kind = fields.Selection(
        [
            ("submitted", "Submitted"),
            ("approved", "Approved"),
            ("rejected", "Rejected"),
            ("returned", "Returned"),
            ("recalled", "Recalled"),
            ("transferred", "Transferred"),
            ("added", "Approver added"),
            ("delegated", "Delegated"),
            ("undelegated", "Delegation ended"),
            ("urged", "Urged"),
            ("reminded", "Reminded"),
            ("escalated", "Escalated"),
            ("reassigned", "Reassigned"),
            ("skipped", "Not needed any more"),
            ("kept", "Earlier approval kept"),
            ("carried", "Small change accepted"),
            ("stale", "Content changed"),
            ("granted", "Fully approved"),
            ("executed", "Executed"),
            ("failed", "Execution failed"),
            ("retried", "Execution retried"),
            ("cc", "Copied to"),
        ],
        required=True,
        string="What",
    )
    source = fields.Selection(
        [
            ("web", "Web"),
            ("rpc", "API"),
            ("mail", "E-mail link"),
            ("portal", "Customer portal"),
            ("system", "System"),
        ],
        required=True,
        default="system",
    )
    round = fields.Integer()
    step_name = fields.Char(string="Step")
    comment = fields.Text()
    detail = fields.Json()

    @api.model
    def _source(self):
        """Return where the current call comes from, as a value of ``source``."""
        if explicit := self.env.cr.cache.get("approval_source"):
            return explicit
        if not request:
            return "system"
        path = request.httprequest.path
        if path.startswith(("/json/2/", "/xmlrpc", "/jsonrpc")):
            return "rpc"
        return "portal" if path.startswith(("/my/", "/payment")) else "web"

    @api.model
    def _log(self, instances, kind, **values):
        """Append one event to each instance.

        :param instances: ``approval.instance`` recordset
        :param str kind: value of ``kind``
        :param values: further field values, the same for all instances
        :return: the created events
        """
        common = {
            "kind": kind,
            "user_id": self.env.uid,
            "source": self._source(),
            **values,
        }
        return self._engine().create(
            [
                {"instance_id": instance.id, "round": instance.round, **common}
                for instance in instances
            ]
        )

    @api.model
    def _log_tasks(self, tasks, kind, **values):
        """Append one event for each task: who decided, for whom, in which step."""
        return self._log_each(tasks, kind, lambda _task: values)

    @api.model
    def _log_each(self, tasks, kind, values_of):
        """Append one event for each task, with values of its own.

        :param values_of: function that returns the further values of a task
        """
        uid, source = self.env.uid, self._source()
        return self._engine().create(
            [
                {
                    "kind": kind,
                    "user_id": uid,
                    "source": source,
                    "instance_id": task.instance_id.id,
                    "round": task.instance_id.round,
                    "step_name": task.step_name,
                    "acting_for_id": task.acting_for_id.id
                    if task.acting_for_id.id != uid
                    else False,
                    **values_of(task),
                }
                for task in tasks
            ]
        )

    def write(self, vals):
        """Override: a history is never rewritten, not even by the engine."""
        if self:
            raise AccessError(self.env._("The approval history cannot be changed."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise AccessError(self.env._("The approval history cannot be deleted."))
