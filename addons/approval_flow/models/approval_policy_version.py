from odoo import fields, models


class ApprovalPolicyVersion(models.Model):
    """What a policy said, from one change to the next."""

    _name = "approval.policy.version"
    _description = "Approval Policy Version"
    _inherit = ["approval.sealed.mixin"]
    _order = "policy_id, number desc"
    _rec_name = "number"

    policy_id = fields.Many2one(
        "approval.policy", required=True, index=True, ondelete="cascade"
    )
    number = fields.Integer(string="Version", required=True, aggregator=None)
    user_id = fields.Many2one("res.users", string="Changed by", ondelete="restrict")
    date = fields.Datetime(required=True, default=fields.Datetime.now)
    summary = fields.Text(string="In words")
    content = fields.Json()

    _number_unique = models.UniqueIndex(
        "(policy_id, number)", "A version number is used only once per policy."
    )
