from odoo.tests import TransactionCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestReadingNames(TransactionCase):
    """Names that are made of documents out of sight."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        env = cls.env(context={"no_reset_password": True})
        cls.anna = new_test_user(env, "anna", "base.group_user,stock.group_stock_user")
        product = env["product.product"].create({"name": "Bolt"})
        places = env["stock.location"].search([("usage", "=", "internal")], limit=1)
        kind = env["stock.picking.type"].search([], limit=1)
        cls.moves = env["stock.move"].create(
            [
                {
                    "product_id": product.id,
                    "location_id": places.id,
                    "location_dest_id": places.id,
                    "picking_id": env["stock.picking"]
                    .create(
                        {
                            "picking_type_id": kind.id,
                            "location_id": places.id,
                            "location_dest_id": places.id,
                            "origin": f"Secret {number}" if number else "Open",
                        }
                    )
                    .id,
                }
                for number in range(40)
            ]
        )
        env["ir.rule"].create(
            {
                "name": "Secrets",
                "model_id": env["ir.model"]._get_id("stock.picking"),
                "domain_force": "[('origin', '=', 'Open')]",
            }
        )

    def _names(self, moves):
        """Return the names that somebody reads, and what they cost."""
        self.env.invalidate_all()
        words = self.env["erp.audit.words"].with_user(self.anna)
        before = self.cr.sql_log_count
        known = words._documents({("stock.move", number) for number in moves.ids})
        cost = self.cr.sql_log_count - before
        return [known["stock.move", number]["name"] for number in moves.ids], cost

    def test_of_many_out_of_sight(self):
        """They are not tried one by one, and what is in sight keeps its name."""
        self._names(self.moves[:2])
        few, cost = self._names(self.moves[:3])
        many, cost_of_many = self._names(self.moves)
        self.assertIn("Open", many[0])
        self.assertNotIn("Secret", "".join(many))
        self.assertEqual(few, many[:3])
        self.assertLessEqual(cost_of_many, cost + 5)
