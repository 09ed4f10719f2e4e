from odoo import api, fields, models
from odoo.exceptions import UserError

# no figure of an order has more digits in front of its point
LARGEST = 10**12
# what a line does is computed, and what became of it is noted by the system
KEPT = ("qty_done", "qty_invoiced", "action", "new_order_line_id")


class ApprovalChangeLineMixin(models.AbstractModel):
    """One line of a change request: what the document says, and what it shall say.

    A concrete model declares ``change_id``, ``order_line_id``, ``product_id`` and
    ``uom_id``, and :meth:`_change_old_values`.
    """

    _name = "approval.change.line.mixin"
    _description = "Line of a Change Request"
    _inherit = ["approval.line.mixin"]
    _order = "sequence, id"

    _approval_parent = "change_id"

    sequence = fields.Integer(default=10)
    action = fields.Selection(
        selection="_selection_action",
        string="What changes",
        compute="_compute_action",
        store=True,
    )
    is_removed = fields.Boolean(string="Remove")
    old_qty = fields.Float(string="Ordered", digits="Product Unit", readonly=True)
    new_qty = fields.Float(string="New quantity", digits="Product Unit")
    old_price = fields.Float(string="Price", digits="Product Price", readonly=True)
    new_price = fields.Float(string="New price", digits="Product Price")
    old_discount = fields.Float(string="Discount (%)", digits="Discount", readonly=True)
    new_discount = fields.Float(string="New discount (%)", digits="Discount")
    old_date = fields.Datetime(string="Date", readonly=True)
    new_date = fields.Datetime(string="New date")
    qty_done = fields.Float(
        string="Done",
        digits="Product Unit",
        readonly=True,
        help="Delivered or received.",
    )
    qty_invoiced = fields.Float(string="Invoiced", digits="Product Unit", readonly=True)

    @api.model
    def _selection_action(self):
        return [
            ("keep", self.env._("Unchanged")),
            ("change", self.env._("Changed")),
            ("add", self.env._("Added")),
            ("remove", self.env._("Removed")),
            ("replace", self.env._("Replaced")),
        ]

    @api.depends(
        "order_line_id",
        "product_id",
        "is_removed",
        "old_qty",
        "new_qty",
        "old_price",
        "new_price",
        "old_discount",
        "new_discount",
        "old_date",
        "new_date",
    )
    def _compute_action(self):
        for line in self:
            line.action = line._change_kind()

    def _change_kind(self):
        """Return the action: the first that applies."""
        if not self.order_line_id:
            return "add"
        if self.is_removed:
            return "remove"
        # sudo: the product of the line that the request is about
        if self.product_id != self.order_line_id.sudo().product_id:
            return "replace"
        return "change" if self._change_names() else "keep"

    def _change_names(self):
        """Return which of quantity, price, discount and date differ."""
        names = [
            name for name in ("qty", "price", "discount") if self._change_differs(name)
        ]
        if self.new_date and self.new_date != self.old_date:
            names.append("date")
        return names

    def _change_differs(self, name):
        field = self._fields[f"new_{name}"]
        digits = field.get_digits(self.env)
        places = digits[1] if digits else 6
        return round(self[f"new_{name}"] - self[f"old_{name}"], places) != 0

    def _change_left(self):
        """Return the quantity that the request leaves of its line, in its unit."""
        if self.is_removed or (self.order_line_id and self.change_id.kind == "cancel"):
            return min(self.qty_done, self.old_qty)
        return self.new_qty

    def _change_old_values(self, line):
        """Return the values of the document's line, by ``old_…`` and ``qty_…``."""
        raise NotImplementedError

    @api.model_create_multi
    def create(self, vals_list):
        """Override: whatever is not given stays as it is in the document."""
        for vals in vals_list:
            self._change_check_numbers(vals)
        vals_list = [self._change_complete(vals) for vals in vals_list]
        lines = super().create(vals_list)
        lines.change_id._change_check_lines()
        return lines

    @api.model
    def _change_check_numbers(self, vals):
        """Raise for figures that nobody can reckon with: endless, or no numbers."""
        for name in ("new_qty", "new_price", "new_discount"):
            # what is no number compares with nothing
            if name in vals and not abs(float(vals[name] or 0.0)) < LARGEST:
                label = self._fields[name].get_description(self.env, ["string"])
                raise UserError(
                    self.env._("%s: enter a smaller number.", label["string"])
                )

    @api.model
    def _change_complete(self, vals):
        vals = {
            name: value
            for name, value in vals.items()
            if not name.startswith("old_") and name not in KEPT
        }
        if not vals.get("order_line_id"):
            return vals
        document_line = self.env[self._fields["order_line_id"].comodel_name]
        # sudo: what the document says, for whoever may raise a request on it
        line = document_line.sudo().browse(vals["order_line_id"])
        old = self._change_old_values(line)
        new = {
            name.replace("old_", "new_"): value
            for name, value in old.items()
            if name.startswith("old_")
        }
        return {**self._change_same(line), **new, **vals, **old}

    @api.model
    def _change_same(self, line):
        """Return the further values of a line that stays as it is."""
        return {
            "product_id": line.product_id.id,
            "uom_id": line.product_uom_id.id,
            "sequence": line.sequence,
        }

    def write(self, vals):
        """Override: edited until submitted, and never what the document says."""
        if not self._change_is_engine():
            self.change_id._change_check_editable()
            self._change_check_numbers(vals)
            vals = {
                name: value
                for name, value in vals.items()
                if not name.startswith("old_")
                and name not in (*KEPT, "order_line_id", "change_id")
            }
        return super().write(vals)

    def _change_product_error(self, allowed):
        """Return why this product cannot be put on the document, or None.

        :param str allowed: field of the product that says that it can
        """
        product = self.product_id
        if not product.active or not product[allowed]:
            return self.env._(
                "%s is not available any more: choose another product.",
                product.display_name,
            )
        if not self.uom_id._has_common_reference(product.uom_id):
            return self.env._(
                "%(product)s is not counted in %(unit)s.",
                product=product.display_name,
                unit=self.uom_id.name,
            )
        return None

    def _change_is_engine(self):
        return self.env["approval.change.mixin"]._change_is_engine()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_submitted(self):
        self.change_id._change_check_editable()

    def _change_refresh(self, order):
        """Take over what the document's lines say now.

        A proposed value that was not touched follows the document.
        """
        # whatever is stored: people are shown it
        self.env.add_to_compute(self._fields["action"], self)
        for line in self:
            # sudo: facts of the document
            document_line = line.order_line_id.sudo()
            if not document_line:
                continue
            old = self._change_old_values(document_line)
            values = dict(old)
            for name in ("qty", "price", "discount", "date"):
                if line[f"new_{name}"] == line[f"old_{name}"]:
                    values[f"new_{name}"] = old[f"old_{name}"]
            if line.product_id == document_line.product_id:
                # the quantity is asked for in the unit of the document
                values["uom_id"] = document_line.product_uom_id.id
            line.with_env(line.change_id._change_engine().env).write(values)
