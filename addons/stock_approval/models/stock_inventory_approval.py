from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import LazyTranslate

from odoo.addons.approval_flow.engine import ApprovalOperation

from ..beside import beside

_lt = LazyTranslate(__name__)
APPLYING = "stock_approval_applying"


class StockInventoryApproval(models.Model):
    """Counted differences that wait for approval.

    Odoo has no document for an inventory adjustment: a counted quantity is applied on
    the spot. Differences that a policy covers are kept here instead, as they were
    counted, and are applied after the last approval. The records are kept by the
    system: nobody writes them by hand.
    """

    _name = "stock.inventory.approval"
    _description = "Inventory Adjustment"
    _inherit = [
        "approval.sealed.mixin",
        "stock.approval.mixin",
        "mail.thread",
        "mail.activity.mixin",
    ]
    _order = "id desc"
    _check_company_auto = True

    _approval_material = ()
    _approval_line_material = (
        "product_id",
        "location_id",
        "lot_id",
        "package_id",
        "owner_id",
        "quantity_counted",
        "difference_now",
        "value",
    )
    _approval_lines = "line_ids"
    _approval_line_amount = "value"
    _approval_line_title = "product_id"
    _approval_partner_field = None
    _approval_reader_view = "stock_approval.stock_inventory_approval_view_form_approver"

    name = fields.Char(required=True, default="/", readonly=True, copy=False)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        readonly=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    user_id = fields.Many2one(
        "res.users",
        string="Counted by",
        readonly=True,
        default=lambda self: self.env.user,
    )
    reason = fields.Char(readonly=True)
    count_date = fields.Datetime(string="Counted on", readonly=True)
    date_done = fields.Datetime(string="Applied on", readonly=True)
    state = fields.Selection(
        [("draft", "Not applied"), ("done", "Applied"), ("cancel", "Cancelled")],
        required=True,
        default="draft",
        readonly=True,
        index=True,
        tracking=True,
    )
    line_ids = fields.One2many(
        "stock.inventory.approval.line", "document_id", readonly=True
    )
    move_ids = fields.One2many("stock.move", "approval_adjustment_id", readonly=True)
    approval_value = fields.Monetary(
        string="Value of the differences",
        compute="_compute_approval_value",
        store=True,
        help="Sum of all differences, more and less, at the cost of the products when "
        "the approval was requested.",
    )
    net_value = fields.Monetary(
        string="Gain or loss",
        compute="_compute_approval_value",
        store=True,
        help="What the stock is worth more or less afterwards.",
    )
    percent_max = fields.Float(
        string="Highest share of stock (%)",
        digits=(16, 1),
        compute="_compute_approval_value",
        store=True,
        aggregator="max",
        help="The highest difference, as a share of the stock before.",
    )
    location_ids = fields.Many2many(
        "stock.location",
        string="Locations",
        compute="_compute_location_ids",
        search="_search_location_ids",
        help="Counted locations, with the locations above them.",
    )
    approval_category_ids = fields.Many2many(
        "product.category",
        string="Product categories",
        compute="_compute_approval_category_ids",
        search="_search_approval_category_ids",
        compute_sudo=True,
        help="Categories of the counted products, with the categories above them.",
    )

    @api.depends("line_ids.value", "line_ids.percent")
    def _compute_approval_value(self):
        for document in self:
            values = document.line_ids.mapped("value")
            document.approval_value = sum(abs(value) for value in values)
            document.net_value = sum(values)
            document.percent_max = max(document.line_ids.mapped("percent"), default=0.0)

    @api.depends("line_ids.location_id.parent_path")
    def _compute_location_ids(self):
        for document in self:
            paths = document.line_ids.location_id.mapped("parent_path")
            document.location_ids = self.env["stock.location"].browse(
                {int(step) for path in paths for step in path.split("/") if step}
            )

    def _search_location_ids(self, operator, value):
        if operator != "in":
            return NotImplemented
        return [("line_ids.location_id", "child_of", list(value))]

    @api.depends("line_ids.product_id.categ_id.parent_path")
    def _compute_approval_category_ids(self):
        for document in self:
            document.approval_category_ids = (
                document.line_ids.product_id._approval_categories()
            )

    def _search_approval_category_ids(self, operator, value):
        return self._approval_search_categories(
            "approval_category_ids", "line_ids.product_id", operator, value
        )

    @api.model
    def _approval_operations(self):
        """Override to declare adjusting."""
        return {
            "adjust": ApprovalOperation(
                code="adjust",
                label=_lt("Adjust the stock"),
                state_field="state",
                targets=("done",),
                sources=("draft",),
                execute="_approval_execute_adjust",
            ),
        }

    # -- where they come from ------------------------------------------------------

    @api.model
    def _approval_of_quants(self, quants, counting_date=None):
        """Return adjustments in memory, one per company, of counted quants."""
        vals_of = {quant.id: quant._approval_line_vals() for quant in quants}
        documents = self._approval_of_lines(quants, vals_of)
        for document in documents:
            document.reason = self.env.context.get("inventory_name")
            document.count_date = counting_date or fields.Datetime.now()
        return documents

    @api.model
    def _approval_of_lines(self, quants, vals_of):
        """Return adjustments in memory, one per company.

        :param dict vals_of: {id of the quant: values of its line}
        """
        documents = self.browse()
        for company, group in quants.grouped("company_id").items():
            documents += self.new(
                {
                    "company_id": (company or self.env.company).id,
                    "user_id": self.env.uid,
                    "line_ids": [Command.create(vals_of[quant.id]) for quant in group],
                }
            )
        return documents

    @api.model
    def _approval_of_moves(self, moves):
        """Return adjustments in memory, one per company, of differences to be moved."""
        documents = self.browse()
        Line = self.env["stock.inventory.approval.line"]
        for company, group in moves.grouped("company_id").items():
            vals_list = Line._approval_vals_of_moves(group)
            if vals_list:
                documents += self.new(
                    {
                        "company_id": company.id,
                        "line_ids": [Command.create(vals) for vals in vals_list],
                    }
                )
        return documents

    def _approval_keep(self):
        """Create the records of adjustments in memory; return them."""
        vals_list = [
            {
                "name": self.env["ir.sequence"].next_by_code(self._name) or "/",
                "company_id": document.company_id.id,
                "user_id": document.user_id.id,
                "reason": document.reason,
                "count_date": document.count_date,
                "line_ids": [
                    Command.create(line._approval_vals()) for line in document.line_ids
                ],
            }
            for document in self
        ]
        return self._engine().create(vals_list).with_env(self.env)

    # -- content and value ---------------------------------------------------------

    def _approval_amounts(self):
        """Override: an adjustment that is not applied is worth what it would do now."""
        return {
            document.id: sum(
                abs(line._approval_value_now()) for line in document.line_ids
            )
            for document in self
        }

    @api.model
    def _approval_see_stock(self, moves):
        """Look again at counts that wait, after stock of their products has moved."""
        if not self._approval_policies() or not moves:
            return
        # sudo: bookkeeping of the engine
        lines = self.env["stock.inventory.approval.line"].sudo()
        places = moves.move_line_ids.location_id | moves.move_line_ids.location_dest_id
        lines = lines.search(
            [
                ("document_id.state", "=", "draft"),
                ("product_id", "in", moves.product_id.ids),
                ("location_id", "in", places.ids),
            ]
        )
        lines.document_id._approval_open_instances()._recheck_content()

    # -- what people do ------------------------------------------------------------

    def action_submit_approval(self):
        """Override: what is submitted again is the count, against today's stock."""
        self.check_access("write")
        drafts = self.filtered(lambda document: document.state == "draft")
        drafts._approval_gate("adjust")
        fresh = drafts.filtered(
            lambda document: document.approval_state
            not in ("pending", "approved", "failed")
        )
        # the lines are the system's: value and difference of this moment
        fresh.line_ids._approval_refresh()
        return super().action_submit_approval()

    def action_apply(self):
        """Apply the adjustments, or submit those that a policy covers.

        :return: a notification, or True
        """
        return self._approval_run("adjust", lambda documents: documents._apply())

    def action_cancel(self):
        """Give the adjustments up; the counts stay with the products."""
        self.check_access("write")
        drafts = self.filtered(lambda document: document.state == "draft")
        drafts._engine().write({"state": "cancel"})
        return True

    def action_open_moves(self):
        """Return the action that shows the moves of the adjustment."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "stock.stock_move_line_action"
        )
        return {
            **action,
            "domain": [("move_id.approval_adjustment_id", "=", self.id)],
            "context": {},
        }

    def _approval_execute_adjust(self):
        self.action_apply()

    def _apply(self):
        """Apply the counts. The gate is passed first: it is the state that opens it."""
        for document in self:
            lines = document.line_ids
            lines._approval_freeze()
            document._engine().write(
                {"state": "done", "date_done": fields.Datetime.now()}
            )
            if document.state != "done":
                raise UserError(self.env._("The adjustment could not be applied."))
            quants = lines._approval_prepare_quants()
            # beside the transaction: these counts are not to be submitted again
            notes = beside(self.env.cr)
            notes[APPLYING] = True
            try:
                quants.with_context(
                    approval_adjustment_id=document.id,
                    inventory_name=document.reason or document.name,
                    inventory_mode=False,
                )._apply_inventory(document.count_date)
            finally:
                notes.pop(APPLYING, None)
            quants.inventory_quantity_set = False
        return True

    # -- the single point ----------------------------------------------------------

    def _approval_let_through(self, moves):
        """Return nothing: the approval was used up when the state became done.

        :raise UserError: if the moves are not what was approved
        """
        # sudo: the gate asks for everybody
        moves = moves.sudo()
        for document in self:
            own = document.move_ids.filtered(lambda move: move.state == "done")
            own |= moves.filtered(
                lambda move, doc=document: move.approval_adjustment_id == doc
            )
            if document.state != "done" or not document._approval_is_exactly(own):
                raise UserError(
                    self.env._(
                        "%(name)s: the stock may be adjusted only as it was approved.",
                        name=document.display_name,
                    )
                )
        return self.env["approval.instance"]

    def _approval_use_up(self, instances):
        """Nothing to do, see :meth:`_approval_let_through`."""

    def _approval_is_exactly(self, moves):
        """Return whether each difference of ``moves`` is one of the approved ones."""
        wanted = {}
        for line in self.line_ids:
            key = line._approval_key()
            wanted[key] = wanted.get(key, 0.0) + line.difference
        unit_of = {line.product_id: line.product_uom_id for line in self.line_ids}
        moved = self.line_ids._approval_differences_of(moves)
        return all(
            key in wanted and not unit_of[key[0]].compare(wanted[key], difference)
            for key, difference in moved.items()
        )
