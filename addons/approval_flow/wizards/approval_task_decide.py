from odoo import api, fields, models
from odoo.exceptions import UserError


class ApprovalTaskDecide(models.TransientModel):
    """Asks for the comment, the person or the confirmation that a decision needs."""

    _name = "approval.task.decide"
    _description = "Decide Approvals"

    task_ids = fields.Many2many("approval.task", required=True)
    decision = fields.Selection(
        [
            ("approved", "Approve"),
            ("rejected", "Reject"),
            ("returned", "Return"),
            ("transferred", "Transfer"),
            ("added", "Add an approver"),
        ],
        required=True,
        default="approved",
    )
    comment = fields.Text()
    attachment_ids = fields.Many2many("ir.attachment", string="Attachments")
    user_ids = fields.Many2many(
        "res.users", string="People", domain=[("share", "=", False)]
    )
    user_id = fields.Many2one(
        "res.users", string="Transfer to", domain=[("share", "=", False)]
    )
    position = fields.Selection(
        [
            ("before", "Before me"),
            ("parallel", "At the same time"),
            ("after", "After me"),
        ],
        default="parallel",
    )
    return_to = fields.Selection(
        selection="_selection_return_to", string="Return to", default="requester"
    )
    count = fields.Integer(compute="_compute_totals")
    totals = fields.Char(string="Total", compute="_compute_totals")
    risky = fields.Integer(string="With points to note", compute="_compute_totals")

    @api.model
    def _selection_return_to(self):
        """Return the requester and the earlier steps of the only task at hand."""
        choices = [("requester", self.env._("Requester"))]
        ids = self.env.context.get("default_task_ids") or []
        tasks = self.env["approval.task"].browse(
            item for item in ids if isinstance(item, int)
        )
        if len(tasks) == 1 and tasks.exists() and tasks.has_access("read"):
            words = self.env["approval.words"]
            # sudo: the steps of the approval at hand
            instance = tasks.sudo().instance_id
            choices += [
                (step["key"], words._label(step["names"]))
                for step in instance.steps
                if step["level"] < instance.level
            ]
        return choices

    @api.depends("task_ids")
    def _compute_totals(self):
        for wizard in self:
            tasks = wizard.task_ids
            wizard.count = len(tasks)
            wizard.risky = len(tasks.filtered(lambda task: task.risk != "low"))
            sums = {}
            for task in tasks:
                sums[task.currency_id] = sums.get(task.currency_id, 0.0) + task.amount
            wizard.totals = " + ".join(
                currency.format(amount) for currency, amount in sums.items()
            )

    def action_confirm(self):
        """Carry out what was chosen.

        :return: the notification of the decision
        :raise UserError: if a comment or a person is missing, with what to do
        """
        self.ensure_one()
        tasks = self.task_ids
        if (
            self.decision in ("rejected", "returned")
            and not (self.comment or "").strip()
        ):
            raise UserError(
                self.env._("Say why, so that the requester knows what to do.")
            )
        if self.decision == "transferred":
            if not self.user_id:
                raise UserError(self.env._("Choose the person who decides instead."))
            tasks.action_transfer(self.user_id.id, self.comment)
        elif self.decision == "added":
            if not self.user_ids:
                raise UserError(self.env._("Choose who decides as well."))
            tasks.action_add_approver(self.user_ids.ids, self.position, self.comment)
        else:
            step_key = self.return_to if self.return_to != "requester" else None
            files = self.attachment_ids.filtered(
                lambda item: item.create_uid == self.env.user
            )
            action = tasks._decide(
                self.decision,
                self.comment,
                step_key=step_key if self.decision == "returned" else None,
                files=files.ids,
            )
            self._keep_files(files)
            return action
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def _keep_files(self, files):
        """Files of a form that goes away belong to the approval from now on."""
        # sudo: approvers do not write approvals; only files they have just uploaded,
        # and only to what they have just decided
        decided = self.task_ids.sudo().filtered(
            lambda task: task.decided_by_id == self.env.user
        )
        if files and decided:
            instance = decided[0].instance_id
            # sudo: approvers do not write approvals; their own new files only
            files.sudo().write({"res_model": instance._name, "res_id": instance.id})
