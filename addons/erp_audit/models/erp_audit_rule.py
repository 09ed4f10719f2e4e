from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

# what the triggers and the hooks depend on
RELEVANT = {
    "model_id",
    "state",
    "log_create",
    "log_write",
    "log_unlink",
    "log_relations",
    "log_reads",
    "log_files",
    "excluded_field_ids",
    "masked_field_ids",
}


class ErpAuditRule(models.Model):
    """What of a model is recorded in the trail, for how long, and who may read it."""

    _name = "erp.audit.rule"
    _description = "Audit Rule"
    _inherit = ["mail.thread"]
    _order = "model_id, id"
    _rec_name = "model_id"

    model_id = fields.Many2one(
        "ir.model",
        string="Document",
        required=True,
        ondelete="cascade",
        domain=[("transient", "=", False), ("abstract", "=", False)],
        tracking=True,
    )
    model_name = fields.Char(related="model_id.model", store=True, index=True)
    state = fields.Selection(
        [("draft", "Not recording"), ("confirmed", "Recording")],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    log_create = fields.Boolean(string="Creation", default=True, tracking=True)
    log_write = fields.Boolean(string="Changes", default=True, tracking=True)
    log_unlink = fields.Boolean(string="Deletion", default=True, tracking=True)
    log_relations = fields.Boolean(
        string="Lists of links",
        default=True,
        tracking=True,
        help="Groups of a user, tags of a customer: also when the other side changes.",
    )
    log_reads = fields.Boolean(
        string="Reading",
        tracking=True,
        help="For sensitive documents: who has read which, once for each request.",
    )
    log_files = fields.Boolean(
        string="Printing and downloads",
        tracking=True,
        help="Who has printed its reports, or downloaded its attachments.",
    )
    excluded_field_ids = fields.Many2many(
        "ir.model.fields",
        "erp_audit_rule_excluded_rel",
        string="Left out",
        domain="[('model_id', '=', model_id), ('store', '=', True)]",
    )
    masked_field_ids = fields.Many2many(
        "ir.model.fields",
        "erp_audit_rule_masked_rel",
        string="Masked",
        domain="[('model_id', '=', model_id), ('store', '=', True)]",
        help="It is recorded that they changed, never what they hold. Passwords, "
        "tokens and bank numbers are masked in any case.",
    )
    reader_group_ids = fields.Many2many(
        "res.groups",
        "erp_audit_rule_reader_rel",
        string="Read by",
        help="Besides auditors, members of these groups read all records of this "
        "document. Others see what they did themselves.",
    )
    retention_months = fields.Integer(
        string="Kept (months)",
        default=120,
        tracking=True,
        help="Older months are exported with their proof, and taken away. 0 keeps "
        "them for ever.",
    )

    _model_unique = models.UniqueIndex(
        "(model_id)", "There is a rule for this kind of document already."
    )

    _retention_positive = models.Constraint(
        "CHECK (retention_months >= 0)",
        "Records cannot be kept for less than no time: 0 keeps them for ever.",
    )

    @api.depends("model_id")
    def _compute_display_name(self):
        for rule in self:
            rule.display_name = rule.model_id.name or ""

    @api.constrains("model_id", "state")
    def _check_model(self):
        for rule in self.filtered(lambda rule: rule.state == "confirmed"):
            if message := rule._refusal():
                raise ValidationError(message)

    def _refusal(self):
        """Return why changes of the model cannot be recorded, "" if they can."""
        name = self.model_id.name or self.model_name
        model = self.env.get(self.model_name)
        if model is None:
            return self.env._(
                "%s is not there any more: install its application again, or delete "
                "the rule.",
                name,
            )
        if model._transient:
            return self.env._(
                "%s is a form that is forgotten after use: set a rule for the "
                "documents that it changes.",
                name,
            )
        if model._abstract or not self._has_table(model):
            return self.env._(
                "%s has no table of its own: nothing can be recorded. Set a rule for "
                "each kind of document that is built on it.",
                name,
            )
        return ""

    def action_confirm(self):
        """Start recording.

        :raise UserError: if the model has no table of its own
        """
        for rule in self:
            if message := rule._refusal():
                raise UserError(message)
        self.write({"state": "confirmed"})

    def action_draft(self):
        """Stop recording. That it was stopped, and by whom, is recorded."""
        self.write({"state": "draft"})

    @api.model_create_multi
    def create(self, vals_list):
        """Override to start recording if the rule says so."""
        rules = super().create(vals_list)
        if rules.filtered(lambda rule: rule.state == "confirmed"):
            self._sync()
        return rules

    def write(self, vals):
        """Override to let the triggers follow the rule."""
        result = super().write(vals)
        if RELEVANT & vals.keys():
            self._sync()
        return result

    def unlink(self):
        """Override to take the triggers away with the rule."""
        result = super().unlink()
        self._sync()
        return result
