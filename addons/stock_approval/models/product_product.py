from odoo import models


class ProductProduct(models.Model):
    _inherit = "product.product"

    def _approval_categories(self):
        """Return the categories of the products, with the categories above them."""
        paths = self.categ_id.mapped("parent_path")
        return self.env["product.category"].browse(
            {int(step) for path in paths for step in path.split("/") if step}
        )
