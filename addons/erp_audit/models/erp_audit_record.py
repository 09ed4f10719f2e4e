from odoo import api, fields, models, tools

from .. import store

# records of one operation that the form of a record lists
SIBLINGS = 200


class ErpAuditRecord(models.Model):
    """One changed row, or one event, as the database recorded it.

    A view on the partitioned table: the ORM knows no partitions, and there is nothing
    to write. All records of one transaction are one operation.
    """

    _name = "erp.audit.record"
    _inherit = ["erp.audit.counted"]
    _description = "Audit Record"
    _auto = False
    _log_access = False
    _order = "id desc"

    date = fields.Datetime(string="Time", readonly=True)
    operation = fields.Char(readonly=True, help="The number of the transaction.")
    op = fields.Selection(
        [
            ("c", "Created"),
            ("w", "Changed"),
            ("d", "Deleted"),
            ("l", "Linked"),
            ("u", "Unlinked"),
            ("e", "Event"),
        ],
        string="Kind",
        readonly=True,
    )
    source_id = fields.Many2one(
        "erp.audit.source", string="Kind of document", readonly=True
    )
    res_id = fields.Integer(
        string="Number of the document", readonly=True, aggregator=None
    )
    other_source_id = fields.Many2one(
        "erp.audit.source", string="Kind of the other document", readonly=True
    )
    other_id = fields.Integer(
        string="Number of the other document", readonly=True, aggregator=None
    )
    user_id = fields.Many2one("res.users", readonly=True)
    effective_user_id = fields.Many2one(
        "res.users",
        string="In the name of",
        readonly=True,
        help="Whom the change was made as, where it was not the person itself.",
    )
    login = fields.Char(readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    ip = fields.Char(string="IP address", readonly=True)
    session = fields.Char(readonly=True, groups="erp_audit.group_audit_auditor")
    route = fields.Char(readonly=True, groups="erp_audit.group_audit_auditor")
    action = fields.Char(string="Technical action", readonly=True)
    event = fields.Char(string="Technical event", readonly=True)
    # as recorded: with fields that others may not see
    diff = fields.Json(
        string="Values", readonly=True, groups="erp_audit.group_audit_auditor"
    )
    sibling_ids = fields.Many2many(
        "erp.audit.record",
        string="In the same operation",
        compute="_compute_sibling_ids",
    )

    def init(self):
        """Create the view."""
        store.create(self.env.cr)
        # a period of the trail without a person: small, and nearly free to keep
        self.env.cr.execute(
            """CREATE INDEX IF NOT EXISTS erp_audit_log_time ON erp_audit_log
               USING brin (ts) WITH (pages_per_range = 32, autosummarize = on)"""
        )
        tools.drop_view_if_exists(self.env.cr, self._table)
        # constants of ours
        query = f"CREATE VIEW {store.VIEW} AS {store.VIEW_QUERY}"
        self.env.cr.execute(query)  # pylint: disable=sql-injection

    @api.depends("operation")
    def _compute_sibling_ids(self):
        for record in self:
            record.sibling_ids = self.search(
                [("operation", "=", record.operation), ("id", "!=", record.id)],
                order="id",
                limit=SIBLINGS,
            )

    # -- drill-down --------------------------------------------------------------------

    def action_open_document(self):
        """Open the document of a record, if the reader may read it.

        :return: action
        """
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": self.source_id.name,
            "res_id": self.res_id,
            "view_mode": "form",
            "views": [(False, "form")],
        }

    def action_history(self):
        """Open the history of the document of a record.

        :return: action
        """
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.client"]._for_xml_id(
            "erp_audit.erp_audit_history_action"
        )
        params = {"res_model": self.source_id.name, "res_id": self.res_id}
        return {**action, "params": params, "context": {}}

    def action_touch(self):
        """Open the page of who touched the document of a record.

        :return: action
        """
        self.ensure_one()
        self.check_access("read")
        return self.env["erp.audit.touch"].action_open(self.source_id.name, self.res_id)

    def action_person(self):
        """Open the page of what the person of a record did.

        :return: action
        """
        self.ensure_one()
        self.check_access("read")
        return self.env["erp.audit.person"].action_open(self.user_id.id)

    def action_open(self):
        """Open a record.

        :return: action
        """
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }

    def action_open_operation(self):
        """List all records of the operation that a record belongs to.

        :return: action
        """
        self.ensure_one()
        return self._action_list(
            self.env._("One operation"), [("operation", "=", self.operation)]
        )

    @api.model
    def _action_list(self, name, domain):
        """Return the action that lists records, without the usual filter."""
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": self._name,
            "view_mode": "list,form",
            "views": [(False, "list"), (False, "form")],
            "domain": domain,
            "context": {},
        }
