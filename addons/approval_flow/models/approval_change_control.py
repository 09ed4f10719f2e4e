from odoo import api, fields, models, tools

from .approval_change_words import DEPARTMENTS


class ApprovalChangeControl(models.Model):
    """Which content of confirmed documents changes only by request, per company.

    Without a record for a kind of document its usual material fields are held.
    """

    _name = "approval.change.control"
    _description = "Control of Changes"
    _order = "company_id, id"
    _rec_name = "model_id"

    model_id = fields.Many2one(
        "ir.model",
        string="Document",
        required=True,
        ondelete="cascade",
        domain=lambda self: [
            ("model", "in", self.env["approval.changeable.mixin"]._changeable_models())
        ],
    )
    res_model = fields.Char(
        related="model_id.model", store=True, index=True, string="Document model"
    )
    company_id = fields.Many2one(
        "res.company",
        index=True,
        default=lambda self: self.env.company,
        help="Leave empty for all companies without a record of their own.",
    )
    currency_id = fields.Many2one(
        "res.currency",
        compute="_compute_currency_id",
        help="Currency of the tolerance.",
    )
    is_held = fields.Boolean(
        string="Confirmed documents change only by request",
        default=True,
        help="Switched off, confirmed documents are edited and cancelled freely, as "
        "without this app.",
    )
    material_field_ids = fields.Many2many(
        "ir.model.fields",
        string="Material fields",
        help="Only a change request changes these fields of a confirmed document. "
        "Leave empty for the usual fields.",
    )
    tolerance_percent = fields.Float(
        string="Tolerance (%)",
        digits=(5, 2),
        help="Requests that move quantities, prices and discounts by no more than this "
        "share of the total, counted since the last approval, need no approval of "
        "their own. 0 accepts none.",
    )
    tolerance_amount = fields.Monetary(
        string="Tolerance, at most",
        help="Upper limit of the tolerance as an amount; 0 is no further limit.",
    )

    tell_partner = fields.Boolean(
        string="Tell the other side",
        default=True,
        help="Customers and vendors get an e-mail with the difference and the date "
        "from which it counts. In the portal they see it in any case.",
    )
    tell_sms = fields.Boolean(
        string="Tell the other side by text message too",
        help="Needs the SMS app, and a phone number of the customer or vendor.",
    )
    warehouse_user_ids = fields.Many2many(
        "res.users",
        "approval_change_control_warehouse_rel",
        string="Warehouse",
        domain="[('share', '=', False)]",
    )
    production_user_ids = fields.Many2many(
        "res.users",
        "approval_change_control_production_rel",
        string="Production",
        domain="[('share', '=', False)]",
    )
    purchasing_user_ids = fields.Many2many(
        "res.users",
        "approval_change_control_purchasing_rel",
        string="Purchasing",
        domain="[('share', '=', False)]",
    )
    finance_user_ids = fields.Many2many(
        "res.users",
        "approval_change_control_finance_rel",
        string="Finance",
        domain="[('share', '=', False)]",
    )
    sales_user_ids = fields.Many2many(
        "res.users",
        "approval_change_control_sales_rel",
        string="Sales",
        domain="[('share', '=', False)]",
    )

    _tolerance = models.Constraint(
        "CHECK (tolerance_percent BETWEEN 0 AND 100 AND tolerance_amount >= 0)",
        "The tolerance is a share between 0 and 100 %, and not negative.",
    )
    _one_per_company = models.UniqueIndex(
        "(model_id, COALESCE(company_id, 0))",
        "There is a control of changes for this kind of document already.",
    )

    @api.depends("company_id")
    @api.depends_context("company")
    def _compute_currency_id(self):
        for control in self:
            company = control.company_id or self.env.company
            control.currency_id = company.currency_id

    @api.model
    @tools.ormcache("model", "company_id")
    def _of(self, model, company_id):
        """Return what is held in a company, as plain data.

        :param str model: name of the model of the documents
        :return: dict with ``held``, ``header`` and ``lines`` (sets of field names),
            ``tolerance_percent`` and ``tolerance_amount`` (company currency),
            ``tell_partner``, ``tell_sms`` and ``people`` ({department: user ids})
        """
        # sudo: asked for users who may not read settings
        found = self.sudo().search(
            [("res_model", "=", model), ("company_id", "in", [company_id, False])],
            order="company_id NULLS LAST",
            limit=1,
        )
        document = self.env[model]
        header, lines = (
            set(document._change_material),
            set(document._change_line_material),
        )
        if chosen := found.material_field_ids:
            header = set(chosen.filtered(lambda f: f.model == model).mapped("name"))
            lines = set(chosen.filtered(lambda f: f.model != model).mapped("name"))
        return {
            "held": found.is_held if found else True,
            "header": frozenset(header | {"company_id"}),
            "lines": frozenset(lines),
            "tolerance_percent": found.tolerance_percent,
            "tolerance_amount": found.tolerance_amount,
            "tell_partner": found.tell_partner if found else True,
            "tell_sms": found.tell_sms,
            "people": {name: found[f"{name}_user_ids"]._ids for name in DEPARTMENTS},
        }

    @api.model
    @tools.ormcache("model")
    def _names(self, model):
        """Return ``(header, lines)``: all field names held in any company."""
        document = self.env[model]
        # sudo: as in _of
        chosen = self.sudo().search([("res_model", "=", model)]).material_field_ids
        header = {*document._change_material, "company_id"}
        lines = set(document._change_line_material)
        for field in chosen:
            (header if field.model == model else lines).add(field.name)
        return frozenset(header), frozenset(lines)

    @api.model_create_multi
    def create(self, vals_list):
        """Override to forget what was held before."""
        self.env.registry.clear_cache()
        return super().create(vals_list)

    def write(self, vals):
        """Override to forget what was held before."""
        self.env.registry.clear_cache()
        return super().write(vals)

    def unlink(self):
        """Override to forget what was held before."""
        self.env.registry.clear_cache()
        return super().unlink()
