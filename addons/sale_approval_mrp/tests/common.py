from odoo import Command

from odoo.addons.sale_approval.tests.change_common import ChangeCommon


class ProductionCommon(ChangeCommon):
    """Goods that are made to order, kits, and the people of production."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.to_order = cls.env.ref("stock.route_warehouse0_mto")
        cls.to_order.active = True
        cls.make = cls.env.ref("mrp.route_warehouse0_manufacture")
        cls.steel = cls._goods("Steel", stock=100000)
        cls.glass = cls._goods("Glass", stock=100000)
        # a desk takes two boards, which are made to order as well
        cls.board = cls._made("Board", (cls.steel, 3))
        cls.desk = cls._made("Desk", (cls.board, 2), (cls.glass, 1))
        cls.lamp = cls._made("Lamp", (cls.steel, 1))
        cls.set = cls._goods("Office set", stock=0)
        cls.set_bill = cls._bill(
            cls.set, (cls.lamp, 1), (cls.glass, 2), (cls.goods, 3), type="phantom"
        )
        cls.worker = cls._person("will", "mrp.group_mrp_user")

    @classmethod
    def _made(cls, name, *components, **values):
        """Create a product that is made for the order."""
        product = cls._goods(name, stock=0)
        product.route_ids = cls.to_order + cls.make
        cls._bill(product, *components, **values)
        return product

    @classmethod
    def _bill(cls, product, *components, **values):
        return cls.env["mrp.bom"].create(
            {
                "product_tmpl_id": product.product_tmpl_id.id,
                "bom_line_ids": [
                    Command.create(
                        {"product_id": component.id, "product_qty": quantity}
                    )
                    for component, quantity in components
                ],
                **values,
            }
        )

    # -- in the factory ----------------------------------------------------------------

    def _makes(self, order, product=None):
        """Return the manufacturing orders of a sales order, also cancelled ones."""
        self.env.flush_all()
        self.env.invalidate_all()
        productions = order.stock_reference_ids.production_ids.sorted("id")
        return productions.filtered(
            lambda production: not product or production.product_id == product
        )

    def _begin(self, production, quantity=1):
        """Start making a part of a manufacturing order."""
        production.action_assign()
        production.qty_producing = quantity
        production._set_qty_producing()
        self.assertEqual(production.state, "progress")

    def _produce(self, production, quantity=None):
        """Make all of a manufacturing order, or a part and leave the rest for later."""
        for child in production._get_children().filtered(lambda c: c.state != "done"):
            self._produce(child)
        production.action_assign()
        whole = not quantity or quantity == production.product_qty
        production.qty_producing = quantity or production.product_qty
        production._set_qty_producing()
        later = [] if whole else production.ids
        production.with_context(
            skip_backorder=True, mo_ids_to_backorder=later
        ).button_mark_done()
        self.assertEqual(production.state, "done")

    # -- what there is -----------------------------------------------------------------

    def _words(self, request, department=None):
        """Return what a request says will happen."""
        return [
            effect["text"]
            for effect in request._approval_effects()
            if not department or effect["code"] == department
        ]

    def _tasks(self, record):
        return record.activity_ids.filtered(
            lambda activity: activity.activity_type_id
            == self.env.ref("approval_flow.mail_activity_type_change")
        )

    def _quantities(self, productions):
        """Return what is still to be made."""
        return [
            0 if production.state == "cancel" else production.product_qty
            for production in productions
        ]

    def _components(self, order, line=0):
        """Return {component: what is open of a kit}."""
        self.env.flush_all()
        line = order.order_line.filtered("product_id")[line]
        found = {}
        for move in line._change_open_moves():
            found[move.product_id] = found.get(move.product_id, 0) + move.product_qty
        return {product: quantity for product, quantity in found.items() if quantity}

    def _deliver_parts(self, order, quantities, line=0):
        """Deliver so much of each component of a kit."""
        moves = order.order_line.filtered("product_id")[line].move_ids.filtered(
            lambda move: move.state not in ("done", "cancel") and move.picking_id
        )
        for move in moves:
            move.quantity = quantities.get(move.product_id, 0)
            move.picked = bool(move.quantity)
        moves.picking_id.with_context(skip_backorder=True).button_validate()

    def assertMade(self, order):
        """As much is made as is needed: nothing too little, nothing for nobody."""
        productions = self._makes(order).filtered(lambda mo: mo.state != "cancel")
        for product in productions.product_id:
            pool = productions.filtered(lambda mo, of=product: mo.product_id == of)
            finished = pool.move_finished_ids.filtered(
                lambda move, of=product: move.state != "cancel"
                and move.product_id == of
            )
            made = sum(finished.mapped("product_qty"))
            needed = sum(
                finished.move_dest_ids.filtered(
                    lambda move: move.state != "cancel"
                ).mapped("product_qty")
            )
            begun = any(
                mo.state not in ("draft", "confirmed") or mo.qty_producing
                for mo in pool
            )
            self.assertGreaterEqual(made + 1e-6, needed, product.name)
            if not begun:
                self.assertAlmostEqual(made, needed, 2, product.name)
        # nothing waits for goods that nobody makes
        for move in order.order_line.move_ids | productions.move_raw_ids:
            if move.state == "waiting":
                coming = sum(
                    origin.product_qty
                    for origin in move.move_orig_ids
                    if origin.state != "cancel"
                )
                self.assertGreaterEqual(coming, move.product_qty, move.product_id.name)

    def _factory(self, order):
        """Return everything around an order and its production as plain data."""
        picture = self._picture(order)
        names = {
            "productions": (
                "state",
                "product_qty",
                "date_start",
                "date_finished",
                "date_deadline",
                "qty_producing",
            ),
            "moves": (
                "state",
                "product_uom_qty",
                "quantity",
                "date",
                "date_deadline",
                "procure_method",
                "move_orig_ids",
                "move_dest_ids",
            ),
        }
        productions = self._makes(order)
        moves = productions.move_raw_ids | productions.move_finished_ids
        for name, records in (("productions", productions), ("moves", moves)):
            rows = records.sudo().read(names[name], load=None)
            picture[f"made_{name}"] = {row["id"]: row for row in rows}
        return picture
