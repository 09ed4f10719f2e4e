from odoo import fields, models


class ProductCategory(models.Model):
    _inherit = "product.category"

    budget_holder_id = fields.Many2one(
        "res.users",
        string="Budget holder",
        domain=[("share", "=", False)],
        company_dependent=True,
        help="Answers for purchases of this category, and of the categories below it "
        "without a holder of their own, unless the analytic account names another.",
    )

    def _budget_holder(self):
        """Return the holder of the category, or of the nearest one above it."""
        ids = [int(step) for step in (self.parent_path or "").split("/") if step]
        for category in self.browse(reversed(ids)):
            if category.budget_holder_id:
                return category.budget_holder_id
        return self.budget_holder_id
