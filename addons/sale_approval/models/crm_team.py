from odoo import fields, models


class CrmTeam(models.Model):
    _inherit = "crm.team"

    max_discount = fields.Float(
        string="Allowed discount (%)",
        digits="Discount",
        help="Highest discount that this team may grant. It takes the place of the "
        "limits of the check “Sales policy”; 0 means that those limits apply.",
    )

    _max_discount_range = models.Constraint(
        "CHECK (max_discount BETWEEN 0 AND 100)",
        "The allowed discount is a share between 0 and 100 %.",
    )
